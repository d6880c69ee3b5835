"""Circuit breakers on two levels: one for each credential, and one for all.

What one tenant's reads provoke says nothing of another's. For all, the upstream is left alone only where no
connection to it can be made, or where the reads of several credentials fail, and of most that asked.
"""

from collections import OrderedDict
from collections.abc import Callable

from gateway.upstream.http.circuit_breaker import (
    LEAST_OUTCOMES,
    WINDOW_SECONDS,
    Attempt,
    Breaker,
    Circuit,
    Outcomes,
    Refused,
    State,
    Tell,
)

_SEVERAL = 3
"""So many credentials must fail before the upstream is thought to."""

_MOST_CREDENTIALS = 1_000
"""How many are known at once, the ones that asked last."""


class Breakers:
    """Lets attempts through that both levels let through. Pure: the clock is given."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        pause_seconds: float,
        tell: Tell = lambda _: None,
        tell_credentials: Callable[[State, int], None] = lambda _state, _open: None,
        most_credentials: int = _MOST_CREDENTIALS,
    ) -> None:
        """`tell` of the breaker for all; `tell_credentials` when one's opens or closes, and how many are open."""
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._tell_credentials = tell_credentials
        self._most_credentials = most_credentials
        self._for_all = Circuit(clock, pause_seconds=pause_seconds, tell=tell)
        self._connections = Outcomes()
        self._by_credential: OrderedDict[bytes, Breaker] = OrderedDict()
        self._open = 0
        self._failed_last: bytes | None = None
        self._waits: bytes | None = None

    @property
    def state(self) -> State:
        """The state of the breaker for all."""
        return self._for_all.state

    def state_of(self, credential: bytes) -> State:
        """The state of a credential's own breaker."""
        found = self._by_credential.get(credential)
        return State.CLOSED if found is None else found.state

    def check(self, credential: bytes) -> None:
        """Whether an attempt with a credential would be let through now.

        The credential that failed last leaves the next trial to others, where any wait.

        Raises:
            Refused: It would not.
        """
        is_others_turn = credential == self._failed_last and self._waits is not None
        try:
            self._for_all.check(later_seconds=self._pause_seconds if is_others_turn else 0.0)
        except Refused:
            if credential != self._failed_last:
                self._waits = credential
            raise
        self._of(credential).check()

    def attempt(self, credential: bytes) -> "SharedAttempt":
        """Begin an attempt with a credential.

        Raises:
            Refused: There shall be none.
        """
        self.check(credential)
        own = self._of(credential).attempt()
        return SharedAttempt(self, credential, own, is_trial=self._for_all.begin())

    def record(
        self, credential: bytes, *, succeeded: bool, is_connected: bool, is_trial: bool
    ) -> None:
        """How an attempt ended, for all to know."""
        if self._for_all.is_closed:
            self._connections.add(self._clock(), succeeded=is_connected)
            if not succeeded and self._is_failing():
                self._failed_last, self._waits = credential, None
                self._for_all.open()
        elif is_trial and succeeded:
            self._connections.clear()
            for breaker in self._by_credential.values():
                breaker.outcomes.clear()
            self._for_all.close()
        elif is_trial:
            self._failed_last, self._waits = credential, None

    def _is_failing(self) -> bool:
        since = self._clock() - WINDOW_SECONDS
        if self._connections.are_failing(since):
            return True
        asked = failing = outcomes = 0
        for breaker in self._by_credential.values():
            count, failed = breaker.outcomes.since(since)
            outcomes += count
            asked += count > 0
            failing += 0 < count <= failed * 2
        return outcomes >= LEAST_OUTCOMES and failing >= _SEVERAL and failing * 2 >= asked

    def _of(self, credential: bytes) -> Breaker:
        breaker = self._by_credential.get(credential)
        if breaker is None:
            breaker = self._by_credential[credential] = Breaker(
                self._clock,
                pause_seconds=self._pause_seconds,
                tell=self._tell_credential,
            )
            if len(self._by_credential) > self._most_credentials:
                self._forget_one()
        else:
            self._by_credential.move_to_end(credential)
        return breaker

    def _forget_one(self) -> None:
        """Drop the breaker of who asked longest ago. What is still under way changes nothing any more."""
        _, forgotten = self._by_credential.popitem(last=False)
        if not forgotten.is_closed:
            forgotten.close()
        forgotten.tell = lambda _: None

    def _tell_credential(self, state: State) -> None:
        if state is State.HALF_OPEN:  # of so many credentials it would be too much
            return
        self._open += 1 if state is State.OPEN else -1
        self._tell_credentials(state, self._open)


class SharedAttempt:
    """An attempt that both levels let through.

    One that is given up before it ends says nothing of the upstream.
    """

    __slots__ = ("_breakers", "_credential", "_is_trial", "_own")

    def __init__(
        self, breakers: Breakers, credential: bytes, own: Attempt, *, is_trial: bool
    ) -> None:
        self._breakers = breakers
        self._credential = credential
        self._own = own
        self._is_trial = is_trial

    def succeeded(self) -> None:
        """The upstream answered, whatever it had to say."""
        self._own.succeeded()
        self._record(succeeded=True, is_connected=True)

    def failed(self, *, is_connected: bool) -> None:
        """It did not, not in time, or only that it failed; or there was no connection to ask it on."""
        self._own.failed()
        self._record(succeeded=False, is_connected=is_connected)

    def _record(self, *, succeeded: bool, is_connected: bool) -> None:
        self._breakers.record(
            self._credential,
            succeeded=succeeded,
            is_connected=is_connected,
            is_trial=self._is_trial,
        )

"""Circuit breakers on two levels: one for each credential, and one for the whole upstream.

Failures of one tenant's reads say nothing about another's. The circuit of the whole upstream opens only where
no connection to the upstream can be made, or where the reads of several credentials fail, and of at least
half of the active ones.
"""

from collections import OrderedDict
from collections.abc import Callable

from gateway.upstream.http.circuit_breaker import (
    MIN_OUTCOMES,
    WINDOW_SECONDS,
    Circuit,
    CircuitBreaker,
    CircuitOpen,
    CircuitPermit,
    CircuitState,
    OutcomeWindow,
    StateListener,
)

_MIN_FAILING_CREDENTIALS = 3
"""How many credentials must fail before the circuit of the whole upstream opens."""

_MAX_CREDENTIALS = 1_000
"""How many credentials have a circuit breaker at once: the most recently used ones."""


class TwoLevelCircuitBreaker:
    """Circuit breaker on two levels, both of which must admit an attempt. Pure: the clock is injected."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        pause_seconds: float,
        on_state_change: StateListener = lambda _: None,
        on_credential_state_change: Callable[[CircuitState, int], None] = lambda _state, _open: (
            None
        ),
        max_credentials: int = _MAX_CREDENTIALS,
    ) -> None:
        """Start with closed circuits.

        `on_state_change` is called for the circuit of the whole upstream; `on_credential_state_change` when a
        credential's circuit opens or closes, with the number of open ones.
        """
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._on_credential_state_change = on_credential_state_change
        self._max_credentials = max_credentials
        self._overall_circuit = Circuit(
            clock, pause_seconds=pause_seconds, on_state_change=on_state_change
        )
        self._connection_outcomes = OutcomeWindow()
        self._breaker_by_credential: OrderedDict[bytes, CircuitBreaker] = OrderedDict()
        self._open_count = 0
        self._last_failed_credential: bytes | None = None
        self._waiting_credential: bytes | None = None

    @property
    def state(self) -> CircuitState:
        """The state of the circuit of the whole upstream."""
        return self._overall_circuit.state

    def credential_state(self, credential: bytes) -> CircuitState:
        """The state of a credential's own circuit."""
        breaker = self._breaker_by_credential.get(credential)
        return CircuitState.CLOSED if breaker is None else breaker.state

    def raise_if_open(self, credential: bytes) -> None:
        """Check that an attempt with a credential would be admitted now.

        The credential that failed last leaves the next trial to other credentials, where any was refused
        since.

        Raises:
            CircuitOpen: The attempt would be refused.
        """
        is_others_turn = (
            credential == self._last_failed_credential and self._waiting_credential is not None
        )
        try:
            self._overall_circuit.raise_if_open(
                later_seconds=self._pause_seconds if is_others_turn else 0.0
            )
        except CircuitOpen:
            if credential != self._last_failed_credential:
                self._waiting_credential = credential
            raise
        self._breaker(credential).raise_if_open()

    def acquire(self, credential: bytes) -> "TwoLevelPermit":
        """Begin an attempt with a credential.

        Raises:
            CircuitOpen: The attempt is refused.
        """
        self.raise_if_open(credential)
        permit = self._breaker(credential).acquire()
        return TwoLevelPermit(self, credential, permit, is_trial=self._overall_circuit.admit())

    def record(
        self, credential: bytes, *, succeeded: bool, is_connected: bool, is_trial: bool
    ) -> None:
        """Record the outcome of an attempt for the circuit of the whole upstream."""
        if self._overall_circuit.is_closed:
            self._connection_outcomes.add(self._clock(), succeeded=is_connected)
            if not succeeded and self._is_failing():
                self._last_failed_credential, self._waiting_credential = credential, None
                self._overall_circuit.open()
        elif is_trial and succeeded:
            self._connection_outcomes.clear()
            for breaker in self._breaker_by_credential.values():
                breaker.outcomes.clear()
            self._overall_circuit.close()
        elif is_trial:
            self._last_failed_credential, self._waiting_credential = credential, None

    def _is_failing(self) -> bool:
        since = self._clock() - WINDOW_SECONDS
        if self._connection_outcomes.is_failing(since):
            return True
        active_credentials = failing_credentials = outcomes = 0
        for breaker in self._breaker_by_credential.values():
            count, failures = breaker.outcomes.count_since(since)
            outcomes += count
            active_credentials += count > 0
            failing_credentials += 0 < count <= failures * 2
        return (
            outcomes >= MIN_OUTCOMES
            and failing_credentials >= _MIN_FAILING_CREDENTIALS
            and failing_credentials * 2 >= active_credentials
        )

    def _breaker(self, credential: bytes) -> CircuitBreaker:
        breaker = self._breaker_by_credential.get(credential)
        if breaker is None:
            breaker = self._breaker_by_credential[credential] = CircuitBreaker(
                self._clock,
                pause_seconds=self._pause_seconds,
                on_state_change=self._track_credential_state,
            )
            if len(self._breaker_by_credential) > self._max_credentials:
                self._evict_oldest()
        else:
            self._breaker_by_credential.move_to_end(credential)
        return breaker

    def _evict_oldest(self) -> None:
        """Drop the breaker of the least recently used credential; attempts under way have no effect on it."""
        _, evicted = self._breaker_by_credential.popitem(last=False)
        if not evicted.is_closed:
            evicted.close()
        evicted.on_state_change = lambda _: None

    def _track_credential_state(self, state: CircuitState) -> None:
        if state is CircuitState.HALF_OPEN:  # too many events with many credentials
            return
        self._open_count += 1 if state is CircuitState.OPEN else -1
        self._on_credential_state_change(state, self._open_count)


class TwoLevelPermit:
    """Permit of both levels for one attempt. An attempt that is cancelled records no outcome."""

    __slots__ = ("_circuit_breaker", "_credential", "_credential_permit", "_is_trial")

    def __init__(
        self,
        circuit_breaker: TwoLevelCircuitBreaker,
        credential: bytes,
        credential_permit: CircuitPermit,
        *,
        is_trial: bool,
    ) -> None:
        self._circuit_breaker = circuit_breaker
        self._credential = credential
        self._credential_permit = credential_permit
        self._is_trial = is_trial

    def record_success(self) -> None:
        """Record that the upstream responded, whatever the response."""
        self._credential_permit.record_success()
        self._record(succeeded=True, is_connected=True)

    def record_failure(self, *, is_connected: bool) -> None:
        """Record that the upstream did not respond, not in time, or with a failure of its own.

        `is_connected` is false where no connection was made.
        """
        self._credential_permit.record_failure()
        self._record(succeeded=False, is_connected=is_connected)

    def _record(self, *, succeeded: bool, is_connected: bool) -> None:
        self._circuit_breaker.record(
            self._credential,
            succeeded=succeeded,
            is_connected=is_connected,
            is_trial=self._is_trial,
        )

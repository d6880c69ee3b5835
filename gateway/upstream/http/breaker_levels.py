"""Circuit breakers on two levels: one for each fairness key, and one for the whole upstream.

A fairness key is a caller key, else a credential. Failures of one key's reads say nothing about another's.
The circuit of the whole upstream opens only where no connection to the upstream can be made, or where the
reads of several keys fail, and of at least half of the active ones.
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

_MIN_FAILING_KEYS = 3
"""How many fairness keys (caller keys or credentials) must fail before the circuit of the whole upstream
opens."""

_MAX_KEYS = 1_000
"""How many fairness keys have a circuit breaker at once: the most recently used ones."""


class TwoLevelCircuitBreaker:
    """Circuit breaker on two levels, both of which must admit an attempt. Pure: the clock is injected."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        reset_seconds: float,
        on_state_change: StateListener = lambda _: None,
        on_key_state_change: Callable[[CircuitState, int], None] = lambda _state, _open: None,
        max_keys: int = _MAX_KEYS,
    ) -> None:
        """Start with closed circuits.

        `on_state_change` is called for the circuit of the whole upstream; `on_key_state_change` when the
        circuit of a fairness key opens or closes, with the number of open ones.
        """
        self._clock = clock
        self._reset_seconds = reset_seconds
        self._on_key_state_change = on_key_state_change
        self._max_keys = max_keys
        self._overall_circuit = Circuit(
            clock, reset_seconds=reset_seconds, on_state_change=on_state_change
        )
        self._connection_outcomes = OutcomeWindow()
        self._breaker_by_key: OrderedDict[bytes, CircuitBreaker] = OrderedDict()
        self._open_count = 0
        self._last_failed_key: bytes | None = None
        self._waiting_key: bytes | None = None

    @property
    def state(self) -> CircuitState:
        """The state of the circuit of the whole upstream."""
        return self._overall_circuit.state

    def key_state(self, fairness_key: bytes) -> CircuitState:
        """The state of a fairness key's own circuit."""
        breaker = self._breaker_by_key.get(fairness_key)
        return CircuitState.CLOSED if breaker is None else breaker.state

    def raise_if_open(self, fairness_key: bytes) -> None:
        """Check that an attempt of a fairness key would be admitted now.

        The key that failed last leaves the next trial to other keys, where any was refused since.

        Raises:
            CircuitOpen: The attempt would be refused.
        """
        self._admitting_breaker(fairness_key)

    def _admitting_breaker(self, fairness_key: bytes) -> CircuitBreaker:
        """The breaker of a fairness key; raises `CircuitOpen` where an attempt would be refused."""
        must_yield = fairness_key == self._last_failed_key and self._waiting_key is not None
        try:
            self._overall_circuit.raise_if_open(
                later_seconds=self._reset_seconds if must_yield else 0.0
            )
        except CircuitOpen:
            if fairness_key != self._last_failed_key:
                self._waiting_key = fairness_key
            raise
        breaker = self._breaker(fairness_key)
        breaker.raise_if_open()
        return breaker

    def acquire(self, fairness_key: bytes) -> "TwoLevelPermit":
        """Begin an attempt of a fairness key.

        Raises:
            CircuitOpen: The attempt is refused.
        """
        permit = self._admitting_breaker(fairness_key).acquire()
        return TwoLevelPermit(self, fairness_key, permit, is_trial=self._overall_circuit.admit())

    def record(
        self, fairness_key: bytes, *, succeeded: bool, is_connected: bool, is_trial: bool
    ) -> None:
        """Record the outcome of an attempt for the circuit of the whole upstream."""
        if self._overall_circuit.is_closed:
            self._connection_outcomes.add(self._clock(), succeeded=is_connected)
            if not succeeded and self._is_failing():
                self._last_failed_key, self._waiting_key = fairness_key, None
                self._overall_circuit.open()
        elif is_trial and succeeded:
            self._connection_outcomes.clear()
            for breaker in self._breaker_by_key.values():
                breaker.outcomes.clear()
            self._overall_circuit.close()
        elif is_trial:
            self._last_failed_key, self._waiting_key = fairness_key, None

    def _is_failing(self) -> bool:
        since = self._clock() - WINDOW_SECONDS
        if self._connection_outcomes.is_failing(since):
            return True
        active_keys = failing_keys = outcomes = 0
        for breaker in self._breaker_by_key.values():
            count, failures = breaker.outcomes.count_since(since)
            outcomes += count
            active_keys += count > 0
            failing_keys += 0 < count <= failures * 2
        return (
            outcomes >= MIN_OUTCOMES
            and failing_keys >= _MIN_FAILING_KEYS
            and failing_keys * 2 >= active_keys
        )

    def _breaker(self, fairness_key: bytes) -> CircuitBreaker:
        breaker = self._breaker_by_key.get(fairness_key)
        if breaker is None:
            breaker = self._breaker_by_key[fairness_key] = CircuitBreaker(
                self._clock,
                reset_seconds=self._reset_seconds,
                on_state_change=self._track_key_state,
            )
            if len(self._breaker_by_key) > self._max_keys:
                self._evict_oldest()
        else:
            self._breaker_by_key.move_to_end(fairness_key)
        return breaker

    def _evict_oldest(self) -> None:
        """Drop the breaker of the least recently used key; attempts under way have no effect on it."""
        _, evicted = self._breaker_by_key.popitem(last=False)
        if not evicted.is_closed:
            evicted.close()
        evicted.on_state_change = lambda _: None

    def _track_key_state(self, state: CircuitState) -> None:
        if state is CircuitState.HALF_OPEN:  # too many events with many keys
            return
        self._open_count += 1 if state is CircuitState.OPEN else -1
        self._on_key_state_change(state, self._open_count)


class TwoLevelPermit:
    """Permit of both levels for one attempt. An attempt that is cancelled records no outcome."""

    __slots__ = ("_circuit_breaker", "_fairness_key", "_is_trial", "_key_permit")

    def __init__(
        self,
        circuit_breaker: TwoLevelCircuitBreaker,
        fairness_key: bytes,
        key_permit: CircuitPermit,
        *,
        is_trial: bool,
    ) -> None:
        self._circuit_breaker = circuit_breaker
        self._fairness_key = fairness_key
        self._key_permit = key_permit
        self._is_trial = is_trial

    def record_success(self) -> None:
        """Record that the upstream responded, whatever the response."""
        self._key_permit.record_success()
        self._record(succeeded=True, is_connected=True)

    def record_failure(self, *, is_connected: bool) -> None:
        """Record that the upstream did not respond, not in time, or with a failure of its own.

        `is_connected` is false where no connection was made.
        """
        self._key_permit.record_failure()
        self._record(succeeded=False, is_connected=is_connected)

    def _record(self, *, succeeded: bool, is_connected: bool) -> None:
        self._circuit_breaker.record(
            self._fairness_key,
            succeeded=succeeded,
            is_connected=is_connected,
            is_trial=self._is_trial,
        )

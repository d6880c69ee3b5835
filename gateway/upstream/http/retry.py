"""Retry policy: exponential backoff with full jitter and retry budgets, and the pipeline that applies them.

Of the libraries, tenacity and stamina have no budget over many calls, and httpx-retries does not see the
body: a retry here repeats a read from its first byte to its last.
"""

import asyncio
import random
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import httpx
from cachetools import LRUCache

from gateway.config.settings import Settings
from gateway.errors import LOCAL_QUEUE, UpstreamBusy, UpstreamUnavailable
from gateway.observability.metrics import CIRCUIT_OPEN, CONCURRENCY_LIMIT, MEMORY_BUDGET
from gateway.upstream.http.attempt import (
    AttemptFailed,
    HttpAttempt,
    LocalFailure,
    MemoryBudgetFailure,
    ReceivedResponse,
)
from gateway.upstream.http.breaker_levels import TwoLevelCircuitBreaker, TwoLevelPermit
from gateway.upstream.http.bulkhead import Bulkhead, BulkheadFull
from gateway.upstream.http.byte_budget import ByteBudget, ByteReservation
from gateway.upstream.http.circuit_breaker import CircuitOpen
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.read import Read
from gateway.upstream.http.read_result import ReadResult, decode_or_error
from gateway.upstream.http.single_flight import Flight
from gateway.upstream.surprises import observe_surprises


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter, capped: the wait before a further attempt, in seconds.

    Attributes:
        jitter: Returns a random number from 0 to 1.
        initial_seconds: The longest wait before the second attempt.
        maximum_seconds: The longest wait before any attempt.
    """

    jitter: Callable[[], float]
    initial_seconds: float = 0.1
    maximum_seconds: float = 2.0

    def seconds(self, attempts: int, retry_after: int | None) -> float:
        """The wait after `attempts` attempts.

        The upstream's Retry-After is waited for in full, with jitter on top: the upstream sends all callers
        the same.
        """
        longest = min(self.maximum_seconds, self.initial_seconds * 2.0 ** (attempts - 1))
        return (retry_after or 0) + self.jitter() * longest


_MAX_BALANCE = 10.0
"""How many retries are saved up for when several reads fail."""


class RetryBudget:
    """Retry budget: retries are limited to a ratio of the reads, so that they do not multiply an outage."""

    def __init__(self, *, ratio: float = 0.1, max_balance: float = _MAX_BALANCE) -> None:
        """Allow a `ratio` of the reads a retry each, and save up to `max_balance` for when several fail."""
        self._ratio = ratio
        self._max_balance = max_balance
        self._balance = max_balance

    def earn(self) -> None:
        """Earn the fraction of a retry that a new read allows."""
        self._balance = min(self._max_balance, self._balance + self._ratio)

    @property
    def can_spend(self) -> bool:
        """Whether a retry is allowed."""
        return self._balance >= 1.0

    def spend(self) -> bool:
        """Spend a retry, if one is allowed, and return whether one is."""
        if not self.can_spend:
            return False
        self._balance -= 1.0
        return True


_MAX_BUDGETS = 1_000
"""How many fairness keys have a retry budget of their own at once: the most recently used ones."""


class RetryBudgets:
    """Retry budgets: one for each fairness key, and an overall one of twice the size.

    No caller uses up the retries that others have saved.
    """

    def __init__(self) -> None:
        self._overall = RetryBudget(max_balance=2 * _MAX_BALANCE)
        self._budget_by_key: LRUCache[Hashable, RetryBudget] = LRUCache(_MAX_BUDGETS)

    def earn(self, fairness_key: Hashable) -> None:
        """Earn the fraction of a retry that a new read of a fairness key allows."""
        self._overall.earn()
        self._budget(fairness_key).earn()

    def spend(self, fairness_key: Hashable) -> bool:
        """Spend a retry of a fairness key, if one is allowed, and return whether one is."""
        own = self._budget(fairness_key)
        return own.can_spend and self._overall.spend() and own.spend()

    def _budget(self, fairness_key: Hashable) -> RetryBudget:
        budget = self._budget_by_key.get(fairness_key)
        if budget is None:
            budget = self._budget_by_key[fairness_key] = RetryBudget()
        return budget


class RetryPolicy(NamedTuple):
    """Retry policy: how many attempts a read has, and when.

    Attributes:
        max_attempts: The most attempts of a read.
        backoff: The waits between attempts.
        budgets: The retry budgets.
    """

    max_attempts: int
    backoff: Backoff
    budgets: RetryBudgets

    def delay_seconds(
        self,
        attempts: int,
        failure: AttemptFailed,
        *,
        fairness_key: Hashable,
        remaining_seconds: float,
    ) -> float | None:
        """The seconds to wait after `attempts` attempts, or None where there is no further one.

        Args:
            attempts: How many attempts were made.
            failure: The failure of the last attempt.
            fairness_key: The fairness key of the caller.
            remaining_seconds: How many seconds are left for the read.
        """
        if not failure.is_retryable or attempts >= min(self.max_attempts, failure.max_attempts):
            return None
        seconds = self.backoff.seconds(attempts, failure.retry_after)
        return seconds if seconds < remaining_seconds and self.budgets.spend(fairness_key) else None


class ResiliencePipeline:
    """Resilience pipeline: retries of attempts, each within bulkhead, circuit breaker and byte budget.

    All limits are divided by fairness key: no caller takes another's share.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport,
        instrumentation: UpstreamInstrumentation,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Make attempts over a transport; `clock` measures time, `now` returns the seconds since 1970."""
        self.circuit_breaker = TwoLevelCircuitBreaker(
            clock,
            pause_seconds=settings.circuit_breaker_reset_seconds,
            on_state_change=instrumentation.record_breaker_state,
            on_credential_state_change=instrumentation.record_credential_breaker_state,
        )
        self.bulkhead = Bulkhead(
            total=settings.max_concurrent_reads,
            per_caller=settings.max_concurrent_reads_per_credential,
            clock=clock,
        )
        self.byte_budget = ByteBudget(settings.max_upstream_bytes_in_flight)
        self._instrumentation = instrumentation
        self._retry_policy = RetryPolicy(
            settings.upstream_attempts, Backoff(jitter), RetryBudgets()
        )
        self._http_attempt = HttpAttempt(settings, transport)
        self._now = now
        self._may_recover = True  # without an operator, who has to replace a certificate

    async def run(self, read: Read, flight: Flight[ReadResult]) -> ReadResult:
        """The result of the last attempt."""
        with observe_surprises(partial(self._instrumentation.record_surprise, read.template)):
            return await self._run_with_retries(read, flight)

    async def _run_with_retries(self, read: Read, flight: Flight[ReadResult]) -> ReadResult:
        fairness_key = read.caller.fairness_key
        self._retry_policy.budgets.earn(fairness_key)
        while True:
            with self.byte_budget.reservation(
                fairness_key
            ) as reservation:  # released while the read waits
                try:
                    response = await self._try_once(read, flight, reservation)
                except AttemptFailed as failure:
                    attempts = flight.attempts - flight.reconnects
                    delay_seconds = self._retry_policy.delay_seconds(
                        attempts,
                        failure,
                        fairness_key=fairness_key,
                        remaining_seconds=flight.remaining_seconds,
                    )
                    result = ReadResult(
                        failure.error,
                        failure.status,
                        failure.size,
                        flight.attempts,
                        is_unreachable=failure.is_unreachable,
                    )
                else:
                    value = await decode_or_error(read.decoder, response.body)
                    return ReadResult(
                        value, response.status, response.size, flight.attempts, self._now()
                    )
            if delay_seconds is None:
                return result
            await asyncio.sleep(delay_seconds)

    async def _try_once(
        self, read: Read, flight: Flight[ReadResult], reservation: ByteReservation
    ) -> ReceivedResponse:
        fairness_key = read.caller.fairness_key
        try:
            self.circuit_breaker.raise_if_open(fairness_key)  # no need to wait for a slot
            async with self.bulkhead.slot(fairness_key, remaining_seconds=flight.remaining_seconds):
                permit = self.circuit_breaker.acquire(fairness_key)
                try:
                    response = await self._send(read, flight, reservation)
                except AttemptFailed as failure:
                    self._record_failure(permit, failure)
                    raise
                permit.record_success()
                return response
        except CircuitOpen as circuit_open:
            self._instrumentation.metrics.count_rejection(CIRCUIT_OPEN)
            unavailable = UpstreamUnavailable(
                "The upstream is failing; the circuit breaker is open.",
                retry_after=circuit_open.retry_after,
                retryable=self._may_recover,
            )
            raise AttemptFailed(unavailable) from circuit_open
        except BulkheadFull as bulkhead_full:
            self._instrumentation.metrics.count_rejection(CONCURRENCY_LIMIT)
            busy = UpstreamBusy(
                "Too many upstream requests are queued.",
                reason=LOCAL_QUEUE,
                retry_after=bulkhead_full.retry_after,
            )
            raise AttemptFailed(busy) from bulkhead_full

    def _record_failure(self, permit: TwoLevelPermit, failure: AttemptFailed) -> None:
        """Record a failure in the circuit breaker; a failure of one response only counts as a success."""
        match failure:
            case MemoryBudgetFailure():
                self._instrumentation.metrics.count_rejection(MEMORY_BUDGET)
            case LocalFailure():
                pass
            case AttemptFailed(is_outage=True):
                self._may_recover = failure.error.retryable
                permit.record_failure(is_connected=failure.is_connected)
            case _:
                permit.record_success()

    async def _send(
        self, read: Read, flight: Flight[ReadResult], reservation: ByteReservation
    ) -> ReceivedResponse:
        """Call the upstream, and once more where only a reused connection ended.

        The further call is made once in a read, under the same permit of the circuit breaker, and in the same
        slot.
        """
        try:
            return await self._call(read, flight, reservation)
        except AttemptFailed as failure:
            if flight.reconnects or not failure.needs_new_connection:
                raise
        flight.reconnects += 1
        return await self._call(read, flight, reservation, on_new_connection=True)

    async def _call(
        self,
        read: Read,
        flight: Flight[ReadResult],
        reservation: ByteReservation,
        *,
        on_new_connection: bool = False,
    ) -> ReceivedResponse:
        flight.attempts += 1
        with self._instrumentation.instrument_call(
            read.template, flight.attempts, read.caller.headers
        ) as headers:
            return await self._http_attempt.get(
                read.path,
                read.query,
                headers,
                reserve_bytes=reservation.reserve,
                on_new_connection=on_new_connection,
            )

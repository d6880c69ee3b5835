"""Whether a failed read is tried again, and when.

Of the libraries, tenacity and stamina know no budget over many calls, and httpx-retries sees no body:
what is to be repeated here is a read from its first byte to its last.
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
    """How long to wait before a further attempt, in seconds: capped, exponential, with full jitter.

    Attributes:
        jitter: A number from 0 to 1.
        initial_seconds: The longest wait before the second attempt.
        maximum_seconds: The longest wait before any.
    """

    jitter: Callable[[], float]
    initial_seconds: float = 0.1
    maximum_seconds: float = 2.0

    def seconds(self, attempts: int, retry_after: int | None) -> float:
        """The wait after so many attempts.

        What the upstream asks for comes first, and chance on top of it: it asks all for the same.
        """
        longest = min(self.maximum_seconds, self.initial_seconds * 2.0 ** (attempts - 1))
        return (retry_after or 0) + self.jitter() * longest


_MAX_BALANCE = 10.0
"""How many further attempts are saved up for when several reads fail."""


class RetryBudget:
    """How many further attempts there may be: a share of the reads. So an outage is not multiplied."""

    def __init__(self, *, ratio: float = 0.1, max_balance: float = _MAX_BALANCE) -> None:
        """Allow `share` of the reads a retry each, and save up to `most` for when several fail."""
        self._ratio = ratio
        self._max_balance = max_balance
        self._balance = max_balance

    def earn(self) -> None:
        """A read begins."""
        self._balance = min(self._max_balance, self._balance + self._ratio)

    @property
    def can_spend(self) -> bool:
        """Whether there may be a further attempt."""
        return self._balance >= 1.0

    def spend(self) -> bool:
        """Whether there may be a further attempt, which is then spent."""
        if not self.can_spend:
            return False
        self._balance -= 1.0
        return True


_MAX_BUDGETS = 1_000
"""How many have a budget of their own at once, the ones that read last."""


class RetryBudgets:
    """A budget for each share, and one for all of twice the size: nobody uses up what others have saved."""

    def __init__(self) -> None:
        self._overall = RetryBudget(max_balance=2 * _MAX_BALANCE)
        self._budget_by_key: LRUCache[Hashable, RetryBudget] = LRUCache(_MAX_BUDGETS)

    def earn(self, fairness_key: Hashable) -> None:
        """A read of a share begins."""
        self._overall.earn()
        self._budget(fairness_key).earn()

    def spend(self, fairness_key: Hashable) -> bool:
        """Whether a share may have a further attempt, which is then spent."""
        own = self._budget(fairness_key)
        return own.can_spend and self._overall.spend() and own.spend()

    def _budget(self, fairness_key: Hashable) -> RetryBudget:
        budget = self._budget_by_key.get(fairness_key)
        if budget is None:
            budget = self._budget_by_key[fairness_key] = RetryBudget()
        return budget


class RetryPolicy(NamedTuple):
    """How often one read may be tried, and on what terms.

    Attributes:
        max_attempts: How often at most.
        backoff: How long to wait in between.
        budgets: What the reads of each share have, and all together.
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
        """The seconds to wait after `attempts` attempts, or None where there shall be no further one.

        Args:
            attempts: How many there were.
            failure: How the last one ended.
            fairness_key: Whose read it is.
            remaining_seconds: How many seconds there are for all of it.
        """
        if not failure.is_retryable or attempts >= min(self.max_attempts, failure.max_attempts):
            return None
        seconds = self.backoff.seconds(attempts, failure.retry_after)
        return seconds if seconds < remaining_seconds and self.budgets.spend(fairness_key) else None


class ResiliencePipeline:
    """Makes attempts until there is an answer, or no use in a further one.

    What is bounded is divided by the share of who reads: none takes another's.
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
        """Ask over a transport; `clock` measures time, `now` tells the seconds since 1970."""
        self.circuit_breaker = TwoLevelCircuitBreaker(
            clock,
            pause_seconds=settings.breaker_pause_seconds,
            on_state_change=instrumentation.record_breaker_state,
            on_credential_state_change=instrumentation.record_credential_breaker_state,
        )
        self.bulkhead = Bulkhead(
            total=settings.max_upstream_connections,
            per_caller=settings.max_caller_connections,
            clock=clock,
        )
        self.byte_budget = ByteBudget(settings.max_upstream_bytes_in_flight)
        self._instrumentation = instrumentation
        self._retry_policy = RetryPolicy(
            settings.upstream_attempts, Backoff(jitter), RetryBudgets()
        )
        self._http_attempt = HttpAttempt(settings, transport)
        self._now = now
        self._may_recover = True  # by itself: a certificate needs somebody

    async def aclose(self) -> None:
        await self._http_attempt.aclose()

    async def run(self, read: Read, flight: Flight[ReadResult]) -> ReadResult:
        """The answer of the last attempt."""
        with observe_surprises(partial(self._instrumentation.record_surprise, read.template)):
            return await self._run_with_retries(read, flight)

    async def _run_with_retries(self, read: Read, flight: Flight[ReadResult]) -> ReadResult:
        fairness_key = read.caller.fairness_key
        self._retry_policy.budgets.earn(fairness_key)
        while True:
            with self.byte_budget.reservation(
                fairness_key
            ) as reservation:  # what is waited for holds nothing
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
            self.circuit_breaker.raise_if_open(fairness_key)  # no need to wait for a place
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
                "The upstream fails, and is left alone for a moment.",
                retry_after=circuit_open.retry_after,
                retryable=self._may_recover,
            )
            raise AttemptFailed(unavailable) from circuit_open
        except BulkheadFull as bulkhead_full:
            self._instrumentation.metrics.count_rejection(CONCURRENCY_LIMIT)
            busy = UpstreamBusy(
                "Too many reads wait for the upstream.",
                reason=LOCAL_QUEUE,
                retry_after=bulkhead_full.retry_after,
            )
            raise AttemptFailed(busy) from bulkhead_full

    def _record_failure(self, permit: TwoLevelPermit, failure: AttemptFailed) -> None:
        """What a failure says of the upstream; what is wrong with one answer is that read's own."""
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
        """What comes of sending a read, once more where all that ended was an idle connection.

        So it does once in a read, under the same leave of the breaker, and in the same place.
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

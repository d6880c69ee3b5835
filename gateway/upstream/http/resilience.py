"""Resilience pipeline: one attempt of a read, within bulkhead, circuit breaker and byte budget."""

import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from gateway.config.settings import Settings
from gateway.errors import LOCAL_QUEUE, FieldError, UpstreamBusy, UpstreamUnavailable
from gateway.observability.metrics import CIRCUIT_OPEN, CONCURRENCY_LIMIT, MEMORY_BUDGET
from gateway.upstream.http.attempt import (
    AttemptFailed,
    HttpAttempt,
    LocalFailure,
    MemoryBudgetFailure,
)
from gateway.upstream.http.breaker_levels import TwoLevelCircuitBreaker, TwoLevelPermit
from gateway.upstream.http.bulkhead import Bulkhead, BulkheadFull
from gateway.upstream.http.byte_budget import ByteBudget
from gateway.upstream.http.circuit_breaker import CircuitOpen
from gateway.upstream.http.deadline import Deadline
from gateway.upstream.http.failure_reason import FailureReason
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.read import Read
from gateway.upstream.http.read_result import ReadResult, decode_response
from gateway.upstream.http.sampling import ResponseSampler

_T = TypeVar("_T")


class ResiliencePipeline:
    """Resilience pipeline of attempts.

    All limits are divided by fairness key: no fairness key takes another's share.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport,
        instrumentation: UpstreamInstrumentation,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Make attempts over a transport; `clock` measures time, `now` returns the seconds since 1970."""
        self.circuit_breaker = TwoLevelCircuitBreaker(
            clock,
            reset_seconds=settings.circuit_breaker_reset_seconds,
            on_state_change=instrumentation.record_breaker_state,
            on_key_state_change=instrumentation.record_key_breaker_state,
        )
        self.bulkhead = Bulkhead(
            total=settings.max_concurrent_reads,
            per_key=settings.max_concurrent_reads_per_credential,
            clock=clock,
        )
        self.byte_budget = ByteBudget(settings.max_upstream_bytes_in_flight)
        self.sampler = ResponseSampler(instrumentation, self.byte_budget, clock=clock)
        self._instrumentation = instrumentation
        self._http_attempt = HttpAttempt(settings, transport)
        self._now = now
        self._may_recover = True  # without an operator, who has to replace a certificate

    async def attempt(self, read: Read[_T], deadline: Deadline) -> ReadResult[_T]:
        """The result of one attempt.

        Where only a reused connection ended, the upstream is called once more: once in a read, under the same
        permit of the circuit breaker, and in the same slot.

        Raises:
            AttemptFailed: There is no successful response.
            CircuitOpen: The attempt is refused, since the upstream is failing.
            BulkheadFull: The attempt is refused, since no slot is expected to be free in time.
        """
        fairness_key = read.caller.fairness_key
        with self.byte_budget.reservation(fairness_key) as reservation:
            self.circuit_breaker.raise_if_open(fairness_key)  # no need to wait for a slot
            async with self.bulkhead.slot(
                fairness_key, remaining_seconds=deadline.remaining_seconds
            ):
                permit = self.circuit_breaker.acquire(fairness_key)
                response, on_new_connection = None, False
                while response is None:
                    deadline.attempts += 1
                    try:
                        with self._instrumentation.instrument_call(
                            read.template, deadline.attempts, read.caller.headers
                        ) as headers:
                            response = await self._http_attempt.get(
                                read.target,
                                headers,
                                reserve_bytes=reservation.reserve,
                                on_new_connection=on_new_connection,
                            )
                    except AttemptFailed as failure:
                        if deadline.reconnects or not failure.needs_new_connection:
                            self._record_failure(permit, failure)
                            raise
                        deadline.reconnects += 1
                        on_new_connection = True
                permit.record_success()
            if read.survey is not None:
                self.sampler.offer(read.template, read.survey, response.body, fairness_key)
            return await decode_response(
                read.decoder, response, attempts=deadline.attempts, now=self._now
            )

    def refusal_error(
        self, refusal: CircuitOpen | BulkheadFull
    ) -> tuple[FieldError, FailureReason]:
        """The error and the reason of a read whose attempt was refused, which is counted."""
        match refusal:
            case CircuitOpen():
                self._instrumentation.metrics.count_rejection(CIRCUIT_OPEN)
                unavailable = UpstreamUnavailable(
                    "The upstream is failing; the circuit breaker is open.",
                    retry_after=refusal.retry_after,
                    retryable=self._may_recover,
                )
                return unavailable, FailureReason.CIRCUIT_OPEN
            case BulkheadFull():
                self._instrumentation.metrics.count_rejection(CONCURRENCY_LIMIT)
                busy = UpstreamBusy(
                    "Too many upstream requests are queued.",
                    reason=LOCAL_QUEUE,
                    retry_after=refusal.retry_after,
                )
                return busy, FailureReason.CONCURRENCY_LIMIT

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

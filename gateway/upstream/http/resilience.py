"""Resilience pipeline: retries of attempts, each within bulkhead, circuit breaker and byte budget."""

import asyncio
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx

from gateway.config.settings import Settings
from gateway.errors import LOCAL_QUEUE, UpstreamBusy, UpstreamUnavailable
from gateway.observability.metrics import CIRCUIT_OPEN, CONCURRENCY_LIMIT, MEMORY_BUDGET
from gateway.upstream.http.attempt import (
    AttemptFailed,
    HttpAttempt,
    LocalFailure,
    MemoryBudgetFailure,
    ReceivedResponse,
    raw_headers,
    request_target,
)
from gateway.upstream.http.breaker_levels import TwoLevelCircuitBreaker, TwoLevelPermit
from gateway.upstream.http.bulkhead import Bulkhead, BulkheadFull
from gateway.upstream.http.byte_budget import ByteBudget, ByteReservation
from gateway.upstream.http.circuit_breaker import CircuitOpen
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.read import Read
from gateway.upstream.http.read_result import Err, ReadResult, decode_response
from gateway.upstream.http.retry import Backoff, RetryBudgets, RetryPolicy
from gateway.upstream.http.single_flight import Flight
from gateway.upstream.surprises import observe_surprises


class ResiliencePipeline:
    """Resilience pipeline, which runs a read until it succeeds or has no further attempt.

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
        jitter: Callable[[], float] = random.random,
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
        self._instrumentation = instrumentation
        self._retry_policy = RetryPolicy(
            settings.upstream_attempts, Backoff(jitter), RetryBudgets()
        )
        self._http_attempt = HttpAttempt(settings, transport)
        self._now = now
        self._may_recover = True  # without an operator, who has to replace a certificate

    async def run(self, read: Read, flight: Flight[ReadResult[Any]]) -> ReadResult[Any]:
        """Run the read with retries."""
        with observe_surprises(partial(self._instrumentation.record_surprise, read.template)):
            return await self._run_with_retries(read, flight)

    async def _run_with_retries(
        self, read: Read, flight: Flight[ReadResult[Any]]
    ) -> ReadResult[Any]:
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
                    result = Err(
                        failure.error,
                        failure.status,
                        failure.size,
                        flight.attempts,
                        is_unreachable=failure.is_unreachable,
                    )
                else:
                    return await decode_response(
                        read.decoder, response, attempts=flight.attempts, now=self._now
                    )
            if delay_seconds is None:
                return result
            await asyncio.sleep(delay_seconds)

    async def _try_once(
        self, read: Read, flight: Flight[ReadResult[Any]], reservation: ByteReservation
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
        self, read: Read, flight: Flight[ReadResult[Any]], reservation: ByteReservation
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
        flight: Flight[ReadResult[Any]],
        reservation: ByteReservation,
        *,
        on_new_connection: bool = False,
    ) -> ReceivedResponse:
        flight.attempts += 1
        with self._instrumentation.instrument_call(
            read.template, flight.attempts, read.caller.headers
        ) as headers:
            return await self._http_attempt.get(
                request_target(read.path, read.query),
                raw_headers(headers),
                reserve_bytes=reservation.reserve,
                on_new_connection=on_new_connection,
            )

"""Fetcher: GET reads of the upstream with request coalescing, caching, retries and stale-if-error."""

import asyncio
import random
import time
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar, cast

import httpx
from msgspec import Raw
from msgspec.structs import replace

from gateway.config.settings import Settings
from gateway.errors import Forbidden, NotFound, Unauthenticated, UpstreamTimeout
from gateway.observability.logging import log_info, log_warning
from gateway.upstream.http.deadline import Deadline
from gateway.upstream.http.futures import completed_future
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.read import Read
from gateway.upstream.http.read_result import Err, Ok, ReadResult
from gateway.upstream.http.resilience import ResiliencePipeline
from gateway.upstream.http.response_cache import ResponseCache
from gateway.upstream.http.retry import Backoff, RetryBudgets, RetryPolicy
from gateway.upstream.http.single_flight import DeadlineExceeded, WaitCancelled
from gateway.upstream.http.stale_cache import StaleIfErrorCache, Timestamped
from gateway.upstream.read_log import CacheStatus, ReadLogEntry
from gateway.upstream.surprises import observe_surprises

_T = TypeVar("_T")

_MAX_CACHE_BYTES = 67_108_864
_NO_CREDENTIALS_MESSAGE = "Send the headers `apiKey` and `token`, or `Authorization: Bearer …`."


class UpstreamFetcher:
    """Reads of the upstream. Safe to share between requests: responses are shared within one identity only.

    In this order, a read is answered from the response cache or coalesced by single-flight, then retried;
    each attempt passes the circuit breaker, waits for a slot of the bulkhead, and makes a call over the transport.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport,
        *,
        instrumentation: UpstreamInstrumentation | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Read over a transport; `clock` measures time, `now` returns the seconds since 1970."""
        self._instrumentation = instrumentation or UpstreamInstrumentation()
        self.pipeline = ResiliencePipeline(
            settings, transport, self._instrumentation, clock=clock, now=now
        )
        self._retry_policy = RetryPolicy(
            settings.upstream_attempts, Backoff(jitter), RetryBudgets()
        )
        self._response_cache: ResponseCache[ReadResult[Any]] = ResponseCache(
            ttl_seconds=settings.entity_cache_seconds,
            max_bytes=_MAX_CACHE_BYTES,
            size_of=_record_bytes,
        )
        self._stale_cache: StaleIfErrorCache[list[Raw]] | None = None
        if seconds := settings.stale_if_error_seconds:
            self._stale_cache = StaleIfErrorCache(
                ttl_seconds=seconds, max_bytes=_MAX_CACHE_BYTES, clock=now
            )

    def fetch(self, read: Read[_T]) -> asyncio.Future[ReadResult[_T]]:
        """Start a read, and return the future of its result.

        Where the future is cancelled, the read is left to others that wait for it, if any. Where the upstream
        fails, the last good response of one of the read's `stale_keys` stands in. Where the upstream forbids
        access to the subject of the read, or does not know it, its stored responses are dropped.
        """
        caller = read.caller
        finish = partial(self._finish, read, time.perf_counter())
        if not caller.has_token:
            error = Unauthenticated("`Authorization: Bearer` has no token.")
            return completed_future(finish(Err(error, None, 0, attempts=0), CacheStatus.CALLED))
        return self._response_cache.run(
            caller.credentials,
            read.key,
            partial(self._read, read),
            finish,
            deadline=caller.deadline,
            is_cacheable=_is_ok if read.is_cacheable else None,
            tags=read.cache_tags,
        )

    async def _read(self, read: Read[Any], deadline: Deadline) -> ReadResult[Any]:
        """The result of a read that is neither cached nor under way; a failure is logged and counted."""
        stale_cache, entry = self._stale_cache, None
        if stale_cache is not None and read.stale_keys:
            entry = stale_cache.prepare_entry(read.caller.credentials, read.cache_tags, read.key)
        with observe_surprises(partial(self._instrumentation.record_surprise, read.template)):
            result = await self._retry_policy.run(self.pipeline, read, deadline)
        match result:
            case Ok():
                if entry is not None and stale_cache is not None:
                    timestamped = Timestamped(result.content, result.read_at)
                    stale_cache.put(entry, timestamped, size=result.item_bytes())
            case Err(error=Unauthenticated()) if not read.caller.has_credentials:
                result = replace(result, error=Unauthenticated(_NO_CREDENTIALS_MESSAGE))
                self._record_failure(read, result)
            case Err():
                self._record_failure(read, result)
        return result

    def _finish(
        self,
        read: Read[_T],
        started_at: float,
        result: ReadResult[_T] | DeadlineExceeded | WaitCancelled,
        cache_status: CacheStatus,
    ) -> ReadResult[_T]:
        """What one caller gets of the result of a read, after it was added to the caller's read log."""
        if isinstance(result, WaitCancelled):
            cancelled = Err(UpstreamTimeout("The read was cancelled."), None, 0, result.attempts)
            _log_read(read, started_at, cancelled, cache_status)
            return cancelled
        if isinstance(result, DeadlineExceeded):
            late = UpstreamTimeout("The upstream did not respond before the operation's deadline.")
            result = Err(late, None, 0, result.attempts)
        if isinstance(result, Err) and (stale := self._stale_response(read, result)) is not None:
            own_attempts = result.attempts if cache_status is CacheStatus.CALLED else 0
            cache_status = CacheStatus.STALE
            result = Ok(
                stale.content,
                result.status,
                result.size,
                own_attempts,
                stale.read_at,
                is_stale=True,
            )
        self._instrumentation.metrics.count_read(read.template, cache_status.value)
        _log_read(read, started_at, result, cache_status)
        match result:
            case Err(error=NotFound()) if read.none_if_not_found:
                return Ok(cast("_T", None), result.status, result.size, result.attempts)
        return result

    def _stale_response(self, read: Read[Any], result: Err) -> Timestamped[Any] | None:
        """The stored response that stands in for a missing one."""
        if self._stale_cache is None or not read.stale_keys or not result.is_outage():
            return None
        return self._stale_cache.newest(read.stale_keys)

    def _record_failure(self, read: Read[Any], result: Err) -> None:
        """Log and count a failure; drop the stored responses of a subject that may not be read."""
        code = result.error.code
        self._instrumentation.metrics.count_read_failure(read.template, code)
        log = log_warning if result.is_alarming() else log_info
        fields = {"status": result.status, "reason": result.reason, "attempts": result.attempts}
        log("upstream.failed", path=read.template, code=code, **fields)
        match result.error:
            case Forbidden() | NotFound():
                self._invalidate(read.caller.credentials, read.cache_tags[-1])
            case Unauthenticated():
                self._invalidate(read.caller.credentials)

    def _invalidate(self, credentials: bytes, tag: Hashable = None) -> None:
        """Drop the stored responses of these credentials: those with a tag, or all."""
        self._response_cache.invalidate(credentials, tag)
        if self._stale_cache is not None:
            self._stale_cache.invalidate(credentials, tag)


def _log_read(
    read: Read[Any], started_at: float, result: ReadResult[Any], cache_status: CacheStatus
) -> None:
    """Add a read that has ended to its caller's read log."""
    milliseconds = round((time.perf_counter() - started_at) * 1000, 3)
    read.caller.read_log.append(
        ReadLogEntry(
            read.template,
            result.status,
            cache_status,
            milliseconds,
            result.size,
            result.attempts,
            tuple(zip(read.id_names, map(hash, read.ids), strict=True)),
        )
    )


def _is_ok(result: ReadResult[Any]) -> bool:
    return isinstance(result, Ok)


def _record_bytes(result: ReadResult[Any]) -> int:
    return result.record_bytes() if isinstance(result, Ok) else result.size

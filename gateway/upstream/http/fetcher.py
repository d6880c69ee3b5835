"""Fetcher: GET reads of the upstream with request coalescing, caching, retries and stale-if-error."""

import random
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import httpx
from msgspec import Raw

from gateway.config.settings import Settings
from gateway.errors import (
    Forbidden,
    InvalidUpstreamResponse,
    NotFound,
    Unauthenticated,
    UpstreamTimeout,
)
from gateway.observability.event_loop import CooperativeSteps
from gateway.observability.logging import log_info, log_warning
from gateway.upstream.credentials import Caller
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.read import ParameterRoles, Read, resource_paths
from gateway.upstream.http.read_result import Err, Ok, ReadResult
from gateway.upstream.http.resilience import ResiliencePipeline
from gateway.upstream.http.response_cache import ResponseCache
from gateway.upstream.http.single_flight import DeadlineExceeded, Flight
from gateway.upstream.http.stale_cache import StaleIfErrorCache, Timestamped
from gateway.upstream.read_log import CacheStatus, ReadLogEntry
from gateway.upstream.records import links

_T = TypeVar("_T")

_MAX_CACHE_BYTES = 67_108_864
_NO_CREDENTIALS_MESSAGE = "Send the headers `apiKey` and `token`, or `Authorization: Bearer …`."
_NO_PARAMETERS: Mapping[str, str] = {}


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
            settings, transport, self._instrumentation, clock=clock, now=now, jitter=jitter
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

    async def fetch(
        self,
        caller: Caller,
        template: str,
        decoder: Callable[[bytes], CooperativeSteps[_T]],
        *,
        ids: Mapping[str, str] = _NO_PARAMETERS,
        query: Mapping[str, str] = _NO_PARAMETERS,
        cacheable: bool = False,
    ) -> _T:
        """The decoded response of the upstream.

        Args:
            caller: The caller of the read.
            template: The path, with the names of ids in braces. The template is logged; ids are not.
            decoder: Decodes the body, in UTF-8; raises `InvalidUpstreamResponse` where it cannot.
            ids: The ids in the path.
            query: The query parameters.
            cacheable: Whether the response may be cached for `entity_cache_seconds`.

        Raises:
            FieldError: There is no usable response.
        """
        if not all(map(links.is_id, ids.values())):
            raise InvalidUpstreamResponse("The upstream returned an invalid id.")
        path = template.format_map(ids)
        cache_tags = resource_paths(template, ids) if cacheable else (path,)
        read = Read(caller, template, path, query, tuple(query.items()), cache_tags, decoder)
        started_at = time.perf_counter()
        result, cache_status = await self._coalesce(
            read, partial(self._fetch_uncached, read), cacheable=cacheable
        )
        try:
            value: _T = self._record_and_unwrap(read, started_at, result, cache_status).content
        finally:
            del result
        return value

    async def fetch_with_stale(
        self,
        caller: Caller,
        path: str,
        decoder: Callable[[bytes], CooperativeSteps[list[Raw]]],
        query: Mapping[str, str],
        roles: ParameterRoles,
    ) -> Timestamped[list[Raw]]:
        """The decoded response; where the upstream fails, the last good one of `stale_if_error_seconds`.

        Args:
            caller: The caller of the read.
            path: The path.
            decoder: As for `fetch`.
            query: The query parameters.
            roles: The roles of the query parameters. Where the upstream forbids access to a subject, or does
                not know it, its stored responses are dropped.

        Raises:
            FieldError: There is neither a usable response nor a stale one.
        """
        read = Read.of_list(caller, path, decoder, query, roles)
        started_at = time.perf_counter()
        result, cache_status = await self._coalesce(
            read, partial(self._fetch_and_store, read), cacheable=False
        )
        match result:
            case Err() if self._stale_cache is not None and result.is_outage():
                unfiltered_read = read.without(roles.filter_parameter)
                if stale := self._stale_cache.newest([read.key, unfiltered_read.key]):
                    own_attempts = result.attempts if cache_status is CacheStatus.CALLED else 0
                    result = Ok(
                        stale.content, result.status, result.size, own_attempts, stale.read_at
                    )
                    cache_status = CacheStatus.STALE
        try:
            ok = self._record_and_unwrap(read, started_at, result, cache_status)
            return Timestamped(ok.content, ok.read_at, cache_status is CacheStatus.STALE)
        finally:
            del result

    async def _coalesce(
        self,
        read: Read,
        fetch: Callable[[Flight[ReadResult[Any]]], Awaitable[ReadResult[Any]]],
        *,
        cacheable: bool,
    ) -> tuple[ReadResult[Any], CacheStatus]:
        """The result of one read for all equal reads at once."""
        if not read.caller.has_token:
            error = Unauthenticated("`Authorization: Bearer` has no token.")
            return Err(error, None, 0, attempts=0), CacheStatus.CALLED
        try:
            return await self._response_cache.run(
                read.caller.credentials,
                read.key,
                fetch,
                deadline=read.caller.deadline,
                is_cacheable=_is_ok if cacheable else None,
                tags=read.cache_tags,
            )
        except DeadlineExceeded as exceeded:
            return Err(_deadline_error(), None, 0, exceeded.attempts), exceeded.cache_status

    def _record_and_unwrap(
        self, read: Read, started_at: float, result: ReadResult[Any], cache_status: CacheStatus
    ) -> Ok[Any]:
        """Add a read to the read log, and return its result; an error is raised."""
        milliseconds = round((time.perf_counter() - started_at) * 1000, 3)
        self._instrumentation.metrics.count_read(read.template, cache_status.value)
        read.caller.read_log.append(
            ReadLogEntry(
                read.template,
                result.status,
                cache_status,
                milliseconds,
                result.size,
                result.attempts,
            )
        )
        match result:
            case Ok():
                return result
            case Err(error=error):
                try:
                    raise error.with_traceback(None)  # else the traceback grows with each waiter
                finally:  # else the error would refer to this frame, and the frame to the error
                    del result, error

    async def _fetch_and_store(
        self, read: Read, flight: Flight[ReadResult[Any]]
    ) -> ReadResult[Any]:
        """Fetch, and store a good response for stale-if-error."""
        if self._stale_cache is None:
            return await self._fetch_uncached(read, flight)
        entry = self._stale_cache.prepare_entry(read.caller.credentials, read.cache_tags, read.key)
        result = await self._fetch_uncached(read, flight)
        match result:
            case Ok(content=content, read_at=read_at):
                timestamped = Timestamped(content, read_at)
                self._stale_cache.put(entry, timestamped, size=result.item_bytes())
        return result

    async def _fetch_uncached(self, read: Read, flight: Flight[ReadResult[Any]]) -> ReadResult[Any]:
        """Fetch without caching; log and count a failure."""
        result = await self.pipeline.run(read, flight)
        match result:
            case Err(error=Unauthenticated()) if not read.caller.has_credentials:
                result = replace(result, error=Unauthenticated(_NO_CREDENTIALS_MESSAGE))
        match result:
            case Err():
                self._record_failure(read, result)
        return result

    def _record_failure(self, read: Read, result: Err) -> None:
        """Log and count a failure; drop the stored responses of a subject that may not be read."""
        code = result.error.code
        self._instrumentation.metrics.count_read_failure(read.template, code)
        log = log_warning if result.is_alarming() else log_info
        fields = {"code": code, "status": result.status, "attempts": result.attempts}
        log("upstream.failed", path=read.template, **fields)
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


def _is_ok(result: ReadResult[Any]) -> bool:
    return isinstance(result, Ok)


def _record_bytes(result: ReadResult[Any]) -> int:
    return result.record_bytes() if isinstance(result, Ok) else result.size


def _deadline_error() -> UpstreamTimeout:
    return UpstreamTimeout("The upstream did not respond before the operation's deadline.")

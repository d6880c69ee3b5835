"""GETs: each equal one once at a time; bytes in, records out; every foreign failure becomes ours."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

import httpx

from gateway.errors import (
    ContractBroken,
    Forbidden,
    InputRefused,
    NotFound,
    ResponseTooLarge,
    Unauthenticated,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.settings import Settings
from gateway.telemetry import event
from gateway.upstream import decode, links
from gateway.upstream.body import Body, is_crowded, utf8
from gateway.upstream.caller import Call, Caller
from gateway.upstream.sharing import Sharing

_T = TypeVar("_T")

_KEPT_BYTES = 67_108_864
_LONGEST_WAIT_SECONDS = 86_400
_NONE: Mapping[str, str] = {}
_HEADERS = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", "graphql-gateway"),
)

_MEANINGS: Mapping[int, tuple[type[UpstreamError], str]] = {
    401: (Unauthenticated, "The upstream does not accept these credentials."),
    403: (Forbidden, "These credentials do not give access to this."),
    404: (NotFound, "The upstream does not know this."),
    408: (UpstreamTimeout, "The upstream did not answer in time."),
    504: (UpstreamTimeout, "The upstream did not answer in time."),
}


class _Answer(NamedTuple):
    """What came of a read: records, or an error that everybody who waits for it gets."""

    content: Any
    status: int | None
    size: int


class Reads:
    """Reads of the upstream. Safe to share between requests: callers share within an identity only."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport) -> None:
        self._timeout_seconds = settings.upstream_timeout_seconds
        self._max_bytes = settings.max_upstream_bytes
        self._sharing: Sharing[_Answer] = Sharing(
            keep_seconds=settings.entity_cache_seconds,
            max_bytes=_KEPT_BYTES,
            size=_kept_size,
        )
        # Not through httpx's client: it would keep cookies and follow redirects unless it is told
        # not to, and what it adds to a call costs more CPU time than the connection.
        self._transport = transport
        self._origin = settings.upstream_url.rstrip("/")
        timeout = httpx.Timeout(settings.upstream_timeout_seconds)
        self._extensions = {"timeout": timeout.as_dict()}

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def get(
        self,
        caller: Caller,
        template: str,
        decoded: Callable[[bytes], _T],
        *,
        ids: Mapping[str, str] = _NONE,
        query: Mapping[str, str] = _NONE,
        keep: bool = False,
    ) -> _T:
        """What the upstream answers.

        Args:
            caller: Whom the read is made for.
            template: The path, with the names of ids in braces. It is logged; ids are not.
            decoded: What to make of the body, in UTF-8; raises ContractBroken where it cannot.
            ids: The ids in the path.
            query: The query parameters.
            keep: Whether the answer may be kept for `entity_cache_seconds`.

        Raises:
            UpstreamError: There is no such answer.
        """
        if not all(map(links.is_id, ids.values())):
            raise ContractBroken("The upstream sent an id that cannot be one.")
        path = template.format_map(ids)
        key = (caller.identity, path, tuple(query.items()))
        started = time.perf_counter()
        answer, outcome = await self._sharing.get(
            key,
            lambda: self._answer(caller, template, path, query, decoded),
            keep=_is_good if keep else None,
        )
        milliseconds = round((time.perf_counter() - started) * 1000, 3)
        caller.calls.append(Call(template, answer.status, outcome, milliseconds, answer.size))
        if isinstance(answer.content, UpstreamError):
            raise answer.content.with_traceback(None)  # else one traceback grows with each waiter
        content: _T = answer.content
        return content

    async def _answer(
        self,
        caller: Caller,
        template: str,
        path: str,
        query: Mapping[str, str],
        decoded: Callable[[bytes], object],
    ) -> _Answer:
        status, body = None, b""
        request = self._request(caller, path, query)
        try:
            async with _foreign_failures(self._timeout_seconds):
                response = await self._transport.handle_async_request(request)
                status = response.status_code
                try:
                    body = await self._body(response)
                finally:
                    await response.aclose()
            return _Answer(decoded(_accepted(response, body)), status, len(body))
        except UpstreamError as error:
            event("upstream.failed", path=template, code=error.code, status=status)
            return _Answer(error, status, len(body))

    def _request(self, caller: Caller, path: str, query: Mapping[str, str]) -> httpx.Request:
        """Raises InputRefused: an id is too long or half a character, a header is not ASCII."""
        try:
            question = f"?{urlencode(query)}" if query else ""
            return httpx.Request(
                "GET",
                self._origin + path + question,
                headers=[*_HEADERS, *caller.headers],
                extensions=self._extensions,
            )
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise InputRefused("What was sent cannot be passed on to the upstream.") from error

    async def _body(self, response: httpx.Response) -> bytes:
        body = Body(response.headers.get("content-encoding", ""), most=self._max_bytes)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for sent in response.stream:  # httpx would decompress without a limit
            body.add(sent)
        return body.whole()


def _kept_size(answer: _Answer) -> int:
    """About how many bytes of memory an answer takes: records are larger than their JSON."""
    return 4 * answer.size + 2_000


def _is_good(answer: _Answer) -> bool:
    return not isinstance(answer.content, UpstreamError)


@asynccontextmanager
async def _foreign_failures(seconds: float) -> AsyncIterator[None]:
    """Translates what httpx raises, and gives up after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise UpstreamTimeout("The upstream did not answer in time.") from error
    except httpx.DecodingError as error:
        raise ContractBroken("The upstream's answer could not be decompressed.") from error
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
        raise UpstreamUnavailable("The upstream could not be reached.") from error


def _accepted(response: httpx.Response, body: bytes) -> bytes:
    """The body of a success, in UTF-8.

    Failures arrive as HTTP statuses, and as 200 with an `error` object (upstream contract, 12).
    """
    if response.status_code != 200:
        raise _meaning(response.status_code, response)
    text = utf8(body, response.charset_encoding or "utf-8")
    if is_crowded(text):
        raise ResponseTooLarge("The upstream's answer holds more than this gateway takes.")
    if failure := decode.failure(text):
        raise _meaning(failure.code or 0, response)
    return text


def _meaning(status: int, response: httpx.Response) -> UpstreamError:
    if status == 429:
        return UpstreamBusy("The upstream asks to wait.", retry_after=_retry_after(response))
    if status in _MEANINGS:
        error, message = _MEANINGS[status]
        return error(message)
    if 400 <= status < 500:
        return InputRefused("The upstream does not accept these arguments.")
    if 100 <= status < 400:
        return ContractBroken("The upstream's answer has an unexpected status.")
    return UpstreamUnavailable("The upstream failed.")


def _retry_after(response: httpx.Response) -> int | None:
    """Whole seconds, from either form of the header (RFC 9110, 10.2.3)."""
    sent = response.headers.get("retry-after", "")
    if sent.isascii() and sent.isdigit():
        return min(int(sent[:9]), _LONGEST_WAIT_SECONDS)
    try:
        until: datetime = parsedate_to_datetime(sent)
        asked = parsedate_to_datetime(response.headers.get("date", ""))
        return min(max(0, ceil((until - asked).total_seconds())), _LONGEST_WAIT_SECONDS)
    except (ValueError, TypeError, OverflowError):
        return None

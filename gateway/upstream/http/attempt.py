"""One attempt of a read: a request out, an answer in; every foreign failure becomes ours."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

import httpx

from gateway.config.settings import Settings
from gateway.errors import (
    MEMORY_BUDGET,
    ContractBroken,
    InputRefused,
    ResponseTooLarge,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.observability.tracing import Headers
from gateway.upstream.http.byte_budget import NoRoom
from gateway.upstream.http.connection_pool import ConnectionOver, CutOff, HeadTooLarge
from gateway.upstream.http.response_body import Body, is_crowded, utf8
from gateway.upstream.http.status_errors import REPEATABLE, TOO_EARLY, TOO_LATE, is_outage, meaning
from gateway.upstream.http.transport import NEW_CONNECTION, CertificateRefused
from gateway.upstream.records import decoding

_HEADERS = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", "graphql-gateway"),
)

_SPOILT = (CutOff, httpx.RemoteProtocolError)
"""The upstream answered, with less than it announced, or more, or in no order that can be read. That
is wrong with this one answer, and says nothing of others."""


class Received(NamedTuple):
    """A success: the HTTP status, the body in UTF-8, and how large it was when it arrived."""

    status: int
    body: bytes
    size: int


class Failed(Exception):
    """An attempt that was no success.

    Attributes:
        error: What callers are told.
        status: The HTTP status, or None where none arrived.
        size: How much of a body arrived.
        is_repeatable: Whether the same attempt may succeed a little later.
        is_outage: Whether the upstream did not do its work.
        is_unreachable: Whether that is because no answer came from it, or not all of one.
        needs_new_connection: Whether all that ended was a connection from before: who asks on a new one
            learns what the upstream has to say.
        is_connected: Whether there was a connection at all.
        most_attempts: How many attempts there may be of a read of which one ended so, if it is repeatable.
    """

    needs_new_connection = False
    is_connected = True
    most_attempts = sys.maxsize

    def __init__(
        self,
        error: UpstreamError,
        *,
        status: int | None = None,
        size: int = 0,
        is_repeatable: bool = False,
        is_outage: bool = False,
        is_unreachable: bool = False,
    ) -> None:
        self.error = error
        self.status = status
        self.size = size
        self.is_repeatable = is_repeatable
        self.is_outage = is_outage
        self.is_unreachable = is_unreachable

    @property
    def retry_after(self) -> int | None:
        """The whole seconds that the upstream asks to wait, where it does."""
        return getattr(self.error, "retry_after", None)


class ConnectionEnded(Failed):
    """All that ended was a connection from before."""

    needs_new_connection = True


class Unconnected(Failed):
    """No connection could be made: nothing was asked."""

    is_connected = False


class TooEarly(Failed):
    """The upstream would not run the risk of a replay (RFC 8470, 5.2): asked again, it has no reason to say so."""

    most_attempts = 2


class OwnRefusal(Failed):
    """It was given up for reasons of this gateway's own, which say nothing of the upstream."""


class NoRoomForAnswer(OwnRefusal):
    """The answer would have taken more bytes than are left."""


class Exchange:
    """Single attempts, over a transport. Safe to share between requests."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport) -> None:
        # Not through httpx's client: it would keep cookies and follow redirects unless it is told
        # not to, and what it adds to a call costs more CPU time than the connection.
        self._transport = transport
        self._origin = settings.upstream_url.rstrip("/")
        self._seconds = settings.upstream_timeout_seconds
        self._max_bytes = settings.max_upstream_bytes
        limits = httpx.Timeout(
            settings.upstream_timeout_seconds,
            connect=settings.upstream_connect_timeout_seconds,
            read=settings.upstream_read_timeout_seconds,
        )
        self._extensions = {"timeout": limits.as_dict()}
        self._on_new_connection = {**self._extensions, NEW_CONNECTION: True}

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def get(
        self,
        path: str,
        query: Mapping[str, str],
        headers: Headers,
        *,
        take: Callable[[int], None] = lambda _: None,
        on_new_connection: bool = False,
    ) -> Received:
        """What the upstream answers, within the limits of time and size that are set.

        Args:
            path: The path.
            query: The query parameters.
            headers: Those of the caller.
            take: Is told of bytes before they are kept; raises NoRoom where they cannot be.
            on_new_connection: Whether a connection is made for it, though there may be idle ones.

        Raises:
            Failed: It is no success.
        """
        request = self._request(path, query, headers)
        if on_new_connection:
            request.extensions = self._on_new_connection
        status, body = None, None
        try:
            try:
                async with asyncio.timeout(self._seconds):
                    response = await self._transport.handle_async_request(request)
                    status = response.status_code
                    try:
                        encoding = response.headers.get("content-encoding", "")
                        body = Body(encoding, most=self._max_bytes, take=take)
                        assert isinstance(response.stream, httpx.AsyncByteStream)
                        async for sent in response.stream:  # httpx would decompress without a limit
                            body.add(sent)
                    finally:
                        await response.aclose()
            except _FOREIGN as error:
                # Not by a context manager: its frame would be the error's, and refer to it.
                raise _translated(error) from error
            return Received(status, _accepted(response, body.whole()), body.size)
        except Failed as failed:
            failed.status, failed.size = status, body.size if body else 0
            raise
        except (ContractBroken, ResponseTooLarge) as error:
            told = type(error)(str(error))  # this one refers to frames that would soon refer to it
            raise Failed(told, status=status, size=body.size if body else 0) from error
        except NoRoom as error:
            busy = UpstreamBusy(
                "Upstream answers take all the memory that they may.",
                reason=MEMORY_BUDGET,
                retry_after=1,
            )
            raise NoRoomForAnswer(busy, status=status, size=body.size if body else 0) from error

    def _request(self, path: str, query: Mapping[str, str], headers: Headers) -> httpx.Request:
        try:
            question = f"?{urlencode(query)}" if query else ""
            return httpx.Request(
                "GET",
                self._origin + path + question,
                headers=[*_HEADERS, *headers],
                extensions=self._extensions,
            )
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            # An id is too long or half a character, or a header is not ASCII.
            refused = InputRefused("What was sent cannot be passed on to the upstream.")
            raise OwnRefusal(refused) from error


_FOREIGN = (TimeoutError, httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, HeadTooLarge)


def _translated(error: Exception) -> Failed:
    """What one of `_FOREIGN` means."""
    match error:
        case httpx.ConnectTimeout():
            return _no_answer(UpstreamTimeout(TOO_LATE), Unconnected, is_repeatable=True)
        case TimeoutError() | httpx.TimeoutException():
            return _no_answer(UpstreamTimeout(TOO_LATE))
        case CertificateRefused():
            # It is the same a second later. Once it is replaced, a trial of the breaker finds out.
            message = "The upstream's certificate is not in order."
            return _no_answer(UpstreamUnavailable(message, retryable=False), Unconnected)
        case httpx.DecodingError():
            return Failed(ContractBroken("The upstream's answer could not be decompressed."))
        case HeadTooLarge():
            too_large = "The head of the upstream's answer is larger than 64 kB."
            return Failed(ResponseTooLarge(too_large))
    unreachable = UpstreamUnavailable("The upstream could not be reached.")
    kind, is_spoilt = _kind(error), isinstance(error, _SPOILT)
    return _no_answer(unreachable, kind, is_repeatable=True, is_outage=not is_spoilt)


def _kind(error: Exception) -> type[Failed]:
    match error:
        case ConnectionOver():
            return ConnectionEnded
        case httpx.ConnectError():
            return Unconnected
    return Failed


def _no_answer(
    error: UpstreamError,
    kind: type[Failed] = Failed,
    *,
    is_repeatable: bool = False,
    is_outage: bool = True,
) -> Failed:
    return kind(error, is_repeatable=is_repeatable, is_outage=is_outage, is_unreachable=True)


def _accepted(response: httpx.Response, body: bytes) -> bytes:
    """The body of a success, in UTF-8.

    Failures arrive as HTTP statuses, and as 200 with an error object in one of two forms (upstream
    contract, 12 and 18).
    """
    if response.status_code != 200:
        raise _refused(response.status_code, response)
    text = utf8(body, response.charset_encoding or "utf-8")
    if is_crowded(text):
        raise ResponseTooLarge("The upstream's answer holds more than this gateway takes.")
    if failure := decoding.failure(text):
        raise _refused(failure.code or 0, response)
    return text


def _refused(status: int, response: httpx.Response) -> Failed:
    kind = TooEarly if status == TOO_EARLY else Failed
    return kind(
        meaning(status, response.headers),
        is_repeatable=status in REPEATABLE,
        is_outage=is_outage(status),
    )

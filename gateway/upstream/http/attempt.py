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
    FieldError,
    InvalidArgument,
    InvalidUpstreamResponse,
    ResponseTooLarge,
    UpstreamBusy,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.observability.tracing import HeaderPairs
from gateway.upstream.http.byte_budget import ByteBudgetExceeded
from gateway.upstream.http.connection_pool import HeadTooLarge, IdleConnectionClosed, IncompleteBody
from gateway.upstream.http.response_body import ResponseBody, exceeds_value_density, to_utf8
from gateway.upstream.http.status_errors import (
    HTTP_TOO_EARLY,
    RETRYABLE_STATUSES,
    TIMEOUT_MESSAGE,
    error_for_status,
    is_outage_status,
)
from gateway.upstream.http.transport import NEW_CONNECTION, CertificateVerificationFailed
from gateway.upstream.records import decoding

_REQUEST_HEADERS = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", "graphql-gateway"),
)

_BROKEN_RESPONSE_ERRORS = (IncompleteBody, httpx.RemoteProtocolError)
"""The upstream answered, with less than it announced, or more, or in no order that can be read. That
is wrong with this one answer, and says nothing of others."""


class ReceivedResponse(NamedTuple):
    """A success: the HTTP status, the body in UTF-8, and how large it was when it arrived."""

    status: int
    body: bytes
    size: int


class AttemptFailed(Exception):
    """An attempt that was no success.

    Attributes:
        error: What callers are told.
        status: The HTTP status, or None where none arrived.
        size: How much of a body arrived.
        is_retryable: Whether the same attempt may succeed a little later.
        is_outage: Whether the upstream did not do its work.
        is_unreachable: Whether that is because no answer came from it, or not all of one.
        needs_new_connection: Whether all that ended was a connection from before: who asks on a new one
            learns what the upstream has to say.
        is_connected: Whether there was a connection at all.
        max_attempts: How many attempts there may be of a read of which one ended so, if it is repeatable.
    """

    needs_new_connection = False
    is_connected = True
    max_attempts = sys.maxsize

    def __init__(
        self,
        error: FieldError,
        *,
        status: int | None = None,
        size: int = 0,
        is_retryable: bool = False,
        is_outage: bool = False,
        is_unreachable: bool = False,
    ) -> None:
        self.error = error
        self.status = status
        self.size = size
        self.is_retryable = is_retryable
        self.is_outage = is_outage
        self.is_unreachable = is_unreachable

    @property
    def retry_after(self) -> int | None:
        """The whole seconds that the upstream asks to wait, where it does."""
        return getattr(self.error, "retry_after", None)


class IdleConnectionFailure(AttemptFailed):
    """All that ended was a connection from before."""

    needs_new_connection = True


class ConnectFailure(AttemptFailed):
    """No connection could be made: nothing was asked."""

    is_connected = False


class TooEarly(AttemptFailed):
    """The upstream would not run the risk of a replay (RFC 8470, 5.2): asked again, it has no reason to say so."""

    max_attempts = 2


class LocalFailure(AttemptFailed):
    """It was given up for reasons of this gateway's own, which say nothing of the upstream."""


class MemoryBudgetFailure(LocalFailure):
    """The answer would have taken more bytes than are left."""


class HttpAttempt:
    """Single attempts, over a transport. Safe to share between requests."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport) -> None:
        # Not through httpx's client: it would keep cookies and follow redirects unless it is told
        # not to, and what it adds to a call costs more CPU time than the connection.
        self._transport = transport
        self._origin = settings.upstream_url.rstrip("/")
        self._timeout_seconds = settings.upstream_timeout_seconds
        self._max_bytes = settings.max_upstream_bytes
        timeout = httpx.Timeout(
            settings.upstream_timeout_seconds,
            connect=settings.upstream_connect_timeout_seconds,
            read=settings.upstream_read_timeout_seconds,
        )
        self._extensions = {"timeout": timeout.as_dict()}
        self._new_connection_extensions = {**self._extensions, NEW_CONNECTION: True}

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def get(
        self,
        path: str,
        query: Mapping[str, str],
        headers: HeaderPairs,
        *,
        reserve_bytes: Callable[[int], None] = lambda _: None,
        on_new_connection: bool = False,
    ) -> ReceivedResponse:
        """What the upstream answers, within the limits of time and size that are set.

        Args:
            path: The path.
            query: The query parameters.
            headers: Those of the caller.
            reserve_bytes: Is told of bytes before they are kept; raises NoRoom where they cannot be.
            on_new_connection: Whether a connection is made for it, though there may be idle ones.

        Raises:
            Failed: It is no success.
        """
        request = self._request(path, query, headers)
        if on_new_connection:
            request.extensions = self._new_connection_extensions
        status, body = None, None
        try:
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    response = await self._transport.handle_async_request(request)
                    status = response.status_code
                    try:
                        encoding = response.headers.get("content-encoding", "")
                        body = ResponseBody(
                            encoding, max_bytes=self._max_bytes, reserve_bytes=reserve_bytes
                        )
                        assert isinstance(response.stream, httpx.AsyncByteStream)
                        async for (
                            chunk
                        ) in response.stream:  # httpx would decompress without a limit
                            body.add(chunk)
                    finally:
                        await response.aclose()
            except _TRANSPORT_ERRORS as error:
                # Not by a context manager: its frame would be the error's, and refer to it.
                raise _translate_transport_error(error) from error
            return ReceivedResponse(status, _check_response(response, body.to_bytes()), body.size)
        except AttemptFailed as failure:
            failure.status, failure.size = status, body.size if body else 0
            raise
        except (InvalidUpstreamResponse, ResponseTooLarge) as error:
            fresh_error = type(error)(
                str(error)
            )  # this one refers to frames that would soon refer to it
            raise AttemptFailed(
                fresh_error, status=status, size=body.size if body else 0
            ) from error
        except ByteBudgetExceeded as error:
            busy = UpstreamBusy(
                "Upstream answers take all the memory that they may.",
                reason=MEMORY_BUDGET,
                retry_after=1,
            )
            raise MemoryBudgetFailure(busy, status=status, size=body.size if body else 0) from error

    def _request(self, path: str, query: Mapping[str, str], headers: HeaderPairs) -> httpx.Request:
        try:
            query_string = f"?{urlencode(query)}" if query else ""
            return httpx.Request(
                "GET",
                self._origin + path + query_string,
                headers=[*_REQUEST_HEADERS, *headers],
                extensions=self._extensions,
            )
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            # An id is too long or half a character, or a header is not ASCII.
            invalid_argument = InvalidArgument("What was sent cannot be passed on to the upstream.")
            raise LocalFailure(invalid_argument) from error


_TRANSPORT_ERRORS = (
    TimeoutError,
    httpx.HTTPError,
    httpx.StreamError,
    httpx.InvalidURL,
    HeadTooLarge,
)


def _translate_transport_error(error: Exception) -> AttemptFailed:
    """What one of `_TRANSPORT_ERRORS` means."""
    match error:
        case httpx.ConnectTimeout():
            return _no_response(UpstreamTimeout(TIMEOUT_MESSAGE), ConnectFailure, is_retryable=True)
        case TimeoutError() | httpx.TimeoutException():
            return _no_response(UpstreamTimeout(TIMEOUT_MESSAGE))
        case CertificateVerificationFailed():
            # It is the same a second later. Once it is replaced, a trial of the breaker finds out.
            message = "The upstream's certificate is not in order."
            return _no_response(UpstreamUnavailable(message, retryable=False), ConnectFailure)
        case httpx.DecodingError():
            return AttemptFailed(
                InvalidUpstreamResponse("The upstream's answer could not be decompressed.")
            )
        case HeadTooLarge():
            too_large = "The head of the upstream's answer is larger than 64 kB."
            return AttemptFailed(ResponseTooLarge(too_large))
    unreachable = UpstreamUnavailable("The upstream could not be reached.")
    failure_class, is_broken_response = (
        _failure_class(error),
        isinstance(error, _BROKEN_RESPONSE_ERRORS),
    )
    return _no_response(
        unreachable, failure_class, is_retryable=True, is_outage=not is_broken_response
    )


def _failure_class(error: Exception) -> type[AttemptFailed]:
    match error:
        case IdleConnectionClosed():
            return IdleConnectionFailure
        case httpx.ConnectError():
            return ConnectFailure
    return AttemptFailed


def _no_response(
    error: FieldError,
    failure_class: type[AttemptFailed] = AttemptFailed,
    *,
    is_retryable: bool = False,
    is_outage: bool = True,
) -> AttemptFailed:
    return failure_class(error, is_retryable=is_retryable, is_outage=is_outage, is_unreachable=True)


def _check_response(response: httpx.Response, body: bytes) -> bytes:
    """The body of a success, in UTF-8.

    Failures arrive as HTTP statuses, and as 200 with an error object in one of two forms (upstream
    contract, 12 and 18).
    """
    if response.status_code != 200:
        raise _status_failure(response.status_code, response)
    text = to_utf8(body, response.charset_encoding or "utf-8")
    if exceeds_value_density(text):
        raise ResponseTooLarge("The upstream's answer holds more than this gateway takes.")
    if error_object := decoding.parse_error_object(text):
        raise _status_failure(error_object.code or 0, response)
    return text


def _status_failure(status: int, response: httpx.Response) -> AttemptFailed:
    failure_class = TooEarly if status == HTTP_TOO_EARLY else AttemptFailed
    return failure_class(
        error_for_status(status, response.headers),
        is_retryable=status in RETRYABLE_STATUSES,
        is_outage=is_outage_status(status),
    )

"""Attempt: one HTTP request of a read and its response; foreign exceptions become the gateway's errors."""

import asyncio
import sys
from collections.abc import Callable

import httpx
from msgspec import Struct

from gateway.config.headers import RawHeaders
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
from gateway.upstream.http.byte_budget import ByteBudgetExceeded
from gateway.upstream.http.failure_reason import FailureReason
from gateway.upstream.http.request import LazyRequest, RequestFactory, Unsendable
from gateway.upstream.http.response_body import (
    ResponseBody,
    declared_charset,
    exceeds_value_density,
    to_utf8,
)
from gateway.upstream.http.response_protocol import (
    HeadTooLarge,
    IdleConnectionClosed,
    IncompleteBody,
)
from gateway.upstream.http.status_errors import (
    HTTP_TOO_EARLY,
    RETRYABLE_STATUSES,
    TIMEOUT_MESSAGE,
    error_for_status,
    is_outage_status,
)
from gateway.upstream.http.transport import (
    CertificateVerificationFailed,
    ConnectFailed,
)
from gateway.upstream.records import decoding

_BROKEN_RESPONSE_ERRORS = (IncompleteBody, httpx.RemoteProtocolError)
"""Errors of a broken response: shorter or longer than announced, or not valid HTTP. They concern this one
response and say nothing about others."""


class ReceivedResponse(Struct, frozen=True):
    """A successful response: the HTTP status, the body in UTF-8, and the body's size before transcoding."""

    status: int
    body: bytes
    size: int


class AttemptFailed(Exception):
    """Failure of one attempt.

    Attributes:
        error: The error for the caller.
        status: The HTTP status, or None where none arrived.
        size: How many bytes of a body arrived.
        is_retryable: Whether the same attempt may succeed a little later.
        is_outage: Whether the upstream did not do its work.
        is_unreachable: Whether no response arrived, or not all of one.
        reason: Why there is no complete response, where that is known.
        needs_new_connection: Whether only a reused connection ended: a call on a new connection gets the
            upstream's response.
        is_connected: Whether there was a connection at all.
        max_attempts: The most attempts of a read after this failure, if it is retryable.
    """

    reason: FailureReason | None = None
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
        """Whole seconds to wait before a retry, where the error has them."""
        return getattr(self.error, "retry_after", None)


class IdleConnectionFailure(AttemptFailed):
    """Failure of a reused connection, which ended before any byte of the response."""

    needs_new_connection = True


class ConnectFailure(AttemptFailed):
    """Failure to connect: no request was sent."""

    is_connected = False


class TooEarly(AttemptFailed):
    """425 Too Early: the upstream refuses a request that might be a replay (RFC 8470, 5.2).

    A second attempt gives the upstream no reason for this status, so there is no third one.
    """

    max_attempts = 2


class LocalFailure(AttemptFailed):
    """Failure for reasons of the gateway's own, which say nothing about the upstream."""


class MemoryBudgetFailure(LocalFailure):
    """Failure of a response that needs more bytes than the byte budget has left."""

    reason: FailureReason | None = FailureReason.MEMORY_BUDGET


class HttpAttempt:
    """Single HTTP attempts over a transport. Safe to share between requests."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport) -> None:
        # Not through httpx's client: it keeps cookies and follows redirects unless configured
        # otherwise, and its overhead for a call costs more CPU time than the connection.
        self._transport = transport
        self._requests = RequestFactory(settings)
        self._timeout_seconds = settings.upstream_attempt_timeout_seconds
        self._max_bytes = settings.max_upstream_bytes

    async def get(
        self,
        target: str,
        headers: RawHeaders,
        *,
        reserve_bytes: Callable[[int], None] = lambda _: None,
        on_new_connection: bool = False,
    ) -> ReceivedResponse:
        """Make a GET request and return its successful response, within the limits of time and size.

        Args:
            target: The path with the query, percent-encoded.
            headers: The headers of the caller.
            reserve_bytes: Called with a number of bytes before they are buffered; raises `ByteBudgetExceeded`
                where they exceed the byte budget.
            on_new_connection: Whether a connection is opened for the request, though there may be idle ones.

        Raises:
            AttemptFailed: There is no successful response.
        """
        request = self._create_request(target, headers, on_new_connection=on_new_connection)
        status, body = None, None
        try:
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    response = await self._transport.handle_async_request(request)
                    status = response.status_code
                    # Otherwise httpx would decode all headers for one, to find out how.
                    response.headers.encoding = "latin-1"
                    stream = response.stream
                    assert isinstance(stream, httpx.AsyncByteStream)
                    try:
                        encoding = response.headers.get("content-encoding", "")
                        body = ResponseBody(
                            encoding, max_bytes=self._max_bytes, reserve_bytes=reserve_bytes
                        )
                        async for chunk in stream:  # httpx would decompress without a limit
                            body.add(chunk)
                    finally:
                        await stream.aclose()
            except TRANSPORT_ERRORS as error:
                # Not in a context manager: its frame would be in the traceback, and refer to the error.
                raise _translate_transport_error(error) from error
            return ReceivedResponse(status, _check_response(response, body.to_bytes()), body.size)
        except AttemptFailed as failure:
            failure.status, failure.size = status, body.size if body else 0
            raise
        except (InvalidUpstreamResponse, ResponseTooLarge) as error:
            # The traceback of `error` would refer to frames that refer to the error.
            fresh_error = type(error)(str(error))
            raise AttemptFailed(
                fresh_error, status=status, size=body.size if body else 0
            ) from error
        except ByteBudgetExceeded as error:
            busy = UpstreamBusy(
                "The memory budget for upstream responses is exhausted.",
                reason=MEMORY_BUDGET,
                retry_after=1,
            )
            raise MemoryBudgetFailure(busy, status=status, size=body.size if body else 0) from error

    def _create_request(
        self, target: str, headers: RawHeaders, *, on_new_connection: bool
    ) -> LazyRequest:
        try:
            return self._requests.create(target, headers, on_new_connection=on_new_connection)
        except Unsendable:
            message = "An argument or header cannot be encoded for the upstream request."
            raise LocalFailure(InvalidArgument(message)) from None


TRANSPORT_ERRORS = (
    TimeoutError,
    httpx.HTTPError,
    httpx.StreamError,
    httpx.InvalidURL,
    HeadTooLarge,
)


def _translate_transport_error(error: Exception) -> AttemptFailed:
    """The failure of an attempt for one of `TRANSPORT_ERRORS`."""
    reason = failure_reason(error)
    match error:
        case httpx.ConnectTimeout():
            late = UpstreamTimeout(TIMEOUT_MESSAGE)
            return _no_response(late, reason, ConnectFailure, is_retryable=True)
        case TimeoutError() | httpx.TimeoutException():
            return _no_response(UpstreamTimeout(TIMEOUT_MESSAGE), reason)
        case CertificateVerificationFailed():
            # A retry would fail as well. Once the certificate is replaced, a trial of the breaker succeeds.
            message = "The upstream's TLS certificate could not be verified."
            unverified = UpstreamUnavailable(message, retryable=False)
            return _no_response(unverified, reason, ConnectFailure)
        case httpx.DecodingError():
            return AttemptFailed(
                InvalidUpstreamResponse("The upstream response could not be decompressed.")
            )
        case HeadTooLarge():
            too_large = "The head of the upstream response exceeds 64 kB."
            return AttemptFailed(ResponseTooLarge(too_large))
    unreachable = UpstreamUnavailable("The upstream could not be reached.")
    is_outage = not isinstance(error, _BROKEN_RESPONSE_ERRORS)
    failure_class = _failure_class(error)
    return _no_response(unreachable, reason, failure_class, is_retryable=True, is_outage=is_outage)


def failure_reason(error: Exception) -> FailureReason | None:
    """Why one of `TRANSPORT_ERRORS` was raised; None where the code of the failure says it."""
    match error:
        case ConnectFailed(reason=reason):
            assert isinstance(reason, FailureReason)
            return reason
        case CertificateVerificationFailed():
            return FailureReason.CERTIFICATE_NOT_VERIFIED
        case HeadTooLarge():
            return None
    for error_class, reason in _REASON_BY_ERROR_CLASS.items():
        if isinstance(error, error_class):
            return reason
    return None


_REASON_BY_ERROR_CLASS = {
    httpx.ConnectTimeout: FailureReason.CONNECT_TIMEOUT,
    TimeoutError: FailureReason.TIMEOUT,
    httpx.TimeoutException: FailureReason.TIMEOUT,
    httpx.ConnectError: FailureReason.CONNECT_FAILED,
    IncompleteBody: FailureReason.INCOMPLETE_RESPONSE,
    httpx.NetworkError: FailureReason.CONNECTION_LOST,
    httpx.ProxyError: FailureReason.PROXY_FAILED,
    httpx.RemoteProtocolError: FailureReason.INVALID_HTTP,
}
"""The reasons of failures, those of subclasses before those of their base classes."""


def _failure_class(error: Exception) -> type[AttemptFailed]:
    match error:
        case IdleConnectionClosed():
            return IdleConnectionFailure
        case httpx.ConnectError():
            return ConnectFailure
    return AttemptFailed


def _no_response(
    error: FieldError,
    reason: FailureReason | None,
    failure_class: type[AttemptFailed] = AttemptFailed,
    *,
    is_retryable: bool = False,
    is_outage: bool = True,
) -> AttemptFailed:
    failure = failure_class(
        error, is_retryable=is_retryable, is_outage=is_outage, is_unreachable=True
    )
    failure.reason = reason
    return failure


def _check_response(response: httpx.Response, body: bytes) -> bytes:
    """The body of a successful response, in UTF-8.

    Failures arrive as HTTP statuses, and as 200 with an error object in one of two forms (docs/rest-mapping.md,
    "Errors").
    """
    if response.status_code != 200:
        raise _status_failure(response.status_code, response)
    text = to_utf8(body, declared_charset(response.headers.get("content-type")))
    if exceeds_value_density(text):
        raise ResponseTooLarge("The upstream response exceeds the configured size limit.")
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

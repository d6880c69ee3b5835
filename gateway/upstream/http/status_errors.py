"""Status errors: the error for each status of a failure, of a response or in an error object. Pure."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import ceil

from gateway.errors import (
    RATE_LIMITED,
    FieldError,
    Forbidden,
    InvalidArgument,
    InvalidUpstreamResponse,
    NotFound,
    Unauthenticated,
    UpstreamBusy,
    UpstreamTimeout,
    UpstreamUnavailable,
)

_MAX_WAIT_SECONDS = 86_400

HTTP_TOO_EARLY = 425

RETRYABLE_STATUSES = frozenset({HTTP_TOO_EARLY, 429, 502, 503, 504})
"""Statuses after which the same attempt may succeed a little later."""

TIMEOUT_MESSAGE = "The upstream did not respond in time."
_FAILED_MESSAGE = "The upstream failed to serve the request."

_INVALID_ARGUMENTS = (InvalidArgument, "The upstream rejected the arguments.")
_NO_ACCESS = (Forbidden, "The credentials do not give access to this resource.")
_NOT_FOUND = (NotFound, "The upstream has no such resource.")
_TIMEOUT = (UpstreamTimeout, TIMEOUT_MESSAGE)

_STATUS_ERRORS: Mapping[int, tuple[type[FieldError], str]] = {
    400: _INVALID_ARGUMENTS,
    401: (Unauthenticated, "The upstream rejected the credentials."),
    402: _NO_ACCESS,
    403: _NO_ACCESS,
    404: _NOT_FOUND,
    408: _TIMEOUT,
    409: _INVALID_ARGUMENTS,
    410: _NOT_FOUND,
    422: _INVALID_ARGUMENTS,
    HTTP_TOO_EARLY: (UpstreamUnavailable, _FAILED_MESSAGE),
    451: _NO_ACCESS,
    504: _TIMEOUT,
}
"""Errors by status. Any other status below 500 says nothing about the caller: a valid GET gets none of these,
except from a proxy in between (407), or where the contract has changed (405, 406, 414)."""


def is_outage_status(status: int) -> bool:
    """Whether a status says that the upstream did not do its work."""
    return not 100 <= status < 500


def error_for_status(status: int, headers: Mapping[str, str]) -> FieldError:
    """The error for callers; `headers` are those of the response, by names in lower case."""
    if status == 429:
        return UpstreamBusy(
            "The upstream rate limit was reached.",
            reason=RATE_LIMITED,
            retry_after=_retry_after(headers),
        )
    if status == 503:
        return UpstreamUnavailable(_FAILED_MESSAGE, retry_after=_retry_after(headers))
    if status in _STATUS_ERRORS:
        error, message = _STATUS_ERRORS[status]
        return error(message)
    if is_outage_status(status):
        return UpstreamUnavailable(_FAILED_MESSAGE)
    return InvalidUpstreamResponse("The upstream response has an unexpected status.")


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Whole seconds of Retry-After, in either form of the header (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return min(int(value[:9]), _MAX_WAIT_SECONDS)
    try:
        until: datetime = parsedate_to_datetime(value)
        response_date = parsedate_to_datetime(headers.get("date", ""))
        return min(max(0, ceil((until - response_date).total_seconds())), _MAX_WAIT_SECONDS)
    except (ValueError, TypeError, OverflowError):
        return None

"""Statuses: what each means that is no success, be it of an answer or in an error object. Pure."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import ceil

from gateway.errors import (
    RATE_LIMITED,
    ContractBroken,
    Forbidden,
    InputRefused,
    NotFound,
    Unauthenticated,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)

_LONGEST_WAIT_SECONDS = 86_400

TOO_EARLY = 425

REPEATABLE = frozenset({TOO_EARLY, 429, 502, 503, 504})
"""After these, the same attempt may succeed a little later."""

TOO_LATE = "The upstream did not answer in time."
_FAILED = "The upstream failed."

_REFUSED = (InputRefused, "The upstream does not accept these arguments.")
_NO_ACCESS = (Forbidden, "These credentials do not give access to this.")
_UNKNOWN = (NotFound, "The upstream does not know this.")
_NOT_IN_TIME = (UpstreamTimeout, TOO_LATE)

_MEANINGS: Mapping[int, tuple[type[UpstreamError], str]] = {
    400: _REFUSED,
    401: (Unauthenticated, "The upstream does not accept these credentials."),
    402: _NO_ACCESS,
    403: _NO_ACCESS,
    404: _UNKNOWN,
    408: _NOT_IN_TIME,
    409: _REFUSED,
    410: _UNKNOWN,
    422: _REFUSED,
    TOO_EARLY: (UpstreamUnavailable, _FAILED),
    451: _NO_ACCESS,
    504: _NOT_IN_TIME,
}
"""Any other below 500 says nothing of the caller: a GET in order gets none of them, but from a proxy in
between (407), or where the contract is no longer what it was (405, 406, 414)."""


def is_outage(status: int) -> bool:
    """Whether it says that the upstream did not do its work."""
    return not 100 <= status < 500


def meaning(status: int, headers: Mapping[str, str]) -> UpstreamError:
    """What callers are told; `headers` are those of the answer, by names in lower case."""
    if status == 429:
        return UpstreamBusy(
            "The upstream asks to wait.", reason=RATE_LIMITED, retry_after=_retry_after(headers)
        )
    if status == 503:
        return UpstreamUnavailable(_FAILED, retry_after=_retry_after(headers))
    if status in _MEANINGS:
        error, message = _MEANINGS[status]
        return error(message)
    if is_outage(status):
        return UpstreamUnavailable(_FAILED)
    return ContractBroken("The upstream's answer has an unexpected status.")


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Whole seconds, from either form of the header (RFC 9110, 10.2.3)."""
    sent = headers.get("retry-after", "")
    if sent.isascii() and sent.isdigit():
        return min(int(sent[:9]), _LONGEST_WAIT_SECONDS)
    try:
        until: datetime = parsedate_to_datetime(sent)
        asked = parsedate_to_datetime(headers.get("date", ""))
        return min(max(0, ceil((until - asked).total_seconds())), _LONGEST_WAIT_SECONDS)
    except (ValueError, TypeError, OverflowError):
        return None

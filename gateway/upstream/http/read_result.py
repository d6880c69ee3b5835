"""Read result: the outcome of one read, for all reads that were coalesced with it."""

from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Raw, Struct

from gateway.errors import (
    RATE_LIMITED,
    FieldError,
    InvalidUpstreamResponse,
    ResponseTooLarge,
    UpstreamBusy,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.observability.event_loop import CooperativeSteps, run_cooperatively
from gateway.upstream.http.attempt import ReceivedResponse
from gateway.upstream.http.failure_reason import FailureReason

_T = TypeVar("_T")
_U = TypeVar("_U")

_OVERHEAD_BYTES = 2_000
_ITEM_BYTES = 80


class Ok(Struct, Generic[_T], frozen=True):
    """Result of a read that succeeded.

    Attributes:
        content: The decoded records.
        status: The HTTP status; for a stale response, that of the read that failed, or None where none
            arrived.
        size: The size of the body in bytes.
        attempts: How many attempts were made.
        read_at: When the records arrived, in seconds since 1970.
        is_stale: Whether the records are those of an earlier read, because the upstream fails now.
    """

    content: _T
    status: int | None
    size: int
    attempts: int
    read_at: float = 0.0
    is_stale: bool = False

    def with_content(self, content: _U) -> "Ok[_U]":
        """The result with other content, made of the records."""
        return Ok(content, self.status, self.size, self.attempts, self.read_at, self.is_stale)

    def record_bytes(self) -> int:
        """About how much memory records take: they are larger than their JSON."""
        return 4 * self.size + _OVERHEAD_BYTES

    def item_bytes(self: "Ok[list[Raw]]") -> int:
        """About how much memory undecoded items take: their JSON, and an object for each."""
        return self.size + _ITEM_BYTES * len(self.content) + _OVERHEAD_BYTES


class Err(Struct, frozen=True):
    """Result of a read that failed.

    Attributes:
        error: The error that every waiter receives.
        status: The HTTP status, or None where none arrived.
        size: The size of the body in bytes, as far as it arrived.
        attempts: How many attempts were made.
        is_unreachable: Whether no response arrived, or not all of one, though the upstream was called.
        reason: Why there was no complete response, where that is known.
    """

    error: FieldError
    status: int | None
    size: int
    attempts: int
    is_unreachable: bool = False
    reason: FailureReason | None = None

    def is_outage(self) -> bool:
        """Whether the upstream fails, or is too slow for every waiter."""
        match self.error:
            case UpstreamTimeout() | UpstreamUnavailable():
                return True
            case UpstreamBusy(reason=reason):  # an upstream that limits the rate is at work
                return reason != RATE_LIMITED
        return False

    def is_alarming(self) -> bool:
        """Whether operators are warned: no response arrived, or not all of one, or an invalid one."""
        return self.is_unreachable or isinstance(
            self.error, (InvalidUpstreamResponse, ResponseTooLarge)
        )


ReadResult = Ok[_T] | Err
"""The decoded records, or the error that every waiter receives."""


async def decode_response(
    decoder: Callable[[bytes], CooperativeSteps[_T]],
    response: ReceivedResponse,
    *,
    attempts: int,
    now: Callable[[], float],
) -> ReadResult[_T]:
    """The result of decoding a response, after so many attempts; large bodies are decoded in steps."""
    try:
        content = await run_cooperatively(decoder(response.body))
    except (InvalidUpstreamResponse, ResponseTooLarge) as error:
        # The traceback of `error` would refer to frames that refer to the error.
        return Err(type(error)(str(error)), response.status, response.size, attempts)
    return Ok(content, response.status, response.size, attempts, now())

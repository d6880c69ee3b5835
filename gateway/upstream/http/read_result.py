"""Read result: the outcome of one read, for all reads that were coalesced with it."""

from collections.abc import Callable
from typing import Any, NamedTuple

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

_OVERHEAD_BYTES = 2_000
_ITEM_BYTES = 80


class ReadResult(NamedTuple):
    """The outcome of a read.

    Attributes:
        content: Records, or the error of every waiter.
        status: The HTTP status, or None where none arrived.
        size: The size of the body in bytes.
        attempts: How many attempts were made.
        read_at: When records arrived, in seconds since 1970.
        is_unreachable: Whether no response arrived, or not all of one, though the upstream was called.
    """

    content: Any
    status: int | None
    size: int
    attempts: int
    read_at: float = 0.0
    is_unreachable: bool = False

    def is_good(self) -> bool:
        """Whether the read has records."""
        return not isinstance(self.content, FieldError)

    def is_outage(self) -> bool:
        """Whether the read failed because the upstream fails, or is too slow for every waiter."""
        match self.content:
            case UpstreamTimeout() | UpstreamUnavailable():
                return True
            case UpstreamBusy(reason=reason):  # an upstream that limits the rate is at work
                return reason != RATE_LIMITED
        return False

    def is_alarming(self) -> bool:
        """Whether operators are warned: no response arrived, or not all of one, or an invalid one."""
        wrong = isinstance(self.content, (InvalidUpstreamResponse, ResponseTooLarge))
        return wrong or self.is_unreachable

    def record_bytes(self) -> int:
        """About how much memory records take: they are larger than their JSON."""
        return 4 * self.size + _OVERHEAD_BYTES

    def item_bytes(self) -> int:
        """About how much memory undecoded items take: their JSON, and an object for each."""
        return self.size + _ITEM_BYTES * len(self.content) + _OVERHEAD_BYTES


async def decode_or_error(
    decoder: Callable[[bytes], CooperativeSteps[object]], body: bytes
) -> object:
    """The decoded content of a body, or the error of decoding it; large bodies are decoded in steps."""
    try:
        return await run_cooperatively(decoder(body))
    except (InvalidUpstreamResponse, ResponseTooLarge) as error:
        return type(error)(
            str(error)
        )  # the traceback of `error` would refer to frames that refer to the error

"""Answer: what came of one read, for all who wait for it."""

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
    """What came of a read.

    Attributes:
        content: Records, or an error that everybody who waits gets.
        status: The HTTP status, or None where none arrived.
        size: How large the body was.
        attempts: How often the upstream was asked.
        read_at: When records arrived, in seconds since 1970.
        is_unreachable: Whether no answer came, or not all of one, though the upstream was asked.
    """

    content: Any
    status: int | None
    size: int
    attempts: int
    read_at: float = 0.0
    is_unreachable: bool = False

    def is_good(self) -> bool:
        """Whether there are records."""
        return not isinstance(self.content, FieldError)

    def is_outage(self) -> bool:
        """Whether there are none because the upstream fails, or is too slow for all who wait."""
        match self.content:
            case UpstreamTimeout() | UpstreamUnavailable():
                return True
            case UpstreamBusy(reason=reason):  # who asks to wait is at work
                return reason != RATE_LIMITED
        return False

    def is_alarming(self) -> bool:
        """Whether operators are warned of it: no answer came, or not all of one, or not what it should be."""
        wrong = isinstance(self.content, (InvalidUpstreamResponse, ResponseTooLarge))
        return wrong or self.is_unreachable

    def record_bytes(self) -> int:
        """About how much memory it takes: records are larger than their JSON."""
        return 4 * self.size + _OVERHEAD_BYTES

    def item_bytes(self) -> int:
        """The same of items still to be decoded: their JSON, and an object for each."""
        return self.size + _ITEM_BYTES * len(self.content) + _OVERHEAD_BYTES


async def decode_or_error(
    decoder: Callable[[bytes], CooperativeSteps[object]], body: bytes
) -> object:
    """What a body holds, or what is wrong with it; what takes long is decoded in steps."""
    try:
        return await run_cooperatively(decoder(body))
    except (InvalidUpstreamResponse, ResponseTooLarge) as error:
        return type(error)(
            str(error)
        )  # what was raised refers to frames that would soon refer to it

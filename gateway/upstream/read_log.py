"""The read log: what one operation read of the upstream, and how each read was answered."""

from dataclasses import dataclass
from enum import Enum


class CacheStatus(Enum):
    """How a read was answered; `STALE`: by an earlier answer, since the upstream failed."""

    CALLED = "called"
    COALESCED = "shared"
    CACHED = "cached"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class ReadLogEntry:
    """One read of the upstream, as `extensions.gateway` tells it: no ids, hosts or credentials.

    Attributes:
        path: The template of the path.
        status: The HTTP status, or None where there was no answer.
        cache_status: Whether the upstream was called for it.
        milliseconds: How long this caller waited.
        bytes: The size of the body after decompression.
        attempts: How often the upstream was asked, until there was an answer or no use in it; where
            an earlier answer stands in, how often for this caller.
    """

    path: str
    status: int | None
    cache_status: CacheStatus
    milliseconds: float
    bytes: int
    attempts: int

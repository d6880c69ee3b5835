"""Read log: the reads of one operation, and how each of them was answered."""

from dataclasses import dataclass
from enum import Enum


class CacheStatus(Enum):
    """How a read was answered: by its own call, by a coalesced read, from the cache, or by a stale response.

    `STALE` means that the upstream failed and stale-if-error applied.
    """

    CALLED = "called"
    COALESCED = "coalesced"
    CACHED = "cached"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class ReadLogEntry:
    """One read of the upstream, as `extensions.gateway` reports it: no ids, hosts or credentials.

    Attributes:
        path: The path template.
        status: The HTTP status, or None where there was no response.
        cache_status: How the read was answered.
        milliseconds: How long this caller waited.
        bytes: The size of the body after decompression.
        attempts: How many attempts were made until there was a response or no use in a further attempt; for a
            stale response, how many of them this caller's read made.
    """

    path: str
    status: int | None
    cache_status: CacheStatus
    milliseconds: float
    bytes: int
    attempts: int

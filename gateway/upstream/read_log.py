"""Read log: the reads of one operation, and how each of them was answered."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from msgspec import Struct


class CacheStatus(Enum):
    """How a read was answered: by its own call, by a coalesced read, from the cache, or by a stale response.

    `STALE` means that the upstream failed and stale-if-error applied.
    """

    CALLED = "called"
    COALESCED = "coalesced"
    CACHED = "cached"
    STALE = "stale"


class ReadLogEntry(Struct, frozen=True):
    """One read of the upstream, as `extensions.gateway` and the log report it: no ids, hosts or credentials.

    Attributes:
        path: The path template.
        status: The HTTP status, or None where there was no response.
        cache_status: How the read was answered.
        milliseconds: How long this caller waited.
        bytes: The size of the body after decompression.
        attempts: How many attempts were made until there was a response or no use in a further attempt; for a
            stale response, how many of them this caller's read made; for a read that was cancelled, how many
            had been started by then.
        id_hashes: The names of the ids, each with the hash of the id, by which equal ids are recognized. Python
            salts the hashes of texts, so they mean nothing outside the process.
    """

    path: str
    status: int | None
    cache_status: CacheStatus
    milliseconds: float
    bytes: int
    attempts: int
    id_hashes: tuple[tuple[str, int], ...] = ()

    @property
    def log_fields(self) -> dict[str, object]:
        """The log fields of this read."""
        return {
            "path": self.path,
            "status": self.status,
            "cache_status": self.cache_status.value,
            "attempts": self.attempts,
            "milliseconds": self.milliseconds,
        }


def number_ids(reads: Iterable[ReadLogEntry]) -> Iterator[dict[str, int]]:
    """For each read, a number for each of its ids, by name: the same for the same id, from 1 on for each name."""
    numbers_by_name: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for read in reads:
        number_by_name: dict[str, int] = {}
        for name, id_hash in read.id_hashes:
            numbers = numbers_by_name[name]
            number_by_name[name] = numbers.setdefault(id_hash, len(numbers) + 1)
        yield number_by_name


class UpstreamUsage(NamedTuple):
    """What an operation used of the upstream.

    Attributes:
        reads: The number of reads.
        calls: The number of calls for these reads; a coalesced or cached read has none.
        retries: The number of these calls that were further attempts of a read.
    """

    reads: int
    calls: int
    retries: int


_STATUSES_WITH_CALLS = (CacheStatus.CALLED, CacheStatus.STALE)
"""How reads with calls of their own are answered; the calls of a coalesced read are another read's."""


def upstream_usage(reads: Sequence[ReadLogEntry]) -> UpstreamUsage:
    """The reads, their calls and their retries, those answered by a stale response included."""
    calls = retries = 0
    for read in reads:
        if read.attempts and read.cache_status in _STATUSES_WITH_CALLS:
            calls += read.attempts
            retries += read.attempts - 1
    return UpstreamUsage(len(reads), calls, retries)

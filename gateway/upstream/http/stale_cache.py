"""Stale-if-error cache (RFC 5861): last good responses for when there is no new one; always per credentials.

Of the libraries, aiocache and hishel have no stale-if-error; cashews' failover limits how many responses it
stores, not how large they are, and does not report when one was read.
"""

from collections.abc import Hashable, Iterable
from typing import Generic, NamedTuple, TypeVar

from gateway.upstream.http.expiring_cache import ExpiringCache

_T = TypeVar("_T")


class Timestamped(NamedTuple, Generic[_T]):
    """A response of the upstream, with the time of its arrival.

    Attributes:
        content: The response.
        read_at: When the response arrived, in seconds since 1970.
        is_stale: Whether the response comes from the stale-if-error cache, because the upstream fails now.
    """

    content: _T
    read_at: float
    is_stale: bool = False


class StaleIfErrorCache(ExpiringCache[Timestamped[_T]]):
    """Stale-if-error cache of the last good responses.

    The clock is the time of day: other clocks may stop while a machine sleeps.
    """

    def newest(self, keys: Iterable[Hashable]) -> Timestamped[_T] | None:
        """The newest response under any of the keys, marked as stale."""
        candidates = [response for key in keys if (response := self.get(key)) is not None]
        if not candidates:
            return None
        return max(candidates, key=lambda response: response.read_at)._replace(is_stale=True)

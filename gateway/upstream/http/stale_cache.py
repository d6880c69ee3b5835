"""Last good answers, for when there is no new one (RFC 5861, stale-if-error); always per credentials.

Of the libraries, aiocache and hishel know no such thing; cashews' failover bounds how many answers it
keeps, not how large they are, and does not say of when one is.
"""

from collections.abc import Hashable, Iterable
from typing import Generic, NamedTuple, TypeVar

from gateway.upstream.http.expiring_cache import ExpiringCache

_T = TypeVar("_T")


class Timestamped(NamedTuple, Generic[_T]):
    """What the upstream answered, and when.

    Attributes:
        content: The answer.
        read_at: When it arrived, in seconds since 1970.
        is_stale: Whether it was kept, and is shown because the upstream fails now.
    """

    content: _T
    read_at: float
    is_stale: bool = False


class StaleIfErrorCache(ExpiringCache[Timestamped[_T]]):
    """The last good answers. Their clock is the time of day: others may stand still while a machine sleeps."""

    def newest(self, keys: Iterable[Hashable]) -> Timestamped[_T] | None:
        """The newest answer under any of the keys, marked as stale."""
        candidates = [answer for key in keys if (answer := self.get(key)) is not None]
        if not candidates:
            return None
        return max(candidates, key=lambda answer: answer.read_at)._replace(is_stale=True)

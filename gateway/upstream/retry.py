"""Whether a failed read is tried again, and when.

Of the libraries, tenacity and stamina know no budget over many calls, and httpx-retries sees no body:
what is to be repeated here is a read from its first byte to its last.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import NamedTuple

from cachetools import LRUCache

from gateway.upstream.exchange import Failed


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a further attempt, in seconds: capped, exponential, with full jitter.

    Attributes:
        chance: A number from 0 to 1.
        first: The longest wait before the second attempt.
        most: The longest wait before any.
    """

    chance: Callable[[], float]
    first: float = 0.1
    most: float = 2.0

    def seconds(self, attempts: int, retry_after: int | None) -> float:
        """The wait after so many attempts.

        What the upstream asks for comes first, and chance on top of it: it asks all for the same.
        """
        longest = min(self.most, self.first * 2.0 ** (attempts - 1))
        return (retry_after or 0) + self.chance() * longest


_SAVED = 10.0
"""How many further attempts are saved up for when several reads fail."""


class RetryBudget:
    """How many further attempts there may be: a share of the reads. So an outage is not multiplied."""

    def __init__(self, *, share: float = 0.1, most: float = _SAVED) -> None:
        """Allow `share` of the reads a retry each, and save up to `most` for when several fail."""
        self._share = share
        self._most = most
        self._saved = most

    def earn(self) -> None:
        """A read begins."""
        self._saved = min(self._most, self._saved + self._share)

    @property
    def has_one(self) -> bool:
        """Whether there may be a further attempt."""
        return self._saved >= 1.0

    def spend(self) -> bool:
        """Whether there may be a further attempt, which is then spent."""
        if not self.has_one:
            return False
        self._saved -= 1.0
        return True


_MOST_SHARES = 1_000
"""How many have a budget of their own at once, the ones that read last."""


class RetryBudgets:
    """A budget for each share, and one for all of twice the size: nobody uses up what others have saved."""

    def __init__(self) -> None:
        self._for_all = RetryBudget(most=2 * _SAVED)
        self._by_share: LRUCache[Hashable, RetryBudget] = LRUCache(_MOST_SHARES)

    def earn(self, share: Hashable) -> None:
        """A read of a share begins."""
        self._for_all.earn()
        self._of(share).earn()

    def spend(self, share: Hashable) -> bool:
        """Whether a share may have a further attempt, which is then spent."""
        own = self._of(share)
        return own.has_one and self._for_all.spend() and own.spend()

    def _of(self, share: Hashable) -> RetryBudget:
        budget = self._by_share.get(share)
        if budget is None:
            budget = self._by_share[share] = RetryBudget()
        return budget


class Attempts(NamedTuple):
    """How often one read may be tried, and on what terms.

    Attributes:
        most: How often at most.
        backoff: How long to wait in between.
        budgets: What the reads of each share have, and all together.
    """

    most: int
    backoff: Backoff
    budgets: RetryBudgets

    def wait(self, made: int, failed: Failed, *, share: Hashable, left: float) -> float | None:
        """The seconds to wait after `made` attempts, or None where there shall be no further one.

        Args:
            made: How many there were.
            failed: How the last one ended.
            share: Whose read it is.
            left: How many seconds there are for all of it.
        """
        if not failed.is_repeatable or made >= min(self.most, failed.most_attempts):
            return None
        seconds = self.backoff.seconds(made, failed.retry_after)
        return seconds if seconds < left and self.budgets.spend(share) else None

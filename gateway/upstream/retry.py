"""Whether a failed read is tried again, and when.

Of the libraries, tenacity and stamina know no budget over many calls, and httpx-retries sees no body:
what is to be repeated here is a read from its first byte to its last.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

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


class RetryBudget:
    """How many further attempts there may be: a share of the reads. So an outage is not multiplied."""

    def __init__(self, *, share: float = 0.1, most: float = 10.0) -> None:
        """Allow `share` of the reads a retry each, and save up to `most` for when several fail."""
        self._share = share
        self._most = most
        self._saved = most

    def earn(self) -> None:
        """A read begins."""
        self._saved = min(self._most, self._saved + self._share)

    def spend(self) -> bool:
        """Whether there may be a further attempt, which is then spent."""
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        return True


class Attempts(NamedTuple):
    """How often one read may be tried, and on what terms.

    Attributes:
        most: How often at most.
        backoff: How long to wait in between.
        budget: What all reads share.
    """

    most: int
    backoff: Backoff
    budget: RetryBudget

    def wait(self, made: int, failed: Failed, *, left: float) -> float | None:
        """The seconds to wait after `made` attempts, or None where there shall be no further one.

        Args:
            made: How many there were.
            failed: How the last one ended.
            left: How many seconds there are for all of it.
        """
        if not failed.is_repeatable or made >= self.most:
            return None
        seconds = self.backoff.seconds(made, failed.retry_after)
        return seconds if seconds < left and self.budget.spend() else None

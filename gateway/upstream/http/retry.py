"""Retry policy: exponential backoff with full jitter, and retry budgets.

Of the libraries, tenacity and stamina have no budget over many calls, and httpx-retries does not see the
body: a retry here repeats a read from its first byte to its last.
"""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from cachetools import LRUCache

from gateway.upstream.http.attempt import AttemptFailed
from gateway.upstream.http.bulkhead import BulkheadFull
from gateway.upstream.http.circuit_breaker import CircuitOpen
from gateway.upstream.http.deadline import Deadline
from gateway.upstream.http.read import Read
from gateway.upstream.http.read_result import Err, ReadResult
from gateway.upstream.http.resilience import ResiliencePipeline

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter, capped: the wait before a further attempt, in seconds.

    Attributes:
        jitter: Returns a random number from 0 to 1.
        initial_seconds: The longest wait before the second attempt.
        maximum_seconds: The longest wait before any attempt.
    """

    jitter: Callable[[], float]
    initial_seconds: float = 0.1
    maximum_seconds: float = 2.0

    def seconds(self, attempts: int, retry_after: int | None) -> float:
        """The wait after `attempts` attempts.

        The upstream's Retry-After is waited for in full, with jitter on top: the upstream sends all callers
        the same.
        """
        longest = min(self.maximum_seconds, self.initial_seconds * 2.0 ** (attempts - 1))
        return (retry_after or 0) + self.jitter() * longest


_MAX_BALANCE = 10.0
"""How many retries are saved up for when several reads fail."""


class RetryBudget:
    """Retry budget: retries are limited to a ratio of the reads, so that they do not multiply an outage."""

    def __init__(self, *, ratio: float = 0.1, max_balance: float = _MAX_BALANCE) -> None:
        """Allow a `ratio` of the reads a retry each, and save up to `max_balance` for when several fail."""
        self._ratio = ratio
        self._max_balance = max_balance
        self._balance = max_balance

    def earn(self) -> None:
        """Earn the fraction of a retry that a new read allows."""
        self._balance = min(self._max_balance, self._balance + self._ratio)

    @property
    def can_spend(self) -> bool:
        """Whether a retry is allowed."""
        return self._balance >= 1.0

    def spend(self) -> bool:
        """Spend a retry, if one is allowed, and return whether one is."""
        if not self.can_spend:
            return False
        self._balance -= 1.0
        return True


_MAX_BUDGETS = 1_000
"""How many fairness keys have a retry budget of their own at once: the most recently used ones."""


class RetryBudgets:
    """Retry budgets: one for each fairness key, and an overall one of twice the size.

    No key uses up the retries that others have saved.
    """

    def __init__(self) -> None:
        self._overall = RetryBudget(max_balance=2 * _MAX_BALANCE)
        self._budget_by_key: LRUCache[Hashable, RetryBudget] = LRUCache(_MAX_BUDGETS)

    def earn(self, fairness_key: Hashable) -> None:
        """Earn the fraction of a retry that a new read of a fairness key allows."""
        self._overall.earn()
        self._budget(fairness_key).earn()

    def spend(self, fairness_key: Hashable) -> bool:
        """Spend a retry of a fairness key, if one is allowed, and return whether one is."""
        own = self._budget(fairness_key)
        return own.can_spend and self._overall.spend() and own.spend()

    def _budget(self, fairness_key: Hashable) -> RetryBudget:
        try:
            return self._budget_by_key[fairness_key]
        except KeyError:
            budget = self._budget_by_key[fairness_key] = RetryBudget()
            return budget


class RetryPolicy(NamedTuple):
    """Retry policy: how many attempts a read has, and when.

    Attributes:
        max_attempts: The most attempts of a read.
        backoff: The waits between attempts.
        budgets: The retry budgets.
    """

    max_attempts: int
    backoff: Backoff
    budgets: RetryBudgets

    async def run(
        self, pipeline: ResiliencePipeline, read: Read[_T], deadline: Deadline
    ) -> ReadResult[_T]:
        """The result of a read: of the first attempt that succeeds, else of the last or refused one."""
        fairness_key = read.caller.fairness_key
        self.budgets.earn(fairness_key)
        while True:
            try:
                return await pipeline.attempt(read, deadline)
            except (CircuitOpen, BulkheadFull) as refusal:
                error, reason = pipeline.refusal_error(refusal)
                return Err(error, None, 0, deadline.attempts, reason=reason)
            except AttemptFailed as failure:
                delay_seconds = self.delay_seconds(
                    deadline.attempts - deadline.reconnects,
                    failure,
                    fairness_key=fairness_key,
                    remaining_seconds=deadline.remaining_seconds,
                )
                result = Err(
                    failure.error,
                    failure.status,
                    failure.size,
                    deadline.attempts,
                    is_unreachable=failure.is_unreachable,
                    reason=failure.reason,
                )
            if delay_seconds is None:
                return result
            await asyncio.sleep(delay_seconds)

    def delay_seconds(
        self,
        attempts: int,
        failure: AttemptFailed,
        *,
        fairness_key: Hashable,
        remaining_seconds: float,
    ) -> float | None:
        """The seconds to wait after `attempts` attempts, or None where there is no further one.

        Args:
            attempts: How many attempts were made.
            failure: The failure of the last attempt.
            fairness_key: The fairness key of the read.
            remaining_seconds: How many seconds are left for the read.
        """
        if not failure.is_retryable or attempts >= min(self.max_attempts, failure.max_attempts):
            return None
        seconds = self.backoff.seconds(attempts, failure.retry_after)
        return seconds if seconds < remaining_seconds and self.budgets.spend(fairness_key) else None

"""Whether a failed read is tried again, and when.

Of the libraries, tenacity and stamina know no budget over many calls, and httpx-retries sees no body:
what is to be repeated here is a read from its first byte to its last.
"""

import asyncio
import random
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import httpx
from cachetools import LRUCache

from gateway.config.settings import Settings
from gateway.errors import LOCAL_QUEUE, UpstreamBusy, UpstreamUnavailable
from gateway.observability.metrics import BREAKER, MEMORY_BUDGET, PLACES
from gateway.upstream.http.attempt import Exchange, Failed, NoRoomForAnswer, OwnRefusal, Received
from gateway.upstream.http.breaker_levels import Breakers, SharedAttempt
from gateway.upstream.http.bulkhead import NoPlace, Places
from gateway.upstream.http.byte_budget import ByteBudget, HeldBytes
from gateway.upstream.http.circuit_breaker import Refused
from gateway.upstream.http.instrumentation import Watch
from gateway.upstream.http.read import Read
from gateway.upstream.http.read_result import Answer, content
from gateway.upstream.http.single_flight import Flight
from gateway.upstream.surprises import noted


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


class Attempting:
    """Makes attempts until there is an answer, or no use in a further one.

    What is bounded is divided by the share of who reads: none takes another's.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport,
        watch: Watch,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Ask over a transport; `clock` measures time, `now` tells the seconds since 1970."""
        self.breakers = Breakers(
            clock,
            pause_seconds=settings.breaker_pause_seconds,
            tell=watch.breaker,
            tell_credentials=watch.credential_breakers,
        )
        self.places = Places(
            total=settings.max_upstream_connections,
            each=settings.max_caller_connections,
            clock=clock,
        )
        self.byte_budget = ByteBudget(settings.max_upstream_bytes_in_flight)
        self._watch = watch
        self._terms = Attempts(settings.upstream_attempts, Backoff(chance), RetryBudgets())
        self._exchange = Exchange(settings, transport)
        self._now = now
        self._may_recover = True  # by itself: a certificate needs somebody

    async def aclose(self) -> None:
        await self._exchange.aclose()

    async def answer(self, read: Read, flight: Flight[Answer]) -> Answer:
        """The answer of the last attempt."""
        with noted(partial(self._watch.surprise, read.template)):
            return await self._answer(read, flight)

    async def _answer(self, read: Read, flight: Flight[Answer]) -> Answer:
        share = read.caller.share
        self._terms.budgets.earn(share)
        while True:
            with self.byte_budget.read(share) as held:  # what is waited for holds nothing
                try:
                    received = await self._attempt(read, flight, held)
                except Failed as failed:
                    made = flight.attempts - flight.repeats
                    wait = self._terms.wait(made, failed, share=share, left=flight.left)
                    answer = Answer(
                        failed.error,
                        failed.status,
                        failed.size,
                        flight.attempts,
                        is_unreachable=failed.is_unreachable,
                    )
                else:
                    found = await content(read.decoded, received.body)
                    return Answer(
                        found, received.status, received.size, flight.attempts, self._now()
                    )
            if wait is None:
                return answer
            await asyncio.sleep(wait)

    async def _attempt(self, read: Read, flight: Flight[Answer], held: HeldBytes) -> Received:
        share = read.caller.share
        try:
            self.breakers.check(share)  # no need to wait for a place
            async with self.places.place(share, left=flight.left):
                attempt = self.breakers.attempt(share)
                try:
                    received = await self._sent(read, flight, held)
                except Failed as failed:
                    self._record(attempt, failed)
                    raise
                attempt.succeeded()
                return received
        except Refused as refused:
            self._watch.metrics.refused(BREAKER)
            unavailable = UpstreamUnavailable(
                "The upstream fails, and is left alone for a moment.",
                retry_after=refused.retry_after,
                retryable=self._may_recover,
            )
            raise Failed(unavailable) from refused
        except NoPlace as full:
            self._watch.metrics.refused(PLACES)
            busy = UpstreamBusy(
                "Too many reads wait for the upstream.",
                reason=LOCAL_QUEUE,
                retry_after=full.retry_after,
            )
            raise Failed(busy) from full

    def _record(self, attempt: SharedAttempt, failed: Failed) -> None:
        """What a failure says of the upstream; what is wrong with one answer is that read's own."""
        match failed:
            case NoRoomForAnswer():
                self._watch.metrics.refused(MEMORY_BUDGET)
            case OwnRefusal():
                pass
            case Failed(is_outage=True):
                self._may_recover = failed.error.retryable
                attempt.failed(is_connected=failed.is_connected)
            case _:
                attempt.succeeded()

    async def _sent(self, read: Read, flight: Flight[Answer], held: HeldBytes) -> Received:
        """What comes of sending a read, once more where all that ended was an idle connection.

        So it does once in a read, under the same leave of the breaker, and in the same place.
        """
        try:
            return await self._call(read, flight, held)
        except Failed as failed:
            if flight.repeats or not failed.needs_new_connection:
                raise
        flight.repeats += 1
        return await self._call(read, flight, held, on_new_connection=True)

    async def _call(
        self,
        read: Read,
        flight: Flight[Answer],
        held: HeldBytes,
        *,
        on_new_connection: bool = False,
    ) -> Received:
        flight.attempts += 1
        with self._watch.call(read.template, flight.attempts, read.caller.headers) as headers:
            return await self._exchange.get(
                read.path,
                read.query,
                headers,
                take=held.take,
                on_new_connection=on_new_connection,
            )

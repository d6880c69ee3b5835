"""Attempts of one read: by the breakers' leave, in a place, within the byte budget; again where that may help."""

import asyncio
import random
import time
from collections.abc import Callable
from functools import partial

import httpx

from gateway.errors import LOCAL_QUEUE, UpstreamBusy, UpstreamUnavailable
from gateway.metrics import BREAKER, MEMORY_BUDGET, PLACES
from gateway.settings import Settings
from gateway.upstream.answer import Answer, content
from gateway.upstream.breaker import Refused
from gateway.upstream.breakers import Breakers, SharedAttempt
from gateway.upstream.byte_budget import ByteBudget, HeldBytes
from gateway.upstream.exchange import Exchange, Failed, NoRoomForAnswer, OwnRefusal, Received
from gateway.upstream.places import NoPlace, Places
from gateway.upstream.read import Read
from gateway.upstream.retry import Attempts, Backoff, RetryBudgets
from gateway.upstream.sharing import Flight
from gateway.upstream.surprises import noted
from gateway.upstream.watch import Watch


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

"""GETs: each equal one once at a time, tried again where that may help; bytes in, records out."""

import asyncio
import random
import time
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import NamedTuple, TypeVar

import httpx
from msgspec import Raw

from gateway.errors import (
    ContractBroken,
    Forbidden,
    NotFound,
    Unauthenticated,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.metrics import BREAKER, PLACES
from gateway.settings import Settings
from gateway.telemetry import event, warning
from gateway.upstream import links
from gateway.upstream.answer import Answer, content
from gateway.upstream.breaker import Breaker, Refused
from gateway.upstream.caller import Call, Caller
from gateway.upstream.exchange import Exchange, Failed, Received
from gateway.upstream.places import NoPlace, Places
from gateway.upstream.retry import Attempts, Backoff, RetryBudget
from gateway.upstream.sharing import Flight, Late, Outcome, Sharing
from gateway.upstream.stale import Dated, LastGood
from gateway.upstream.watch import Watch

_T = TypeVar("_T")

_KEPT_BYTES = 67_108_864
_NONE: Mapping[str, str] = {}


class _Read(NamedTuple):
    """What is read.

    Attributes:
        caller: For whom.
        template: The path as it is logged and counted, without ids.
        path: The path.
        query: The query parameters.
        decoded: What to make of the body.
    """

    caller: Caller
    template: str
    path: str
    query: Mapping[str, str]
    decoded: Callable[[bytes], object]

    @property
    def key(self) -> Hashable:
        """What makes the answer this caller's own."""
        return self.caller.identity, self.path, tuple(self.query.items())


class Reads:
    """Reads of the upstream. Safe to share between requests: callers share within an identity only.

    In this order: a read is shared; then tried again; each attempt has the breaker's leave, waits for a
    place, and goes over the wire.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport,
        *,
        watch: Watch | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Read over a transport; `clock` measures time, `now` tells the seconds since 1970."""
        self._watch = watch or Watch()
        pause_seconds = settings.breaker_pause_seconds
        self.breaker = Breaker(clock, pause_seconds=pause_seconds, tell=self._watch.breaker)
        self.places = Places(
            total=settings.max_upstream_connections,
            each=settings.max_caller_connections,
            clock=clock,
        )
        self._attempts = Attempts(settings.upstream_attempts, Backoff(chance), RetryBudget())
        self._exchange = Exchange(settings, transport)
        self._sharing: Sharing[Answer] = Sharing(
            keep_seconds=settings.entity_cache_seconds,
            max_bytes=_KEPT_BYTES,
            size=Answer.record_bytes,
        )
        self._now = now
        self._last_good: LastGood[list[Raw]] | None = None
        if seconds := settings.stale_if_error_seconds:
            self._last_good = LastGood(seconds=seconds, max_bytes=_KEPT_BYTES, clock=now)

    async def aclose(self) -> None:
        await self._exchange.aclose()

    async def get(
        self,
        caller: Caller,
        template: str,
        decoded: Callable[[bytes], _T],
        *,
        ids: Mapping[str, str] = _NONE,
        query: Mapping[str, str] = _NONE,
        keep: bool = False,
    ) -> _T:
        """What the upstream answers.

        Args:
            caller: Whom the read is made for.
            template: The path, with the names of ids in braces. It is logged; ids are not.
            decoded: What to make of the body, in UTF-8; raises ContractBroken where it cannot.
            ids: The ids in the path.
            query: The query parameters.
            keep: Whether the answer may be kept for `entity_cache_seconds`.

        Raises:
            UpstreamError: There is no such answer.
        """
        if not all(map(links.is_id, ids.values())):
            raise ContractBroken("The upstream sent an id that cannot be one.")
        read = _Read(caller, template, template.format_map(ids), query, decoded)
        started = time.perf_counter()
        answer, outcome = await self._shared(read, keep=keep)
        try:
            found: _T = self._told(read, started, answer, outcome).content
        finally:
            del answer
        return found

    async def latest(
        self,
        caller: Caller,
        path: str,
        decoded: Callable[[bytes], list[Raw]],
        query: Mapping[str, str],
        *,
        about: str,
        narrowed_by: str,
    ) -> Dated[list[Raw]]:
        """What the upstream answers; where it fails, what it answered last, for `stale_if_error_seconds`.

        Args:
            caller: Whom the read is made for.
            path: The path.
            decoded: As for `get`.
            query: The query parameters.
            about: The parameter that says of whom the answer is. What is kept of them is forgotten
                where the upstream refuses to tell, or does not know them.
            narrowed_by: The parameter without which an answer holds the same, and more.

        Raises:
            UpstreamError: There is neither.
        """
        read = _Read(caller, path, path, query, decoded)
        started = time.perf_counter()
        answer, outcome = await self._shared(read, keep=False)
        if self._last_good is not None:
            last_good, owner, thing = self._last_good, caller.identity, (path, query[about])
            if isinstance(answer.content, (Forbidden, NotFound)):
                last_good.forget(owner, thing)
            elif answer.is_outage():
                wider = {name: value for name, value in query.items() if name != narrowed_by}
                questions = [tuple(each.items()) for each in (query, wider)]
                if last := last_good.find(owner, thing, questions):
                    own = answer.attempts if outcome is Outcome.CALLED else 0
                    answer = Answer(last.content, answer.status, answer.size, own, last.read_at)
                    outcome = Outcome.STALE
            elif answer.is_good():
                items = Dated(answer.content, answer.read_at)
                question = tuple(query.items())
                last_good.keep(owner, thing, question, items, size=answer.item_bytes())
        try:
            self._told(read, started, answer, outcome)
            return Dated(answer.content, answer.read_at, outcome is Outcome.STALE)
        finally:
            del answer

    async def _shared(self, read: _Read, *, keep: bool) -> tuple[Answer, Outcome]:
        """The answer of one read for all who ask the same at once."""
        try:
            return await self._sharing.get(
                read.key,
                partial(self._answer, read),
                deadline=read.caller.deadline,
                keep=Answer.is_good if keep else None,
            )
        except Late as late:
            return Answer(_too_late(), None, 0, late.attempts), late.outcome

    def _told(self, read: _Read, started: float, answer: Answer, outcome: Outcome) -> Answer:
        """An answer, noted among the calls; an error is raised."""
        milliseconds = round((time.perf_counter() - started) * 1000, 3)
        self._watch.metrics.read(read.template, outcome.value)
        read.caller.calls.append(
            Call(read.template, answer.status, outcome, milliseconds, answer.size, answer.attempts)
        )
        if isinstance(answer.content, UpstreamError):
            if self._last_good is not None and isinstance(answer.content, Unauthenticated):
                self._last_good.forget(read.caller.identity)
            try:
                raise answer.content.with_traceback(None)  # else one grows with each waiter
            finally:
                del answer  # or the error would hold this frame, and the frame the error
        return answer

    async def _answer(self, read: _Read, flight: Flight[Answer]) -> Answer:
        """The answer of the last attempt."""
        answer = await self._last_attempt(read, flight)
        if isinstance(answer.content, UpstreamError):
            code, attempts = answer.content.code, answer.attempts
            self._watch.metrics.failed(read.template, code)
            tell = warning if answer.needs_repair() else event
            facts = {"code": code, "status": answer.status, "attempts": attempts}
            tell("upstream.failed", path=read.template, **facts)
        return answer

    async def _last_attempt(self, read: _Read, flight: Flight[Answer]) -> Answer:
        self._attempts.budget.earn()
        while True:
            try:
                received = await self._attempt(read, flight)
            except Failed as failed:
                wait = self._attempts.wait(flight.attempts, failed, left=flight.left)
                answer = Answer(
                    failed.error,
                    failed.status,
                    failed.size,
                    flight.attempts,
                    is_unreachable=failed.is_unreachable,
                )
            else:
                found = content(read.decoded, received.body)
                return Answer(found, received.status, received.size, flight.attempts, self._now())
            if wait is None:
                return answer
            await asyncio.sleep(wait)

    async def _attempt(self, read: _Read, flight: Flight[Answer]) -> Received:
        try:
            self.breaker.check()  # no need to wait for a place
            async with self.places.place(read.caller.identity, left=flight.left):
                attempt = self.breaker.attempt()
                flight.attempts += 1
                try:
                    sent = read.caller.headers
                    with self._watch.call(read.template, flight.attempts, sent) as headers:
                        received = await self._exchange.get(read.path, read.query, headers)
                except Failed as failed:
                    attempt.failed() if failed.is_outage else attempt.succeeded()
                    raise
                attempt.succeeded()
                return received
        except Refused as refused:
            self._watch.metrics.refused(BREAKER)
            unavailable = UpstreamUnavailable(
                "The upstream fails, and is left alone for a moment.",
                retry_after=refused.retry_after,
            )
            raise Failed(unavailable) from refused
        except NoPlace as full:
            self._watch.metrics.refused(PLACES)
            busy = UpstreamBusy(
                "Too many reads wait for the upstream.", retry_after=full.retry_after
            )
            raise Failed(busy) from full


def _too_late() -> UpstreamTimeout:
    return UpstreamTimeout("The upstream did not answer before this operation had to end.")

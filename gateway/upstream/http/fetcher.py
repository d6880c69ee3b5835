"""GETs: each equal one once at a time, tried again where that may help; bytes in, records out."""

import random
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import partial
from typing import TypeVar

import httpx
from msgspec import Raw

from gateway.config.settings import Settings
from gateway.errors import (
    ContractBroken,
    Forbidden,
    NotFound,
    Unauthenticated,
    UpstreamError,
    UpstreamTimeout,
)
from gateway.observability.event_loop import Steps
from gateway.observability.logging import event, warning
from gateway.upstream.credentials import Caller
from gateway.upstream.http.instrumentation import Watch
from gateway.upstream.http.read import Meaning, Read, things
from gateway.upstream.http.read_result import Answer
from gateway.upstream.http.retry import Attempting
from gateway.upstream.http.single_flight import Flight, Late, Sharing
from gateway.upstream.http.stale_cache import Dated, LastGood
from gateway.upstream.read_log import Call, Outcome
from gateway.upstream.records import links

_T = TypeVar("_T")

_KEPT_BYTES = 67_108_864
_NO_CREDENTIALS = "Send the headers `apiKey` and `token`, or `Authorization: Bearer …`."
_NONE: Mapping[str, str] = {}


class Reads:
    """Reads of the upstream. Safe to share between requests: callers share within an identity only.

    In this order: a read is shared; then tried again; each attempt has the breakers' leave, waits for a
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
        self.attempting = Attempting(
            settings, transport, self._watch, clock=clock, now=now, chance=chance
        )
        self._sharing: Sharing[Answer] = Sharing(
            keep_seconds=settings.entity_cache_seconds,
            max_bytes=_KEPT_BYTES,
            size=Answer.record_bytes,
        )
        self._last_good: LastGood[list[Raw]] | None = None
        if seconds := settings.stale_if_error_seconds:
            self._last_good = LastGood(seconds=seconds, max_bytes=_KEPT_BYTES, clock=now)

    async def aclose(self) -> None:
        await self.attempting.aclose()

    async def get(
        self,
        caller: Caller,
        template: str,
        decoded: Callable[[bytes], Steps[_T]],
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
        path = template.format_map(ids)
        about = things(template, ids) if keep else (path,)
        read = Read(caller, template, path, query, tuple(query.items()), about, decoded)
        started = time.perf_counter()
        answer, outcome = await self._shared(read, partial(self._answer, read), keep=keep)
        try:
            found: _T = self._told(read, started, answer, outcome).content
        finally:
            del answer
        return found

    async def latest(
        self,
        caller: Caller,
        path: str,
        decoded: Callable[[bytes], Steps[list[Raw]]],
        query: Mapping[str, str],
        meaning: Meaning,
    ) -> Dated[list[Raw]]:
        """What the upstream answers; where it fails, what it answered last, for `stale_if_error_seconds`.

        Args:
            caller: Whom the read is made for.
            path: The path.
            decoded: As for `get`.
            query: The query parameters.
            meaning: What the query parameters are there for. Where the upstream refuses to tell of
                somebody, or does not know them, what is kept of them is forgotten.

        Raises:
            UpstreamError: There is neither.
        """
        read = Read.of_list(caller, path, decoded, query, meaning)
        started = time.perf_counter()
        answer, outcome = await self._shared(read, partial(self._kept_answer, read), keep=False)
        if self._last_good is not None and answer.is_outage():
            wider = read.without(meaning.narrowed_by)
            if last := self._last_good.newest([read.key, wider.key]):
                own = answer.attempts if outcome is Outcome.CALLED else 0
                answer = Answer(last.content, answer.status, answer.size, own, last.read_at)
                outcome = Outcome.STALE
        try:
            self._told(read, started, answer, outcome)
            return Dated(answer.content, answer.read_at, outcome is Outcome.STALE)
        finally:
            del answer

    async def _shared(
        self, read: Read, answer: Callable[[Flight[Answer]], Awaitable[Answer]], *, keep: bool
    ) -> tuple[Answer, Outcome]:
        """The answer of one read for all who ask the same at once."""
        if not read.caller.has_token:
            missing = Unauthenticated("`Authorization: Bearer` has no token.")
            return Answer(missing, None, 0, attempts=0), Outcome.CALLED
        try:
            return await self._sharing.get(
                read.caller.credentials,
                read.key,
                answer,
                deadline=read.caller.deadline,
                keep=Answer.is_good if keep else None,
                things=read.things,
            )
        except Late as late:
            return Answer(_too_late(), None, 0, late.attempts), late.outcome

    def _told(self, read: Read, started: float, answer: Answer, outcome: Outcome) -> Answer:
        """An answer, noted among the calls; an error is raised."""
        milliseconds = round((time.perf_counter() - started) * 1000, 3)
        self._watch.metrics.read(read.template, outcome.value)
        read.caller.calls.append(
            Call(read.template, answer.status, outcome, milliseconds, answer.size, answer.attempts)
        )
        if isinstance(answer.content, UpstreamError):
            try:
                raise answer.content.with_traceback(None)  # else one grows with each waiter
            finally:
                del answer  # or the error would hold this frame, and the frame the error
        return answer

    async def _kept_answer(self, read: Read, flight: Flight[Answer]) -> Answer:
        """The answer of the last attempt, kept for when there is none."""
        if self._last_good is None:
            return await self._answer(read, flight)
        entry = self._last_good.expect(read.caller.credentials, read.things, read.key)
        answer = await self._answer(read, flight)
        if answer.is_good():
            dated = Dated(answer.content, answer.read_at)
            self._last_good.keep(entry, dated, size=answer.item_bytes())
        return answer

    async def _answer(self, read: Read, flight: Flight[Answer]) -> Answer:
        """The answer of the last attempt."""
        answer = await self.attempting.answer(read, flight)
        if isinstance(answer.content, Unauthenticated) and not read.caller.has_credentials:
            answer = answer._replace(content=Unauthenticated(_NO_CREDENTIALS))
        if isinstance(answer.content, UpstreamError):
            code, attempts = answer.content.code, answer.attempts
            self._watch.metrics.failed(read.template, code)
            tell = warning if answer.is_alarming() else event
            facts = {"code": code, "status": answer.status, "attempts": attempts}
            tell("upstream.failed", path=read.template, **facts)
            if isinstance(answer.content, (Forbidden, NotFound)):
                self._forget(read.caller.credentials, read.things[-1])
            elif isinstance(answer.content, Unauthenticated):
                self._forget(read.caller.credentials)
        return answer

    def _forget(self, credentials: bytes, thing: Hashable = None) -> None:
        """Show these credentials no more of what was read of a thing, or of anything."""
        self._sharing.forget(credentials, thing)
        if self._last_good is not None:
            self._last_good.forget(credentials, thing)


def _too_late() -> UpstreamTimeout:
    return UpstreamTimeout("The upstream did not answer before this operation had to end.")

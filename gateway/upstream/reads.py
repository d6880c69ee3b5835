"""GETs: each equal one once at a time, tried again where that may help; bytes in, records out."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import httpx

from gateway.errors import (
    ContractBroken,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.metrics import BREAKER, PLACES
from gateway.settings import Settings
from gateway.telemetry import event
from gateway.upstream import links
from gateway.upstream.breaker import Breaker, Refused, State
from gateway.upstream.caller import Call, Caller
from gateway.upstream.exchange import Exchange, Failed, Received
from gateway.upstream.places import NoPlace, Places
from gateway.upstream.retry import Attempts, Backoff, RetryBudget
from gateway.upstream.sharing import Flight, Late, Sharing
from gateway.upstream.watch import Watch

_T = TypeVar("_T")

_KEPT_BYTES = 67_108_864
_NONE: Mapping[str, str] = {}


class _Answer(NamedTuple):
    """What came of a read: records, or an error that everybody who waits for it gets."""

    content: Any
    status: int | None
    size: int
    attempts: int


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
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._watch = watch or Watch()
        self.breaker = Breaker(clock, pause_seconds=settings.breaker_pause_seconds)
        self.places = Places(
            total=settings.max_upstream_connections,
            each=settings.max_caller_connections,
            clock=clock,
        )
        self._attempts = Attempts(settings.upstream_attempts, Backoff(chance), RetryBudget())
        self._exchange = Exchange(settings, transport)
        self._sharing: Sharing[_Answer] = Sharing(
            keep_seconds=settings.entity_cache_seconds,
            max_bytes=_KEPT_BYTES,
            size=_kept_size,
        )

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
        path = template.format_map(ids)
        key = (caller.identity, path, tuple(query.items()))

        async def read(flight: Flight[_Answer]) -> _Answer:
            return await self._answer(flight, caller, template, path, query, decoded)

        started = time.perf_counter()
        try:
            answer, outcome = await self._sharing.get(
                key, read, deadline=caller.deadline, keep=_is_good if keep else None
            )
        except Late as late:
            answer, outcome = _Answer(_too_late(), None, 0, late.attempts), late.outcome
        milliseconds = round((time.perf_counter() - started) * 1000, 3)
        self._watch.metrics.read(template, outcome.value)
        caller.calls.append(
            Call(template, answer.status, outcome, milliseconds, answer.size, answer.attempts)
        )
        if isinstance(answer.content, UpstreamError):
            try:
                raise answer.content.with_traceback(None)  # else one grows with each waiter
            finally:
                del answer  # or the error would hold this frame, and the frame the error
        content: _T = answer.content
        return content

    async def _answer(
        self,
        flight: Flight[_Answer],
        caller: Caller,
        template: str,
        path: str,
        query: Mapping[str, str],
        decoded: Callable[[bytes], object],
    ) -> _Answer:
        """The answer of the last attempt."""
        answer = await self._last_attempt(flight, caller, template, path, query, decoded)
        if isinstance(answer.content, UpstreamError):
            code, attempts = answer.content.code, answer.attempts
            self._watch.metrics.failed(template, code)
            event(
                "upstream.failed", path=template, code=code, status=answer.status, attempts=attempts
            )
        return answer

    async def _last_attempt(
        self,
        flight: Flight[_Answer],
        caller: Caller,
        template: str,
        path: str,
        query: Mapping[str, str],
        decoded: Callable[[bytes], object],
    ) -> _Answer:
        self._attempts.budget.earn()
        while True:
            try:
                received = await self._attempt(flight, caller, template, path, query)
            except Failed as failed:
                wait = self._attempts.wait(flight.attempts, failed, left=flight.left)
                answer = _Answer(failed.error, failed.status, failed.size, flight.attempts)
            else:
                content = _content(decoded, received.body)
                return _Answer(content, received.status, received.size, flight.attempts)
            if wait is None:
                return answer
            await asyncio.sleep(wait)

    async def _attempt(
        self,
        flight: Flight[_Answer],
        caller: Caller,
        template: str,
        path: str,
        query: Mapping[str, str],
    ) -> Received:
        try:
            self.breaker.check()  # no need to wait for a place
            async with self.places.place(caller.identity, left=flight.left):
                attempt = self.breaker.attempt()
                flight.attempts += 1
                try:
                    with self._watch.call(template, flight.attempts, caller.headers) as headers:
                        received = await self._exchange.get(path, query, headers)
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
        finally:
            self._watch.metrics.breaker(is_closed=self.breaker.state is State.CLOSED)


def _content(decoded: Callable[[bytes], object], body: bytes) -> object:
    """What a body holds, or what is wrong with it."""
    try:
        return decoded(body)
    except ContractBroken as error:  # which refers to frames that would soon refer to it
        return ContractBroken(str(error))


def _too_late() -> UpstreamTimeout:
    return UpstreamTimeout("The upstream did not answer before this operation had to end.")


def _kept_size(answer: _Answer) -> int:
    """About how many bytes of memory an answer takes: records are larger than their JSON."""
    return 4 * answer.size + 2_000


def _is_good(answer: _Answer) -> bool:
    return not isinstance(answer.content, UpstreamError)

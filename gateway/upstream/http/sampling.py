"""Sampling: surveys some responses as a whole, outside of requests, and records what differs in them."""

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

from gateway.observability.event_loop import run_cooperatively
from gateway.observability.logging import log_bug
from gateway.upstream.http.byte_budget import ByteBudget, ByteBudgetExceeded
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.read import Survey

SAMPLE_SECONDS = 60.0
"""The time between two samples of a path."""

MAX_SAMPLE_BYTES = 524_288
"""The largest response that is sampled: a survey takes many times as long as the decoding."""


class _Sample(NamedTuple):
    """A response to be surveyed.

    Attributes:
        path: The template of its path.
        survey: Surveys the body.
        body: The body.
        fairness_key: The fairness key of its read, in whose share of the byte budget the body is.
    """

    path: str
    survey: Survey
    body: bytes
    fairness_key: Hashable


class ResponseSampler:
    """Sampler of responses: of the first of each path, and of one a minute.

    One response is surveyed at a time, while `run` is under way; no other is kept.
    """

    def __init__(
        self,
        instrumentation: UpstreamInstrumentation,
        byte_budget: ByteBudget,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._instrumentation = instrumentation
        self._byte_budget = byte_budget
        self._clock = clock
        self._due_by_path: dict[str, float] = {}
        self._next: asyncio.Future[_Sample] | None = None

    def offer(self, path: str, survey: Survey, body: bytes, fairness_key: Hashable) -> None:
        """Take a response as a sample, if one of its path is due and none is surveyed now."""
        if self._next is None or self._next.done():
            return
        now = self._clock()
        if now >= self._due_by_path.get(path, now) and len(body) <= MAX_SAMPLE_BYTES:
            self._due_by_path[path] = now + SAMPLE_SECONDS
            self._next.set_result(_Sample(path, survey, body, fairness_key))

    async def run(self) -> None:
        """Survey samples until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._next = loop.create_future()
                await self._survey(await self._next)
        finally:
            self._next = None

    async def _survey(self, sample: _Sample) -> None:
        """Record what differs in a sample; nothing where the byte budget has no bytes left for it."""
        with self._byte_budget.reservation(sample.fairness_key) as reservation:
            try:
                reservation.reserve(len(sample.body))
            except ByteBudgetExceeded:
                return
            try:
                deviations = await run_cooperatively(sample.survey(sample.body))
            except Exception as error:  # noqa: BLE001 - a bug here must not end all later samples
                log_bug(error)
                return
        for field, what in sorted(deviations):
            self._instrumentation.record_surprise(sample.path, what, field)

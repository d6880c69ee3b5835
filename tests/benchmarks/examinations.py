"""One server alone: how soon it serves, what it keeps, how long others wait, where its time goes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple

from tests.benchmarks import fixed_work
from tests.benchmarks.answers import same_answers
from tests.benchmarks.contenders import FIXED_WORK, Contender
from tests.benchmarks.inside import Hold
from tests.benchmarks.load import (
    Answer,
    Asked,
    Connection,
    Refused,
    connected,
    load,
    load_steadily,
)
from tests.benchmarks.scenarios import ALONE, SCENARIOS, Condition, Scenario
from tests.benchmarks.servers import Placement, Server, running
from tests.benchmarks.upstream import UpstreamServer

_TOGETHER = Condition(0, 64)
_LIVEZ = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Kept(NamedTuple):
    """The memory of a server after so much load."""

    seconds: float
    answers: int
    resident_megabytes: float


class Waited(NamedTuple):
    """How others fared while large answers were read.

    Attributes:
        longest_seconds: The longest that one of them waited for its answer.
        answered: How many of them were answered.
        reading_seconds: How long it took until all large answers were read.
    """

    longest_seconds: float
    answered: int
    reading_seconds: float


@dataclass(frozen=True, slots=True)
class Examiner:
    """Examines servers over an upstream."""

    upstream: UpstreamServer
    placement: Placement

    async def starts(self, contender: Contender, times: int) -> AsyncIterator[float]:
        """How many seconds it took from the start of the process to the first answer."""
        for _ in range(times):
            started = time.perf_counter()
            async with running(contender, self.upstream.origin, self.placement):
                yield time.perf_counter() - started

    async def idle_megabytes(self, contender: Contender) -> float:
        """The memory of a server that has served nothing yet."""
        async with running(contender, self.upstream.origin, self.placement) as server:
            return server.resident_bytes() / 1e6

    async def steady(self, contender: Contender, scenario: Scenario, seconds: float) -> Asked:
        """Its latencies at a constant rate, half of what it answers where 64 callers ask all the time."""
        async with running(contender, self.upstream.origin, self.placement) as server:
            requests = scenario.requests(contender)
            [expected] = await same_answers(scenario, [server], self.upstream)
            with connected(server.port, _TOGETHER.connections) as connections:
                full = await load(
                    connections, requests, seconds=seconds / 2, expected_bytes=expected
                )
                rate = len(full.latencies) / full.seconds / 2
                return await load_steadily(
                    connections,
                    requests,
                    per_second=rate,
                    seconds=seconds,
                    expected_bytes=expected,
                )

    async def fixed_work(self, measured: Asked, body_bytes: int) -> Asked:
        """The latencies of a server that only computes, as long as one that was measured did by `steady`."""
        rate = len(measured.latencies) / measured.seconds
        request = fixed_work.request(0.5 / rate, body_bytes)
        async with running(FIXED_WORK, self.upstream.origin, self.placement) as server:
            with connected(server.port, _TOGETHER.connections) as connections:
                return await load_steadily(
                    connections,
                    lambda _caller: request,
                    per_second=rate,
                    seconds=measured.seconds,
                    expected_bytes=body_bytes,
                )

    async def memory(
        self, contender: Contender, *, seconds: float, readings: int
    ) -> AsyncIterator[Kept]:
        """What it keeps while it is asked all that it can answer, in turn, by 64 callers at once."""
        scenarios = [
            one
            for one in SCENARIOS.values()
            if contender in one.contenders and _TOGETHER in one.conditions
        ]
        async with running(contender, self.upstream.origin, self.placement) as server:
            spent, answers = 0.0, 0
            yield Kept(spent, answers, server.resident_bytes() / 1e6)
            for _ in range(readings):
                for scenario in scenarios:
                    part = seconds / readings / len(scenarios)
                    asked = await self._asked(server, scenario, _TOGETHER.connections, part)
                    spent, answers = spent + asked.seconds, answers + len(asked.latencies)
                yield Kept(spent, answers, server.resident_bytes() / 1e6)

    async def holds(self, scenario: Scenario, seconds: float) -> list[Hold]:
        """The longest hold of the event loop within each request; the first request is cold."""
        async with self._watched("hold") as server:
            await self._asked(server, scenario, ALONE.connections, seconds)
        return [Hold(*told) for told in json.loads(server.written)]

    async def waits(
        self, contender: Contender, scenario: Scenario, *, readers: int, times: int
    ) -> AsyncIterator[Waited]:
        """How long one waits who asks `/livez` again and again, while others ask what is large."""
        requests = scenario.requests(contender)
        async with running(contender, self.upstream.origin, self.placement) as server:
            with connected(server.port, readers) as reading, connected(server.port, 1) as [other]:
                await reading[0].ask(
                    requests(0)
                )  # the upstream makes its answer, the server a compiled query
                for _ in range(times):
                    asked = [one.ask(requests(number)) for number, one in enumerate(reading)]
                    yield await _waited(asyncio.gather(*asked), other)

    async def profile(self, scenario: Scenario, seconds: float, *, compiled: bool) -> str:
        """Where the time goes, function by function."""
        async with self._watched("profile" if compiled else "profile-not-compiled") as server:
            await self._asked(server, scenario, ALONE.connections, seconds)
        return server.written.decode()

    def _watched(self, watch: str) -> AbstractAsyncContextManager[Server]:
        command = ("python", "-m", "tests.benchmarks.inside", watch)
        gateway = Contender(watch, f"this gateway, {watch}", command, ready="/readyz")
        return running(gateway, self.upstream.origin, self.placement)

    async def _asked(
        self, server: Server, scenario: Scenario, callers: int, seconds: float
    ) -> Asked:
        requests = scenario.requests(server.contender)
        [expected] = await same_answers(scenario, [server], self.upstream)
        with connected(server.port, callers) as connections:
            return await load(connections, requests, seconds=seconds, expected_bytes=expected)


async def _waited(reading: asyncio.Future[list[Answer]], other: Connection) -> Waited:
    clock = time.perf_counter
    waits: list[float] = []
    started = clock()
    while not reading.done():
        asked = clock()
        answer = await other.ask(_LIVEZ)
        waits.append(clock() - asked)
        if answer.status != 200:
            raise Refused(f"{answer.status}: {answer.body[:500]!r}")
    took = clock() - started
    for read in await reading:
        if read.status != 200 or b'"errors"' in read.body[:10]:
            raise Refused(f"{read.status}: {read.body[:500]!r}")
    return Waited(max(waits), len(waits), took)

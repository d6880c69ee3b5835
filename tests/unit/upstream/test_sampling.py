"""Which responses are surveyed as a whole, and what is left of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from structlog.testing import capture_logs

from gateway.observability.event_loop import CooperativeSteps
from gateway.upstream.http.byte_budget import ByteBudget
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.sampling import MAX_SAMPLE_BYTES, ResponseSampler
from gateway.upstream.records.survey import Deviation
from tests.support.clock import Clock

FOUND = {Deviation("user", "wrong_type")}


class Sampling:
    """A sampler, and the bodies that were surveyed.

    Attributes:
        reserved: The bytes of the budget that were reserved during each survey.
    """

    def __init__(self, max_bytes: int = 1_000_000) -> None:
        self.clock = Clock()
        self.budget = ByteBudget(max_bytes)
        self.watch = UpstreamInstrumentation()
        self.sampler = ResponseSampler(self.watch, self.budget, clock=self.clock)
        self.bodies: list[bytes] = []
        self.reserved: list[int] = []

    def survey(self, body: bytes) -> CooperativeSteps[set[Deviation]]:
        self.bodies.append(body)
        self.reserved.append(self.budget.reserved_bytes)
        yield
        if body == b"bug":
            raise LookupError
        return FOUND

    async def offer(self, *bodies: bytes, path: str = "/a") -> None:
        """Offers bodies, each once the one before was surveyed."""
        for body in bodies:
            self.sampler.offer(path, self.survey, body, "key")
            for _ in range(10):
                await asyncio.sleep(0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.sampler.run())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_the_first_response_of_each_path_and_one_a_minute_are_sampled():
    sampling = Sampling()
    async with sampling.running():
        await sampling.offer(b"1", b"2")
        await sampling.offer(b"3", path="/b")
        sampling.clock.now += 59
        await sampling.offer(b"4")
        sampling.clock.now += 1
        await sampling.offer(b"5", b"6")
    assert sampling.bodies == [b"1", b"3", b"5"]


async def test_what_a_sample_has_is_counted_and_logged_by_its_path():
    sampling = Sampling()
    with capture_logs() as events:
        async with sampling.running():
            await sampling.offer(b"1", path="/a/{id}")
    told = sampling.watch.metrics.exposition().decode()
    assert 'gateway_upstream_surprises_total{path="/a/{id}",what="wrong_type"} 1.0' in told
    assert [(each["event"], each["path"], each["field"], each["what"]) for each in events] == [
        ("upstream.surprise", "/a/{id}", "user", "wrong_type")
    ]


async def test_nothing_is_sampled_before_the_start_or_after_the_end():
    sampling = Sampling()
    await sampling.offer(b"1")
    async with sampling.running():
        pass
    await sampling.offer(b"2")
    assert sampling.bodies == []


async def test_one_response_is_sampled_at_a_time():
    sampling = Sampling()
    async with sampling.running():
        for path in ("/a", "/b"):
            sampling.sampler.offer(path, sampling.survey, path.encode(), "key")
        await sampling.offer(b"/c", path="/c")
        await sampling.offer(b"/b", path="/b")
    assert sampling.bodies == [b"/a", b"/b"]


async def test_a_large_response_is_left_out_for_a_smaller_one():
    sampling = Sampling()
    async with sampling.running():
        await sampling.offer(b"a" * (MAX_SAMPLE_BYTES + 1), b"small")
    assert sampling.bodies == [b"small"]


async def test_a_sample_is_part_of_the_byte_budget_and_never_exceeds_it():
    sampling = Sampling(max_bytes=4)
    async with sampling.running():
        await sampling.offer(b"1234", path="/a")
        await sampling.offer(b"12345", path="/b")
    assert (sampling.bodies, sampling.reserved) == ([b"1234"], [4])
    assert sampling.budget.reserved_bytes == 0


async def test_a_cancelled_survey_leaves_no_bytes_reserved():
    sampling = Sampling()
    async with sampling.running():
        sampling.sampler.offer("/a", sampling.survey, b"1234", "key")
        await asyncio.sleep(0)
        assert sampling.bodies == [b"1234"]
        assert sampling.budget.reserved_bytes == 4
    assert sampling.budget.reserved_bytes == 0


async def test_a_bug_in_a_survey_does_not_end_the_sampling():
    sampling = Sampling()
    with capture_logs() as events:
        async with sampling.running():
            await sampling.offer(b"bug")
            await sampling.offer(b"2", path="/b")
    assert sampling.bodies == [b"bug", b"2"]
    assert [each["event"] for each in events] == ["internal_error", "upstream.surprise"]

"""Who waits for a read, and for how long; by a clock that hurries."""

import asyncio
import weakref
from math import inf

import pytest

from gateway.upstream.http.deadline import Deadline
from gateway.upstream.http.response_cache import ResponseCache
from gateway.upstream.http.single_flight import DeadlineExceeded, SingleFlight
from gateway.upstream.read_log import CacheStatus
from tests.unit.upstream.hurry import BACKEND
from tests.unit.upstream.reading import run

ADA = b"ada"

pytestmark = pytest.mark.usefixtures("no_task_left")


@pytest.fixture
def anyio_backend():
    return BACKEND


@pytest.fixture
async def sharing() -> SingleFlight[str]:
    return SingleFlight()


class Slow:
    """A read that takes so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ended_at: float | None = None
        self.left: list[float] = []

    async def __call__(self, left: Deadline) -> str:
        left.attempts += 1
        try:
            for _ in range(10):
                self.left.append(left.remaining_seconds)
                await asyncio.sleep(self.seconds / 10)
        finally:
            self.ended_at = now()
        return "answer"


def now() -> float:
    return asyncio.get_running_loop().time()


async def waiting(
    sharing: SingleFlight[str], read: Slow, seconds: float | None
) -> tuple[str, float]:
    """What a caller with so many seconds gets, and when."""
    deadline = None if seconds is None else now() + seconds
    found: object
    found, outcome = await run(sharing, ADA, "k", read, deadline=deadline)
    if isinstance(found, DeadlineExceeded):
        return f"late: {outcome.value}, {found.attempts}", now()
    return outcome.value, now()


async def test_every_waiter_leaves_at_its_own_deadline_and_the_patient_one_gets_the_answer(sharing):
    read, start = Slow(10), now()
    found = await asyncio.gather(*[waiting(sharing, read, left) for left in (3, 1, 30, 2)])
    assert [(told, round(at - start, 3)) for told, at in found] == [
        ("late: called, 1", 3),
        ("late: coalesced, 1", 1),
        ("coalesced", 10),
        ("late: coalesced, 1", 2),
    ]


async def test_a_read_lives_as_long_as_its_most_patient_waiter(sharing):
    read, start = Slow(10), now()
    await asyncio.gather(*[waiting(sharing, read, left) for left in (3, 7, 2)])
    assert read.ended_at is not None
    assert read.ended_at - start == pytest.approx(7)
    assert len(sharing) == 0


async def test_a_read_knows_how_long_it_has_yet_also_when_somebody_more_patient_joins(sharing):
    read = Slow(10)
    first = asyncio.create_task(waiting(sharing, read, 5))
    await asyncio.sleep(2.5)
    second = asyncio.create_task(waiting(sharing, read, 20))
    await asyncio.gather(first, second)
    assert [round(left, 1) for left in read.left[:4]] == [5.0, 4.0, 3.0, 19.5]


async def test_who_has_no_deadline_waits_to_the_end(sharing):
    read = Slow(1000)
    found = await asyncio.gather(waiting(sharing, read, None), waiting(sharing, read, 5))
    assert found[0][0] == "called"
    assert read.left[0] == inf


@pytest.mark.parametrize("left", [0.0, -1.0])
async def test_nothing_is_begun_after_the_deadline(sharing, left):
    read = Slow(0)
    assert (await waiting(sharing, read, left))[0] == "late: called, 0"
    assert read.left == []


async def test_what_is_kept_is_given_also_after_the_deadline():
    sharing: ResponseCache[str] = ResponseCache(ttl_seconds=60, max_bytes=100, size_of=len)
    await run(sharing, ADA, "k", Slow(0), is_cacheable=bool)
    assert await run(sharing, ADA, "k", Slow(0), is_cacheable=bool, deadline=now()) == (
        "answer",
        CacheStatus.CACHED,
    )


async def test_after_everybody_was_late_the_next_read_is_a_new_one(sharing):
    slow, quick = Slow(10), Slow(0)
    await waiting(sharing, slow, 1)
    assert (await waiting(sharing, quick, 1))[0] == "called"


async def test_a_waiter_that_is_cancelled_is_cancelled_and_not_late(sharing):
    leaving = asyncio.create_task(waiting(sharing, Slow(10), 5))
    await asyncio.sleep(1)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert leaving.cancelled()


@pytest.mark.parametrize("seconds", [9.99, 10, 10.01])
async def test_a_deadline_at_the_arrival_gives_either_outcome(sharing, seconds):
    read = Slow(10)
    told, _ = await waiting(sharing, read, seconds)
    assert told in {"called", "late: called, 1"}
    assert len(sharing) == 0
    assert (await waiting(sharing, Slow(0), 1))[0] == "called"


async def test_a_waiter_that_leaves_has_no_timer_left(sharing):
    """Else each read would keep its caller until the deadline of the operation."""

    class Held:
        pass

    held = Held()

    def finish(found: object, _: CacheStatus, _held: object = held) -> object:
        return found

    gone = weakref.ref(held)
    assert await sharing.run(ADA, "k", Slow(0), finish, deadline=now() + 1000) == "answer"
    del finish, held
    await asyncio.sleep(0)
    assert gone() is None

import asyncio

import pytest

from gateway.errors import (
    LOCAL_QUEUE,
    MEMORY_BUDGET,
    RATE_LIMITED,
    ContractBroken,
    Forbidden,
    InputRefused,
    NotFound,
    ResponseTooLarge,
    Unauthenticated,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.observability.event_loop import Steps
from gateway.upstream.http.read_result import Answer, content


@pytest.mark.parametrize(
    ("error", "status", "is_outage"),
    [
        (UpstreamTimeout("late"), None, True),
        (UpstreamTimeout("late"), 504, True),
        (UpstreamUnavailable("down"), 500, True),
        (UpstreamUnavailable("left alone"), None, True),
        (UpstreamBusy("full here", reason=LOCAL_QUEUE), None, True),
        (UpstreamBusy("no room here", reason=MEMORY_BUDGET), 200, True),
        (UpstreamBusy("429", reason=RATE_LIMITED), 429, False),
        (UpstreamBusy("429 in a success", reason=RATE_LIMITED), 200, False),
        (NotFound("404"), 404, False),
        (ContractBroken("no list"), 200, False),
    ],
    ids=str,
)
def test_an_upstream_that_says_something_is_no_outage(error, status, is_outage):
    answer = Answer(error, status, 0, 1)
    assert (answer.is_good(), answer.is_outage()) == (False, is_outage)


@pytest.mark.parametrize(
    ("error", "status", "is_unreachable", "is_alarming"),
    [
        (ContractBroken("no list"), 200, False, True),
        (ContractBroken("a redirect"), 302, False, True),
        (ResponseTooLarge("too large"), 200, False, True),
        (UpstreamUnavailable("refused"), None, True, True),
        (UpstreamTimeout("silent"), None, True, True),
        (UpstreamUnavailable("broken off"), 200, True, True),
        (UpstreamUnavailable("left alone"), None, False, False),
        (UpstreamUnavailable("down"), 503, False, False),
        (UpstreamTimeout("late"), 504, False, False),
        (UpstreamBusy("full here", reason=LOCAL_QUEUE), None, False, False),
        (UpstreamBusy("no room here", reason=MEMORY_BUDGET), 200, False, False),
        (UpstreamBusy("429", reason=RATE_LIMITED), 429, False, False),
        (InputRefused("400"), 400, False, False),
        (Unauthenticated("401"), 401, False, False),
        (Forbidden("403"), 403, False, False),
        (NotFound("404"), 404, False, False),
    ],
    ids=str,
)
def test_what_stays_so_until_somebody_sees_to_it_is_alarming(
    error, status, is_unreachable, is_alarming
):
    answer = Answer(error, status, 0, 1, is_unreachable=is_unreachable)
    assert answer.is_alarming() is is_alarming


def test_records_are_good_also_where_there_are_none():
    assert [Answer(records, 200, 2, 1).is_good() for records in ([], None, [1])] == [True] * 3
    assert not Answer([], 200, 2, 1).is_outage()
    assert not Answer([], 200, 2, 1).is_alarming()


def test_an_answer_takes_more_memory_than_its_json_and_items_more_the_more_there_are():
    few, many = Answer([1], 200, 1000, 1), Answer([1] * 100, 200, 1000, 1)
    assert 1000 < few.item_bytes() < many.item_bytes()
    assert few.record_bytes() == many.record_bytes() > 4000


async def test_what_cannot_be_decoded_is_what_is_wrong_with_it():
    def decoded(body: bytes) -> Steps[int]:
        yield from ()
        if not body:
            raise ContractBroken("no list")
        return len(body)

    found = await content(decoded, b"")
    assert isinstance(found, UpstreamError)
    assert (str(found), found.__traceback__, found.__context__) == ("no list", None, None)
    assert await content(decoded, b"four") == 4


async def test_what_holds_too_much_is_what_is_wrong_with_it():
    def broken(_body: bytes) -> Steps[None]:
        yield
        raise ResponseTooLarge("too many")

    found = await content(broken, b"")
    assert isinstance(found, ResponseTooLarge)
    assert (str(found), found.__traceback__, found.__context__) == ("too many", None, None)


async def test_what_is_decoded_in_steps_leaves_the_event_loop_free_between_them():
    passes = 0

    def decoded(body: bytes) -> Steps[int]:
        for _ in range(3):
            yield
        return len(body)

    async def others() -> None:
        nonlocal passes
        while True:
            passes += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        beside = group.create_task(others())
        assert await content(decoded, b"four") == 4
        beside.cancel()
    assert passes == 3


async def test_what_is_found_broken_in_a_later_step_is_what_is_wrong_with_it():
    def decoded(_body: bytes) -> Steps[None]:
        yield
        raise ContractBroken("not all of it")

    assert str(await content(decoded, b"")) == "not all of it"

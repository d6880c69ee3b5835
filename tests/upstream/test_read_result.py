import asyncio

import pytest

from gateway.errors import (
    LOCAL_QUEUE,
    MEMORY_BUDGET,
    RATE_LIMITED,
    FieldError,
    Forbidden,
    InvalidArgument,
    InvalidUpstreamResponse,
    NotFound,
    ResponseTooLarge,
    Unauthenticated,
    UpstreamBusy,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.observability.event_loop import CooperativeSteps
from gateway.upstream.http.read_result import ReadResult, decode_or_error


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
        (InvalidUpstreamResponse("no list"), 200, False),
    ],
    ids=str,
)
def test_an_upstream_that_says_something_is_no_outage(error, status, is_outage):
    answer = ReadResult(error, status, 0, 1)
    assert (answer.is_good(), answer.is_outage()) == (False, is_outage)


@pytest.mark.parametrize(
    ("error", "status", "is_unreachable", "is_alarming"),
    [
        (InvalidUpstreamResponse("no list"), 200, False, True),
        (InvalidUpstreamResponse("a redirect"), 302, False, True),
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
        (InvalidArgument("400"), 400, False, False),
        (Unauthenticated("401"), 401, False, False),
        (Forbidden("403"), 403, False, False),
        (NotFound("404"), 404, False, False),
    ],
    ids=str,
)
def test_what_stays_so_until_somebody_sees_to_it_is_alarming(
    error, status, is_unreachable, is_alarming
):
    answer = ReadResult(error, status, 0, 1, is_unreachable=is_unreachable)
    assert answer.is_alarming() is is_alarming


def test_records_are_good_also_where_there_are_none():
    assert [ReadResult(records, 200, 2, 1).is_good() for records in ([], None, [1])] == [True] * 3
    assert not ReadResult([], 200, 2, 1).is_outage()
    assert not ReadResult([], 200, 2, 1).is_alarming()


def test_an_answer_takes_more_memory_than_its_json_and_items_more_the_more_there_are():
    few, many = ReadResult([1], 200, 1000, 1), ReadResult([1] * 100, 200, 1000, 1)
    assert 1000 < few.item_bytes() < many.item_bytes()
    assert few.record_bytes() == many.record_bytes() > 4000


async def test_what_cannot_be_decoded_is_what_is_wrong_with_it():
    def decoded(body: bytes) -> CooperativeSteps[int]:
        yield from ()
        if not body:
            raise InvalidUpstreamResponse("no list")
        return len(body)

    found = await decode_or_error(decoded, b"")
    assert isinstance(found, FieldError)
    assert (str(found), found.__traceback__, found.__context__) == ("no list", None, None)
    assert await decode_or_error(decoded, b"four") == 4


async def test_what_holds_too_much_is_what_is_wrong_with_it():
    def broken(_body: bytes) -> CooperativeSteps[None]:
        yield
        raise ResponseTooLarge("too many")

    found = await decode_or_error(broken, b"")
    assert isinstance(found, ResponseTooLarge)
    assert (str(found), found.__traceback__, found.__context__) == ("too many", None, None)


async def test_what_is_decoded_in_steps_leaves_the_event_loop_free_between_them():
    passes = 0

    def decoded(body: bytes) -> CooperativeSteps[int]:
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
        assert await decode_or_error(decoded, b"four") == 4
        beside.cancel()
    assert passes == 3


async def test_what_is_found_broken_in_a_later_step_is_what_is_wrong_with_it():
    def decoded(_body: bytes) -> CooperativeSteps[None]:
        yield
        raise InvalidUpstreamResponse("not all of it")

    assert str(await decode_or_error(decoded, b"")) == "not all of it"

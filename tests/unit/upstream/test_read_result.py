import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest
from msgspec import Raw

from gateway.errors import (
    LOCAL_QUEUE,
    MEMORY_BUDGET,
    RATE_LIMITED,
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
from gateway.upstream.http.attempt import ReceivedResponse
from gateway.upstream.http.read_result import Err, Ok, ReadResult, decode_response

_T = TypeVar("_T")


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
    assert Err(error, status, 0, 1).is_outage() is is_outage


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
    answer = Err(error, status, 0, 1, is_unreachable=is_unreachable)
    assert answer.is_alarming() is is_alarming


def test_an_answer_takes_more_memory_than_its_json_and_items_more_the_more_there_are():
    few, many = (Ok([Raw(b"1")] * count, 200, 1000, 1) for count in (1, 100))
    assert 1000 < few.item_bytes() < many.item_bytes()
    assert few.record_bytes() == many.record_bytes() > 4000


async def result_of(
    decoder: Callable[[bytes], CooperativeSteps[_T]], body: bytes
) -> ReadResult[_T]:
    response = ReceivedResponse(200, body, len(body))
    return await decode_response(decoder, response, attempts=2, now=lambda: 7.0)


async def test_what_cannot_be_decoded_is_what_is_wrong_with_it():
    def decoded(body: bytes) -> CooperativeSteps[int]:
        yield from ()
        if not body:
            raise InvalidUpstreamResponse("no list")
        return len(body)

    found = await result_of(decoded, b"")
    assert isinstance(found, Err)
    assert (found.status, found.size, found.attempts) == (200, 0, 2)
    error = found.error
    assert (str(error), error.__traceback__, error.__context__) == ("no list", None, None)
    assert await result_of(decoded, b"four") == Ok(4, 200, 4, 2, 7.0)


@pytest.mark.parametrize("records", [[], None, [1]])
async def test_records_are_good_also_where_there_are_none(records):
    def decoded(_body: bytes) -> CooperativeSteps[object]:
        yield from ()
        return records

    assert await result_of(decoded, b"") == Ok(records, 200, 0, 2, 7.0)


async def test_what_holds_too_much_is_what_is_wrong_with_it():
    def broken(_body: bytes) -> CooperativeSteps[None]:
        yield
        raise ResponseTooLarge("too many")

    found = await result_of(broken, b"")
    assert isinstance(found, Err)
    error = found.error
    assert isinstance(error, ResponseTooLarge)
    assert (str(error), error.__traceback__, error.__context__) == ("too many", None, None)


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
        assert await result_of(decoded, b"four") == Ok(4, 200, 4, 2, 7.0)
        beside.cancel()
    assert passes == 3


async def test_what_is_found_broken_in_a_later_step_is_what_is_wrong_with_it():
    def decoded(_body: bytes) -> CooperativeSteps[None]:
        yield
        raise InvalidUpstreamResponse("not all of it")

    found = await result_of(decoded, b"")
    assert isinstance(found, Err)
    assert str(found.error) == "not all of it"

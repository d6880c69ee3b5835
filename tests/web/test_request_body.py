"""Bodies in one part or many, whole or not."""

from typing import Any

import pytest
from starlette.types import Message, Scope

from gateway.web.request_body import buffer_request, content_length

GONE: Message = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def scope(**headers: str) -> Scope:
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {"type": "http", "method": "POST", "headers": pairs}


class Received:
    """Messages one by one, and how many are left."""

    def __init__(self, *messages: Message) -> None:
        self.left = [*messages]

    async def __call__(self) -> Message:
        return self.left.pop(0)


@pytest.mark.parametrize(
    ("messages", "first", "is_whole"),
    [
        ([part(b"12345", more=False)], part(b"12345", more=False), True),
        ([part(b"12", more=True), part(b"345", more=False)], part(b"12345", more=False), True),
        ([part(b"12", more=True), part(b"", more=False)], part(b"12", more=False), True),
        ([{"type": "http.request"}], part(b"", more=False), True),
        ([part(b"123456", more=False)], part(b"123456", more=False), False),
        ([part(b"12", more=True), part(b"3456", more=True)], part(b"123456", more=True), False),
        ([GONE], GONE, False),
        ([part(b"12", more=True), GONE], GONE, False),
    ],
    ids=[
        *("one part", "two parts", "an empty end", "nothing told"),
        *("too large", "too large already", "gone", "gone within"),
    ],
)
async def test_what_has_arrived_is_received_from_its_beginning(messages, first, is_whole):
    receive = Received(*messages, {"type": "later"})
    arrived = await buffer_request(scope(), receive, max_bytes=5)
    assert receive.left == [{"type": "later"}]
    assert arrived.is_complete is is_whole
    assert [await arrived.receive(), await arrived.receive()] == [first, {"type": "later"}]


async def test_what_announces_too_much_is_not_received():
    receive = Received(part(b"", more=False))
    arrived = await buffer_request(scope(content_length="6"), receive, max_bytes=5)
    assert (arrived.receive, arrived.is_complete, len(receive.left)) == (receive, False, 1)


@pytest.mark.parametrize(
    ("headers", "announced"),
    [
        ({}, 0),
        ({"content_length": "0"}, 0),
        ({"content_length": "17"}, 17),
        ({"content_length": "many"}, 0),
        ({"content_length": "\u0661"}, 0),
        ({"transfer_encoding": "chunked"}, 0),
    ],
    ids=str,
)
def test_the_length_of_a_body_is_what_its_header_says(headers: Any, announced):
    assert content_length(scope(**headers)) == announced


def test_a_length_of_many_digits_is_just_large():
    assert content_length(scope(content_length="9" * 5_000)) > 10**18

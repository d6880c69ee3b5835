import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import Raw, Struct

from gateway.engine.compiler.projection import Reader, Readers
from gateway.engine.resolvers import Reached
from gateway.observability.event_loop import STEP_ITEMS, Steps, at_once
from tests.engine.compiler.library import UNREADABLE, Author, Context, raw


class Leanly:
    """Reads items as authors, and notes what it does."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []

    def heads(self, items: Sequence[Raw]) -> list[Any]:
        self.done.append(("heads", len(items)))
        return [bytes(item) for item in items]

    def read(self, items: Sequence[Raw]) -> list[Any]:
        self.done.append(("read", len(items)))
        return [
            Author(id=int(bytes(item))) if bytes(item) != b"0" else UNREADABLE for item in items
        ]

    def whole(self, item: Raw) -> Any:
        return f"all of {bytes(item).decode()}"


@pytest.fixture
def lean() -> Leanly:
    return Leanly()


@pytest.fixture
def reader(lean: Any) -> Reader:
    return Reader(lean)


def test_heads_are_read_each_time(reader, lean):
    assert at_once(reader.heads([raw(1), raw(2)])) == [b"1", b"2"]
    assert at_once(reader.heads([raw(1)])) == [b"1"]
    assert lean.done == [("heads", 2), ("heads", 1)]


def test_the_same_items_are_read_once(reader, lean):
    items = [raw(1), raw(2)]
    assert at_once(reader.read(items)) is at_once(reader.read(items))
    assert lean.done == [("read", 2)]


def test_other_items_are_read_by_themselves(reader, lean):
    items = [raw(1), raw(2)]
    assert at_once(reader.read(items)) == [Author(id=1), Author(id=2)]
    assert at_once(reader.read(items[:1])) == [Author(id=1)]
    assert lean.done == [("read", 2), ("read", 1)]


class InPart(Struct):
    """As much as was read of a record."""

    name: str | None
    born: int | None


@pytest.mark.parametrize(
    ("value", "whole", "held"),
    [
        (InPart("a", None), None, True),
        (InPart(None, 0), None, True),
        (InPart(None, None), {"secret": 1}, True),
        (InPart(None, None), None, False),
    ],
)
def test_a_record_read_in_part_is_null_only_where_all_of_it_is(value, whole, held):
    class Whole(Leanly):
        def whole(self, item: Raw) -> Any:
            return SimpleNamespace(author=whole)

    lean: Any = Whole()
    reader = Reader(lean)
    [item] = at_once(reader.read([raw(1)]))
    assert reader.held(item, "author", value) is (value if held else None)


def test_items_that_are_gone_are_not_taken_for_others(reader):
    read = [at_once(reader.read([raw(number)]))[0].id for number in range(1, 100)]
    assert read == [*range(1, 100)]


def test_what_is_asked_alike_of_the_same_items_is_made_once(reader):
    items, made = [raw(1)], []

    def make() -> Steps[list[str]]:
        yield
        made.append("made")
        return made

    def once(items: Sequence[Raw], asked: str) -> list[str]:
        return at_once(reader.once(items, asked, make))

    assert once(items, "all") is once(items, "all")
    assert made == ["made"]
    once(items, "some")
    once([raw(1)], "all")
    assert made == ["made"] * 3


async def test_what_several_ask_alike_at_once_is_made_once_in_steps(lean):
    things = [raw(number) for number in range(3 * STEP_ITEMS)]

    class Long:
        def ahead(self, reader: Reader) -> Steps[list[Any]]:
            return reader.once(things, "all", lambda: reader.read(things))

    readers = Readers()
    await asyncio.gather(*(readers.ahead(lean, Reached(Long())) for _ in range(3)))
    assert lean.done == [("read", STEP_ITEMS)] * 3
    read = at_once(readers[lean].read(things))
    assert len(read) == 3 * STEP_ITEMS
    assert readers[lean].whole(read[-1]) == f"all of {3 * STEP_ITEMS - 1}"


def test_a_value_is_read_as_a_whole_of_what_it_was_decoded_from(reader):
    first, second = at_once(reader.read([raw(1), raw(2)]))
    assert reader.whole(second) == "all of 2"
    assert reader.whole(first) == "all of 1"


def test_equal_values_are_told_apart(reader):
    [one] = at_once(reader.read([raw(1)]))
    [other] = at_once(reader.read([raw(b"01")]))
    assert one == other
    assert (reader.whole(one), reader.whole(other)) == ("all of 1", "all of 01")


def test_what_is_read_later_is_known_as_well(reader):
    [first] = at_once(reader.read([raw(1)]))
    assert reader.whole(first) == "all of 1"
    [second] = at_once(reader.read([raw(2)]))
    assert reader.whole(second) == "all of 2"
    assert reader.whole(first) == "all of 1"


async def test_a_list_in_two_places_is_read_by_itself_in_each(library):
    def make() -> Context:
        return Context([{"id": n, "type": "book", "title": n} for n in range(3)])

    text = """{ a: shelf(size: 2) { ...F } b: shelf { ...F } c: shelf(size: 1) { top { title } } }
              fragment F on Shelf { things { id title } top { id } count }"""
    await library.same(text, make)


def test_each_way_of_decoding_has_one_reader():
    one: Any = Leanly()
    other: Any = Leanly()
    readers = Readers()
    assert readers[one] is readers[one]
    assert readers[one] is not readers[other]

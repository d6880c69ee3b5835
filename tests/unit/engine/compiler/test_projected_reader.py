import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import Raw, Struct

from gateway.engine.compiler.projected_reader import ProjectedReader, ReaderCache
from gateway.engine.resolvers import Node
from gateway.observability.event_loop import STEP_ITEMS, CooperativeSteps, run_to_completion
from tests.unit.engine.compiler.library import UNREADABLE, Author, Context, raw


class FakeDecoder:
    """Reads items as authors, and notes what it does."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []

    def decode_headers(self, items: Sequence[Raw]) -> list[Any]:
        self.done.append(("heads", len(items)))
        return [bytes(item) for item in items]

    def decode(self, items: Sequence[Raw]) -> list[Any]:
        self.done.append(("read", len(items)))
        return [
            Author(id=int(bytes(item))) if bytes(item) != b"0" else UNREADABLE for item in items
        ]

    def decode_full_record(self, item: Raw) -> Any:
        return f"all of {bytes(item).decode()}"


@pytest.fixture
def decoder() -> FakeDecoder:
    return FakeDecoder()


@pytest.fixture
def reader(decoder: Any) -> ProjectedReader:
    return ProjectedReader(decoder)


def test_heads_are_read_each_time(reader, decoder):
    assert run_to_completion(reader.decode_headers([raw(1), raw(2)])) == [b"1", b"2"]
    assert run_to_completion(reader.decode_headers([raw(1)])) == [b"1"]
    assert decoder.done == [("heads", 2), ("heads", 1)]


def test_the_same_items_are_read_once(reader, decoder):
    items = [raw(1), raw(2)]
    assert run_to_completion(reader.decode(items)) is run_to_completion(reader.decode(items))
    assert decoder.done == [("read", 2)]


def test_other_items_are_read_by_themselves(reader, decoder):
    items = [raw(1), raw(2)]
    assert run_to_completion(reader.decode(items)) == [Author(id=1), Author(id=2)]
    assert run_to_completion(reader.decode(items[:1])) == [Author(id=1)]
    assert decoder.done == [("read", 2), ("read", 1)]


class PartialRecord(Struct):
    """A partially projected record."""

    name: str | None
    born: int | None


@pytest.mark.parametrize(
    ("value", "whole", "held"),
    [
        (PartialRecord("a", None), None, True),
        (PartialRecord(None, 0), None, True),
        (PartialRecord(None, None), {"secret": 1}, True),
        (PartialRecord(None, None), None, False),
    ],
)
def test_a_record_read_in_part_is_null_only_where_all_of_it_is(value, whole, held):
    class Whole(FakeDecoder):
        def decode_full_record(self, item: Raw) -> Any:
            return SimpleNamespace(author=whole)

    decoder: Any = Whole()
    reader = ProjectedReader(decoder)
    [item] = run_to_completion(reader.decode([raw(1)]))
    assert reader.partial_record(item, "author", value) is (value if held else None)


def test_items_that_are_gone_are_not_taken_for_others(reader):
    read = [run_to_completion(reader.decode([raw(number)]))[0].id for number in range(1, 100)]
    assert read == [*range(1, 100)]


def test_what_is_asked_alike_of_the_same_items_is_made_once(reader):
    items, made = [raw(1)], []

    def make() -> CooperativeSteps[list[str]]:
        yield
        made.append("made")
        return made

    def once(items: Sequence[Raw], asked: str) -> list[str]:
        return run_to_completion(reader.memoize(items, asked, make))

    assert once(items, "all") is once(items, "all")
    assert made == ["made"]
    once(items, "some")
    once([raw(1)], "all")
    assert made == ["made"] * 3


async def test_what_several_ask_alike_at_once_is_made_once_in_steps(decoder):
    things = [raw(number) for number in range(3 * STEP_ITEMS)]

    class Long:
        def decode_ahead(self, decoder: ProjectedReader) -> CooperativeSteps[list[Any]]:
            return decoder.memoize(things, "all", lambda: decoder.decode(things))

    readers = ReaderCache()
    decodings = [readers.decode_ahead(decoder, Node(Long())) for _ in range(3)]
    await asyncio.gather(*filter(None, decodings))
    assert decoder.done == [("read", STEP_ITEMS)] * 3
    read = run_to_completion(readers[decoder].decode(things))
    assert len(read) == 3 * STEP_ITEMS
    assert readers[decoder].full_record(read[-1]) == f"all of {3 * STEP_ITEMS - 1}"


async def test_a_short_page_waits_only_for_a_long_one(decoder):
    class Page:
        def __init__(self, size: int) -> None:
            self.things = [raw(number) for number in range(size)]

        def decode_ahead(self, decoder: ProjectedReader) -> CooperativeSteps[list[Any]]:
            return decoder.decode(self.things)

    readers = ReaderCache()
    assert readers.decode_ahead(decoder, Node(Page(2))) is None
    assert decoder.done == [("read", 2)]
    decodings = [readers.decode_ahead(decoder, Node(Page(size))) for size in (2 * STEP_ITEMS, 3)]
    assert decoder.done == [("read", 2)]
    await asyncio.gather(*filter(None, decodings))
    assert decoder.done == [("read", size) for size in (2, STEP_ITEMS, STEP_ITEMS, 3)]


def test_a_value_is_read_as_a_whole_of_what_it_was_decoded_from(reader):
    first, second = run_to_completion(reader.decode([raw(1), raw(2)]))
    assert reader.full_record(second) == "all of 2"
    assert reader.full_record(first) == "all of 1"


def test_equal_values_are_told_apart(reader):
    [one] = run_to_completion(reader.decode([raw(1)]))
    [other] = run_to_completion(reader.decode([raw(b"01")]))
    assert one == other
    assert (reader.full_record(one), reader.full_record(other)) == ("all of 1", "all of 01")


def test_what_is_read_later_is_known_as_well(reader):
    [first] = run_to_completion(reader.decode([raw(1)]))
    assert reader.full_record(first) == "all of 1"
    [second] = run_to_completion(reader.decode([raw(2)]))
    assert reader.full_record(second) == "all of 2"
    assert reader.full_record(first) == "all of 1"


async def test_a_list_in_two_places_is_read_by_itself_in_each(library):
    def make() -> Context:
        return Context([{"id": n, "type": "book", "title": n} for n in range(3)])

    text = """{ a: shelf(size: 2) { ...F } b: shelf { ...F } c: shelf(size: 1) { top { title } } }
              fragment F on Shelf { things { id title } top { id } count }"""
    await library.same(text, make)


def test_each_way_of_decoding_has_one_reader():
    one: Any = FakeDecoder()
    other: Any = FakeDecoder()
    readers = ReaderCache()
    assert readers[one] is readers[one]
    assert readers[one] is not readers[other]

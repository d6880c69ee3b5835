"""Objects that are checked together, encoded as they were decoded, and have a field that is computed for all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec import Raw

from gateway.engine.compiler.item_decoding import ProjectedDecoder
from gateway.engine.polymorphic_lists import ItemDecoder
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    FieldSources,
    Node,
    ResolverField,
)
from gateway.observability.event_loop import CooperativeSteps, run_to_completion
from tests.unit.engine.compiler.engine import Engine
from tests.unit.engine.compiler.library import (
    ITEMS,
    Context,
    Record,
    Shelf,
    Text,
    Thing,
    Unreadable,
    depends_on,
    lenient,
    raw,
)


class UncheckedSpan(Record, kw_only=True, frozen=True):
    """A number of seconds, in words that a check reads."""

    text: str = ""
    memo: str = ""
    unit: Text | None = None

    @property
    @depends_on("text")
    def seconds(self) -> int:
        return int(self.text)


class Span(UncheckedSpan, kw_only=True, frozen=True):
    unchecked_record: ClassVar[type[UncheckedSpan]] = UncheckedSpan
    unset_if_missing: ClassVar[tuple[str, ...]] = ("memo",)

    @depends_on("text", "memo", "unit")
    def __post_init__(self) -> None:
        if not self.text.isdigit() or self.memo == "wrong":
            raise ValueError("no number")

    @staticmethod
    def pass_check(unchecked: Sequence[Any]) -> bool:
        return all(each.text.isdigit() and each.memo != "wrong" for each in unchecked)


class Film(Thing, kw_only=True, frozen=True):
    kind = "BOOK"
    span: Span | None = None
    spans: list[Span] | None = None


class Song(Thing, kw_only=True, frozen=True):
    kind = "DISC"
    span: Span | None = None


@dataclass
class Timed(Context):
    """A context that counts what was computed together, and of how much it was known."""

    computed: list[tuple[int, bool]] = field(default_factory=list)


def minutes(span: Any, _context: Timed) -> str:
    return f"{span.seconds / 60} min"


def minutes_together(
    spans: Sequence[Any], context: Timed, known: Sequence[Any] | None
) -> Sequence[str | None]:
    """None for a span that is too long."""
    context.computed.append((len(spans), known is not None))
    seconds = [span.seconds for span in spans] if known is None else known
    return [None if each > 9_999 else f"{each / 60} min" for each in seconds]


class Page(msgspec.Struct):
    """A shelf whose things are still to be decoded, and of which the lengths are then known."""

    context: Any
    items: Sequence[Raw]

    def decode_ahead(self, decoder: ItemDecoder) -> CooperativeSteps[None]:
        yield from decoder.decode(self.items)

    def to_connection(self, decoder: ItemDecoder) -> Shelf:
        things = run_to_completion(decoder.decode(self.items))
        lengths = [getattr(thing.span, "seconds", None) for thing in things]
        decoder.compute_together(things, self.context, {"span": lengths})
        return Shelf(id="s", things=things)


def shelf(root: Any, info: Any) -> Node[Page]:
    return Node(Page(info.context, [*map(raw, info.context.items)]))


KINDS: Mapping[str, type[Thing]] = {"book": Film, "disc": Song}
FILMS = replace(
    ITEMS,
    record_by_tag=KINDS,
    header_attributes=("id", "span"),
    decode_full_record=lambda item: lenient(item, KINDS[msgspec.json.decode(item)["type"]]),
)
ENGINE = Engine(
    """type Query { shelf: Shelf }  type Shelf { things: [Thing!]! }
       interface Thing { id: ID!  title: String  span: Span }
       type Book implements Thing { id: ID!  title: String  span: Span  spans: [Span] }
       type Disc implements Thing { id: ID!  title: String  span: Span }
       type Other implements Thing { id: ID!  title: String  span: Span }
       type Span { text: String!  unit: String  minutes: String!  seconds: Int! }""",
    FieldSources(
        {
            ("Query", "shelf"): ResolverField(shelf, FILMS),
            ("Shelf", "things"): AttributeField("things"),
            **{
                (type_, name): AttributeField(name)
                for type_ in ("Book", "Disc")
                for name in ("id", "title", "span", "spans")
            },
            ("Span", "text"): AttributeField("text"),
            ("Span", "seconds"): AttributeField("seconds"),
            ("Span", "unit"): ComputedField(
                lambda span, _: "s" if span.unit in {None, ""} else str(span.unit),
                ("unit",),
                fast_path_attribute="unit",
            ),
            ("Span", "minutes"): ComputedField(
                minutes, ("seconds",), "minutes", compute_together=minutes_together
            ),
        },
        {"Book": (Film,), "Disc": (Song,), "Other": (Thing,), "Span": (Span, UncheckedSpan)},
        Unreadable,
    ),
)

ALL = "text unit minutes"
SELECTIONS = (
    *(
        ALL,
        "text unit",
        "unit text",
        "minutes text unit",
        "text",
        "unit",
        "minutes",
        "seconds text",
    ),
    *("t: text unit", "text unit m: minutes", "text unit minutes seconds", "__typename text unit"),
    *("text unit again: unit minutes", "text unit @include(if: $no) minutes", "minutes: text unit"),
    "text: minutes unit minutes: text",
)
ORDINARY = {"text": "60", "unit": "sec"}
SPANS: dict[str, object] = {
    "ordinary": {"text": "90", "unit": "s"},
    "without a unit": {"text": "90"},
    "an empty unit": {"text": "90", "unit": ""},
    "a number for a unit": {"text": "90", "unit": 7},
    "with another word": {"text": "90", "unit": "s", "memo": "x"},
    "with another empty word": {"text": "90", "unit": "s", "memo": ""},
    "wrong": {"text": "90", "unit": "s", "memo": "wrong"},
    "no number": {"text": "ninety", "unit": "s"},
    "with the computed field": {"text": "90", "unit": "s", "minutes": "1.5 h"},
    "with an object as the computed field": {"text": "90", "unit": "s", "minutes": {"a": [1]}},
    "too long": {"text": "10000", "unit": "s"},
    "too long, with the computed field": {"text": "10000", "unit": "s", "minutes": "1"},
    "null": None,
    "another type": 90,
}


def film(span: object, **given: object) -> dict[str, object]:
    return {
        "type": "book",
        "id": "1",
        "title": "T",
        "span": span,
        "spans": [span, ORDINARY],
        **given,
    }


def things(selection: str, other: str | None = None) -> str:
    """An operation that selects one thing from all spans, and another from those of a kind."""
    own = selection if other is None else other
    return (
        f"query($no: Boolean! = false) {{ __typename @skip(if: $no) shelf {{ things {{ id title"
        f" ... on Book {{ span {{ {own} }} spans {{ {own} }} }} ... on Disc {{ span {{ {selection} }} }} }} }} }}"
    )


@pytest.mark.sample(24)
@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize("selection", SELECTIONS)
async def test_a_span_is_the_same_compiled_and_not(selection, name):
    items = [film(ORDINARY), film(SPANS[name]), {"type": "disc", "id": "2", "span": SPANS[name]}]
    await ENGINE.same(things(selection), lambda: Timed(items=items))


@pytest.mark.parametrize("name", SPANS)
async def test_spans_beside_a_number_for_a_title_are_the_same(name):
    items = [film(SPANS[name], title=7), film(ORDINARY), film(SPANS[name])]
    await ENGINE.same(things(ALL), lambda: Timed(items=items))


@pytest.mark.parametrize("own", SELECTIONS)
async def test_kinds_may_select_different_fields(own):
    items = [film(ORDINARY), {"type": "disc", "id": "2", "span": ORDINARY}]
    await ENGINE.same(things(ALL, own), lambda: Timed(items=items))


@pytest.mark.parametrize("own", SELECTIONS)
async def test_two_aliases_may_select_different_fields(own):
    text = f"query($no: Boolean! = false) {{ __typename @skip(if: $no) shelf {{ things {{ span {{ {ALL} }} b: span {{ {own} }} }} }} }}"
    await ENGINE.same(text, lambda: Timed(items=[film(ORDINARY), film(SPANS["without a unit"])]))


def decoder(selection: str) -> ProjectedDecoder:
    """How things are decoded of whose spans these fields are selected."""
    query = ENGINE.compile(things(selection))
    assert query is not None
    found: ProjectedDecoder
    [found] = {
        deferred.items_decoder
        for name, deferred in query._namespace.items()
        if name.endswith("_deferred") and deferred.items_decoder is not None
    }
    return found


def test_an_ordinary_span_is_encoded_as_it_was_decoded():
    of_spans = decoder(ALL)
    [thing] = of_spans.decode([raw(film(ORDINARY))])
    of_spans.compute_together([thing], Timed(), {})
    assert msgspec.json.encode(thing.span) == b'{"text":"60","unit":"sec","minutes":"1.0 min"}'


def test_the_computed_field_is_never_what_was_sent():
    of_spans = decoder(ALL)
    [thing] = of_spans.decode([raw(film(SPANS["with the computed field"]))])
    of_spans.compute_together([thing], Timed(), {})
    assert thing.span.minutes == "1.5 min"


def test_equal_selections_share_their_structs():
    one, other, third = decoder(ALL), decoder(ALL), decoder("unit text minutes")
    struct = one.projections["disc"].nested["span"].struct
    assert other.projections["disc"].nested["span"].struct is struct
    assert third.projections["disc"].nested["span"].struct is not struct


async def test_what_is_known_of_each_item_is_not_computed_again():
    context = Timed(items=[film(ORDINARY, spans=None), film(SPANS["ordinary"], spans=None)])
    await ENGINE.answer("{ shelf { things { span { minutes } } } }", context)
    assert context.computed == [(2, True)]


async def test_what_is_known_is_not_used_where_an_item_has_no_object():
    context = Timed(items=[film(ORDINARY), film(None)])
    await ENGINE.answer("{ shelf { things { span { minutes } } } }", context)
    assert context.computed == [(1, False)]


async def test_nothing_is_computed_that_was_not_asked_for():
    context = Timed(items=[film(ORDINARY)])
    await ENGINE.answer("{ shelf { things { span { text unit } } } }", context)
    assert context.computed == []

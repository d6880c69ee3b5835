from dataclasses import replace
from typing import Any

import pytest

from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    FieldSources,
    Node,
    ResolverField,
)
from tests.unit.engine.compiler.engine import Engine
from tests.unit.engine.compiler.library import (
    CLASSES,
    FIELDS,
    ITEMS,
    LIBRARY,
    SOURCE_BY_FIELD,
    UNREADABLE,
    Author,
    Book,
    Context,
    Disc,
    Label,
    Person,
    Record,
    Unreadable,
    lenient,
    shelf,
)

AUTHOR = {"id": 1, "name": "N"}


def book(id_: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": "book", "title": "A", **more}


ALL = """{ shelf { things { id kind word title author { name } __typename
           ... on Book { pages price parts { title } label } ... on Disc { minutes notes } } } }"""


AS_DECODED = {
    "the same keys in the same order": "label { name founded open }",
    "in another order": "label { open name }",
    "in a list": "labels { name }",
    "under another key": "label { name town: city }",
    "not under its own": "label { name city }",
    "each under the other's": "label { town: name name: city }",
    "on a condition": "label { name founded @skip(if: $not) }",
    "again on a condition": "label { name again: name @skip(if: $not) }",
    "its type on a condition": "label { name __typename @include(if: $not) }",
    "again in a fragment on a condition": "label { name ... @skip(if: $not) { again: name } }",
    "again in a spread on a condition": "label { name ...Again @include(if: $not) }",
    "again on two conditions": "label { name ... @include(if: $not) { ... on Label @skip(if: $no) { again: name } } }",
    "first on a condition": "label { name @skip(if: $not) founded name }",
    "all on a condition": "label { name @include(if: $not) }",
    "in a list, again on a condition": "labels { name again: name @skip(if: $not) }",
    "with something else": "label { name __typename }",
    "twice": "label { name again: name }",
}


@pytest.mark.sample(12)
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("selected", AS_DECODED.values(), ids=AS_DECODED)
async def test_a_record_is_answered_alike_whether_or_not_it_is_what_is_selected(
    library, selected, given
):
    variables = {name: given and name == "not" for name in ("not", "no") if f"${name})" in selected}
    declared = ", ".join(f"${name}: Boolean!" for name in variables)
    text = f"""query {f"({declared})" if declared else ""} {{
        shelf {{ things {{ ... on Disc {{ {selected} }} }} }} }}
        {"fragment Again on Label { again: name }" if "...Again" in selected else ""}"""

    def make() -> Context:
        label = {"name": "N", "town": "T", "founded": 3, "open": False}
        odd = [{**label, "name": 5}, {}, {"open": None}, {"founded": 2**40}]
        disc = {"id": 2, "type": "disc", "minutes": 4}
        labels = [{"label": each, "labels": [label, each]} for each in (label, *odd)]
        return Context([disc, *({**disc, **each} for each in labels)])

    await library.same(text, make, **variables)


async def test_all_of_it_is_answered_as_graphql_core_does(library):
    items = [
        book(pages=3, price=2, parts=[{"title": "X"}, {}], author=AUTHOR),
        book(2, parts=[], author={"id": 3}),
        {"id": "3", "type": "disc", "minutes": 4, "notes": ["n", None, 5]},
        {"id": 4, "type": "scroll", "author": AUTHOR},
        {"id": 5, "type": "scroll", "author": 5},
        {"id": 6, "type": "scroll", "author": None, "title": 5},
    ]
    await library.same(ALL, lambda: Context(items))


USUALLY = replace(
    FIELDS,
    source_by_field={
        **SOURCE_BY_FIELD,
        ("Book", "label"): ComputedField(
            lambda given, _context: f"no title: {given.title!r}",
            ("title",),
            fast_path_attribute="title",
        ),
    },
)


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("A", "A"),
        ("", "no title: ''"),
        (None, "no title: None"),
        (5, "no title: 5"),
        ([], f"no title: {UNREADABLE!r}"),
    ],
)
async def test_what_is_usually_an_attribute_is_computed_where_it_is_not(title, label):
    engine = Engine(LIBRARY, USUALLY)
    text = "{ shelf { things { id ... on Book { label } } } }"
    answered = await engine.answer(text, Context([book(title=title)]))
    assert answered is not None
    [item] = answered.data["shelf"]["things"]
    assert item["label"] == label


@pytest.mark.parametrize("town", ["BOOK", None])
async def test_an_enum_may_be_an_attribute_as_it_was_sent(town):
    engine = Engine(LIBRARY.replace("city: String", "city: Kind"), FIELDS)
    text = "{ shelf { things { ... on Disc { label { name city } } } } }"
    item = {"id": 2, "type": "disc", "label": {"name": "L", "town": town}}
    answered = await engine.answer(text, Context([item]))
    assert answered is not None
    assert answered.data["shelf"]["things"] == [{"label": {"name": "L", "city": town}}]
    assert answered.is_fully_compiled


STRICT = Engine(
    LIBRARY.replace("parts: [Part!]", "parts: [Part!]!")
    .replace("type Part { title: String  author: Author }", "type Part { title: String!  author: Author! }")
    .replace("notes: [String]", "notes: [String!]!"),
    FIELDS,
)  # fmt: skip


NOTHING = {
    "a list": book(),
    "an object": book(parts=[{"title": "X"}]),
    "a text": book(parts=[{"author": AUTHOR}]),
    "an element": book(parts=[{"title": "X", "author": AUTHOR}, None]),
    "a text in a list": {"id": 1, "type": "disc", "minutes": 2, "notes": ["n", None]},
}


@pytest.mark.parametrize("item", NOTHING.values(), ids=NOTHING)
async def test_a_null_where_none_may_be_is_left_to_graphql_core(item):
    text = "{ shelf { things { ... on Book { parts { title author { id } } } ... on Disc { notes } } } }"
    assert await STRICT.answer(text, Context([item])) is None
    assert (await STRICT.core(text, Context([item]))).data == {"shelf": None}


@pytest.mark.parametrize(
    "things",
    [
        "places { number thing { id } }",
        "places { thing { author { born } } x: number }",
        "top { id }",
    ],
)
async def test_items_further_inside_are_read_leanly_as_well(library, things):
    items = [book(author=AUTHOR), book(2, title=[]), {"id": 3, "type": "scroll"}]
    answered = await library.same(
        f"{{ shelf {{ {things} }} }}", lambda: Context(items, {"1": Person(born=5)})
    )
    assert answered.is_fully_compiled


ITEM = {
    "plain": book(author=AUTHOR),
    "not plain": book(title=3),
    "of no class": {"id": 3, "type": "scroll"},
    "not there": None,
}


@pytest.mark.parametrize("item", ITEM.values(), ids=ITEM)
async def test_an_item_that_is_computed_is_filled_in_as_well(item):
    def last(shelf: Any, _context: Any) -> Any:
        return shelf.things[-1] if shelf.things else None

    source_by_field = {**SOURCE_BY_FIELD, ("Shelf", "top"): ComputedField(last, ())}
    engine = Engine(LIBRARY, replace(FIELDS, source_by_field=source_by_field))
    text = "{ shelf { id top { id title author { name born } } } }"
    await engine.same(text, lambda: Context([item] if item else [], {"1": Person(born=5)}))


WORKS = [Disc(id=1, word="disc", notes=["n", None]), Disc(id=2, word="disc", author=Author(id=3))]


@pytest.mark.parametrize("works", [WORKS, [], None, [UNREADABLE], [None]], ids=range(5))
@pytest.mark.parametrize("inside", ["notes id", "author { name }", "author { born }"])
async def test_what_may_be_of_several_types_is_delivered_by_its_class(library, works, inside):
    text = f"{{ author(id: 1) {{ today {{ works {{ ... on Disc {{ {inside} }} }} }} }} }}"
    people: dict[str | None, Any] = {"1": Person(works=works), "3": Person(born=9)}
    await library.same(text, lambda: Context(people=people))


FOUND: dict[str, list[Any]] = {
    "all": [Node(work) for work in WORKS],
    "none": [],
    "one that is no more": [Node(WORKS[1]), None],
    "one that failed": [OSError("away"), *map(Node, WORKS)],
    "one of no such type": [Node(Label(name="L"))],
}


@pytest.mark.sample(15)
@pytest.mark.parametrize("found", FOUND.values(), ids=FOUND)
@pytest.mark.parametrize("inside", ["notes id", "author { name }", "author { born }"])
@pytest.mark.parametrize("type_", ["[Work]", "[Work!]", "Work"])
async def test_what_a_resolver_gives_may_be_of_several_types(found, inside, type_):
    given = found if type_ != "Work" else next(iter(found), None)

    async def resolve(_root: Any, _info: Any) -> Any:
        if isinstance(given, Exception):
            raise given
        return given

    engine = Engine(
        LIBRARY.replace("odd: String }", f"found: {type_} }}", 1),
        replace(
            FIELDS, source_by_field={**SOURCE_BY_FIELD, ("Query", "found"): ResolverField(resolve)}
        ),
    )
    text = f"{{ found {{ __typename ... on Disc {{ {inside} }} }} }}"
    await engine.same(text, lambda: Context(people={"3": Person(born=9)}))


async def test_errors_further_inside_know_their_way(library):
    people: dict[str | None, Any] = {"1": Person(works=WORKS), "3": OSError("away")}
    text = (
        "{ x: author(id: 1) { y: today { z: works { ... on Disc { a: author { b: born } } } } } }"
    )
    answered = await library.same(text, lambda: Context(people=people))
    assert [error.path for error in answered.errors] == [["x", "y", "z", 1, "a", "b"]]


@pytest.mark.parametrize("x", [True, False])
@pytest.mark.parametrize("y", [True, False])
@pytest.mark.parametrize(
    "body",
    [
        "born @include(if: $x) born @include(if: $y) age @include(if: $x)",
        "born @include(if: $x) id born age @skip(if: $y)",
        "born @include(if: $x) age @include(if: $x) today @skip(if: $y) { name }",
    ],
)
async def test_what_waits_for_the_same_under_other_conditions_waits_by_itself(library, body, x, y):
    text = f"query($x: Boolean!, $y: Boolean!) {{ author(id: 1) {{ id {body} }} }}"
    await library.same(text, lambda: Context(people={"1": Person(born=5, name="N")}), x=x, y=y)


@pytest.mark.parametrize("x", [True, False])
async def test_an_object_of_which_nothing_is_asked_is_empty(library, x):
    text = """query($x: Boolean!) { shelf { things { ... on Disc { minutes } } }
              author(id: 1) { ... @include(if: $x) { id } } }"""
    await library.same(text, lambda: Context([book()]), x=x)


class Hand(Record, kw_only=True, frozen=True, tag="hand"):
    name: str | None = None


class Press(Record, kw_only=True, frozen=True, tag="press"):
    name: str | None = None
    owner: Author | None = None


class Print(Book, kw_only=True, frozen=True):
    maker: Hand | Press | None = None
    others: list[Hand | Press] | None = None


def printed(item: Any) -> Any:
    return lenient(item, Print)


PRINTS = replace(ITEMS, record_by_tag={"book": Print}, decode_full_record=printed)
MADE = Engine(
    LIBRARY.replace("label: String", "label: String  maker: Maker  others: [Maker!]")
    + "union Maker = Hand | Press  type Hand { name: String }  type Press { name: String  owner: Author }",
    FieldSources(
        {
            **SOURCE_BY_FIELD,
            ("Query", "shelf"): ResolverField(shelf, PRINTS),
            **{("Book", name): AttributeField(name) for name in ("maker", "others")},
            **{(type_, "name"): AttributeField("name") for type_ in ("Hand", "Press")},
            ("Press", "owner"): AttributeField("owner"),
        },
        {**CLASSES, "Book": (Print,), "Hand": (Hand,), "Press": (Press,)},
        Unreadable,
    ),
)

BY_HAND, BY_PRESS = {"type": "hand", "name": "H"}, {"type": "press", "name": "P", "owner": AUTHOR}
MAKERS = {
    "one": {"maker": BY_HAND},
    "the other": {"maker": BY_PRESS},
    "both": {"others": [BY_PRESS, BY_HAND]},
    "none": {"maker": None, "others": []},
}


@pytest.mark.parametrize("makers", MAKERS.values(), ids=MAKERS)
async def test_a_record_that_may_be_one_of_several_is_read_as_a_whole(makers):
    inside = "... on Hand { name } ... on Press { x: name owner { name born } }"
    text = f"{{ shelf {{ things {{ ... on Book {{ title maker {{ {inside} }} others {{ {inside} }} }} }} }} }}"
    answered = await MADE.same(text, lambda: Context([book(**makers)], {"1": Person(born=5)}))
    assert answered.is_fully_compiled


async def test_a_record_of_several_that_cannot_be_read_costs_what_it_would_by_graphql_core():
    text = "{ shelf { things { ... on Book { title maker { ... on Hand { name } } } } } }"
    await MADE.same(text, lambda: Context([book(maker={"type": "foot"}), book(2, maker=BY_HAND)]))

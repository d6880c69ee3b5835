"""Fields whose values are made of the ids that led to their objects."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.engine.resolvers import AttributeField, IdsField, LoadedField
from tests.unit.engine.compiler.engine import Engine
from tests.unit.engine.compiler.library import (
    FIELDS,
    LIBRARY,
    SOURCE_BY_FIELD,
    Author,
    Context,
    Person,
    Record,
    load,
)


class House(Record, kw_only=True, frozen=True):
    """A house that publishes, of which only the id is known."""

    house_id: str


def house(house_id: str | None) -> House | None:
    return House(house_id=house_id) if house_id else None


HOUSES = f"""{LIBRARY} type House {{ houseId: ID!  founded: Int }}
             extend type Author {{ house: House  sold: Int }} extend type Person {{ house: House  sold: Int }}"""
SOURCES: Any = {
    **SOURCE_BY_FIELD,
    **{(type_, "house"): IdsField(house, ("house_id",)) for type_ in ("Author", "Person")},
    ("Author", "today"): LoadedField(load, ("id",), None),
    ("House", "houseId"): AttributeField("house_id"),
    ("House", "founded"): LoadedField(load, ("house_id",), AttributeField("born")),
    **{
        (type_, "sold"): LoadedField(load, ("house_id",), AttributeField("born"))
        for type_ in ("Author", "Person")
    },
}
ENGINE = Engine(HOUSES, replace(FIELDS, source_by_field=SOURCES))


def make() -> Context:
    books = [
        {"id": n, "type": "book", "author": {"id": n, "name": "N"}, "houseId": house_id}
        for n, house_id in enumerate(["h1", "h2", None, "h1"])
    ]
    people: dict[str | None, Any] = {
        **{str(n): Person(name=f"P{n}", born=n, friend=Author(id=n)) for n in range(4)},
        "h1": Person(born=1900),
        "h2": None,
    }
    return Context(books, people)


SELECTIONS = [
    "house { houseId }",
    "house { __typename }",
    "house { founded }",
    "house { houseId founded } today { name }",
    "today { house { houseId } }",
    "today { friend { house { houseId founded } } }",
    "today { sold }",
    "today { friend { sold } }",
    "x: house { houseId } y: house { founded }",
]


@pytest.mark.parametrize("selected", SELECTIONS)
async def test_a_value_is_made_of_the_ids_that_led_to_the_object(selected):
    """Compiled, too, though only ids are decoded that something inside of an item needs."""
    answered = await ENGINE.same(
        f"{{ shelf {{ things {{ author {{ {selected} }} }} }} author(id: 1) {{ {selected} }} }}",
        make,
    )
    assert answered.is_fully_compiled


async def test_a_value_costs_nothing_and_is_null_where_no_id_led_to_the_object():
    context = make()
    answered = await ENGINE.answer(
        "{ shelf { things { author { house { houseId } } } } author(id: 1) { house { houseId } } }",
        context,
    )
    assert answered is not None
    shown = [each["author"]["house"] for each in answered.data["shelf"]["things"]]
    assert shown == [{"houseId": "h1"}, {"houseId": "h2"}, None, {"houseId": "h1"}]
    assert answered.data["author"] == {"house": None}
    assert context.asked == []


async def test_an_error_of_making_a_value_stands_at_its_field():
    def fail(_house_id: str | None) -> Any:
        raise ValueError("no house")

    sources = {**SOURCES, ("Author", "house"): IdsField(fail, ("house_id",))}
    engine = Engine(HOUSES, replace(FIELDS, source_by_field=sources))
    answered = await engine.same("{ shelf { things { author { name house { houseId } } } } }", make)
    assert [(error.path, error.message) for error in answered.errors][:1] == [
        (["shelf", "things", 0, "author", "house"], "no house")
    ]


def test_the_source_reads_the_ids_that_led_to_the_object():
    compiled = ENGINE.compile("{ shelf { things { author { house { houseId } } } } }")
    assert compiled is not None
    assert "None if (v := readable(house_of(ids))) is None" in compiled.source_code

"""Records inside items that are null where they have no value, of which a part is read."""

from dataclasses import replace

import msgspec
import pytest

from gateway.engine.resolvers import AttributeField, FieldSources, ResolverField
from tests.unit.engine.compiler.engine import Engine
from tests.unit.engine.compiler.library import (
    ITEMS,
    Context,
    EmptyObject,
    Record,
    Text,
    Thing,
    Unreadable,
    lenient,
    shelf,
)


class Optional(Record, kw_only=True, frozen=True):
    """Null without any value."""

    def __post_init__(self) -> None:
        if all(getattr(self, name) is None for name in self.__struct_fields__):
            raise EmptyObject


class Country(Optional, kw_only=True, frozen=True):
    name: Text | None = None
    code: Text | None = None


class Town(Optional, kw_only=True, frozen=True):
    name: Text | None = None
    mayor: Text | None = None
    country: Country | None = None


class Home(Optional, kw_only=True, frozen=True):
    street: Text | None = None
    town: Town | None = None


class Novel(Thing, kw_only=True, frozen=True):
    kind = "BOOK"
    home: Home | None = None


PLAIN = {
    "Shelf": "things",
    "Book": "id home",
    "Other": "id home",
    "Home": "street town",
    "Town": "name mayor country",
    "Country": "name code",
}
NOVELS = replace(
    ITEMS, record_by_tag={"book": Novel}, decode_full_record=lambda item: lenient(item, Novel)
)
ENGINE = Engine(
    """type Query { shelf(size: Int! = 10): Shelf }  type Shelf { things: [Thing!]! }
       interface Thing { id: ID!  home: Home }  type Book implements Thing { id: ID!  home: Home }
       type Other implements Thing { id: ID!  home: Home }
       type Home { street: String  town: Town }
       type Town { name: String  mayor: String  country: Country }
       type Country { name: String  code: String }""",
    FieldSources(
        {
            ("Query", "shelf"): ResolverField(shelf, NOVELS),
            **{
                (type_, name): AttributeField(name)
                for type_, names in PLAIN.items()
                for name in names.split()
            },
        },
        {"Book": (Novel,), "Other": (Thing,)},
        Unreadable,
    ),
)

TOWNS: dict[str, object] = {
    "null": None,
    "an empty object": {},
    "nulls": {"name": None, "country": {"code": None}},
    "another value": {"mayor": "M"},
    "the value": {"name": "N"},
    "a number for a text": {"name": 7},
    "an object for a text": {"name": {}, "mayor": "M"},
    "an empty object inside": {"country": {}},
    "another value inside": {"country": {"code": "FR"}},
    "the value inside": {"country": {"name": "France"}},
}
HOMES: dict[str, object] = {
    "no home": None,
    "an empty home": {},
    **{f"a town: {name}": {"town": town} for name, town in TOWNS.items()},
    **{
        f"a street and a town: {name}": {"street": "S", "town": town}
        for name, town in TOWNS.items()
    },
}
SELECTIONS = [
    "street",
    "town { name }",
    "street town { name }",
    "town { name } street",
    "town { __typename }",
    "town { name mayor }",
    "town { x: name y: name }",
    "town { name @skip(if: $not) }",
    "town { country { name } }",
    "town { country { name code } name }",
]


@pytest.mark.sample(24)
@pytest.mark.parametrize("selected", SELECTIONS)
@pytest.mark.parametrize("home", HOMES.values(), ids=HOMES)
async def test_a_record_is_null_where_nothing_is_known_of_it_whatever_is_selected(home, selected):
    items = [{"id": n, "type": "book", "home": home} for n in (1, 2)]
    declared = "query($not: Boolean!)" if "$not" in selected else "query"
    for not_ in (True, False):
        await ENGINE.same(
            f"{declared} {{ shelf {{ things {{ id home {{ {selected} }} }} }} }}",
            lambda: Context(items),
            **{"not": not_},
        )


INSIDE = [
    ({"town": {"mayor": "M"}}, {"town": {"name": None}}),
    ({"town": {"country": {"code": "FR"}}}, {"town": {"name": None}}),
    ({"town": {}}, None),
    ({"town": {"country": {}}}, None),
    ({"street": "S", "town": {}}, {"town": None}),
    ({"street": "S", "town": {"country": {}}}, {"town": None}),
    ({"street": "S", "town": {"mayor": "M"}}, {"town": {"name": None}}),
]


@pytest.mark.parametrize(("home", "shown"), INSIDE, ids=repr)
async def test_a_record_without_what_is_selected_is_null_only_where_it_has_nothing_else(
    home, shown
):
    """Further inside of an item, graphql-core delivers such an item; other items stay compiled."""

    def make() -> Context:
        whole = {"street": "S", "town": {"name": "N"}}
        return Context(
            [{"id": 1, "type": "book", "home": home}, {"id": 2, "type": "book", "home": whole}]
        )

    answered = await ENGINE.same("{ shelf { things { home { town { name } } } } }", make)
    assert answered.errors == []
    things = msgspec.to_builtins(answered.data["shelf"]["things"])
    assert things == [{"home": shown}, {"home": {"town": {"name": "N"}}}]


@pytest.mark.parametrize(
    ("home", "is_compiled"),
    [
        ({"town": {"name": "N"}}, True),
        ({"street": "S"}, True),
        (None, True),
        ({}, True),
        ({"town": {"mayor": "M"}}, False),
        ({"town": {}}, False),
    ],
    ids=repr,
)
async def test_only_a_record_without_any_value_that_is_selected_is_left_to_graphql_core(
    home, is_compiled
):
    items = [{"id": 1, "type": "book", "home": home}]
    answered = await ENGINE.answer(
        "{ shelf { things { home { street town { name } } } } }", Context(items)
    )
    assert answered is not None
    assert answered.is_fully_compiled is is_compiled

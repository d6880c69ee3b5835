import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, ClassVar

import pytest

from gateway.engine.compiler.pending import PendingLoad
from gateway.engine.resolvers import (
    AttributeField,
    FieldSources,
    LoadedField,
    Node,
    ResolverField,
)
from tests.unit.engine.compiler.engine import Engine
from tests.unit.engine.compiler.library import (
    UNREADABLE,
    Author,
    Book,
    Context,
    Person,
    Unreadable,
    load,
)


class Counting(Context):
    """Counts all loads, and not only those that differ."""

    def load(self, *ids: str | None) -> Awaitable[Any]:
        self.asked.append("/".join(map(str, ids)))
        return self._found(ids[-1])


async def test_the_same_is_loaded_once(library):
    context = Counting(people={"1": Person(born=1900, name="N")})
    text = "{ a: author(id: 1) { born today { name } age } b: author(id: 1) { age } c: author(id: 2) { born } }"
    answered = await library.answer(text, context)
    assert context.asked == ["None/1", "None/2"]
    assert answered.data == {
        "a": {"born": 1900, "today": {"name": "N"}, "age": 100},
        "b": {"age": 100},
        "c": {"born": None},
    }


FOUND: dict[str, Any] = {
    "a person": Person(born=1900, name="N"),
    "nobody": None,
    "an error": OSError("away"),
    "one without what is asked": Person(),
    "one with something unreadable": Person(born=UNREADABLE, name=UNREADABLE),
    "one with something else": Person(born="long ago", name={}),
    "one with a friend": Person(friend=Author(id=2, name="F")),
    "one with an unreadable friend": Person(friend=UNREADABLE),
    "one with works": Person(works=[Book(id=1, word="book"), Book(id=2, word="book", title=7)]),
    "one with an unreadable work": Person(works=[Book(id=1, word="book"), UNREADABLE]),
    "one with a work of no class": Person(works=[Author(id=1)]),
    "one with unreadable works": Person(works=UNREADABLE),
}


@pytest.mark.sample(20)
@pytest.mark.parametrize("person", FOUND.values(), ids=FOUND)
@pytest.mark.parametrize(
    "asked",
    [
        "born",
        "x: born y: born age",
        "today { name }",
        "today { born friend { id name } works { ... on Book { id title } } }",
        "born today { friend { born today { name } } works { __typename } } age",
    ],
)
async def test_whatever_is_found_is_shown_as_graphql_core_does(library, person, asked):
    def make() -> Context:
        return Context(people={"1": person, "2": Person(name="F", born=5)})

    await library.same(
        f"{{ a: author(id: 1) {{ id {asked} }} b: author(id: 1) {{ {asked} }} }}", make
    )


async def test_an_error_is_told_of_every_field_that_waited(library):
    text = "{ author(id: 1) { born x: age today { name } } }"
    answered = await library.same(text, lambda: Context(people={"1": OSError("away")}))
    assert sorted(error.path[1] for error in answered.errors if error.path) == [
        "born",
        "today",
        "x",
    ]


async def test_loads_start_in_the_order_of_graphql_core(library):
    def make() -> Context:
        items = [
            {"id": n, "type": "book", "author": {"id": n, "name": "N"}, "houseId": f"h{n}"}
            for n in (1, 2)
        ]
        return Context(items, {str(n): Person(friend=Author(id=n + 10)) for n in range(30)})

    text = """{ z: authors(ids: [7, 8]) { born }
                shelf { things { ... on Book { parts { title } } author { today { friend { born } } age } } }
                author(id: 9) { today { friend { age } } born } }"""
    by_compiled_query, by_core = make(), make()
    await library.answer(text, by_compiled_query)
    await library.core(text, by_core)
    assert by_compiled_query.asked[:3] == ["h1/1", "h2/2", "None/9"]
    assert sorted(by_compiled_query.asked) == sorted(by_core.asked)
    assert by_compiled_query.asked[:5] == by_core.asked[:5]


def engine_of_named_objects() -> Engine:
    """An engine whose objects are told by name: what they are asked first, what is in them, what last."""

    def telling(what: str) -> LoadedField:
        return LoadedField(
            lambda context, name: context.load(what, name), ("name",), AttributeField("born")
        )

    inner = Author(id=1, name="inner")
    outer = Person(name="outer", friend=inner, works=[inner, Author(id=2, name="other")])
    return Engine(
        """type Query { a: A }  type A { first: Int  one: B  several: [B]  last: Int }
           type B { what: Int  more: Int }""",
        FieldSources(
            {
                ("Query", "a"): ResolverField(lambda _root, _info: Node(outer)),
                ("A", "one"): AttributeField("friend"),
                ("A", "several"): AttributeField("works"),
                **{("A", name): telling(name) for name in ("first", "last")},
                **{("B", name): telling(name) for name in ("what", "more")},
            },
            {},
            Unreadable,
        ),
    )


@pytest.mark.parametrize(
    "asked",
    [
        "first one { what } last",
        "last several { what more } first",
        "one { what } first several { more } last",
        "one { what } first @include(if: $x) several { more } last",
    ],
)
async def test_loads_start_where_their_fields_stand(asked):
    declared = "query($x: Boolean!)" if "$x" in asked else "query"
    for x in (True, False):
        by_compiled_query, by_core = Context(), Context()
        await engine_of_named_objects().answer(
            f"{declared} {{ a {{ {asked} }} }}", by_compiled_query, x=x
        )
        await engine_of_named_objects().core(f"{declared} {{ a {{ {asked} }} }}", by_core, x=x)
        assert by_compiled_query.asked == by_core.asked != []


async def test_a_load_that_cannot_start_is_an_error_for_all_who_would_wait():
    def load(context: Context, *ids: str | None) -> Awaitable[Any]:
        context.asked.append(str(ids))
        raise OSError("not today")

    engine = Engine(
        "type Query { a(id: Int): A }  type A { id: Int  x: Int  y: Int }",
        FieldSources(
            {
                ("Query", "a"): ResolverField(lambda _root, _info, **given: Node(Author(**given))),
                ("A", "id"): AttributeField("id"),
                **{("A", name): LoadedField(load, ("id",), AttributeField(name)) for name in "xy"},
            },
            {},
            Unreadable,
        ),
    )  # fmt: skip
    context = Context()
    await engine.same("{ a(id: 1) { id x y } b: a(id: 1) { y } }", lambda: context)
    assert context.asked[0] == "('1',)"
    assert len(context.asked) == 1 + 3


async def test_what_is_found_inside_is_loaded_when_it_arrives(library):
    gates: dict[str | None, asyncio.Event] = {"1": asyncio.Event()}
    people: dict[str | None, Any] = {
        "1": Person(friend=Author(id=11)),
        "11": Person(born=5),
        "2": Person(born=2),
    }
    context = Context(people=people, gates=gates)
    text = "{ a: author(id: 1) { today { friend { born } } } b: author(id: 2) { born } }"
    answering = asyncio.create_task(library.answer(text, context))
    for _ in range(5):
        await asyncio.sleep(0)
    assert context.asked == ["None/1", "None/2"]
    gates["1"].set()
    answered = await answering
    assert context.asked == ["None/1", "None/2", "None/11"]
    assert answered.data["a"] == {"today": {"friend": {"born": 5}}}


async def test_who_asks_after_it_arrived_is_shown_it_at_once(library):
    gates: dict[str | None, asyncio.Event] = {"2": asyncio.Event()}
    people: dict[str | None, Any] = {"1": Person(born=1), "2": Person(friend=Author(id=1))}
    context = Counting(people=people, gates=gates)
    text = "{ a: author(id: 1) { born } b: author(id: 2) { today { friend { born } } } }"
    answering = asyncio.create_task(library.answer(text, context))
    await asyncio.sleep(0)
    gates["2"].set()
    answered = await answering
    assert context.asked == ["None/1", "None/2"]
    assert answered.data["b"] == {"today": {"friend": {"born": 1}}}


class Once(Person, kw_only=True, frozen=True):
    """A person who counts how often their name is looked at."""

    looked: list[int]

    @property
    def first_name(self) -> str:
        self.looked.append(1)
        return "N"


def naming(name: str) -> Engine:
    """An engine with three times the same author, whose name is loaded; and so is today, who has it."""

    def load(context: Context, *ids: str | None) -> Awaitable[Any]:
        return context.load(*ids)

    def same(_root: Any, _info: Any) -> Any:
        return [Node(Author(id=1))] * 3

    return Engine(
        "type Query { a: [A!] }  type A { name: String  today: P }  type P { name: String  again: A }",
        FieldSources(
            {
                ("Query", "a"): ResolverField(same),
                ("A", "name"): LoadedField(load, ("id",), AttributeField(name)),
                ("A", "today"): LoadedField(load, ("id",), None),
                ("P", "name"): AttributeField(name),
                ("P", "again"): AttributeField("friend"),
            },
            {},
            Unreadable,
        ),
    )


@pytest.mark.parametrize(
    ("asked", "times"),
    [("name", 1), ("today { name }", 1), ("today { name again { name } }", 3)],
)
async def test_what_is_the_same_everywhere_is_shown_once(asked, times):
    looked: list[int] = []
    context = Context(people={"1": Once(looked=looked)})
    answered = await naming("first_name").answer(f"{{ a {{ {asked} }} }}", context)
    assert answered is not None
    assert answered.data["a"][0] == answered.data["a"][1] == answered.data["a"][2] != {}
    assert len(looked) == times


async def test_what_arrives_after_giving_up_is_not_left_to_graphql_core(library):
    gate = asyncio.Event()
    people: dict[str | None, Any] = {"2": Person(name=UNREADABLE)}
    text = "{ a: author(id: 1) { must } b: author(id: 2) { today { name } } }"
    context = Context(people=people, gates={"2": gate})
    variables = library.variables(text, {})
    assert await library.compile(text).run(context, variables, pytest.fail) is None
    gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert context.asked == ["None/1", "None/2"]


async def test_nothing_known_is_found_and_nobody_shown_before_it_arrives():
    loading = PendingLoad()
    assert (loading.value, loading.error, loading.waiters, loading.rendered) == (None, None, [], {})


class Loaded(Person, kw_only=True, frozen=True):
    """A person as loaded, whose own fields need no load."""

    id: int = 0
    inner_id_names: ClassVar[tuple[str, ...]] = ("house_id",)
    house_id: str | None = None


LOADED: Mapping[str, AttributeField] = {
    "born": AttributeField("born"),
    "friend": AttributeField("friend"),
    "age": AttributeField("age"),
}
PERSONS = Engine(
    """type Query { short: P  whole: P  all: [P] }
       type P { id: ID  born: Int  age: Int  friend: P  today: P }""",
    FieldSources(
        {
            ("Query", "short"): ResolverField(lambda _root, _info: Node(Author(id=1))),
            ("Query", "whole"): ResolverField(
                lambda _root, info: Node(info.context.people["1"], {"house_id": "h1"})
            ),
            ("Query", "all"): ResolverField(
                lambda _root, info: [Node(Author(id=1)), Node(info.context.people["1"])]
            ),
            ("P", "id"): AttributeField("id"),
            ("P", "today"): LoadedField(load, ("house_id", "id"), None, Loaded),
            **{
                ("P", name): LoadedField(load, ("house_id", "id"), source, Loaded)
                for name, source in LOADED.items()
            },
        },
        {},
        Unreadable,
    ),
)  # fmt: skip
WHOLE = {
    "with all": Loaded(id=1, born=1900, friend=Author(id=2)),
    "with a house": Loaded(id=1, born=1900, friend=Author(id=2), house_id="h2"),
    "with a friend who is loaded": Loaded(id=1, friend=Loaded(id=2, born=5)),
    "without what is asked": Loaded(id=1),
    "with something unreadable": Loaded(id=1, born=UNREADABLE, friend=UNREADABLE),
    "with something else": Loaded(id=1, born="long ago"),
}


@pytest.mark.sample(16)
@pytest.mark.parametrize(
    "asked",
    [
        "born",
        "id born age",
        "friend { id born }",
        "born friend { age friend { born } }",
        "x: born y: born",
        "today { id born x: age }",
        "today { friend { born today { age } } }",
        "born today { today { born } }",
    ],
)
@pytest.mark.parametrize("person", WHOLE.values(), ids=WHOLE)
async def test_what_was_loaded_is_shown_as_graphql_core_does(person, asked):
    people: dict[str | None, Any] = {"1": person, "2": Loaded(id=2, born=7)}
    for root in ("short", "whole", "all"):
        await PERSONS.same(f"{{ {root} {{ {asked} }} }}", lambda: Context(people=people))


async def test_what_was_loaded_is_not_loaded_again():
    people: dict[str | None, Any] = {
        "1": Loaded(id=1, born=1900, friend=Loaded(id=2, born=5)),
    }
    context = Counting(people=people)
    text = "{ whole { id born age friend { id born } } all { born } short { age } }"
    answered = await PERSONS.answer(text, context)
    assert answered is not None
    assert answered.errors == []
    assert answered.data["whole"] == {
        "id": "1",
        "born": 1900,
        "age": 100,
        "friend": {"id": "2", "born": 5},
    }
    assert context.asked == ["None/1"]  # once for the two that are references


@pytest.mark.parametrize(("house_id", "asked"), [(None, "h1/2"), ("h2", "h2/2")])
async def test_what_is_in_a_loaded_object_is_reached_by_its_ids(house_id, asked):
    people: dict[str | None, Any] = {
        "1": Loaded(id=1, friend=Author(id=2), house_id=house_id),
        "2": Loaded(id=2, born=7),
    }
    context = Context(people=people)
    answered = await PERSONS.answer("{ whole { friend { born } } }", context)
    assert answered is not None
    assert answered.data == {"whole": {"friend": {"born": 7}}}
    assert context.asked == [asked]


async def test_the_fields_of_what_is_loaded_are_read_from_it_without_another_load():
    """Nor are they deferred: what is loaded once is rendered once."""
    text = "{ short { today { id born x: age friend { id } } } }"
    compiled = PERSONS.compile(text)
    assert compiled is not None
    assert "Int(record.born),  # born" in compiled.source_code
    assert "born_deferred" not in compiled.source_code
    context = Counting(people={"1": Loaded(id=1, born=1900, friend=Author(id=2))})
    answered = await PERSONS.answer(text, context)
    assert answered is not None
    assert answered.data["short"]["today"] == {
        "id": "1",
        "born": 1900,
        "x": 100,
        "friend": {"id": "2"},
    }
    assert context.asked == ["None/1"]

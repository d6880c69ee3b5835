import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLError
from msgspec import Struct

from gateway.engine.compiler.namespace import TypeDispatch
from gateway.engine.compiler.rendering import Rendering
from gateway.engine.resolvers import (
    AttributeField,
    FieldSource,
    FieldSources,
    NeedsFallback,
    Node,
    ResolverField,
)
from gateway.observability.event_loop import CooperativeSteps
from tests.support.processes import PATIENCE_SECONDS
from tests.unit.engine.compiler.engine import Engine, with_plain_data
from tests.unit.engine.compiler.library import (
    CLASSES,
    ITEMS,
    LIBRARY,
    SOURCE_BY_FIELD,
    UNREADABLE,
    Author,
    Context,
    Person,
    Unreadable,
)


def book(id_: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": "book", "title": "A", **more}


def disc(id_: int = 2, **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": "disc", "title": "B", "minutes": 40, **more}


UNPLAIN: dict[str, Any] = {
    "a number for a text": book(title=3),
    "an object for a number": book(pages={}),
    "a number that is too large": book(pages=2**40),
    "an unreadable record inside": book(author={"name": []}),
    "an unreadable record further inside": book(parts=[{"title": "X"}, {"title": ""}]),
    "a class of none": {"id": 5, "type": "scroll", "title": "C"},
}


@pytest.mark.parametrize("item", UNPLAIN.values(), ids=UNPLAIN)
@pytest.mark.parametrize(
    "field", ["things", "top", "places { number thing", "x: top { id } y: things"]
)
async def test_an_item_that_is_not_plain_is_delivered_in_its_place(library, item, field):
    inside = """{ __typename id title author { name } ... on Book { pages parts { title } } ... on Disc { minutes } }"""
    text = f"{{ shelf {{ {field} {inside} {'}' if 'places' in field else ''} }} }}"
    await library.same(text, lambda: Context([item, book(7), item, disc(8)]))


NULL_SPREADS = (
    "{ author(id: 1) { born } shelf { %s { id ... on Disc { minutes } } } }",
    [disc(minutes=None), book()],
)


async def test_an_item_whose_null_spreads_leaves_all_to_graphql_core(library):
    text, items = NULL_SPREADS
    assert await library.answer(text % "things", Context(items)) is None


async def test_a_null_spreads_no_further_than_an_item_that_may_be_null(library):
    text, items = NULL_SPREADS
    answered = await library.same(text % "top", lambda: Context(items))
    assert answered.data["shelf"] == {"top": None}


async def test_only_what_is_not_plain_is_left_to_graphql_core(library):
    text = "{ shelf { things { id title ... on Book { label } } } }"
    context = Context([book(title=3), disc(), book(4, author={"id": 1, "name": "N"})])
    asked: list[Any] = []
    executor = library.executor(text, context, {})
    complete = executor.complete_value

    def noted(*given: Any) -> Any:
        asked.append(given[3].as_list())
        return complete(*given)

    executor.complete_value = noted
    answered = await library.compile(text).run(
        context, library.variables(text, {}), lambda: executor
    )
    assert {tuple(each[:3]) for each in asked} == {("shelf", "things", 0)}
    data = with_plain_data(answered).data
    assert [thing["title"] for thing in data["shelf"]["things"]] == ["3", "B", "A"]


@pytest.mark.parametrize("field", ["things", "top"])
async def test_what_an_item_waits_for_is_not_asked_when_it_is_left(library, field):
    def make() -> Context:
        author = {"id": 1, "name": "N"}
        return Context(
            [book(author=author, houseId=[]), book(3, author=author)], {"1": Person(born=1)}
        )

    text = f"{{ shelf {{ {field} {{ author {{ born }} ... on Book {{ label }} word }} }} }}"
    await library.same(text, make)


# What is resolved


def itself(root: Any, _info: Any) -> Any:
    return root.child(root.value)


def resolving(resolve: Callable[..., Any], type_: str = "A", own: Any = itself) -> Engine:
    """An engine with one field that is resolved so; and another."""

    def other(_root: Any, info: Any) -> Any:
        return Node(Author(id=2, name="other"))

    return Engine(
        f"type Query {{ a(number: Int! = 1): {type_}  other: A }}  type A {{ id: ID!  name: String  own: A }}",
        FieldSources(
            {
                ("Query", "a"): ResolverField(resolve),
                ("Query", "other"): ResolverField(other),
                ("A", "own"): ResolverField(own),
                **{("A", name): AttributeField(name) for name in ("id", "name")},
            },
            {},
            Unreadable,
        ),
    )


async def one(_root: Any, _info: Any, number: int) -> Any:
    await asyncio.sleep(0)
    return Node(Author(id=number, name="N"))


async def soon(id_: Any) -> Any:
    return Node(Author(id=id_, name="N"))


async def away(_root: Any, _info: Any, number: int) -> Any:
    await asyncio.sleep(0)
    raise OSError("away")


async def nobody(_root: Any, _info: Any, number: int) -> Any:
    await asyncio.sleep(0)


def away_at_once(_root: Any, _info: Any, number: int) -> Any:
    raise OSError("away")


def several(_root: Any, _info: Any, number: int) -> Any:
    return [Node(Author(id=n, name=None if n else "N")) for n in range(number)]


async def several_later(_root: Any, _info: Any, number: int) -> Any:
    return several(_root, _info, number)


RESOLVERS: dict[str, tuple[Callable[..., Any], str]] = {
    "at once": (lambda _root, _info, number: Node(Author(id=number)), "A"),
    "later": (one, "A"),
    "nothing": (lambda _root, _info, number: None, "A"),
    "nothing, later": (nobody, "A"),
    "an error": (away_at_once, "A"),
    "an error, later": (away, "A"),
    "several": (several, "[A!]"),
    "several of necessity": (several, "[A!]!"),
    "several, later": (several_later, "[A!]"),
    "nothing among several": (lambda _root, _info, number: [None, Node(Author(id=1))], "[A]"),
    "an error among several": (
        lambda _root, _info, number: [OSError("away"), Node(Author(id=1))],
        "[A]",
    ),
    "some later": (
        lambda _root, _info, number: [one(None, None, 7), None, Node(Author(id=8)), soon(9)],
        "[A]",
    ),
    "some later, and some never": (
        lambda _root, _info, number: [nobody(None, None, 7), away(None, None, 8), soon(9)],
        "[A]",
    ),
    "something unreadable among several": (
        lambda _root, _info, number: [soon(7), soon(UNREADABLE), Node(Author(id=UNREADABLE))],
        "[A]",
    ),
    "nothing where something must be": (lambda _root, _info, number: [None], "[A!]"),
    "something unreadable": (lambda _root, _info, number: Node(Author(id=UNREADABLE)), "A"),
}


@pytest.mark.parametrize(("resolve", "type_"), RESOLVERS.values(), ids=RESOLVERS)
@pytest.mark.parametrize(
    "text",
    ["{ a(number: 2) { id } }", "{ other { own { id } } a { own { id name } id } b: a { id } }"],
)
async def test_resolvers_are_followed_as_graphql_core_does(resolve, type_, text):
    await resolving(resolve, type_).same(text, Context)


@pytest.mark.parametrize("resolve", [nobody, away, away_at_once, lambda _root, _info, number: None])
async def test_nothing_where_something_must_be_is_left_to_graphql_core(resolve):
    assert (
        await resolving(resolve, "A!").answer("{ other { own { id } } a { id } }", Context())
        is None
    )


async def test_an_element_that_comes_late_holds_up_no_other():
    late, seen = asyncio.Event(), asyncio.Event()

    async def waiting(event: asyncio.Event, number: int) -> Any:
        await event.wait()
        return Node(Author(id=number))

    def own(root: Any, _info: Any) -> Any:
        if root.value.id == 2:
            seen.set()
        return itself(root, _info)

    def several(_root: Any, _info: Any, number: int) -> Any:
        return [waiting(late, 1), Node(Author(id=2)), waiting(seen, 3)]

    engine = resolving(several, "[A]", own=own)
    answering = asyncio.create_task(engine.answer("{ a { own { id } } }", Context()))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await seen.wait()
        late.set()
        answered = await answering
    assert answered is not None
    assert answered.data == {"a": [{"own": {"id": str(n)}} for n in (1, 2, 3)]}


async def test_resolvers_know_where_they_are():
    paths = []

    def resolve(_root: Any, info: Any, number: int) -> Any:
        paths.append(info.path.as_list())
        return Node(Author(id=number))

    await resolving(resolve).answer("{ a { id } x: a { name } }", Context())
    assert paths == [["a"], ["x"]]


async def test_arguments_that_a_variable_makes_unfit_are_told_at_their_place():
    text = "query($n: Int = 1) { a(number: $n) { id } other { id } }"
    answered = await resolving(one).same(text, Context, n=None)
    assert [error.path for error in answered.errors] == [["a"]]
    assert answered.data == {"a": None, "other": {"id": "2"}}


async def test_arguments_that_are_unfit_where_something_must_be_spread_null():
    text = "query($n: Int = 1) { other { id } a(number: $n) { id } }"
    assert await resolving(one, "A!").answer(text, Context(), n=None) is None


class Sent(Struct):
    """A shelf with an id that is not plain, which tells of its things first."""

    context: Context
    id: Any = UNREADABLE

    def decode_ahead(self, _reader: Any) -> CooperativeSteps[None]:
        yield from ()

    def to_connection(self, _reader: Any) -> Any:
        self.context.reported_errors.append(GraphQLError("one of them", path=["shelf"]))
        return self


async def test_what_is_left_to_graphql_core_is_not_reported_twice():
    async def resolve_shelf(_root: Any, info: Any, **_arguments: Any) -> Any:
        return Node(Sent(info.context))

    source_by_field = {**SOURCE_BY_FIELD, ("Query", "shelf"): ResolverField(resolve_shelf, ITEMS)}
    engine = Engine(LIBRARY, FieldSources(source_by_field, CLASSES, Unreadable))
    contexts: list[Context] = []

    def make() -> Context:
        contexts.append(Context())
        return contexts[-1]

    answered = await engine.same("{ shelf { id } author(id: 1) { id } }", make)
    assert answered.data["shelf"] is None
    assert [len(context.reported_errors) for context in contexts] == [1, 1]


# Giving up, being cancelled


@pytest.fixture
async def unheard():
    """What tasks failed with that nobody heard of."""
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    return told


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "text",
    [
        "{ a: author(id: 8) { must } b: author(id: 1) { born } c: author(id: 9) { must } }",
        "{ b: author(id: 1) { born } a: author(id: 9) { must } c: author(id: 8) { must } }",
        "{ a: authors(ids: [1, 8]) { must } b: author(id: 9) { must } }",
        "{ b: author(id: 1) { today { friend { must } } } c: author(id: 9) { must } }",
    ],
)
async def test_nothing_that_was_begun_is_forgotten_when_a_null_spreads(library, unheard, text):
    earlier = asyncio.all_tasks()
    context = Context(people={"1": Person(born=3, friend=Author(id=8)), "9": OSError("away")})
    assert await library.answer(text, context) is None
    await settled()
    assert asyncio.all_tasks() == earlier
    assert unheard == []


@pytest.mark.parametrize("born", [UNREADABLE, "long ago"])
async def test_a_null_that_spreads_from_what_was_left_leaves_all(library, unheard, born):
    context = Context(people={"1": Person(born=born), "2": Person(born=2)})
    text = "{ a: author(id: 1) { must } b: author(id: 2) { must } }"
    assert await library.answer(text, context) is None
    await settled()
    assert unheard == []


async def test_a_null_that_spreads_at_once_leaves_no_coroutine_unawaited(unheard):
    earlier = asyncio.all_tasks()
    engine = resolving(away_at_once, "A!")
    assert (
        await engine.answer("{ other { id } x: a(number: 2) { id } a { id } }", Context()) is None
    )
    mixed = resolving(lambda _root, _info, number: one(_root, _info, 1) if number else None, "A!")
    assert (
        await mixed.answer("{ a { id } x: a(number: 2) { id } y: a(number: 0) { id } }", Context())
        is None
    )
    await settled()
    assert asyncio.all_tasks() == earlier
    assert unheard == []


@pytest.mark.parametrize("text", ["{ a { id } must { id } }", "{ must { id } a { id } }"])
async def test_a_null_that_spreads_leaves_no_element_unawaited(unheard, text):
    earlier = asyncio.all_tasks()
    source_by_field: dict[tuple[str, str], FieldSource] = {
        ("Query", "a"): ResolverField(lambda _root, _info: [soon(7), Node(Author(id=8)), soon(9)]),
        ("Query", "must"): ResolverField(lambda _root, _info: None),
        ("A", "id"): AttributeField("id"),
    }
    schema = "type Query { a: [A]  must: A! }  type A { id: ID! }"
    assert (
        await Engine(schema, FieldSources(source_by_field, {}, Unreadable)).answer(text, Context())
        is None
    )
    await settled()
    assert asyncio.all_tasks() == earlier
    assert unheard == []


async def test_what_arrives_after_giving_up_begins_nothing_more(library):
    gate = asyncio.Event()
    people: dict[str | None, Any] = {"1": None, "2": Person(friend=Author(id=3))}
    context = Context(people=people, gates={"2": gate})
    text = "{ a: author(id: 1) { must } b: author(id: 2) { today { friend { born } } } }"
    assert await library.answer(text, context) is None
    gate.set()
    await settled()
    assert context.asked == ["None/1", "None/2"]


async def test_what_arrives_after_giving_up_reports_nothing():
    """Who answers instead reports it."""
    gate = asyncio.Event()

    async def resolve_shelf(_root: Any, info: Any, **_arguments: Any) -> Any:
        await gate.wait()
        return Node(Sent(info.context, id="s"))

    source_by_field = {**SOURCE_BY_FIELD, ("Query", "shelf"): ResolverField(resolve_shelf, ITEMS)}
    engine = Engine(LIBRARY, FieldSources(source_by_field, CLASSES, Unreadable))
    context = Context()
    assert await engine.answer("{ author(id: 1) { must } shelf { id } }", context) is None
    gate.set()
    await settled()
    assert context.reported_errors == []


@pytest.mark.parametrize(
    "text",
    [
        "{ author(id: 1) { born } }",
        "{ a: author(id: 1) { born } b: author(id: 2) { born } c: author(id: 3) { born } }",
        "{ a: author(id: 3) { today { friend { born } } } }",
    ],
)
async def test_who_is_cancelled_waits_for_nothing_any_more(library, unheard, text):
    earlier = asyncio.all_tasks()
    people: dict[str | None, Any] = {"3": Person(friend=Author(id=1))}
    context = Context(people=people, gates={"1": asyncio.Event(), "2": asyncio.Event()})
    answering = asyncio.create_task(library.answer(text, context))
    await settled()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    assert asyncio.all_tasks() == earlier
    assert unheard == []


def test_a_class_without_a_function_is_not_plain():
    assert Rendering.dispatch(TypeDispatch({int: lambda value, more: value + more}), 2, 3) == 5
    with pytest.raises(NeedsFallback):
        Rendering.dispatch(TypeDispatch(), 2)

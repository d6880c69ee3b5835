import asyncio
from typing import Any

import pytest

from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    FieldSource,
    FieldSources,
    LoadedField,
    Node,
    ResolverField,
)
from tests.unit.engine.compiler.engine import Engine, in_order, with_plain_data
from tests.unit.engine.compiler.library import UNREADABLE, Author, Context, Person, Unreadable, load

BOOK = {"id": 1, "type": "book", "title": "A", "pages": 3}
DISC = {"id": 2, "type": "disc", "title": "B", "minutes": 40}


def stocked() -> Context:
    return Context([BOOK, DISC])


SMALL = Engine(
    """directive @odd on FIELD
       type Query { a: Int  b: Int }  type Mutation { a: Int }  type Subscription { a: Int }""",
    FieldSources({("Query", name): ComputedField(lambda _root, _context: 5, ()) for name in "ab"}, {}, Unreadable),
)  # fmt: skip


@pytest.mark.parametrize("text", ["mutation { a }", "subscription { a }"])
def test_only_queries_are_compiled(text):
    assert SMALL.compile(text) is None


@pytest.mark.slow
def test_what_is_too_large_is_not_compiled():
    assert SMALL.compile(f"{{ {' '.join(f'x{n}: a' for n in range(10_001))} }}") is None


def test_what_has_an_unknown_directive_is_not_compiled():
    assert SMALL.compile("{ a @odd }") is None


async def test_data_has_its_keys_in_the_order_asked(library):
    text = "{ z: __typename shelf { things { word id ... on Book { pages a: title } kind } id } y: __typename }"
    answered = await library.same(text, stocked)
    assert [*answered.data] == ["z", "shelf", "y"]
    assert [*answered.data["shelf"]["things"][0]] == ["word", "id", "pages", "a", "kind"]


async def test_what_is_plain_is_answered_wholly(library):
    answered = await library.same("{ shelf { count things { id title } } }", stocked)
    assert answered.is_fully_compiled
    assert answered.errors == []
    assert answered.data["shelf"] == {
        "count": 2,
        "things": [{"id": "1", "title": "A"}, {"id": "2", "title": "B"}],
    }


async def test_what_is_left_to_graphql_core_is_not_answered_wholly(library):
    answered = await library.same("{ shelf { id things { ... on Book { odd } } } }", stocked)
    assert not answered.is_fully_compiled


async def test_errors_of_both_stand_at_their_places(library):
    def make() -> Context:
        return Context([{**BOOK, "author": 7}, DISC], {"8": OSError("away")})

    text = "{ shelf { things { x: author { id } } } author(id: 8) { id y: born } }"
    answered = await library.same(text, make)
    assert sorted((error.path, error.message) for error in answered.errors if error.path) == [
        (["author", "y"], "away"),
        (["shelf", "things", 0, "x"], "It cannot be read."),
    ]


CONDITIONAL = {
    "first under a condition": "a @include(if: $x) b a",
    "under a condition, and its opposite": "a @include(if: $x) b a @skip(if: $x)",
    "under two": "a @skip(if: $x) b a @include(if: $y) c: b a @skip(if: $y)",
    "under both at once": "b a @skip(if: $x) @include(if: $y) c: b",
    "in fragments": "... @include(if: $x) { a ... @skip(if: $y) { b } } b a",
    "nothing, perhaps": "... @include(if: $x) { a @include(if: $y) }",
}


@pytest.mark.parametrize("body", CONDITIONAL.values(), ids=CONDITIONAL)
@pytest.mark.parametrize("x", [True, False])
@pytest.mark.parametrize("y", [True, False])
async def test_a_key_stands_where_it_is_first_as_the_variables_have_it(body, x, y):
    used = body if "$y" in body else f"{body} d: b @skip(if: $y)"
    answered = await SMALL.same(
        f"query($x: Boolean!, $y: Boolean!) {{ {used} }}", Context, x=x, y=y
    )
    assert answered.is_fully_compiled


@pytest.mark.parametrize("x", [True, False])
@pytest.mark.parametrize("y", [True, False])
async def test_conditions_hold_for_what_is_waited_for_as_well(library, x, y):
    def make() -> Context:
        return Context([BOOK, DISC], {"1": Person(born=1900, name="N")})

    text = """query($x: Boolean!, $y: Boolean!) {
                author(id: 1) { born @include(if: $x) id ... @skip(if: $y) { today { name } born age }
                                today @include(if: $x) { name @skip(if: $y) born } }
                shelf(size: 1) @skip(if: $x) { top @include(if: $y) { id } things { id } top { title } } }"""
    await library.same(text, make, x=x, y=y)


async def test_a_null_for_a_directive_is_left_to_graphql_core(library):
    text = "query($x: Boolean = true) { shelf { id count @skip(if: $x) } }"
    assert await library.answer(text, stocked(), x=None) is None
    assert await library.answer(text, stocked(), x=False) is not None


async def test_a_null_that_spreads_to_the_root_is_left_to_graphql_core(library):
    text = "{ author(id: 1) { id must } }"
    assert await library.answer(text, Context()) is None


async def test_a_null_that_spreads_further_up_only_is_left_to_graphql_core(library):
    people: dict[str | None, Any] = {
        "1": Person(friend=None),
        "2": OSError("away"),
        "3": Person(born=1),
    }
    text = '{ a: author(id: "1") { id } authors(ids: ["3", "2"]) { must } }'
    assert await library.answer(text, Context(people=people)) is None


async def test_what_is_about_the_schema_is_remembered(library):
    text = '{ __typename __schema { queryType { name fields { name } } } __type(name: "Part") { kind } }'
    compiled_query = library.compile(text)
    built = []

    def executor() -> Any:
        built.append(text)
        return library.executor(text, Context(), {})

    variables = library.variables(text, {})
    first = await compiled_query.run(Context(), variables, executor)
    second = await compiled_query.run(Context(), variables, executor)
    assert first is second
    assert len(built) == 1
    assert in_order(first.data) == in_order((await library.core(text, Context())).data)


async def test_few_answers_are_remembered(library):
    compiled_queries = [library.compile(f"{{ x{n}: __typename }}") for n in range(5)]
    variables = library.variables("{ __typename }", {})

    async def answer(compiled_query: Any) -> Any:
        return await compiled_query.run(Context(), variables, pytest.fail)

    first = [await answer(compiled_query) for compiled_query in compiled_queries]
    assert [
        await answer(compiled_query) is known
        for compiled_query, known in zip(compiled_queries[1:], first[1:], strict=True)
    ] == [True] * 4
    assert await answer(compiled_queries[0]) is not first[0]


@pytest.mark.parametrize(
    "text", ["query($x: Boolean!) { __typename @skip(if: $x) }", "query($x: Boolean!) { __typename a @skip(if: $x) }"]
)  # fmt: skip
async def test_what_depends_on_variables_is_not_remembered(text):
    compiled_query = SMALL.compile(text)
    for x in (True, False):
        assert compiled_query is not None
        answered = await compiled_query.run(Context(), SMALL.variables(text, {"x": x}), pytest.fail)
        assert answered is not None
        assert ("__typename" in with_plain_data(answered).data) is (not x or "a @skip" in text)


async def test_a_field_beside_what_is_about_the_schema_is_asked_each_time():
    compiled_query, variables = SMALL.compile("{ __typename a }"), SMALL.variables("{ a }", {})
    assert compiled_query is not None
    first = await compiled_query.run(Context(), variables, pytest.fail)
    assert await compiled_query.run(Context(), variables, pytest.fail) is not first


@pytest.mark.parametrize("x", [True, False])
async def test_a_field_spread_twice_is_located_once(library, x):
    text = """query($x: Boolean!) { author(id: 8) { ...F @include(if: $x) ...F } }
              fragment F on Author { born }"""
    answered = await library.same(text, lambda: Context(people={"8": OSError("away")}), x=x)
    [error] = answered.errors
    assert len(error.locations or ()) == 1


ODD = ["result", "record", "run", "path", "node", "parent", "v", "i", "each", "class", "None", "readable", "non_null",
       "Node", "enumerate", "Query", "Author", "String", "born_deferred", "__class__", "_", "x" * 200]  # fmt: skip


@pytest.mark.parametrize("alias", ODD)
async def test_an_alias_is_only_a_key(library, alias):
    def make() -> Context:
        return Context([BOOK, DISC], {"1": Person(born=1900, works=[])})

    text = f"""{{ {alias}: author(id: 1) {{ {alias}: born today {{ {alias}: works {{ __typename }} }} }}
                  {alias}_deferred: shelf(size: 1) {{ {alias}: things {{ {alias}: kind ... on Book {{ odd }} }}
                                        {alias}_dispatch: top {{ {alias}: author {{ {alias}: name }} }} }}
                  shelf {{ {alias}: count }} }}"""
    answered = await library.same(text, make)
    assert answered.data[alias][alias] == 1900


async def test_a_compiled_query_serves_requests_at_once(library):
    text = "query($id: ID!) { author(id: $id) { id born } }"
    compiled_query = library.compile(text)

    async def answer(id_: str) -> Any:
        context = Context(people={id_: Person(born=int(id_))})
        return await compiled_query.run(context, library.variables(text, {"id": id_}), pytest.fail)

    answers = await asyncio.gather(*map(answer, ["1", "2", "3"]))
    assert [with_plain_data(each).data["author"] for each in answers] == [
        {"id": id_, "born": int(id_)} for id_ in ("1", "2", "3")
    ]


def holding(type_: str, value: Any, other: str = "B") -> Engine:
    """An engine with one object, which holds a value in a field of some type."""
    source_by_field: dict[tuple[str, str], FieldSource] = {
        ("Query", "a"): ResolverField(lambda _root, _info: Node(Person(works=value))),
        ("A", "x"): AttributeField("works"),
        **{(other, name): AttributeField(name) for name in ("id", "name")},
        (other, "born"): LoadedField(load, ("id",), AttributeField("born")),
    }
    return Engine(
        f"type Query {{ a: A }}  type A {{ x: {type_} }}  type {other} {{ id: ID  name: String  born: Int }}",
        FieldSources(source_by_field, {}, Unreadable),
    )


LISTS: dict[str, tuple[str, Any]] = {
    "texts": ("[String]", ["A", None, 5]),
    "no texts": ("[String]", None),
    "texts in lists": ("[[String]]", [["A", None], None, []]),
    "numbers in lists": ("[[Int!]!]!", [[1, 2], []]),
    "one that is too large": ("[Int]", [1, 2**40]),
    "one that is too large, in a list": ("[[Int]]", [[1], [2**40]]),
    "a null where none may be": ("[[Int!]]", [[1], [None]]),
    "something unreadable": ("[Int]", UNREADABLE),
}


@pytest.mark.parametrize(("type_", "value"), LISTS.values(), ids=LISTS)
async def test_lists_are_answered_as_graphql_core_does(type_, value):
    await holding(type_, value).same("{ a { x } }", Context)


def test_lists_of_lists_of_objects_are_not_compiled():
    assert holding("[[B]]", [[Author(id=1)]]).compile("{ a { x { id } } }") is None


NAMES = ["record", "run", "path", "parent", "node", "result", "v", "each", "i", "enumerate", "str",
         "readable", "non_null", "unwrap", "Node", "a_deferred", "Query_a", "A_x_dispatch", "ID_non_null", "born_deferred"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_a_type_may_have_any_name(name):
    def make() -> Context:
        return Context(people={"1": Person(born=5), "2": OSError("away")})

    authors = [Author(id=1, name=5), Author(id=2)]
    await holding(f"[{name}]", authors, name).same("{ a { x { id name born } } }", make)
    await holding(name, authors[0], name).same("{ a { x { id name born } } }", make)
    await holding(name, authors[0], name).same("{ a { x { id name } } }", make)


@pytest.mark.parametrize("name", NAMES)
async def test_a_scalar_may_have_any_name(name):
    engine = Engine(
        f"type Query {{ a: A }}  type A {{ x: [{name}]  y: {name}! }}  scalar {name}",
        FieldSources(
            {
                ("Query", "a"): ResolverField(lambda _root, _info: Node(Person(name=1, works=[2, None]))),
                ("A", "x"): AttributeField("works"),
                ("A", "y"): AttributeField("name"),
            },
            {},
            Unreadable,
        ),
    )  # fmt: skip
    answered = await engine.same("{ a { x y } }", Context)
    assert answered.data == {"a": {"x": [2, None], "y": 1}}


async def test_what_the_root_cannot_compute_is_left_to_graphql_core():
    def compute(_root: Any, _context: Any) -> int:
        raise ValueError("nobody knows")

    engine = Engine("type Query { a: Int }", FieldSources({("Query", "a"): ComputedField(compute, ())}, {}, Unreadable))  # fmt: skip
    assert await engine.answer("{ a }", Context()) is None


async def test_computed_fields_have_the_arguments_of_each_occurrence():
    bound = []

    def bind(by: int = 1) -> Any:
        bound.append(by)
        return lambda person, _context: person.works * by

    engine = Engine(
        "type Query { people: [Person!] }  type Person { times(by: Int!): Int }",
        FieldSources(
            {
                ("Query", "people"): ResolverField(lambda _root, _info: [Node(Person(name="a", works=each)) for each in (2, 3)]),
                ("Person", "times"): ComputedField(lambda *_: None, ("works",), bind_arguments=bind),
            },
            {},
            Unreadable,
        ),
    )  # fmt: skip
    text = "query($by: Int = 10) { people { a: times(by: 5) b: times(by: $by) c: times(by: $by) } }"
    answered = await engine.answer(text, Context(), by=7)
    assert answered is not None
    assert answered.data == {"people": [{"a": 10, "b": 14, "c": 14}, {"a": 15, "b": 21, "c": 21}]}
    assert bound == [5, 7, 7], "once for each field, not for each object"
    refused = await engine.same(text, Context, by=None)
    assert refused.data["people"][0] == {"a": 10, "b": None, "c": None}


@pytest.mark.parametrize("type_", ["Int", "[Int]"])
def test_a_resolver_of_a_leaf_has_no_compiled_query(type_):
    resolved = ResolverField(lambda _root, _info: 1)
    fields = FieldSources({("Query", "a"): resolved}, {}, Unreadable)
    assert Engine(f"type Query {{ a: {type_} }}", fields).compile("{ a }") is None

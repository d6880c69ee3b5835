from typing import Any

import pytest
from graphql import Executor, GraphQLError, build_schema, get_operation_ast, parse

from gateway.engine.compiler.collect_fields import Field, FieldCollector
from gateway.engine.compiler.fallback import GraphQLCoreFallback, to_graphql_path
from gateway.engine.compiler.runtime import CompiledRun

SCHEMA = build_schema("""
    type Query { a: Int  must: Int!  q: Query  list: [Query!]!  sparse: [Query]  later: Int  told: String }
""")


async def later() -> int:
    return 7


def away() -> int:
    raise OSError("away")


class Part:
    """A part of an operation, whose executor is counted."""

    def __init__(self, text: str, **variables: bool) -> None:
        document = parse(text)
        operation = get_operation_ast(document)
        assert operation is not None
        self.built: list[Executor[Any]] = []
        selection = FieldCollector(SCHEMA, document).collect(operation)
        self.fields: dict[str, Field] = {field.key: field for field in selection.distinct_fields()}
        executor = Executor.build(SCHEMA, document, raw_variable_values=variables)
        assert isinstance(executor, Executor)

        def build() -> Executor[Any]:
            self.built.append(executor)
            return executor

        run = CompiledRun(None, executor.variable_values, [], {}, build)
        self.rest: GraphQLCoreFallback = run.fallback

    def field(self, key: str, source: Any) -> Any:
        return self.rest.execute_field(self.fields[key], source, ("above", 3))

    def item(self, key: str, value: Any) -> Any:
        return self.rest.complete_item(self.fields[key], value, ("above", key, 0))

    @property
    def errors(self) -> list[tuple[Any, str]]:
        return [(error.path, error.message) for error in self.rest.errors]


def test_a_path_is_made_of_its_steps():
    assert to_graphql_path(("a", 1, "b")).as_list() == ["a", 1, "b"]
    assert to_graphql_path(("a",)).as_list() == ["a"]


def test_nothing_is_used_before_it_is_needed():
    part = Part("{ a }")
    assert (part.built, part.rest.is_used, part.rest.errors) == ([], False, [])


def test_one_executor_is_used_for_all_parts():
    part = Part("{ a q { a } }")
    assert part.field("a", {"a": 5}) == 5
    assert part.field("q", {"q": {"a": 6}}) == {"a": 6}
    assert part.rest.is_used
    assert len(part.built) == 1


def test_a_field_is_completed_by_all_that_is_selected_of_it():
    part = Part("{ q { a } ...F } fragment F on Query { q { told a } }")
    assert part.field("q", {"q": {"a": 5, "told": "T"}}) == {"a": 5, "told": "T"}


def test_only_what_the_variables_have_it_is_selected():
    text = "query($x: Boolean!) { q @include(if: $x) { a } q @skip(if: $x) { told } }"
    assert Part(text, x=True).field("q", {"q": {"a": 5, "told": "T"}}) == {"a": 5}
    assert Part(text, x=False).field("q", {"q": {"a": 5, "told": "T"}}) == {"told": "T"}


async def test_what_comes_later_is_awaited():
    assert await Part("{ later }").field("later", {"later": later()}) == 7


def test_errors_are_collected_at_their_places():
    part = Part("{ x: a y: a }")
    assert part.field("x", {"a": OSError("away")}) is None
    assert part.field("y", {"a": "much"}) is None
    assert [path for path, _ in part.errors] == [["above", 3, "x"], ["above", 3, "y"]]


def test_a_null_that_is_not_allowed_in_its_place_is_raised():
    with pytest.raises(Exception, match="away"):
        Part("{ must }").field("must", {"must": OSError("away")})


@pytest.mark.parametrize("key", ["list", "sparse", "q"])
def test_an_item_is_completed_as_one_element_or_as_the_object_that_it_is(key):
    part = Part(f"{{ {key} {{ a told }} }}")
    assert part.item(key, {"a": 5, "told": OSError("away")}) == {"a": 5, "told": None}
    assert part.errors == [(["above", key, 0, "told"], "away")]


@pytest.mark.parametrize("key", ["sparse", "q"])
def test_an_item_may_be_null_where_its_place_allows_it(key):
    assert Part(f"{{ {key} {{ a }} }}").item(key, None) is None


def test_an_item_must_not_be_null_where_its_place_does_not_allow_it():
    with pytest.raises(GraphQLError, match="non-nullable"):
        Part("{ list { a } }").item("list", None)


@pytest.mark.parametrize("key", ["sparse", "q"])
def test_an_item_that_fails_is_null_where_its_place_allows_it(key):
    part = Part(f"{{ {key} {{ must }} }}")
    assert part.item(key, {"must": OSError("away")}) is None
    assert part.errors == [(["above", key, 0, "must"], "away")]


async def test_an_item_may_come_later():
    assert await Part("{ list { later } }").item("list", {"later": later()}) == {"later": 7}


def test_what_is_selected_of_a_field_is_collected_once():
    part = Part("{ list { a } }")
    collected = []
    part.item("list", {"a": 1})
    [executor] = part.built
    collect = executor.collect_subfields
    executor.collect_subfields = lambda *given: collected.append(given[1]) or collect(*given)  # type: ignore[method-assign,func-returns-value]
    part.item("list", {"a": 2})
    part.item("list", {"a": 3})
    assert len({id(each) for each in collected}) == 1

"""Variables are coerced as graphql-core's own `get_variable_values` coerces them."""

from datetime import datetime
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableDefinitionNode,
    build_schema,
    parse,
)
from graphql.execution import VariableValues, get_variable_values
from hypothesis import example, given, settings, strategies as st

from gateway import schema as gateway_schema
from gateway.engine.variables import VariableCoercer

SCHEMA = build_schema("""
    scalar Odd
    scalar Anything
    enum Kind { EVEN ODD }
    input Page { size: Int! = 5  after: String  words: [String!] = ["x"]  kind: Kind = EVEN  odd: Odd  inner: Inner! }
    input Inner { ids: [ID!]!  flags: [Boolean]  ratio: Float = 0.5 }
    input Like { like: Like  kind: Kind! }
    input One @oneOf { a: Int  b: String }
    type Query { a: Int }
""")


def parse_odd(value: Any) -> int:
    if value.__class__ is not int or value % 2 == 0:
        raise ValueError(value)
    return int(value) * 10


ODD, PAGE = SCHEMA.type_map["Odd"], SCHEMA.type_map["Page"]
assert isinstance(ODD, GraphQLScalarType)
assert isinstance(PAGE, GraphQLInputObjectType)
ODD.coerce_input_value = parse_odd
PAGE.fields["after"].out_name = "after_"


def definitions(text: str) -> tuple[VariableDefinitionNode, ...]:
    [operation] = parse(f"query({text}) {{ a }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    return operation.variable_definitions or ()


def assert_same_values(
    text: str, inputs: dict[str, Any], schema: GraphQLSchema = SCHEMA
) -> VariableValues | None:
    declared = definitions(text)
    expected = get_variable_values(schema, declared, dict(inputs))
    coercer = VariableCoercer(schema, declared)
    for _ in range(2):
        values = coercer.coerce(inputs)
        if isinstance(expected, list):
            assert values is None
        elif values is not None:
            assert values.coerced == expected.coerced
            assert repr(values.coerced) == repr(expected.coerced)  # 1 == True == 1.0
            assert list(values.sources) == list(expected.sources)
            assert [
                (source.value, source.signature.name, str(source.signature.type))
                for source in values.sources.values()
            ] == [
                (source.value, source.signature.name, str(source.signature.type))
                for source in expected.sources.values()
            ]
    return values


TYPES = ["ID", "String", "Int", "Boolean", "Float", "Kind", "Odd", "Anything", "Page", "Inner"]
NEED_GRAPHQL_CORE = ["Like", "One", "Query", "Nothing"]
DEFAULTS = {
    "ID": ['"5"', "5"],
    "String": ['"x"'],
    "Int": ["7", "-1"],
    "Boolean": ["true"],
    "Float": ["1.5", "2"],
    "Kind": ["EVEN"],
    "Page": ["{inner: {ids: [1]}}"],
}

scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31) - 2, 2**31 + 2),
    st.sampled_from([0, 1, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 10**30, 1.0, 1.5, 5e20]),
    st.floats(allow_nan=False),
    st.sampled_from(["", "5", "EVEN", "ODD", "odd", "true", "\u00e9"]),
)
keys = st.sampled_from(
    ["size", "after", "words", "kind", "odd", "inner", "ids", "flags", "ratio", "like", "a", "x"]
)
inner = st.fixed_dictionaries(
    {"ids": st.lists(st.one_of(st.integers(), st.text(max_size=3)), max_size=3)},
    optional={"flags": st.lists(st.one_of(st.none(), st.booleans())), "ratio": scalars},
)
values = st.recursive(
    scalars
    | inner
    | st.fixed_dictionaries({"inner": inner}, optional={"size": scalars, "odd": scalars}),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(keys, each, max_size=4),
    max_leaves=8,
)


@st.composite
def declarations(draw: st.DrawFn) -> str:
    declared = []
    for variable in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)):
        type_ = draw(st.sampled_from(TYPES))
        wrapped = draw(st.sampled_from(["{}", "{}!", "[{}]", "[{}!]", "[{}!]!", "[[{}]!]"])).format(
            type_
        )
        default = ""
        if type_ in DEFAULTS and draw(st.booleans()):
            default = f" = {draw(st.sampled_from([*DEFAULTS[type_], 'null', '[]', 'EVEN']))}"
        declared.append(f"${variable}: {wrapped}{default}")
    return ", ".join(declared)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(declarations(), st.dictionaries(st.sampled_from("abcd"), values, max_size=4))
@example("$a: ID!", {"a": 5})
@example("$a: ID!", {"a": True})
@example("$a: Int", {"a": 1.0})
@example("$a: Int", {"a": True})
@example("$a: Int", {"a": 2**31})
@example("$a: Int", {"a": -(2**31) - 1})
@example("$a: Int! = 3", {"a": None})
@example("$a: [ID!]", {"a": "5"})
@example("$a: [ID!]", {"a": ["5", None]})
@example("$a: Page", {"a": {"inner": {"ids": "5"}, "after": "x"}})
@example("$a: Page", {"a": {"inner": {"ids": []}, "nothing": 1}})
@example("$a: Page", {"a": {"inner": {"ids": []}, "size": "5"}})
def test_any_values_are_coerced_as_by_graphql_core(text, inputs):
    assert_same_values(text, inputs)


@pytest.mark.parametrize(
    ("text", "inputs", "coerced"),
    [
        ("$a: ID!, $b: Int = 7", {"a": 5, "c": 1}, {"a": "5", "b": 7}),
        ("$a: ID, $b: Int = 7", {"b": None}, {"b": None}),
        ("$a: [ID!]!, $b: Boolean", {"a": ["1", 2], "b": False}, {"a": ["1", "2"], "b": False}),
        ("$a: Kind!, $b: Odd", {"a": "ODD", "b": 3}, {"a": "ODD", "b": 30}),
        (
            "$a: Page",
            {"a": {"inner": {"ids": 1}, "after": "x", "words": None}},
            {
                "a": {
                    "size": 5,
                    "after_": "x",
                    "words": None,
                    "kind": "EVEN",
                    "inner": {"ids": ["1"], "ratio": 0.5},
                }
            },
        ),
    ],
)
def test_ordinary_variables_do_not_need_graphql_core(text, inputs, coerced):
    values = assert_same_values(text, inputs)
    assert values is not None
    assert values.coerced == coerced


@pytest.mark.parametrize("type_", NEED_GRAPHQL_CORE)
def test_what_cannot_be_prepared_is_left_to_graphql_core(type_):
    assert VariableCoercer(SCHEMA, definitions(f"$a: {type_}")).coerce({}) is None


def test_an_invalid_default_is_left_to_graphql_core():
    assert assert_same_values("$a: Odd = 2", {}) is None


def test_nesting_without_end_is_left_to_graphql_core():
    value: Any = []
    for _ in range(5_000):
        value = [value]
    assert VariableCoercer(SCHEMA, definitions("$a: [[Int]]")).coerce({"a": value}) is None


def test_the_filter_of_a_timeline_does_not_need_graphql_core():
    schema = gateway_schema.build_schema()
    text = "$filter: ActivityFilter, $sort: SortOrder"
    inputs = {"filter": {"kinds": ["NOTE"], "from": "2026-01-01T00:00:00Z"}, "sort": "DESC"}
    values = assert_same_values(text, inputs, schema)
    assert values is not None
    assert isinstance(values.coerced["filter"]["from"], datetime)

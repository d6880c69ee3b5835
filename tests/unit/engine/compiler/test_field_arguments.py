from collections.abc import Sequence
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLScalarType,
    build_schema,
    get_operation_ast,
    parse,
)
from graphql.execution import VariableValues, get_argument_values, get_variable_values

from gateway.engine.compiler.collect_fields import FieldArguments

SCHEMA = build_schema("""
    type Query { bare: Int  shelf(size: Int! = 10, word: Word, titles: [String], like: Like, mark: Mark): Int }
    input Like { title: String  size: Int = 3  like: Like }
    enum Word { SHORT LONG }
    scalar Mark
""")
NONE = VariableValues({}, {})


def variables(text: str, given: dict[str, Any]) -> VariableValues:
    operation = get_operation_ast(parse(text))
    assert operation is not None
    coerced = get_variable_values(SCHEMA, operation.variable_definitions or (), given)
    assert isinstance(coerced, VariableValues), coerced
    return coerced


def node_of(text: str) -> FieldNode:
    operation = get_operation_ast(parse(text))
    assert operation is not None
    [node] = operation.selection_set.selections
    assert isinstance(node, FieldNode)
    return node


def arguments_of(text: str) -> tuple[FieldArguments, Any]:
    """The arguments of the only field of an operation; and what graphql-core makes of them."""
    node = node_of(text)
    assert SCHEMA.query_type is not None
    field = SCHEMA.query_type.fields[node.name.value]
    return FieldArguments(field, node), lambda given: get_argument_values(field, node, given)


CONSTANT = {
    "none": ("{ shelf }", {"size": 10}),
    "none to give": ("{ bare }", {}),
    "a number": ("{ shelf(size: 3) }", {"size": 3}),
    "a null": ("{ shelf(titles: null) }", {"size": 10, "titles": None}),
    "a word": ("{ shelf(word: LONG) }", {"size": 10, "word": "LONG"}),
    "a list": ('{ shelf(titles: ["A", null]) }', {"size": 10, "titles": ["A", None]}),
    "an element for a list": ('{ shelf(titles: "A") }', {"size": 10, "titles": ["A"]}),
    "an object": ("{ shelf(like: {like: {}}) }", {"size": 10, "like": {"size": 3, "like": {"size": 3}}}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CONSTANT.values(), ids=CONSTANT)
def test_what_the_document_says_is_coerced(text, expected):
    arguments, by_core = arguments_of(text)
    assert arguments.coerce(NONE) == expected == by_core(NONE)
    assert arguments.coerce(NONE) == expected


@pytest.mark.parametrize(
    ("beside", "more"),
    [("", {}), (', titles: ["A"], like: {size: 1}', {"titles": ["A"], "like": {"size": 1}})],
    ids=["alone", "beside a list and an object"],
)
def test_what_the_document_says_is_coerced_once(beside, more):
    mark, parsed = SCHEMA.type_map["Mark"], []
    assert isinstance(mark, GraphQLScalarType)
    mark.coerce_input_literal = lambda node: parsed.append(node) or 5  # type: ignore[func-returns-value]
    text = f"query($size: Int! = 1) {{ shelf(mark: 7, size: $size{beside}) }}"
    arguments, _ = arguments_of(text)
    for size in (1, 2, 3):
        given = variables(text, {"size": size})
        assert arguments.coerce(given) == {"size": size, "mark": 5, **more}
    assert len(parsed) == 1


BY_VARIABLE: dict[str, tuple[str, Sequence[dict[str, Any]]]] = {
    "a value": ("query($w: Word) { shelf(word: $w) }", [{"w": "LONG"}]),
    "another": ("query($w: Word) { shelf(word: $w) }", [{"w": "LONG"}, {"w": "SHORT"}]),
    "a null": ("query($w: Word) { shelf(word: $w) }", [{"w": None}]),
    "a null, then a value": ("query($w: Word) { shelf(word: $w) }", [{"w": None}, {"w": "LONG"}]),
    "a value, then a null": ("query($w: Word) { shelf(word: $w) }", [{"w": "LONG"}, {"w": None}]),
    "no value": ("query($w: Word) { shelf(word: $w) }", [{}]),
    "no value, then one": ("query($w: Word) { shelf(word: $w) }", [{}, {"w": "LONG"}]),
    "a value, then none": ("query($w: Word) { shelf(word: $w) }", [{"w": "LONG"}, {}]),
    "no value for a default": ("query($n: Int) { shelf(size: $n) }", [{}, {"n": 1}, {}]),
    "a default of its own": ("query($n: Int = 5) { shelf(size: $n) }", [{}, {"n": 1}, {}]),
    "zero": ("query($n: Int!) { shelf(size: $n) }", [{"n": 0}, {"n": 0}]),
    "beside a constant": (
        'query($n: Int!) { shelf(titles: "A", word: LONG, size: $n) }',
        [{"n": 1}, {"n": 2}],
    ),
    "one for two": (
        "query($t: [String], $l: Like) { shelf(titles: $t, like: $l) }",
        [{"t": ["A"], "l": {"title": "A"}}, {"t": []}, {"l": None}, {"t": ["B"], "l": {}}],
    ),
    "one inside a list": (
        "query($t: String) { shelf(titles: [$t, $t]) }",
        [{"t": "A"}, {"t": None}, {}, {"t": "B"}],
    ),
    "one inside an object": (
        "query($t: String, $n: Int) { shelf(like: {title: $t, like: {size: $n}}) }",
        [{"t": "A", "n": 1}, {"t": None}, {}, {"n": 2}],
    ),
    "one inside, and one by itself": (
        "query($t: String, $w: Word) { shelf(titles: [$t], word: $w) }",
        [{"t": "A", "w": "LONG"}, {"t": "B", "w": "SHORT"}, {"t": "C"}, {"t": "D", "w": "LONG"}],
    ),
}


@pytest.mark.parametrize(("text", "requests"), BY_VARIABLE.values(), ids=BY_VARIABLE)
def test_variables_are_coerced_anew_for_every_request(text, requests):
    arguments, by_core = arguments_of(text)
    for request in requests:
        given = variables(text, request)
        assert arguments.coerce(given) == by_core(given)


def test_an_argument_that_a_variable_leaves_out_is_not_there():
    text = "query($w: Word) { shelf(word: $w) }"
    arguments, _ = arguments_of(text)
    assert arguments.coerce(variables(text, {"w": None})) == {"size": 10, "word": None}
    assert arguments.coerce(variables(text, {})) == {"size": 10}


def test_a_null_that_an_argument_does_not_take_is_told_each_time():
    text = "query($n: Int = 5) { shelf(size: $n) }"
    arguments, _ = arguments_of(text)
    for _ in range(2):
        with pytest.raises(GraphQLError, match="'size'"):
            arguments.coerce(variables(text, {"n": None}))
        assert arguments.coerce(variables(text, {"n": 4})) == {"size": 4}


def test_coerced_arguments_are_the_callers_to_change():
    arguments, _ = arguments_of("{ shelf }")
    for _ in range(3):
        coerced = arguments.coerce(NONE)
        assert coerced == {"size": 10}
        coerced["size"] = 0

import gc
import weakref
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    build_schema,
    parse,
)

from gateway.engine.complexity.limits import Limits
from gateway.engine.validation import build_validator
from gateway.errors import InvalidVariables, LimitExceeded, ValidationFailed

SCHEMA = build_schema("""
    type Query { name(length: Int): String nothing: String friends: [Query!] }
""")
refuse_invalid = build_validator(SCHEMA, Limits(comparisons=1_000), introspection=True)


def problems(text: str) -> list[str]:
    with pytest.raises(ValidationFailed) as refused:
        refuse_invalid(parse(text))
    return [str(problem["message"]) for problem in refused.value.problems]


def overlapping(fragments: int) -> str:
    """An operation of fragments that all have the same fields."""
    names = [f"F{number}" for number in range(fragments)]
    spread = " ".join(f"...{name}" for name in names)
    return f"{{ {spread} }}" + " ".join(
        f"fragment {name} on Query {{ name nothing friends {{ name }} }}" for name in names
    )


def test_what_is_valid_passes():
    refuse_invalid(parse("{ name friends { name } }"))


@pytest.mark.parametrize("text", ["{ name friends { name } }", "{ name nam }", overlapping(9)])
def test_nothing_of_a_document_stays_behind_that_was_validated(text):
    """The rules and what they note refer to each other and to the document: cycles, freed without the collector."""
    gc.collect()
    gc.disable()
    try:
        document = parse(text)
        gone = weakref.ref(document)
        with suppress(ValidationFailed):
            refuse_invalid(document)
        del document
        assert gone() is None
    finally:
        gc.enable()


def test_what_is_wrong_is_told_with_its_place():
    with pytest.raises(ValidationFailed) as refused:
        refuse_invalid(parse("{ name nam }"))
    (problem,) = refused.value.problems
    assert str(problem["message"]).startswith("Cannot query field 'nam' on type 'Query'.")
    assert problem["locations"] == [{"line": 1, "column": 8}]


def test_no_more_is_told_than_anybody_reads():
    told = problems("{" + " ".join(f"x{number}" for number in range(1_000)) + "}")
    assert len(told) == 21
    assert told[-1].startswith("Too many validation errors")


def test_a_long_name_is_not_repeated_a_hundred_times():
    """Each error about a variable names the operation: a body of a megabyte would get ninety back."""
    unused = " ".join(f"$v{number}: Int" for number in range(100))
    told = problems(f"query {'x' * 100_000}({unused}) {{ name }}")
    assert sum(map(len, told)) < 21 * 1_100


def test_fields_are_compared_no_more_often_than_allowed():
    refuse_invalid(parse(overlapping(5)))
    with pytest.raises(LimitExceeded) as refused:
        refuse_invalid(parse(overlapping(100)))
    assert refused.value.extensions == {
        "code": "LIMIT_EXCEEDED",
        "limit": "comparisons",
        "measured": 1_001,
        "allowed": 1_000,
    }


def test_fields_that_differ_are_told_as_long_as_anybody_reads():
    conflicts = " ".join(f"a{n}: name a{n}: nothing" for n in range(100))
    assert problems(f"{{ {conflicts} }}")[-1].startswith("Too many validation errors")


@pytest.mark.parametrize("introspection", [True, False])
def test_the_schema_is_hidden_where_introspection_is_off(introspection):
    check = build_validator(SCHEMA, Limits(), introspection=introspection)
    with pytest.raises(ValidationFailed) as refused:
        check(parse("{ nam }"))
    assert ("Did you mean" in str(refused.value)) == introspection
    with nullcontext() if introspection else pytest.raises(ValidationFailed, match="introspection"):
        check(parse("{ __schema { description } }"))


def even(value: object) -> object:
    if value not in (2, "2", [2]):
        raise GraphQLError("This is not even.")
    return value


EVEN = GraphQLScalarType("Even", parse_value=even)
MANY = GraphQLInputObjectType(
    "Many", {"even": GraphQLInputField(EVEN), "number": GraphQLInputField(GraphQLInt)}
)
TAKEN: dict[str, Any] = {
    "even": EVEN,
    "evens": GraphQLList(EVEN),
    "many": MANY,
    "number": GraphQLInt,
}
TAKE = GraphQLField(GraphQLString, {name: GraphQLArgument(type_) for name, type_ in TAKEN.items()})
GIVEN = GraphQLSchema(GraphQLObjectType("Query", {"take": TAKE}))
refuse_given = build_validator(GIVEN, Limits(), introspection=True)


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("{ take(even: 3) }", "even"),
        ('{ take(even: "x") }', "even"),
        ("{ take(number: 1, evens: [2, 3]) }", "evens"),
        ("{ take(many: {number: 1, even: 3}) }", "many.even"),
        ("query($e: Even) { take(evens: [$e, 3]) }", "evens"),
        ("query($e: Even = 3) { take(even: $e) }", None),
    ],
)
def test_a_literal_that_a_scalar_refuses_is_told_like_a_variable(text, argument):
    with pytest.raises(InvalidVariables) as refused:
        refuse_given(parse(text))
    assert refused.value.code == "BAD_USER_INPUT"
    [problem] = refused.value.problems
    value = (
        "Variable '$e' has invalid default"
        if argument is None
        else f"Argument '{argument}' has invalid"
    )
    assert problem["message"] == f"{value} value: This is not even."
    named = {} if argument is None else {"argument": argument}
    assert problem["extensions"] == {"code": "BAD_USER_INPUT", **named}
    assert problem["locations"]


def test_beside_another_mistake_each_has_its_own_code():
    with pytest.raises(ValidationFailed) as refused:
        refuse_given(parse('{ take(even: 3, number: "x") }'))
    [even_, number] = refused.value.problems
    assert even_["extensions"] == {"code": "BAD_USER_INPUT", "argument": "even"}
    assert "extensions" not in number


@pytest.mark.parametrize("text", ["{ take(number: 1.5) }", "{ take(many: {odd: 3}) }"])
def test_what_does_not_fit_the_schema_is_no_matter_of_values(text):
    with pytest.raises(ValidationFailed):
        refuse_given(parse(text))


def test_what_scalars_take_passes():
    refuse_given(parse('query($e: Even = 2) { take(even: "2", evens: [2, $e], many: {even: 2}) }'))

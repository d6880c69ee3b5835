import gc
from contextlib import nullcontext, suppress

import pytest
from graphql import build_schema, parse

from gateway.errors import LimitExceeded, ValidationFailed
from gateway.operations.limits import Limits
from gateway.operations.validation import validator

SCHEMA = build_schema("""
    type Query { name(length: Int): String nothing: String friends: [Query!] }
""")
refuse_invalid = validator(SCHEMA, Limits(comparisons=1_000), introspection=True)


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


@pytest.fixture
def collector():
    """Objects are collected only where that is asked for; this collects them all, and counts them."""
    gc.collect()
    gc.disable()
    yield gc.collect
    gc.enable()


@pytest.mark.parametrize("text", ["{ name friends { name } }", "{ name nam }", overlapping(9)])
def test_what_validating_leaves_behind_does_not_pile_up(collector, text):
    """The rules and what they note refer to each other: several hundred objects for the smallest text."""
    document = parse(text)
    with suppress(ValidationFailed):
        refuse_invalid(document)
    assert collector() < 100


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
    check = validator(SCHEMA, Limits(), introspection=introspection)
    with pytest.raises(ValidationFailed) as refused:
        check(parse("{ nam }"))
    assert ("Did you mean" in str(refused.value)) == introspection
    with nullcontext() if introspection else pytest.raises(ValidationFailed, match="introspection"):
        check(parse("{ __schema { description } }"))

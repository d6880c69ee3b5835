from collections import UserDict
from dataclasses import replace

import pytest
from graphql import build_schema, parse

from gateway.engine.complexity.cost import MAX_SAFE_INTEGER, FieldCost, ListSize, build_field_costs
from gateway.engine.complexity.limits import (
    Limits,
    compare_with_limits,
    comparisons_exceeded,
    enforce,
    enforce_characters,
    enforce_cost,
    tokens_exceeded,
)
from gateway.engine.complexity.measure import OperationSize, measure_document
from gateway.errors import LimitExceeded

SCHEMA = build_schema("type Query { me: Query people(first: Int): [Query] }")
PEOPLE = ListSize(("first",), default=10, maximum=100)
LIMITS = Limits(
    characters=1_000,
    tokens=100,
    depth=3,
    aliases=2,
    alias_characters=4,
    root_fields=4,
    duplicate_fields=3,
    cost=50,
    field_costs=build_field_costs(SCHEMA, {("Query", "people"): FieldCost(multiplier=PEOPLE)}),
)


def size(text: str) -> OperationSize:
    return measure_document(parse(text), LIMITS.field_costs)[0]


def refusal(text: str) -> dict[str, object]:
    with pytest.raises(LimitExceeded) as refused:
        enforce(size(text), LIMITS)
    assert refused.value.problems == [{"message": str(refused.value)}]
    assert str(refused.value).startswith("The operation is too large: its ")
    return refused.value.extensions


@pytest.mark.parametrize(
    ("within", "beyond", "limit"),
    [
        ("{a}" + "#\n" * 97, "{a}" + "#\n" * 98, "tokens"),
        ("{a}" + " " * 997, "{a}" + " " * 998, "characters"),
        ("{a{b{c}}}", "{a{b{c{d}}}}", "depth"),
        ("{a:b c:d}", "{a:b c:d{e:f}}", "aliases"),
        ("{abcd:b}", "{abcde:b}", "aliasCharacters"),
        ("{a b c d}", "{a b c d e}", "rootFields"),
        ("{a a a}", "{a a a a}", "duplicateFields"),
    ],
)
def test_what_is_allowed_passes_and_one_more_is_refused(within, beyond, limit):
    enforce(size(within), LIMITS)
    told = refusal(beyond)
    allowed = told["allowed"]
    assert isinstance(allowed, int)
    assert told == {
        "code": "LIMIT_EXCEEDED",
        "limit": limit,
        "measured": allowed + 1,
        "allowed": allowed,
    }


def test_a_fragment_that_nobody_spreads_has_limits_too():
    _, fragment = measure_document(parse("{a} fragment F on Query {a a a a}"), LIMITS.field_costs)
    with pytest.raises(LimitExceeded, match="at one response path"):
        enforce(fragment, LIMITS)


def test_a_fragment_has_no_root_fields():
    _, fragment = measure_document(parse("{a} fragment F on Query {a b c d e}"), LIMITS.field_costs)
    enforce(fragment, LIMITS)


PAGE = "query ($n: Int) { people(first: $n) { a } }"


@pytest.mark.parametrize("variables", [{"n": 49}, {"n": 0}, {"n": -1}, {}, {"n": None}])
def test_a_cost_that_is_allowed_passes(variables):
    enforce_cost(size(PAGE), LIMITS, variables)


@pytest.mark.parametrize(
    ("variables", "measured"), [({"n": 50}, 51), ({"n": 10**50}, 101), ({"n": "1"}, 101)]
)
def test_a_cost_that_is_not_allowed_is_refused(variables, measured):
    with pytest.raises(LimitExceeded) as refused:
        enforce_cost(size(PAGE), LIMITS, variables)
    assert refused.value.extensions == {
        "code": "LIMIT_EXCEEDED",
        "limit": "cost",
        "measured": measured,
        "allowed": 50,
    }


def test_nothing_is_reckoned_where_no_variables_could_cost_too_much():
    class Untouchable(UserDict[str, object]):
        def keys(self):
            raise AssertionError

    for enough in (101, 1_000):
        enforce_cost(size(PAGE), replace(LIMITS, cost=enough), Untouchable())
    with pytest.raises(AssertionError):
        enforce_cost(size(PAGE), replace(LIMITS, cost=100), Untouchable())


def test_all_measures_stand_beside_their_limits():
    found = compare_with_limits(size(PAGE), LIMITS, {"n": 70})
    assert [(each.limit, each.measured, each.allowed, each.is_exceeded) for each in found] == [
        ("characters", 43, 1_000, False),
        ("tokens", 19, 100, False),
        ("depth", 2, 3, False),
        ("aliases", 0, 2, False),
        ("aliasCharacters", 0, 4, False),
        ("rootFields", 1, 4, False),
        ("duplicateFields", 1, 3, False),
        ("cost", 71, 50, True),
    ]


def test_a_document_that_is_too_long_is_not_read():
    for length in (0, 1_000):
        enforce_characters("\n" * length, LIMITS)
    with pytest.raises(LimitExceeded, match="1001 characters") as refused:
        enforce_characters("\n" * 1_001, LIMITS)
    assert refused.value.extensions == {
        "code": "LIMIT_EXCEEDED",
        "limit": "characters",
        "measured": 1_001,
        "allowed": 1_000,
    }


def test_what_is_not_compared_to_its_end_takes_at_least_one_comparison_too_many():
    told = comparisons_exceeded(replace(LIMITS, comparisons=7)).extensions
    assert (told["limit"], told["measured"], told["allowed"]) == ("comparisons", 8, 7)


def test_a_document_that_is_not_read_to_its_end_has_at_least_one_token_too_many():
    assert tokens_exceeded(replace(LIMITS, tokens=7)).extensions == {
        "code": "LIMIT_EXCEEDED",
        "limit": "tokens",
        "measured": 8,
        "allowed": 7,
    }


def test_everything_is_allowed_where_nothing_is_said():
    text = f"{{{'a ' * 500}{' '.join(f'b{n}: c {{ d }}' for n in range(500))}}}"
    found = measure_document(parse(text), Limits().field_costs)[0]
    enforce(found, Limits())
    enforce_cost(found, Limits(), {})
    assert {each.allowed for each in compare_with_limits(found, Limits(), {})} == {MAX_SAFE_INTEGER}

import pytest
from graphql import ArgumentNode, FieldNode, OperationDefinitionNode, parse

from gateway.engine.complexity.cost import (
    MAX_SAFE_INTEGER,
    Cost,
    CostProgram,
    CostTerm,
    ListSize,
    Multiplier,
    SizedByArgument,
    literal_value,
)

PAGE = ListSize(("first", "last"), default=50, maximum=100)
LONG_PAGE = ListSize(("first",), default=50, maximum=2**31 - 1)
IDS = SizedByArgument(("ids",), default=20, maximum=20)


def arguments(text: str) -> tuple[ArgumentNode, ...]:
    """The arguments of a field, which are written as in a document."""
    (operation,) = parse(f"{{ a{text} }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    (node,) = operation.selection_set.selections
    assert isinstance(node, FieldNode)
    return tuple(node.arguments or ())


@pytest.mark.parametrize(
    ("items", "text", "times"),
    [
        (PAGE, "", 50),
        (PAGE, "(other: 7)", 50),
        (PAGE, "(first: 7)", 7),
        (PAGE, "(last: 7)", 7),
        (PAGE, "(first: null)", 50),
        (PAGE, "(first: 7, last: null)", 7),
        (PAGE, "(first: 7, last: 8)", 8),
        (PAGE, "(first: 7, first: 8)", 8),
        (PAGE, "(first: 0)", 0),
        (PAGE, "(first: -1)", 0),
        (PAGE, "(first: 101)", 100),
        (LONG_PAGE, "(first: 1000000000)", 1_000_000_000),
        (PAGE, f"(first: {'9' * 10_000})", 100),
        (PAGE, f"(first: -{'9' * 10_000})", 100),
        (PAGE, "(first: 7.0)", 100),
        (PAGE, '(first: "7")', 100),
        (PAGE, "(first: true)", 100),
        (PAGE, "(first: SEVEN)", 100),
        (PAGE, "(first: [7])", 100),
        (PAGE, "(first: {n: 7})", 100),
        (IDS, "", 20),
        (IDS, "(ids: [])", 0),
        (IDS, "(ids: [1, 2])", 2),
        (IDS, '(ids: ["a", $b, null])', 3),
        (IDS, f"(ids: [{'1 ' * 1000}])", 20),
        (IDS, "(ids: 0)", 20),
        (IDS, '(ids: "a")', 20),
    ],
)
def test_what_is_written_says_how_many_items_there_are(items, text, times):
    assert Multiplier.from_arguments(items, arguments(text)) == times


@pytest.mark.parametrize(
    ("items", "text", "variables", "times"),
    [
        (PAGE, "(first: $n)", {"n": 7}, 7),
        (PAGE, "(first: $n)", {}, 50),
        (PAGE, "(first: $n)", {"n": None}, 50),
        (PAGE, "(first: $n)", {"n": 0}, 0),
        (PAGE, "(first: $n)", {"n": -1}, 0),
        (PAGE, "(first: $n)", {"n": 10**99}, 100),
        (PAGE, "(first: $n)", {"n": 7.0}, 100),
        (PAGE, "(first: $n)", {"n": "7"}, 100),
        (PAGE, "(first: $n)", {"n": True}, 100),
        (PAGE, "(first: $n)", {"n": []}, 100),
        (PAGE, "(first: $n)", {"n": {}}, 100),
        (PAGE, "(first: $n, last: $m)", {"n": 7, "m": 8}, 8),
        (PAGE, "(first: $n, last: 9)", {"n": 7}, 9),
        (IDS, "(ids: $ids)", {"ids": ["a", "b"]}, 2),
        (IDS, "(ids: $ids)", {"ids": []}, 0),
        (IDS, "(ids: $ids)", {"ids": ["a"] * 1000}, 20),
        (IDS, "(ids: $ids)", {"ids": 0}, 20),
        (IDS, "(ids: $ids)", {"ids": "a"}, 20),
        (IDS, "(ids: $ids)", {"ids": {"length": 0}}, 20),
        (IDS, "(ids: $ids)", {}, 20),
    ],
)
def test_variables_say_how_many_items_there_are(items, text, variables, times):
    factor = Multiplier.from_arguments(items, arguments(text))
    assert isinstance(factor, Multiplier)
    assert factor.evaluate(variables) == times


def test_a_literal_that_is_not_there_is_none():
    assert literal_value(None) is None


def cost(sum_: CostTerm, reckoning: CostProgram, **defaults: object) -> Cost:
    return Cost(sum_, reckoning.steps, defaults)


def by(variable: str) -> Multiplier:
    return Multiplier(PAGE, (), (variable,))


def test_what_is_known_takes_no_steps():
    reckoning = CostProgram()
    known = reckoning.multiply(3, reckoning.total([CostTerm(2), CostTerm(5)]))
    assert (known, reckoning.steps) == (CostTerm(21), [])
    assert (cost(known, reckoning).maximum, cost(known, reckoning).evaluate({"n": 9})) == (21, 21)


def test_what_variables_say_is_reckoned_for_each():
    reckoning = CostProgram()
    outer = reckoning.multiply(
        by("n"), reckoning.total([CostTerm(2), reckoning.multiply(by("m"), CostTerm(3))])
    )
    whole = cost(reckoning.total([CostTerm(1), outer]), reckoning)
    assert whole.maximum == 1 + 100 * (2 + 100 * 3)
    assert whole.evaluate({"n": 4, "m": 5}) == 1 + 4 * (2 + 5 * 3)
    assert whole.evaluate({"n": 0, "m": 5}) == 1
    assert whole.evaluate({}) == 1 + 50 * (2 + 50 * 3)


def test_a_default_counts_where_the_caller_says_nothing():
    reckoning = CostProgram()
    whole = cost(reckoning.multiply(by("n"), CostTerm(1)), reckoning, n=7)
    assert [whole.evaluate({}), whole.evaluate({"n": 8}), whole.evaluate({"n": None})] == [7, 8, 50]


@pytest.mark.parametrize("factor", [10, 1, 0])
def test_a_known_factor_counts_for_what_is_not_known_too(factor):
    reckoning = CostProgram()
    whole = cost(reckoning.multiply(factor, reckoning.multiply(by("n"), CostTerm(1))), reckoning)
    assert whole.evaluate({"n": 3}) == factor * 3


def test_sums_of_many_steps_are_not_copied():
    """A sum that is used many times is one step of each that uses it."""
    reckoning = CostProgram()
    fragment = reckoning.total(reckoning.multiply(by(f"v{n}"), CostTerm(1)) for n in range(100))
    assert len(fragment.step_indexes) == 1
    for _ in range(100):
        assert reckoning.multiply(1, fragment) is fragment
    assert len(reckoning.steps) == 101


def test_counting_ends_somewhere():
    reckoning = CostProgram()
    known, unknown = CostTerm(1), reckoning.multiply(by("n"), CostTerm(1))
    for _ in range(100):
        known = reckoning.total([known, known])
        unknown = reckoning.total([unknown, unknown])
    assert known == CostTerm(MAX_SAFE_INTEGER)
    assert cost(unknown, reckoning).maximum == MAX_SAFE_INTEGER
    assert cost(unknown, reckoning).evaluate({"n": 0}) == 0
    assert cost(reckoning.total([known, unknown]), reckoning).evaluate({"n": 1}) == MAX_SAFE_INTEGER


def test_the_largest_count_is_the_largest_integer_that_json_carries_exactly():
    """Many clients read the numbers of JSON as floats: from 2 to the 53rd on, neighbours are one number."""
    assert float(MAX_SAFE_INTEGER - 1) < float(MAX_SAFE_INTEGER) < float(MAX_SAFE_INTEGER + 1)
    assert float(MAX_SAFE_INTEGER + 1) == float(MAX_SAFE_INTEGER + 2)

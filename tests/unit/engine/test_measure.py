"""What operations measure; and bombs, which take no longer than their texts are long."""

import sys
import tracemalloc
from collections.abc import Callable
from itertools import permutations
from types import FrameType
from typing import Any

import pytest
from graphql import build_schema, parse

from gateway.engine.complexity.cost import (
    MAX_SAFE_INTEGER,
    FieldCost,
    ListSize,
    SizedByArgument,
    build_field_costs,
)
from gateway.engine.complexity.measure import OperationSize, measure_document

SCHEMA = build_schema("""
    type Query { me: Person people(first: Int, last: Int): Page some(ids: [ID!]!): [Person!]! }
    type Mutation { count: Int }
    type Person { name: String mail: String friends: [Person!] people(first: Int): Page }
    type Page { nodes: [Person!] edges: [Edge!] total: Int }
    type Edge { node: Person }
""")
PAGE = ListSize(("first", "last"), default=5, maximum=10)
WEIGHTS = build_field_costs(
    SCHEMA,
    {
        ("Query", "people"): FieldCost(page_multiplier=PAGE),
        ("Person", "people"): FieldCost(page_multiplier=PAGE),
        ("Person", "mail"): FieldCost(10),
        ("Page", "nodes"): FieldCost(is_paginated=True),
        ("Page", "edges"): FieldCost(is_paginated=True),
        ("Query", "some"): FieldCost(multiplier=SizedByArgument(("ids",), default=7, maximum=7)),
    },
)


def sizes(text: str) -> list[OperationSize]:
    return measure_document(parse(text), WEIGHTS)


def size(text: str) -> OperationSize:
    """Of the first definition of a text."""
    return sizes(text)[0]


def cost(text: str, **variables: object) -> int:
    return size(text).cost.evaluate(variables)


def test_what_each_value_costs_is_counted_as_often_as_there_are_values():
    said = {
        ("Query", "some"): FieldCost(
            per_item=3, multiplier=SizedByArgument(("ids",), default=7, maximum=7)
        )
    }
    reckoned = measure_document(
        parse("{ some(ids: [1, 2]) { name } }"), build_field_costs(SCHEMA, said)
    )
    assert reckoned[0].cost.evaluate({}) == 1 + 2 * (3 + 1)


def test_tokens_are_those_of_the_document_comments_included():
    assert [each.tokens for each in sizes("query A { a } # b\n query B { a }")] == [11, 11]


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("{ a }", 1),
        ("{ a { b } c { d { e } } }", 3),
        ("{ a { b { c } } d { e } }", 3),
        ("{ ...F ...G } fragment F on T { a { b } } fragment G on T { c }", 2),
        ("{ a { ... { ... on T { b } } } }", 2),
        ("{ a { ...F } } fragment F on T { b { c } }", 3),
        ("{ ...F } fragment F on T { ...G b } fragment G on T { c { d } }", 2),
        ("{ }", 0),
        ("{ ...Gone }", 0),
    ],
)
def test_depth_counts_fields_and_not_fragments(text, depth):
    assert size(text).depth == depth


def test_characters_are_those_of_the_document_whatever_they_are():
    assert size("{ a } # é\n").characters == 10


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("{ abc }", 0),
        ("{ a: b abc: d }", 3),
        ("{ a { abc: d } b { c: d } }", 3),
        ("{ ...F ...G } fragment F on T { abc: d } fragment G on T { a: b }", 3),
        ("{ a { abcd: e } ...F } fragment F on T { abc: d }", 4),
        ("{ a: b ...F } fragment F on T { c { ... { abcde: d } } }", 5),
    ],
)
def test_the_longest_alias_counts_wherever_it_stands(text, characters):
    assert size(text).alias_characters == characters


@pytest.mark.parametrize(
    ("text", "aliases"),
    [
        ("{ a b }", 0),
        ("{ a: b c { d: e } ... on T { f: g } }", 3),
        ("{ a: b ...F ...F c { ...F } } fragment F on T { d: e { f: g } }", 7),
        ("{ ...F } fragment F on T { ...G ...G } fragment G on T { a: b }", 2),
    ],
)
def test_aliases_count_wherever_they_are_spread(text, aliases):
    assert size(text).aliases == aliases


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("{ a b { c d } }", 2),
        ("{ a a ... on T { b } ... { c } }", 4),
        ("{ a ...F ...F } fragment F on T { b { c d } e }", 5),
        ("mutation { a b }", 2),
    ],
)
def test_root_fields_are_where_an_operation_starts(text, fields):
    assert size(text).root_fields == fields


def test_a_fragment_starts_from_nowhere_and_costs_nothing_by_itself():
    _, fragment = sizes("{ ...F } fragment F on Query { a: b { c } a }")
    assert (fragment.root_fields, fragment.cost.evaluate({})) == (0, 0)
    assert (fragment.depth, fragment.aliases, fragment.duplicate_fields) == (2, 1, 2)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("{ }", 0),
        ("{ a b }", 1),
        ("{ a a b }", 2),
        ("{ a: b a: c a }", 3),
        ("{ a { b } a { b } }", 2),
        ("{ a { b b } a { b } c { b b } }", 3),
        ("{ a { b b } c { b b } }", 2),
        ("{ a ... on T { a } ... on U { a } }", 3),
        ("{ a ...F } fragment F on T { a a }", 3),
        ("{ a { ...F } a { ...F } } fragment F on T { b c { d d } }", 4),
        ("{ a { } a { ...Gone } }", 2),
    ],
)
def test_duplicate_fields_are_those_that_may_be_merged_at_one_place(text, fields):
    assert size(text).duplicate_fields == fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ me { name } }", 2),
        ("{ me { mail } }", 11),
        ("{ me { friends { name } } }", 12),
        ("{ me { friends { friends { name } } } }", 1 + 1 + 10 * (1 + 10)),
        ("{ people { total } }", 2),
        ("{ people { nodes { name } } }", 1 + 1 + 5),
        ("{ people(first: 3) { total nodes { name mail } } }", 1 + 1 + 1 + 3 * 11),
        ("{ people(last: 3) { edges { node { name } } nodes { name } } }", 1 + 2 + 3 * (2 + 1)),
        (
            "{ people(first: 2) { nodes { people(first: 3) { nodes { name } } } } }",
            1 + 1 + 2 * (1 + 1 + 3),
        ),
        ("{ people(first: 100) { nodes { name } } }", 1 + 1 + 10),
        ("{ people(first: 0) { nodes { mail } } }", 2),
        ("{ some(ids: [1, 2]) { mail } }", 1 + 2 * 10),
        ("{ some { mail } }", 1 + 7 * 10),
        ("{ a: me { mail } b: me { mail } }", 22),
        ("{ me { mail } me { mail } }", 22),
        ("{ me { ... on Person { mail } ... { mail } } }", 21),
        ("{ me { mail @skip(if: true) } }", 11),
        ("mutation { count }", 1),
    ],
)
def test_a_cost_is_what_fields_weigh_as_often_as_there_may_be_of_them(text, expected):
    assert cost(text) == expected


def test_a_fragment_costs_what_it_holds_wherever_it_is_spread():
    fragments = """
        fragment Total on Page { total ...Nodes }
        fragment Nodes on Page { nodes { ...Person } }
        fragment Person on Person { name mail }
    """
    assert cost("{ people(first: 3) { ...Total } me { ...Person } }" + fragments) == (
        1 + 1 + 1 + 3 * 11 + 1 + 11
    )


IN_ANY_ORDER = (
    "{ ...F }",
    "fragment F on Query { a: me { ...G } }",
    "fragment G on Person { b: friends { ...H } name }",
    "fragment H on Person { name mail }",
)


@pytest.mark.parametrize("definitions", [*permutations(IN_ANY_ORDER)])
def test_definitions_may_stand_in_any_order(definitions):
    (measured,) = (each for each in sizes(" ".join(definitions)) if each.root_fields)
    assert (measured.depth, measured.aliases) == (3, 2)
    assert measured.cost.evaluate({}) == 1 + 1 + 10 * 11 + 1


VARYING = """
query ($n: Int, $m: Int = 4, $ids: [ID!]!) {
  people(first: $n) { ...Page }
  some(ids: $ids) { people(first: $m) { ...Page } }
}
fragment Page on Page { total nodes { name mail } }
"""


@pytest.mark.parametrize(
    ("variables", "n", "m", "ids"),
    [
        ({"n": 1, "m": 2, "ids": ["a"]}, 1, 2, 1),
        ({"ids": []}, 5, 4, 0),
        ({"n": None, "m": None, "ids": None}, 5, 5, 7),
        ({"n": 1000, "m": "2", "ids": ["a"] * 1000}, 10, 10, 7),
    ],
)
def test_a_cost_depends_on_variables(variables, n, m, ids):
    assert cost(VARYING, **variables) == 1 + 2 + 11 * n + 1 + ids * (1 + 2 + 11 * m)
    assert cost(VARYING, **variables) <= size(VARYING).cost.maximum


@pytest.mark.parametrize(
    ("default", "n"), [("= 3", 3), ("= null", 5), ("", 5), ('= "3"', 10), ("= {n: 3}", 10)]
)
def test_a_variable_has_the_default_of_its_operation(default, n):
    assert (
        cost(f"query ($n: Int {default}) {{ people(first: $n) {{ nodes {{ name }} }} }}") == 2 + n
    )


def test_operations_share_fragments_and_not_defaults():
    text = """
        query A($n: Int = 1) { ...F } query B($n: Int = 2) { ...F me { name } }
        fragment F on Query { people(first: $n) { nodes { name } } }
    """
    assert [each.cost.evaluate({}) for each in sizes(text)] == [3, 6, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ gone { gone { mail } } }", 3),
        ("{ ... on Gone { mail } }", 1),
        ("{ ...Gone me { ...Gone name } }", 2),
        ("{ me { nodes { name } } }", 3),
        ("{ me { ...F } } fragment F on Page { nodes { name } }", 3),
        ("subscription { me { mail } }", 2),
    ],
)
def test_what_the_schema_does_not_have_weighs_little_and_harms_nobody(text, expected):
    assert cost(text) == expected


def is_empty(measured: OperationSize) -> bool:
    return not (
        measured.depth
        or measured.aliases
        or measured.alias_characters
        or measured.root_fields
        or measured.duplicate_fields
        or measured.cost.evaluate({})
    )


def test_what_is_no_operation_has_no_size():
    (definition,) = sizes("type Query { a: Int }")
    assert is_empty(definition)


def test_a_fragment_that_is_missing_measures_as_nothing():
    assert is_empty(size("{ ...Gone }"))


@pytest.mark.parametrize("bodies", [("a a", "a: b { c }"), ("a: b { c }", "a a")], ids=str)
def test_fragments_of_one_name_count_as_one(bodies):
    """Only validation refuses them: until then, neither may hide the other."""
    text = "{ ...F } " + " ".join(f"fragment F on Query {{ {each} }}" for each in bodies)
    assert [each.duplicate_fields for each in sizes(text)] == [3, 3, 3]
    assert [each.depth for each in sizes(text)] == [2, 2, 2]


# Bombs


def doubling(n: int, body: str = "...F{0} ...F{0}") -> str:
    fragments = [f"fragment F{k} on Query {{ {body.format(k + 1)} }}" for k in range(n)]
    return " ".join(["{ ...F0 }", *fragments, f"fragment F{n} on Query {{ a: me {{ name }} }}"])


def varying(n: int) -> str:
    body = (
        "people(first: $a) {{ nodes {{ ...F{0} }} }} b: people(last: $b) {{ nodes {{ ...F{0} }} }}"
    )
    return doubling(n, body)


BOMBS: dict[str, Callable[[int], str]] = {
    "fragments that double": doubling,
    "fragments that double in fields": lambda n: doubling(
        n, "a: me {{ ...F{0} }} b: me {{ ...F{0} }}"
    ),
    "pages that double by variables": varying,
    "a chain of fragments": lambda n: doubling(n, "me {{ ...F{0} }}"),
    "aliases": lambda n: "{" + "".join(f"a{k}: me{{name}}" for k in range(n)) + "}",
    "repeats": lambda n: "{" + "me{name}" * n + "}",
    "repeats in repeats": lambda n: "{" + f"me{{{'name ' * 50}}}" * (n // 10) + "}",
    "a large fragment in many places": lambda n: (
        "{"
        + "me{...F}" * n
        + "} fragment F on Person {"
        + " ".join(f"x{k}" for k in range(n))
        + "}"
    ),
    "a fragment of many variables in many places": lambda n: (
        f"{{{'me{...F}' * n}}} fragment F on Person {{"
        + " ".join(f"people(first: $v{k}) {{ nodes {{ name }} }}" for k in range(n))
        + "}"
    ),
    "many operations of many variables": lambda n: " ".join(
        f"query Q{k} {{ people(first: $v{k}) {{ nodes {{ name }} }} }}" for k in range(n)
    ),
    "a cycle": lambda n: doubling(n) + f" fragment F{n} on Query {{ ...F0 ...F1 me {{ ...F0 }} }}",
    "all spread all": lambda n: (
        "{ ...F0 }"
        + " ".join(
            f"fragment F{k} on Query {{ {' '.join(f'...F{m}' for m in range(k, k + 20))} }}"
            for k in range(n // 10)
        )
    ),
    "arguments": lambda n: f"{{ people({'first: 1 ' * n}) {{ nodes {{ name }} }} }}",
    "values": lambda n: f"{{ some(ids: [{'1 ' * n}]) {{ name }} }}",
}


def work(bomb: str) -> int:
    """How many calls and lines of Python measuring takes, of operations and their costs."""
    document, events = parse(bomb), 0

    def count(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal events
        events += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        measure_document(document, WEIGHTS)[0].cost.evaluate({"a": 3})
    finally:
        sys.settrace(before)
    return events


@pytest.mark.sample(4)
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_text_of_ten_times_the_length_takes_ten_times_the_work(bomb):
    small, large = bomb(60), bomb(600)
    assert work(large) <= 1.2 * work(small) * len(large) / len(small)


def cost_memory(bomb: str) -> int:
    """How many bytes the cost of an operation takes at most while it is computed."""
    (measured, *_) = sizes(bomb)
    tracemalloc.start()
    try:
        assert measured.cost.evaluate({"a": 3}) == MAX_SAFE_INTEGER
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_cost_of_ten_times_the_steps_takes_ten_times_the_memory():
    small, large = varying(60), varying(600)
    assert cost_memory(large) <= 1.2 * cost_memory(small) * len(large) / len(small)


DOUBLING = {name: bomb for name, bomb in BOMBS.items() if "double" in name}


@pytest.mark.parametrize("bomb", DOUBLING.values(), ids=DOUBLING)
def test_sixty_fragments_that_double_come_to_the_end_of_counting(bomb):
    measured = size(bomb(60))
    assert (
        measured.aliases == measured.cost.evaluate({}) == measured.cost.maximum == MAX_SAFE_INTEGER
    )


def test_fields_that_fragments_double_may_all_be_merged():
    measured = size(doubling(60))
    assert (measured.duplicate_fields, measured.root_fields, measured.depth) == (
        MAX_SAFE_INTEGER,
        MAX_SAFE_INTEGER,
        2,
    )


@pytest.mark.slow
def test_twenty_thousand_aliases_are_counted():
    measured = size("{" + " ".join(f"a{k}: me {{ name }}" for k in range(20_000)) + "}")
    assert (measured.aliases, measured.root_fields) == (20_000, 20_000)
    assert (measured.duplicate_fields, measured.cost.evaluate({})) == (1, 40_000)


def test_ten_thousand_repeats_of_one_field_are_counted():
    measured = size("{" + "me " * 10_000 + "}")
    assert (measured.duplicate_fields, measured.aliases) == (10_000, 0)


@pytest.mark.slow
def test_fragments_that_nest_five_thousand_levels_are_measured():
    assert size(doubling(5_000, "me {{ ...F{0} }}")).depth == 5_002
    assert size(doubling(5_000, "... {{ ...F{0} }}")).depth == 2


@pytest.mark.parametrize(
    "text",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...A } fragment A on Query { me { ...A } }",
    ],
)
def test_a_cycle_measures_as_nothing(text):
    measured = size(text)
    assert (measured.root_fields, measured.depth) in {(0, 0), (1, 1)}


CYCLE = """
    fragment A on Query { ...B ...C }
    fragment B on Query { me me me }
    fragment C on Query { ...A }
"""


@pytest.mark.parametrize(
    "text",
    [
        "{ ...A me me } fragment A on Query { ...A me me me }",
        f"{{ ...A me me }} {CYCLE}",
        f"{{ ...C me me }} {CYCLE}",
    ],
)
def test_a_cycle_hides_nothing_beside_it(text):
    assert size(text).duplicate_fields == 5

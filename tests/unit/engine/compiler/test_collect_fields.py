from collections.abc import Iterator
from typing import Any

import pytest
from graphql import build_schema, get_operation_ast, parse, validate
from graphql.execution import VariableValues

from gateway.engine.compiler.collect_fields import (
    ALWAYS,
    CannotCompile,
    Condition,
    Field,
    FieldCollector,
    Selection,
    holds,
)

SCHEMA = build_schema("""
    directive @odd on FIELD | INLINE_FRAGMENT | FRAGMENT_SPREAD
    type Query { a: Int  b: Int  c(n: Int): Int  q: Query  one: One  any: Any }
    interface One { a: Int  b: Int  one: One }
    type Two implements One { a: Int  b: Int  one: One  two: Int }
    type Three implements One { a: Int  b: Int  one: One  three: Int }
    union Any = Two | Three
""")


def collect(text: str) -> tuple[Selection, FieldCollector]:
    document = parse(text)
    assert validate(SCHEMA, document) == []
    operation = get_operation_ast(document)
    assert operation is not None
    selections = FieldCollector(SCHEMA, document)
    return selections.collect(operation), selections


def selected(text: str) -> Selection:
    return collect(text)[0]


def keys_with_conditions(selection: Selection) -> list[str]:
    """The keys in order, each with its conditions, as in `a x !y`: where x is true and y is not."""
    return [f"{field.key}{_shown(condition)}" for field, condition in selection.fields]


def _shown(condition: Condition) -> str:
    return "".join(f" {'' if value else '!'}{name}" for name, value in sorted(condition))


def at(selection: Selection, *steps: str) -> Selection:
    """What is selected inside: of a field's only type, or of one of its types, as in `one:Two`."""
    for step in steps:
        key, _, name = step.partition(":")
        [field] = {field for field, _ in selection.fields if field.key == key}
        selection = (
            field.selection_by_type[name] if name else next(iter(field.selection_by_type.values()))
        )
    return selection


def everything(selection: Selection, seen: set[int]) -> Iterator[Field]:
    """All fields of all selections, each selection once."""
    if id(selection) not in seen:
        seen.add(id(selection))
        for field in selection.distinct_fields():
            yield field
            for inside in field.selection_by_type.values():
                yield from everything(inside, seen)


def test_fields_are_in_the_order_asked():
    assert keys_with_conditions(selected("{ b a q { a } }")) == ["b", "a", "q"]


def test_a_field_stands_under_its_alias():
    selection = selected("{ x: a a y: a __typename }")
    assert keys_with_conditions(selection) == ["x", "a", "y", "__typename"]
    assert [field.name for field, _ in selection.fields] == ["a", "a", "a", "__typename"]


def test_a_field_knows_what_the_schema_says_of_it():
    selection = selected("{ q { x: c(n: 3) } }")
    [(field, _)] = at(selection, "q").fields
    assert (field.key, field.name, field.parent) == ("x", "c", SCHEMA.query_type)
    assert field.definition is SCHEMA.query_type.fields["c"]  # type: ignore[union-attr]
    assert field.selection_by_type == {}


def test_equal_fields_are_one():
    selection = selected("{ a b a q { a } q { b a } }")
    assert keys_with_conditions(selection) == ["a", "b", "q"]
    assert keys_with_conditions(at(selection, "q")) == ["a", "b"]


def test_a_field_knows_where_it_occurs():
    selection = selected("query($x: Boolean!) { a ... @include(if: $x) { a } b }")
    field = selection.fields[0][0]
    assert [
        (node.loc.start, _shown(condition)) for node, condition in field.occurrences if node.loc
    ] == [
        (22, ""),
        (47, " x"),
    ]


@pytest.mark.parametrize(("x", "starts"), [(True, [22, 47]), (False, [22])])
def test_a_field_is_asked_for_where_the_variables_have_it(x, starts):
    text = "query($x: Boolean!) { a ... @include(if: $x) { a } b }"
    nodes = selected(text).fields[0][0].nodes(VariableValues({}, {"x": x}))
    assert [node.loc.start for node in nodes if node.loc] == starts


def test_a_node_that_is_reached_twice_asks_once():
    text = "query($x: Boolean!) { ...F @include(if: $x) ...F } fragment F on Query { a }"
    field = selected(text).fields[0][0]
    assert len(field.occurrences) == 2
    assert len(field.nodes(VariableValues({}, {"x": True}))) == 1


@pytest.mark.parametrize("x", [True, False])
@pytest.mark.parametrize("y", [True, False])
def test_a_condition_holds_where_all_variables_are_as_it_wants(x, y):
    variables = VariableValues({}, {"x": x, "y": y})
    assert holds(frozenset({("x", True), ("y", False)}), variables) is (x and not y)
    assert holds(ALWAYS, variables)


def test_the_fields_of_fragments_stand_where_they_are_spread():
    text = "{ a ...F q { ...F } b } fragment F on Query { c ... on Query { x: a } ... { y: a } }"
    selection = selected(text)
    assert keys_with_conditions(selection) == ["a", "c", "x", "y", "q", "b"]
    assert keys_with_conditions(at(selection, "q")) == ["c", "x", "y"]


def test_a_fragment_within_itself_is_spread_where_it_is_first():
    text = "{ ...F ...G } fragment F on Query { a ...G } fragment G on Query { b q { a } }"
    selection = selected(text)
    assert keys_with_conditions(selection) == ["a", "b", "q"]
    assert len(selection.fields[1][0].occurrences) == 1


ABSTRACT = """{ one { a ...F ... on One { one { a } } ... on Three { x: a } }
                any { ...F ... on One { b } ... on Any { __typename } } }
              fragment F on Two { two ... on One { y: b } }"""


@pytest.mark.parametrize(
    ("step", "keys"),
    [
        ("one:Two", ["a", "two", "y", "one"]),
        ("one:Three", ["a", "one", "x"]),
        ("any:Two", ["two", "y", "b", "__typename"]),
        ("any:Three", ["b", "__typename"]),
    ],
)
def test_each_type_that_a_value_may_have_has_its_own_selection(step, keys):
    assert keys_with_conditions(at(selected(ABSTRACT), step)) == keys


def test_the_same_key_may_be_another_field_in_another_type():
    selection = selected("{ any { ... on Two { x: two } ... on Three { x: three } } }")
    of = selection.fields[0][0].selection_by_type
    assert [of[name].fields[0][0].name for name in ("Two", "Three")] == ["two", "three"]


LITERAL = {
    "{ a @skip(if: true) b }": ["b"],
    "{ a @skip(if: false) b }": ["a", "b"],
    "{ a @include(if: true) b }": ["a", "b"],
    "{ a @include(if: false) b }": ["b"],
    "{ a @include(if: true) @skip(if: true) b }": ["b"],
    "{ ... @skip(if: true) { a } b ...F @include(if: false) } fragment F on Query { c }": ["b"],
    "{ ...F @include(if: false) ...F } fragment F on Query { c }": ["c"],
    "{ a @include(if: false) }": [],
}


@pytest.mark.parametrize(("text", "keys"), LITERAL.items(), ids=LITERAL)
def test_what_is_never_selected_is_not_there(text, keys):
    assert keys_with_conditions(selected(text)) == keys


CONDITIONAL = {
    "a @skip(if: $x) b": ["a !x", "b"],
    "a @include(if: $x) b": ["a x", "b"],
    "a @include(if: $x) @skip(if: $y)": ["a x !y"],
    "a @include(if: $x) @skip(if: false)": ["a x"],
    "... @include(if: $x) { a b @skip(if: $y) }": ["a x", "b x !y"],
    "... @include(if: $x) { ... @include(if: $x) { a } }": ["a x"],
    "...F @skip(if: $x) c": ["a !x", "b !x y", "c"],
    "a @include(if: $x) @skip(if: $x) b": ["b"],
    "... @include(if: $x) { a @skip(if: $x) b }": ["b x"],
    "... @skip(if: $x) { ...F @include(if: $x) } b": ["b"],
}


@pytest.mark.parametrize(("inside", "keys"), CONDITIONAL.items(), ids=CONDITIONAL)
def test_what_depends_on_variables_says_on_which(inside, keys):
    text = "fragment F on Query { a b @include(if: $y) }"
    used = text if "...F" in inside else ""
    declared = "$x: Boolean!" + (" $y: Boolean!" if "$y" in inside + used else "")
    assert keys_with_conditions(selected(f"query({declared}) {{ {inside} }} {used}")) == keys


PLACES = {
    "a @include(if: $x) b a": ["a x", "b", "a"],
    "a b a @include(if: $x)": ["a", "b"],
    "a @include(if: $x) b a @skip(if: $x)": ["a x", "b", "a !x"],
    "a @include(if: $x) b ... @include(if: $x) { a @include(if: true) }": ["a x", "b"],
    "...F @include(if: $x) b ...F": ["c x", "b", "c"],
    "...F b ...F @include(if: $x)": ["c", "b"],
    "a @include(if: $x) b ... @include(if: $x) { a @skip(if: $y) }": ["a x", "b"],
    "... @include(if: $x) { a @skip(if: $y) } b a @include(if: $x)": ["a x !y", "b", "a x"],
}


@pytest.mark.parametrize(("inside", "keys"), PLACES.items(), ids=PLACES)
def test_a_key_stands_at_each_place_that_it_may_have(inside, keys):
    """The first that holds counts."""
    used = "fragment F on Query { c }" if "...F" in inside else ""
    declared = "$x: Boolean!" + (" $y: Boolean!" if "$y" in inside else "")
    selection = selected(f"query({declared}) {{ {inside} }} {used}")
    assert keys_with_conditions(selection) == keys
    assert len({id(field) for field, _ in selection.fields}) == len(
        set(selection.distinct_fields())
    )


def test_what_is_inside_depends_on_what_its_field_does():
    text = "query($x: Boolean!) { q @include(if: $x) { a } q { b } }"
    assert keys_with_conditions(at(selected(text), "q")) == ["a x", "b"]


def test_a_field_is_merged_once_however_many_places_it_has():
    selection = selected("query($x: Boolean!) { a @include(if: $x) b a @skip(if: $x) a }")
    assert [field.key for field in selection.distinct_fields()] == ["a", "b"]


DECIDING = {
    "{ a }": set(),
    "query($x: Boolean!, $n: Int) { a @skip(if: $x) c(n: $n) }": {"x"},
    "query($x: Boolean!, $y: Boolean!) { ... @skip(if: $x) { q { a @include(if: $y) } } }": {"x", "y"},
    "query($x: Boolean!) { a a @include(if: $x) }": {"x"},
    "query($x: Boolean!) { a @include(if: $x) @skip(if: $x) b }": {"x"},
    "query($x: Boolean!) { ...F ...F @skip(if: $x) } fragment F on Query { a }": {"x"},
}  # fmt: skip


@pytest.mark.parametrize(("text", "names"), DECIDING.items(), ids=DECIDING)
def test_the_variables_that_decide_are_known(text, names):
    assert collect(text)[1].condition_variables == names


def test_equal_parts_are_selected_once():
    text = "{ x: q { ...F } y: q { ...F } any { ...G } } fragment F on Query { q { a } } fragment G on One { one { a } }"
    selection = selected(text)
    assert at(selection, "x", "q") is at(selection, "y", "q")
    assert at(selection, "any:Two", "one:Two") is at(selection, "any:Three", "one:Two")


def test_parts_under_other_conditions_are_others():
    text = "query($x: Boolean!) { x: q { ...F } y: q @skip(if: $x) { ...F } } fragment F on Query { q { a } }"
    selection = selected(text)
    assert keys_with_conditions(at(selection, "x", "q")) == ["a"]
    assert keys_with_conditions(at(selection, "y", "q")) == ["a !x"]


DOUBLING = {
    "spread twice": "...F{0} ...F{0}",
    "spread twice, in others": "... {{ ...F{0} }} ... on Query {{ ...F{0} }}",
    "under one condition and its opposite": "...F{0} @include(if: $x) ...F{0} @skip(if: $x)",
    "under one condition, and without": "...F{0} @include(if: $x) ...F{0}",
    "in two fields": "x: q {{ ...F{0} }} y: q {{ ...F{0} }}",
}


@pytest.mark.parametrize("body", DOUBLING.values(), ids=DOUBLING)
def test_doubling_fragments_cost_what_is_written_not_what_it_means(body):
    levels = 60
    fragments = [f"fragment F{n} on Query {{ {body.format(n + 1)} }}" for n in range(levels)]
    declared = "($x: Boolean!)" if "$x" in body else ""
    text = f"query{declared} {{ ...F0 }} {' '.join(fragments)} fragment F{levels} on Query {{ a }}"
    fields = list(everything(selected(text), set()))
    collected_fields, nodes = len(fields), sum(len(field.occurrences) for field in fields)
    assert collected_fields <= 4 * levels + 1
    assert nodes <= collected_fields + 1


@pytest.mark.slow
def test_ten_thousand_fields_are_compiled_and_no_more():
    def text(count: int) -> str:
        return f"{{ {' '.join(f'x{n}: a' for n in range(count))} }}"

    def of(text: str) -> Selection:
        document = parse(text)
        operation: Any = document.definitions[0]
        return FieldCollector(SCHEMA, document).collect(operation)

    assert len(of(text(10_000)).fields) == 10_000
    with pytest.raises(CannotCompile):
        of(text(10_001))


@pytest.mark.slow
def test_fields_count_for_each_type_that_they_may_be_selected_of():
    inside = " ".join(f"x{n}: a" for n in range(4_000))
    with pytest.raises(CannotCompile):
        selected(f"{{ one {{ {inside} }} q {{ one {{ {inside} }} }} }}")


@pytest.mark.parametrize(
    "text",
    [
        "{ a @odd }",
        "{ ... @odd { a } }",
        "{ ...F @odd } fragment F on Query { a }",
        "{ q { ... on Query { a @skip(if: false) @odd } } }",
    ],
)
def test_an_unknown_directive_cannot_be_compiled(text):
    with pytest.raises(CannotCompile):
        selected(text)

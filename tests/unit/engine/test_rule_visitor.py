"""Validation gives the errors of graphql-core's own `validate`, in their order."""

import re
from contextlib import suppress
from typing import Any

import pytest
from graphql import (
    BREAK,
    SKIP,
    ASTValidationRule,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    SelectionSetNode,
    VariableNode,
    Visitor,
    VisitorAction,
    build_schema,
    parse,
    specified_rules,
    validate,
)
from hypothesis import given, settings, strategies as st

from gateway.engine.rule_visitor import RuleSet

SCHEMA = build_schema("""
    directive @tag(name: String) repeatable on FIELD | QUERY | FRAGMENT_SPREAD | VARIABLE_DEFINITION
    directive @once(must: Int!) on FIELD | FRAGMENT_DEFINITION | INLINE_FRAGMENT
    interface Named { name(length: Int): String }
    type Person implements Named { name(length: Int): String  friends(first: Int = 3, ids: [ID!]): [Person!]! }
    type Dog implements Named { name(length: Int): String  barks: Boolean!  owner: Person }
    union Pet = Dog
    enum Kind { EVEN ODD }
    input Like { like: Like  kind: Kind!  words: [String!] = ["x"] }
    input One @oneOf { a: Int  b: String }
    type Query { person(id: ID!, kind: Kind = ODD, like: Like): Person  dog: Dog  pet: Pet  named: [Named]
                 one(of: One): Int }
    type Mutation { do: Int }
    type Subscription { one: Int  other: Int }
""")
RULES = [*specified_rules, NoSchemaIntrospectionCustomRule]
RULE_SET = RuleSet(RULES)


def formatted(errors: list[GraphQLError]) -> list[Any]:
    return [(type(error), error.formatted) for error in errors]


def assert_same_errors(text: str, schema: GraphQLSchema = SCHEMA, **options: Any) -> list[Any]:
    document = parse(text)
    options = {"max_errors": 20, "hide_suggestions": False, **options}
    errors = formatted(RULE_SET.validate(schema, document, **options))
    assert errors == formatted(validate(schema, document, RULES, **options))
    return errors


VALID = """
    query First($id: ID!, $first: Int = 2, $kind: Kind! = EVEN, $words: [String!], $skip: Boolean!) @tag @tag {
      person(id: $id, like: {kind: $kind, words: $words}) { ...Names friends(first: $first) { ...Names } }
      named { ... on Dog @once(must: 1) { barks @skip(if: $skip) owner { friends(ids: [$id, "2"]) { name } } } }
      one(of: {a: 1}) @tag(name: "x")
    }
    query Second($length: Int) { pet { ... on Dog { owner { ...Deep } } } dog { ...Names2 } }
    fragment Names on Named { name  again: name(length: 3) }
    fragment Names2 on Named { name(length: $length) }
    fragment Deep on Person { friends { friends { ...Names2 } } }
"""

INVALID = {
    "an unknown field": "{ person(id: 1) { nam } }",
    "an unknown type": "{ named { ... on Cat { name } } }",
    "an unknown fragment": "{ dog { ...Names } }",
    "an unknown argument": "{ dog { name(len: 3) } }",
    "an unknown directive": "{ dog @tags { name } }",
    "an unknown operation type": "{ dog { name } } type Query { x: Int }",
    "a missing argument": "{ person { name } one }",
    "a missing argument of a directive": "{ dog { name @once } }",
    "a missing selection": "{ dog }",
    "a selection of a leaf": "{ dog { name { x } } }",
    "an unused fragment": "{ dog { name } } fragment F on Dog { name } fragment F on Dog { barks }",
    "a fragment in itself": "{ dog { ...F } } fragment F on Dog { owner { ...G } } fragment G on Person { ...F }",
    "a fragment in itself alone": "{ dog { ...F } } fragment F on Dog { ...F }",
    "a fragment of a scalar": "{ dog { ...F } } fragment F on Int { x }",
    "a fragment that never applies": "{ person(id: 1) { ...F ... on Dog { barks } } } fragment F on Dog { barks }",
    "an unused variable": "query($x: Int) { dog { name } }",
    "an undefined variable": "query Q { dog { name(length: $x) ...F } } fragment F on Dog { name(length: $y) }",
    "a variable of an output type": "query($x: Dog) { dog { name(length: $x) } }",
    "a variable twice": "query($x: Int, $x: Int) { dog { name(length: $x) } }",
    "a variable of another type": "query($x: String, $y: [ID]) { dog { name(length: $x) owner { friends(ids: $y) { name } } } }",
    "a variable in a list": "{ dog { owner { friends(ids: [$x]) { name } } } }",
    "a variable inside objects": "query($k: Kind, $w: Int) { person(id: 1, like: {kind: $k, like: {kind: ODD, words: [$w]}}) { name } }",
    "a nullable variable for one of": "query($a: Int) { one(of: {a: $a}) }",
    "a variable in a directive": "query($x: Int) @tag(name: $x) { dog @include(if: $x) { name } }",
    "a variable of a fragment's directive": "query($x: Int) { ...F } fragment F on Query @once(must: $y) { dog { name } }",
    "a variable in an inline fragment's directive": "{ ... @include(if: $x) { dog { name } } }",
    "a variable of a spread's directive": "{ ...F @tag(name: $x) } fragment F on Query { dog { name } }",
    "invalid literals": '{ person(id: 1.5, kind: EVE, like: {knd: 1, words: "x"}) { name(length: "3") } }',
    "an argument twice": "{ dog { name(length: 1, length: 2) } }",
    "an input field twice": "{ person(id: 1, like: {kind: ODD, kind: EVEN}) { name } }",
    "a directive twice": "{ dog { name @skip(if: true) @skip(if: false) } }",
    "a directive in a wrong place": "query @include(if: true) { dog { name } }",
    "fields in conflict": "{ dog { name name(length: 1) x: name x: barks } }",
    "operations of one name": "query A { dog { name } } query A { dog { name } }",
    "anonymous operations": "{ dog { name } } { dog { name } }",
    "a subscription to two things": "subscription { one other }",
    "introspection": "{ __schema { types { name } } __type(name: 1) { fields { type { fields { name } } } } }",
    "introspection in depth": "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    "no query": "fragment F on Dog { name }",
    "more errors than are told": "{ " + " ".join(f"x{n}" for n in range(40)) + " }",
    "fragments nested without end": "{ dog { ...F0 } }"
    + "".join(f" fragment F{n} on Dog {{ owner {{ ...F{n + 1} }} }}" for n in range(300)),
}


def test_a_valid_document_has_no_errors():
    assert assert_same_errors(VALID) == []


@pytest.mark.parametrize("hide_suggestions", [True, False])
@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID)
def test_an_invalid_document_has_the_errors_of_graphql_core(text, hide_suggestions):
    assert assert_same_errors(text, hide_suggestions=hide_suggestions)


def test_every_rule_finds_something():
    """Among these documents, else they would show little."""
    for rule in RULES:
        if not rule.__name__.startswith(("DeferStream", "StreamDirective", "ExecutableDef")):
            assert any(
                RuleSet([rule]).validate(SCHEMA, parse(text), max_errors=9, hide_suggestions=True)
                for text in INVALID.values()
            ), rule


class FieldsOnly(ASTValidationRule):
    """Reports each field, up to one of another name than `name` or `dog`, and no argument."""

    def enter_field(self, node: FieldNode, *_: Any) -> VisitorAction:
        self.report_error(GraphQLError(node.name.value, node))
        return None if node.name.value in {"name", "dog"} else BREAK

    def enter_argument(self, *_: Any) -> VisitorAction:
        return SKIP

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> VisitorAction:
        self.report_error(GraphQLError("left", node))
        return BREAK if len(node.selections) == 1 else None

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.report_error(GraphQLError("visited", node))


@pytest.mark.parametrize(
    "text",
    [
        "{ dog { name(length: $x) x: name @tag(name: $y) barks name } dog { name } }",
        "{ dog { name } dog { name name } }",
    ],
)
def test_rules_skip_and_break_as_in_graphql_core(text):
    errors = RuleSet([FieldsOnly]).validate(
        SCHEMA, parse(text), max_errors=20, hide_suggestions=True
    )
    assert formatted(errors) == formatted(validate(SCHEMA, parse(text), [FieldsOnly]))


def test_only_so_many_errors_are_told():
    assert len(assert_same_errors(INVALID["more errors than are told"], max_errors=5)) == 6


def test_nesting_without_end_is_refused():
    [*_, (_, last)] = assert_same_errors(INVALID["fragments nested without end"])
    assert last["message"] == "Validation aborted."


def test_no_rule_visits_names():
    """Their nodes are left out."""
    for rule in RULES:
        assert issubclass(rule, Visitor)
        assert not {"enter_name", "leave_name"} & set(dir(rule)), rule


TOKENS = [
    re.findall(r'"[^"]*"|\.\.\.|[\w.-]+|[^\s\w]', text) for text in [VALID, *INVALID.values()][:-2]
]
WORDS = sorted({token for tokens in TOKENS for token in tokens if token[0].isalpha()})


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_random_documents_have_the_errors_of_graphql_core(data):
    tokens = list(data.draw(st.sampled_from(TOKENS)))
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(tokens) - 1))
        match data.draw(st.sampled_from(["replace", "replace", "replace", "repeat", "delete"])):
            case "replace" if tokens[index][0].isalpha():
                tokens[index] = data.draw(st.sampled_from(WORDS))
            case "repeat":
                end = data.draw(st.integers(index, min(len(tokens), index + 9)))
                tokens[index:index] = tokens[index:end]
            case "delete" if len(tokens) > 1:
                del tokens[index]
    with suppress(GraphQLSyntaxError):
        assert_same_errors(" ".join(tokens))

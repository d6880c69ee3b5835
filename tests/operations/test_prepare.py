from contextlib import suppress

import pytest
from graphql import build_schema

from gateway.errors import OperationError, OperationUnresolved, ParseFailed, ValidationFailed
from gateway.operations.prepare import Prepared, preparer

SCHEMA = build_schema("""
    type Query { number(of: Kind, like: Like): Int me: Query }
    type Mutation { count: Int }
    enum Kind { EVEN ODD }
    input Like { like: Like, likes: [Like] }
""")
TWO = "query One { number } query Other { me { number } }"


@pytest.fixture
def prepare():
    return preparer(SCHEMA)


def name(prepared: Prepared) -> str | None:
    return prepared.operation.name.value if prepared.operation.name else None


def test_one_operation_needs_no_name(prepare):
    assert name(prepare("query One { number }", None)) == "One"


def test_an_operation_without_a_name_is_the_only_one(prepare):
    assert name(prepare("{ number }", None)) is None


@pytest.mark.parametrize("wanted", ["One", "Other"])
def test_one_of_several_operations_is_found_by_name(prepare, wanted):
    assert name(prepare(TWO, wanted)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (TWO, None),
        (TWO, "Third"),
        (TWO, "one"),
        ("{ number }", "One"),
        ("query One { number }", "Other"),
    ],
)
def test_what_to_run_must_be_certain(prepare, text, wanted):
    with pytest.raises(OperationUnresolved):
        prepare(text, wanted)


@pytest.mark.parametrize(
    ("text", "reads"),
    [("{ number }", True), ("query { number }", True), ("mutation { count }", False)],
)
def test_a_query_only_reads(prepare, text, reads):
    assert prepare(text, None).is_query is reads


@pytest.mark.parametrize(
    "text", ["", " ", "{", "{ }}", "nonsense", "{ number ", '{ a(b: ") }', "\0"]
)
def test_what_is_no_graphql_cannot_be_parsed(prepare, text):
    with pytest.raises(ParseFailed) as failed:
        prepare(text, None)
    (problem,) = failed.value.problems
    assert set(problem) == {"message", "locations"}


@pytest.mark.parametrize(
    "text",
    [
        "{ nothing }",
        "{ me }",
        "{ number { x } }",
        "{ number(of: EVIL) }",
        "{ ...Gone }",
        "query ($n: Int) { number }",
        "{ me { ...A } } fragment A on Query { me { ...A } }",
        "fragment A on Query { number }",
        "type Query { number: Int }",
    ],
)
def test_what_the_schema_does_not_have_is_not_valid(prepare, text):
    with pytest.raises(ValidationFailed) as failed:
        prepare(text, None)
    assert all("message" in problem for problem in failed.value.problems)


def test_every_problem_is_told_with_its_place(prepare):
    with pytest.raises(ValidationFailed) as failed:
        prepare("{\n one\n two }", None)
    places = [problem["locations"] for problem in failed.value.problems]
    assert places == [[{"line": 2, "column": 2}], [{"line": 3, "column": 2}]]


def test_what_was_prepared_is_remembered(prepare):
    assert prepare(TWO, "One") is prepare(TWO, "One")


def test_two_operations_of_one_document_are_not_confused(prepare):
    found = [name(prepare(TWO, wanted)) for wanted in ("One", "Other", "One", "Other")]
    assert found == ["One", "Other", "One", "Other"]


def test_what_failed_is_not_remembered_as_prepared(prepare):
    for _ in range(2):
        with pytest.raises(OperationUnresolved):
            prepare(TWO, None)
    assert name(prepare(TWO, "One")) == "One"


def test_the_least_used_is_forgotten_first():
    prepare = preparer(SCHEMA, remembered_bytes=160 * len("{ number }{ a: number }"))
    first, second = prepare("{ number }", None), prepare("{ a: number }", None)
    assert prepare("{ number }", None) is first
    prepare("{ b: number }", None)
    assert prepare("{ number }", None) is first
    assert prepare("{ a: number }", None) is not second


@pytest.mark.parametrize(("length", "remembered"), [(30, True), (31, False)])
def test_texts_longer_than_all_that_is_kept_are_not_remembered(length, remembered):
    prepare = preparer(SCHEMA, remembered_bytes=160 * 30)
    text = "{ number }".ljust(length)
    assert (prepare(text, None) is prepare(text, None)) is remembered


def test_two_schemas_remember_apart():
    other = preparer(build_schema("type Query { text: String }"))
    preparer(SCHEMA)("{ number }", None)
    with pytest.raises(ValidationFailed):
        other("{ number }", None)


INTROSPECTION = [
    "{ __schema { types { name } } }",
    '{ __type(name: "Query") { name } }',
    "{ me { ...A } } fragment A on Query { __schema { description } }",
]


@pytest.mark.parametrize("text", INTROSPECTION)
def test_the_schema_may_be_asked_for(prepare, text):
    assert prepare(text, None).suggestions


@pytest.mark.parametrize("text", INTROSPECTION)
def test_introspection_that_is_off_is_refused(text):
    with pytest.raises(ValidationFailed, match="introspection"):
        preparer(SCHEMA, introspection=False)(text, None)


def test_a_typename_is_no_introspection():
    assert not preparer(SCHEMA, introspection=False)("{ __typename }", None).suggestions


SUGGESTING = ["{ numbre }", "{ number(fo: ODD) }", "{ number(of: ODDD) }", "{ ... on Qery { me } }"]


@pytest.mark.parametrize("text", SUGGESTING)
def test_names_are_suggested_only_with_introspection(prepare, text):
    with pytest.raises(ValidationFailed, match="Did you mean"):
        prepare(text, None)
    with pytest.raises(ValidationFailed) as failed:
        preparer(SCHEMA, introspection=False)(text, None)
    assert "Did you mean" not in str(failed.value.problems)


def chain(links: int, body: str = "...F{}") -> str:
    fragments = [f"fragment F{n} on Query {{ {body.format(n + 1)} }}" for n in range(links)]
    return " ".join(["{ ...F0 }", *fragments, f"fragment F{links} on Query {{ number }}"])


DEEP = 20_000
TOO_DEEP = {
    "fields": ("{me" * DEEP + "{number}" + "}" * DEEP, ParseFailed),
    "fields left open": ("{me" * DEEP, ParseFailed),
    "inline fragments": ("{..." * DEEP + "{number}" + "}" * DEEP, ParseFailed),
    "objects": ("{number(like:" + "{like:" * DEEP + "null" + "}" * DEEP + ")}", ParseFailed),
    "lists": ("{number(like:{likes:" + "[" * DEEP + "]" * DEEP + "})}", ParseFailed),
    "types": ("query($a:" + "[" * DEEP + "Int" + "]" * DEEP + "){number}", ParseFailed),
    "fragments": (chain(2_000), ValidationFailed),
    "fragments of fields": (chain(2_000, "me {{ ...F{} }}"), ValidationFailed),
}


@pytest.mark.parametrize(("text", "error"), TOO_DEEP.values(), ids=TOO_DEEP)
def test_deep_nesting_is_refused(prepare, text, error):
    with pytest.raises(error):
        prepare(text, None)


@pytest.mark.parametrize("depth", range(10, 400, 30))
def test_any_depth_is_prepared_or_refused(prepare, depth):
    for text in ("{me" * depth + "{number}" + "}" * depth, chain(depth)):
        with suppress(OperationError):
            assert prepare(text, None).is_query

import asyncio
import gc
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from graphql import build_schema
from structlog.testing import capture_logs

from gateway.engine.complexity.cost import FieldCost, ListSize, build_field_costs
from gateway.engine.complexity.limits import Limits
from gateway.engine.fair_scheduler import FairScheduler
from gateway.engine.preparation import Preparer, build_preparer
from gateway.engine.prepared_operation import Compiler, PreparedOperation
from gateway.errors import (
    LimitExceeded,
    OperationError,
    ParseFailed,
    UnknownOperation,
    ValidationFailed,
)

SCHEMA = build_schema("""
    type Query { number(of: Kind, like: Like): Int me: Query }
    type Mutation { count: Int }
    enum Kind { EVEN ODD }
    input Like { like: Like, likes: [Like] }
""")
TWO = "query One { number } query Other { me { number } }"
TWO_SMALL = 25_000
"""Bytes for two small operations that are remembered, and not for three."""


@pytest.fixture
def preparer():
    return build_preparer(SCHEMA)


def name(prepared: PreparedOperation) -> str | None:
    return prepared.operation.name.value if prepared.operation.name else None


def test_one_operation_needs_no_name(preparer):
    assert name(preparer.prepare_now("query One { number }", None)) == "One"


def test_an_operation_without_a_name_is_the_only_one(preparer):
    assert name(preparer.prepare_now("{ number }", None)) is None


@pytest.mark.parametrize("wanted", ["One", "Other"])
def test_one_of_several_operations_is_found_by_name(preparer, wanted):
    assert name(preparer.prepare_now(TWO, wanted)) == wanted


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
def test_what_to_run_must_be_certain(preparer, text, wanted):
    with pytest.raises(UnknownOperation):
        preparer.prepare_now(text, wanted)


@pytest.mark.parametrize(
    ("text", "reads"),
    [("{ number }", True), ("query { number }", True), ("mutation { count }", False)],
)
def test_a_query_only_reads(preparer, text, reads):
    assert preparer.prepare_now(text, None).is_query is reads


@pytest.mark.parametrize(
    "text", ["", " ", "{", "{ }}", "nonsense", "{ number ", '{ a(b: ") }', "\0"]
)
def test_what_is_no_graphql_cannot_be_parsed(preparer, text):
    with pytest.raises(ParseFailed) as failed:
        preparer.prepare_now(text, None)
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
def test_what_the_schema_does_not_have_is_not_valid(preparer, text):
    with pytest.raises(ValidationFailed) as failed:
        preparer.prepare_now(text, None)
    assert all("message" in problem for problem in failed.value.problems)


def test_every_problem_is_told_with_its_place(preparer):
    with pytest.raises(ValidationFailed) as failed:
        preparer.prepare_now("{\n one\n two }", None)
    places = [problem["locations"] for problem in failed.value.problems]
    assert places == [[{"line": 2, "column": 2}], [{"line": 3, "column": 2}]]


def test_what_was_prepared_is_remembered(preparer):
    assert preparer.prepare_now(TWO, "One") is preparer.prepare_now(TWO, "One")


def test_two_operations_of_one_document_are_not_confused(preparer):
    found = [name(preparer.prepare_now(TWO, wanted)) for wanted in ("One", "Other", "One", "Other")]
    assert found == ["One", "Other", "One", "Other"]


def test_what_failed_is_not_remembered_as_prepared(preparer):
    for _ in range(2):
        with pytest.raises(UnknownOperation):
            preparer.prepare_now(TWO, None)
    assert name(preparer.prepare_now(TWO, "One")) == "One"


def test_the_least_used_is_forgotten_first():
    preparer = build_preparer(SCHEMA, cache_bytes=TWO_SMALL)
    first, second = (
        preparer.prepare_now("{ number }", None),
        preparer.prepare_now("{ a: number }", None),
    )
    assert preparer.prepare_now("{ number }", None) is first
    preparer.prepare_now("{ b: number }", None)
    assert preparer.prepare_now("{ number }", None) is first
    assert preparer.prepare_now("{ a: number }", None) is not second


def test_what_is_used_again_outlives_whatever_is_used_once():
    preparer = build_preparer(SCHEMA, cache_bytes=TWO_SMALL)
    often = preparer.prepare_now("{ number }", None)
    for number in range(20):
        preparer.prepare_now(f"{{ a{number}: number }}", None)
        assert preparer.prepare_now("{ number }", None) is often


def seconds_of_work(preparer: Preparer) -> list[float]:
    """Makes all scheduled work take a second; returns the pauses after it, which nobody waits for."""
    pauses: list[float] = []
    now = iter(range(1_000))

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.Event().wait()

    preparer.scheduler = FairScheduler(clock=lambda: float(next(now)), sleep=sleep)
    return pauses


async def test_what_is_remembered_is_prepared_while_others_wait(preparer):
    seconds_of_work(preparer)
    known = await preparer.prepare("{ number }", None, {})
    waiting = [
        asyncio.create_task(preparer.prepare(f"{{ a{number}: number }}", None, {}))
        for number in range(10)
    ]
    await asyncio.sleep(0)
    assert not waiting[-1].done()
    work = preparer.prepare("{ number }", None, {})
    with pytest.raises(StopIteration) as ended:
        work.send(None)  # it does not wait even once
    assert ended.value.value is known
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_other_work_waits_with_what_is_prepared(preparer):
    pauses = seconds_of_work(preparer)
    done: list[int] = []
    works = [
        asyncio.create_task(preparer.scheduler.run(lambda number=number: done.append(number)))
        for number in range(3)
    ]
    await asyncio.sleep(0.01)
    assert (done, len(pauses)) == ([0], 1)
    for each in works:
        each.cancel()
    await asyncio.gather(*works, return_exceptions=True)


@pytest.mark.parametrize(("length", "remembered"), [(100, True), (1_000, False)])
def test_texts_longer_than_all_that_is_kept_are_not_remembered(length, remembered):
    preparer = build_preparer(SCHEMA, cache_bytes=TWO_SMALL)
    text = "{ number }".ljust(length)
    assert (preparer.prepare_now(text, None) is preparer.prepare_now(text, None)) is remembered


@pytest.fixture
def collector():
    """The garbage collector, as it is set where the gateway serves."""
    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(50_000, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["{ number }", "{ nobody }", "{ me { me { number } } }"])
def test_texts_that_never_come_again_leave_nothing_behind(collector, text):
    preparer = build_preparer(SCHEMA, eager=False)
    before = len(gc.get_objects())
    for number in range(1_000):
        with suppress(ValidationFailed):
            preparer.prepare_now(f"{text} # {number}", None)
    assert len(gc.get_objects()) - before < 5_000


def test_two_schemas_remember_apart():
    other = build_preparer(build_schema("type Query { text: String }"))
    build_preparer(SCHEMA).prepare_now("{ number }", None)
    with pytest.raises(ValidationFailed):
        other.prepare_now("{ number }", None)


INTROSPECTION = [
    "{ __schema { types { name } } }",
    '{ __type(name: "Query") { name } }',
    "{ me { ...A } } fragment A on Query { __schema { description } }",
]


@pytest.mark.parametrize("text", INTROSPECTION)
def test_the_schema_may_be_asked_for(preparer, text):
    assert preparer.prepare_now(text, None).allows_suggestions


@pytest.mark.parametrize("text", INTROSPECTION)
def test_introspection_that_is_off_is_refused(text):
    with pytest.raises(ValidationFailed, match="introspection"):
        build_preparer(SCHEMA, introspection=False).prepare_now(text, None)


def test_a_typename_is_no_introspection():
    assert (
        not build_preparer(SCHEMA, introspection=False)
        .prepare_now("{ __typename }", None)
        .allows_suggestions
    )


SUGGESTING = ["{ numbre }", "{ number(fo: ODD) }", "{ number(of: ODDD) }", "{ ... on Qery { me } }"]


@pytest.mark.parametrize("text", SUGGESTING)
def test_names_are_suggested_only_with_introspection(preparer, text):
    with pytest.raises(ValidationFailed, match="Did you mean"):
        preparer.prepare_now(text, None)
    with pytest.raises(ValidationFailed) as failed:
        build_preparer(SCHEMA, introspection=False).prepare_now(text, None)
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
def test_deep_nesting_is_refused(preparer, text, error):
    with pytest.raises(error):
        preparer.prepare_now(text, None)


@pytest.mark.parametrize("depth", range(10, 400, 30))
def test_any_depth_is_prepared_or_refused(preparer, depth):
    for text in ("{me" * depth + "{number}" + "}" * depth, chain(depth)):
        with suppress(OperationError):
            assert preparer.prepare_now(text, None).is_query


def test_a_bug_in_the_compiler_is_recorded_and_costs_only_the_compiled_query():
    def compile_query(*_: object) -> None:
        raise TypeError("a bug")

    preparer = build_preparer(SCHEMA, compile_query=compile_query)
    with capture_logs() as logs:
        prepared = preparer.prepare_now("{ number }", None)
        assert preparer.prepare_now("{ number }", None) is prepared
    assert prepared.compiled_query is None
    assert [entry["event"] for entry in logs] == ["internal_error"]


# Limits

LISTS = build_schema("type Query { some(first: Int): [Query] number: Int }")
LENGTH = ListSize(("first",), default=5, maximum=10)
PAGE = "query ($n: Int) { some(first: $n) { number } }"


def limited(
    *, compile_query: Compiler | None = None, at_once: bool = True, **allowed: int
) -> Preparer:
    said = {("Query", "some"): FieldCost(multiplier=LENGTH)}
    limits = Limits(**allowed, field_costs=build_field_costs(LISTS, said))
    return build_preparer(LISTS, limits=limits, compile_query=compile_query, eager=at_once)


def limit(preparer, *arguments) -> object:
    """What an operation is too large in."""
    with pytest.raises(LimitExceeded) as refused:
        preparer.prepare_now(*arguments)
    return refused.value.extensions["limit"]


@pytest.mark.parametrize(
    ("allowed", "text"),
    [
        ({"depth": 2}, "{ some { some { nothing } } }"),
        ({"aliases": 1}, "{ a: nothing b: nothing }"),
        ({"root_fields": 1}, "{ nothing at all }"),
        ({"duplicate_fields": 1}, "{ nothing nothing }"),
        ({"cost": 1}, "{ nothing at all }"),
        ({"tokens": 4}, "{ nothing at all }"),
        ({"characters": 17}, "{ nothing at all }"),
        ({"alias_characters": 2}, "{ abc: nothing }"),
    ],
    ids=str,
)
def test_what_is_too_large_is_not_validated(allowed, text):
    assert limit(limited(**allowed), text, None)
    with pytest.raises(ValidationFailed):
        limited().prepare_now(text, None)


def test_the_tokens_that_are_allowed_may_be_used():
    text = "{ number # Not much.\n}"
    assert limited(tokens=4).prepare_now(text, None).size.tokens == 4
    assert limit(limited(tokens=3), text, None) == "tokens"
    assert limit(limited(tokens=3), "#\n" * 4 + "{ number }", None) == "tokens"


def test_a_syntax_error_before_the_last_token_is_told():
    with pytest.raises(ParseFailed):
        limited(tokens=3).prepare_now("{ ) number number }", None)


def test_a_text_may_say_what_the_parser_would_say():
    with pytest.raises(ParseFailed):
        limited().prepare_now('{ number "Document contains more than 1 tokens." }', None)


def test_every_part_of_a_document_has_limits_whichever_is_asked_for():
    preparer = limited(depth=1)
    assert limit(preparer, "query A { number } query B { some { number } }", "A") == "depth"
    assert limit(preparer, "{ number } fragment F on Query { some { number } }", None) == "depth"


def test_only_what_is_asked_for_costs():
    preparer = limited(cost=3)
    text = "query A { number } query B { some { number } }"
    assert preparer.prepare_now(text, "A").size.cost.evaluate({}) == 1
    assert limit(preparer, text, "B") == "cost"
    with pytest.raises(UnknownOperation):
        preparer.prepare_now(text, None)


def test_variables_decide_what_an_operation_costs_before_it_is_remembered_and_after():
    preparer = limited(cost=4)
    assert limit(preparer, PAGE, None, {"n": 4}) == "cost"
    assert limit(preparer, PAGE, None) == "cost"
    prepared = preparer.prepare_now(PAGE, None, {"n": 3})
    assert limit(preparer, PAGE, None, {"n": 4}) == "cost"
    assert preparer.prepare_now(PAGE, None, {"n": 2}) is prepared


def test_what_may_cost_too_much_is_refused_before_it_is_validated():
    text = "query ($n: Int) { some(first: $n) { nothing } }"
    preparer = limited(cost=4)
    assert limit(preparer, text, None, {"n": 4}) == "cost"
    with pytest.raises(ValidationFailed):
        preparer.prepare_now(text, None, {"n": 3})


@pytest.mark.parametrize("n", [1.0, "1", True, [1], {"n": 1}, 10**99])
def test_a_variable_that_does_not_fit_costs_the_most(n):
    assert limit(limited(cost=10), PAGE, None, {"n": n}) == "cost"
    assert limited(cost=11).prepare_now(PAGE, None, {"n": n})


def test_unlimited_operations_have_a_size_all_the_same():
    size = build_preparer(SCHEMA).prepare_now("{ me { a: number } b: number }", None).size
    assert (size.tokens, size.depth, size.aliases, size.root_fields) == (11, 2, 2, 2)
    assert size.cost.evaluate({}) == 3


DEFAULTS = Limits(
    tokens=10_000, depth=30, aliases=500, root_fields=50, duplicate_fields=200, cost=2_000_000
)
BOMBS = {
    "sixty fragments that double": (chain(60, "...F{0} ...F{0}"), "rootFields"),
    "sixty fragments that double in fields": (
        chain(60, "a: me {{ ...F{0} }} b: me {{ ...F{0} }}"),
        "depth",
    ),
    "twenty that double in fields": (chain(20, "me {{ ...F{0} }} b: me {{ ...F{0} }}"), "aliases"),
    "twenty that double without aliases": (
        chain(20, "me {{ ...F{0} }} you {{ ...F{0} }}"),
        "cost",
    ),
    "twenty thousand aliases": (
        f"{{{' '.join(f'a{n}: number' for n in range(20_000))}}}",
        "tokens",
    ),
    "two thousand aliases": (f"{{{' '.join(f'a{n}: number' for n in range(2_000))}}}", "aliases"),
    "ten thousand repeats of a field": (f"{{{'number ' * 9_998}}}", "rootFields"),
    "repeats of a field inside": (f"{{me{{{'number ' * 9_000}}}}}", "duplicateFields"),
    "repeats in repeats": (f"{{{('me{' + 'number ' * 20 + '}') * 20}}}", "duplicateFields"),
    "repeats where nobody looks": (
        f"{{ number }} fragment F on Query {{ me {{ {'number ' * 9_000} }} }}",
        "duplicateFields",
    ),
    "forty levels": ("{me" * 40 + "{number}" + "}" * 40, "depth"),
    "five thousand levels by fragments": (chain(900, "me {{ ...F{} }}"), "depth"),
    "a hundred thousand tokens": ("{" + "number " * 100_000 + "}", "tokens"),
}


@pytest.mark.sample(5)
@pytest.mark.parametrize(("text", "beyond"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_before_it_is_validated(monkeypatch, text, beyond):
    monkeypatch.setattr("gateway.engine.rule_visitor.RuleSet.validate", None)
    assert limit(build_preparer(SCHEMA, limits=DEFAULTS), text, None) == beyond


def test_a_megabyte_of_commas_is_no_bomb():
    text = "{ number" + "," * 1_000_000 + "}"
    assert build_preparer(SCHEMA, limits=DEFAULTS).prepare_now(text, None).size.tokens == 3


@pytest.mark.parametrize("body", ["...F{0} ...F0", "me {{ ...F0 }}", "...F0 me {{ ...F{0} }}"])
def test_a_cycle_is_left_to_validation(body):
    text = (
        f"{{ ...F0 }} fragment F0 on Query {{ {body.format(1)} }} fragment F1 on Query {{ ...F0 }}"
    )
    with pytest.raises(ValidationFailed, match="Cannot spread fragment"):
        build_preparer(SCHEMA, limits=DEFAULTS).prepare_now(text, None)


def test_many_variables_are_no_bomb():
    variables = {f"v{n}": n for n in range(100_000)}
    assert limited(cost=11).prepare_now(PAGE, None, variables)


# Compiled queries


class Written(NamedTuple):
    """A compiled query, as far as it matters before it runs."""

    source_code: str
    memory_bytes: int = 400


COMPILED_QUERY: Any = Written("def Query(record, run, path, parent): ...")


class FakeCompiler:
    """Gives this compiled query, or none; counts how often it is asked."""

    def __init__(self, compiled_query: Any = COMPILED_QUERY) -> None:
        self.compiled_query, self.asked = compiled_query, 0

    def __call__(self, *_: object) -> Any:
        self.asked += 1
        return self.compiled_query


def test_a_small_operation_is_compiled_and_remembered_when_it_is_seen_again():
    preparer = limited(compile_query=FakeCompiler(), at_once=False)
    assert preparer.prepare_now("{ number }", None).compiled_query is None
    second = preparer.prepare_now("{ number }", None)
    assert second.compiled_query is COMPILED_QUERY
    assert preparer.prepare_now("{ number }", None) is second


def test_an_operation_is_another_by_its_name():
    preparer = build_preparer(SCHEMA, compile_query=FakeCompiler(), eager=False)
    assert [preparer.prepare_now(TWO, name).compiled_query for name in ("One", "Other", "One")] == [
        None,
        None,
        COMPILED_QUERY,
    ]


PADDINGS = {
    "none": "",
    "comments": "#\n" * 5_000,
    "other operations": " ".join(f"query B{n} {{ number }}" for n in range(999)),
}


@pytest.mark.parametrize("padding", PADDINGS.values(), ids=PADDINGS)
def test_no_operation_is_small_because_its_text_is_long(padding):
    text = "query A { some(first: 10) { some(first: 10) { some(first: 10) { number number number } } } }"
    preparer = limited(compile_query=FakeCompiler(), at_once=False)
    assert preparer.prepare_now(f"{text}\n{padding}", "A").compiled_query is COMPILED_QUERY


def test_a_text_is_small_by_what_it_costs_with_its_variables():
    text = "query ($n: Int) { some(first: $n) { some(first: $n) { some(first: $n) { number } } } }"
    for n, compiled_query in ((2, None), (10, COMPILED_QUERY)):
        preparer = limited(compile_query=FakeCompiler(), at_once=False)
        assert preparer.prepare_now(text, None, {"n": n}).compiled_query is compiled_query


def test_all_are_compiled_at_once_where_that_is_wanted():
    preparer = limited(compile_query=FakeCompiler(), at_once=True)
    first = preparer.prepare_now("{ number }", None)
    assert first.compiled_query is COMPILED_QUERY
    assert preparer.prepare_now("{ number }", None) is first


@pytest.mark.parametrize("at_once", [True, False])
def test_what_has_no_compiled_query_is_compiled_no_more_often(at_once):
    compile_query = FakeCompiler(None)
    preparer = limited(compile_query=compile_query, at_once=at_once)
    prepared = [preparer.prepare_now("{ number }", None) for _ in range(4)]
    assert [each.compiled_query for each in prepared] == [None] * 4
    assert prepared[3] is prepared[2] is prepared[1]
    assert compile_query.asked == 1


def test_a_compiled_query_takes_memory():
    preparer = limited(compile_query=FakeCompiler(), at_once=False)
    assert (
        preparer.prepare_now("{ number }", None).memory_bytes
        < preparer.prepare_now("{ number }", None).memory_bytes
    )


def test_what_is_refused_for_its_variables_is_not_compiled():
    compile_query = FakeCompiler()
    preparer = limited(compile_query=compile_query, at_once=False, cost=5)
    assert preparer.prepare_now(PAGE, None, {"n": 1}).compiled_query is None
    with pytest.raises(LimitExceeded):
        preparer.prepare_now(PAGE, None, {"n": 10})
    assert compile_query.asked == 0


def test_one_expensive_operation_spoils_no_other_of_its_document():
    preparer = build_preparer(SCHEMA, limits=Limits(cost=4))
    text = "query One { number } query Other { me { me { me { me { number } } } } }"
    preparer.prepare_document(text)
    assert name(preparer.prepare_now(text, "One")) == "One"
    with pytest.raises(LimitExceeded):
        preparer.prepare_now(text, "Other")

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest
from graphql import GraphQLError, GraphQLSchema, MiddlewareManager, build_schema
from structlog.testing import capture_logs

from gateway.engine.compiler.compiled_query import query_compiler
from gateway.engine.execution import execute, internal_error
from gateway.engine.preparation import Preparer, build_preparer
from gateway.engine.resolvers import (
    MIDDLEWARE,
    AttributeField,
    ComputedField,
    FieldSource,
    FieldSources,
    LoadedField,
)
from gateway.errors import (
    INTERNAL_SERVER_ERROR,
    LOCAL_QUEUE,
    ActivityNotFound,
    FieldError,
    GatewayError,
    InvalidUpstreamResponse,
    InvalidVariables,
    NotFound,
    UpstreamBusy,
)
from tests.support.secret import SECRET
from tests.unit.engine.compiler import library
from tests.unit.engine.compiler.engine import Engine
from tests.unit.engine.compiler.library import LIBRARY, SOURCE_BY_FIELD

SCHEMA = build_schema("""
    type Query { a: Int  later: Int  fails: Int  list: [Query!]  must: Int!  any: Any
                 number(of: Int! = 5, kind: Kind, like: Like): Int }
    input Like { like: Like, kind: Kind! }
    enum Kind { EVEN ODD }
    union Any = Query
""")
preparer = build_preparer(SCHEMA)
prepare_tersely = build_preparer(SCHEMA, introspection=False)


@dataclass
class Context:
    reported_errors: list[GraphQLError] = field(default_factory=list)
    told: dict[str, object] = field(default_factory=dict)
    cost: Callable[[], int] | None = None

    def extensions(self, *, compiled: bool, cost: Callable[[], int]) -> dict[str, object]:
        self.cost = cost
        return self.told | ({"compiled": compiled} if compiled else {})


def answering(**answers: Any) -> GraphQLSchema:
    """The schema, with these values, or functions of a resolver's arguments, for fields."""
    assert SCHEMA.query_type
    for name, type_field in SCHEMA.query_type.fields.items():
        answer = answers.get(name)
        type_field.resolve = answer if callable(answer) else lambda *_, answer=answer, **__: answer
    return SCHEMA


def failing(error: Exception) -> Callable[..., Any]:
    def resolve(*_: Any, **__: Any) -> Any:
        raise error

    return resolve


async def run(
    text: str,
    variables: dict[str, Any] | None = None,
    *,
    reported: Sequence[GraphQLError] = (),
    extensions: Mapping[str, object] | None = None,
    how: Preparer = preparer,
    name: str | None = None,
    **answers: Any,
) -> Any:
    context = Context(list(reported), dict(extensions or {}))
    execution = await execute(
        answering(**answers), how.prepare_now(text, name), variables or {}, context
    )
    return msgspec.to_builtins(execution.result)


async def test_an_answer_has_the_fields_in_the_order_asked():
    answer = await run("{ c: a number a }", a=1, number=2)
    assert list(answer["data"].items()) == [("c", 1), ("number", 2), ("a", 1)]


async def test_what_stands_around_every_resolver_of_a_schema_does():
    schema = build_schema("type Query { a: Int }")

    def doubled(resolve: Any, *given: Any, **arguments: Any) -> Any:
        value = resolve(*given, **arguments)
        return value * 2

    schema.extensions[MIDDLEWARE] = MiddlewareManager(doubled)
    assert schema.query_type
    schema.query_type.fields["a"].resolve = lambda *_: 4
    prepared = build_preparer(schema).prepare_now("{ a __typename }", None)
    execution = await execute(schema, prepared, {}, Context())
    assert execution.result.data == {"a": 8, "__typename": "QueryQuery"}


async def test_an_answer_without_errors_has_no_such_key():
    assert await run("{ a }", a=1) == {"data": {"a": 1}}


async def test_resolvers_may_be_awaited():
    async def later(*_):
        return 5

    assert await run("{ a later }", a=1, later=later) == {"data": {"a": 1, "later": 5}}


async def test_resolvers_get_the_context():
    seen = []
    await run("{ a }", a=lambda _, info: seen.append(info.context))
    assert isinstance(seen[0], Context)


async def test_the_named_operation_is_run():
    text = "query One { a } query Other { b: a }"
    assert await run(text, name="Other", a=1) == {"data": {"b": 1}}


def subclasses(kind: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    """Every error of ours that a field may fail with."""
    for error in kind.__subclasses__():
        yield from subclasses(error)
        if issubclass(error, FieldError) and "code" in vars(error):
            yield error


REQUIRED: Mapping[type[GatewayError], dict[str, Any]] = {
    ActivityNotFound: {"argument": "around"},
    UpstreamBusy: {"reason": LOCAL_QUEUE},
}
"""What a class requires beside a message, and shows."""


@pytest.mark.parametrize("error", [*subclasses()])
async def test_a_gateway_error_is_told_by_its_class(error):
    needed = REQUIRED.get(error, {})
    fails = failing(error("Words for the caller.", **needed))
    with capture_logs() as logs:
        answer = await run("{ a fails }", a=1, fails=fails)
    assert answer["data"] == {"a": 1, "fails": None}
    (told,) = answer["errors"]
    assert told == {
        "message": "Words for the caller.",
        "locations": [{"line": 1, "column": 5}],
        "path": ["fails"],
        "extensions": {
            "code": error.code,
            **({"retryable": True} if error.retryable else {}),
            **needed,
        },
    }
    assert logs == []


async def test_a_gateway_error_tells_what_it_knows():
    busy = UpstreamBusy("Wait.", reason=LOCAL_QUEUE, retry_after=3)
    answer = await run("{ fails }", fails=failing(busy))
    (told,) = answer["errors"]
    assert told["extensions"] == {
        "code": "UPSTREAM_BUSY",
        "retryable": True,
        "retryAfter": 3,
        "reason": "local_queue",
    }


async def test_an_error_of_an_awaited_field_is_told_too():
    async def later(*_):
        raise NotFound("Words for the caller.")

    answer = await run("{ list { later } }", list=[{}, {}], later=later)
    assert [error["path"] for error in answer["errors"]] == [
        ["list", 0, "later"],
        ["list", 1, "later"],
    ]
    assert answer["data"] == {"list": [{"later": None}, {"later": None}]}


async def test_an_error_where_nothing_may_be_null_costs_what_holds_it():
    answer = await run("{ a list { must } }", a=1, list=[{}], must=failing(NotFound("Gone.")))
    assert answer["data"] == {"a": 1, "list": None}
    assert [error["path"] for error in answer["errors"]] == [["list", 0, "must"]]


BUGS = {
    "an exception": ("{ fails }", {"fails": failing(ValueError(SECRET))}),
    "a failed assertion": ("{ fails }", {"fails": failing(AssertionError(SECRET))}),
    "a missing key": ("{ fails }", {"fails": failing(KeyError(SECRET))}),
    "an error of graphql-core": ("{ fails }", {"fails": failing(GraphQLError(SECRET))}),
    "a value of another type": ("{ fails: a }", {"a": SECRET}),
    "a list that is none": ("{ fails: list { a } }", {"list": SECRET}),
    "a value of no member": ("{ fails: any { __typename } }", {"any": SECRET}),
    "recursion without end": ("{ fails }", {"fails": failing(RecursionError(SECRET))}),
}


@pytest.mark.parametrize(("text", "answers"), BUGS.values(), ids=BUGS)
async def test_any_other_error_is_a_bug_told_by_an_id(text, answers):
    with capture_logs() as logs:
        answer = await run(text, **answers)
    assert answer["data"] == {"fails": None}
    (told,) = answer["errors"]
    (logged,) = logs
    assert set(told) == {"message", "locations", "path", "extensions"}
    assert told["path"] == ["fails"]
    assert told["extensions"] == {"code": INTERNAL_SERVER_ERROR, "errorId": logged["id"]}
    assert "s3cret" not in str(answer)
    assert (logged["event"], logged["log_level"]) == ("internal_error", "error")
    assert logged["exceptions"][0]["type"]
    assert "s3cret" not in str(logged)


async def test_a_null_that_may_not_be_is_a_bug():
    with capture_logs() as logs:
        answer = await run("{ must }")
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"] == {
        "code": INTERNAL_SERVER_ERROR,
        "errorId": logs[0]["id"],
    }


async def test_a_bug_that_many_fields_run_into_is_logged_once_and_told_at_each():
    def fail(*_: object) -> None:
        raise ValueError(SECRET)

    with capture_logs() as logs:
        answer = await run("{ x: fails y: fails z: must }", fails=fail, must=failing(KeyError()))
    first, second, third = (error["extensions"]["errorId"] for error in answer["errors"])
    assert first == second != third
    assert [entry["id"] for entry in logs] == [first, third]
    with capture_logs():
        again = await run("{ x: fails }", fails=fail)
    assert again["errors"][0]["extensions"]["errorId"] not in {first, third}


def test_a_bug_outside_of_fields_is_told_alike():
    bug = ValueError(SECRET)
    with capture_logs() as logs:
        told = internal_error(bug)
    assert told["extensions"] == {"code": INTERNAL_SERVER_ERROR, "errorId": logs[0]["id"]}
    assert logs[0]["exceptions"] == [{"type": "builtins.ValueError", "frames": []}]
    assert "s3cret" not in str(told)


VARIABLES: dict[str, tuple[str, dict[str, Any]]] = {
    "a text for a number": ("query($n: Int!) { number(of: $n) }", {"n": "5"}),
    "a fraction": ("query($n: Int!) { number(of: $n) }", {"n": 1.5}),
    "too large a number": ("query($n: Int!) { number(of: $n) }", {"n": 2**31}),
    "a boolean": ("query($n: Int!) { number(of: $n) }", {"n": True}),
    "nothing": ("query($n: Int!) { number(of: $n) }", {}),
    "null": ("query($n: Int!) { number(of: $n) }", {"n": None}),
    "an unknown word": ("query($k: Kind) { number(kind: $k) }", {"k": "OD"}),
    "an unknown key": ("query($l: Like) { number(like: $l) }", {"l": {"kind": "ODD", "x": 1}}),
    "a missing key": ("query($l: Like) { number(like: $l) }", {"l": {}}),
    "a list": ("query($l: Like) { number(like: $l) }", {"l": []}),
}


@pytest.mark.parametrize(("text", "variables"), VARIABLES.values(), ids=VARIABLES)
async def test_variables_that_do_not_fit_are_refused_and_nothing_runs(text, variables):
    ran = []
    with pytest.raises(InvalidVariables) as refused:
        await run(text, variables, number=lambda *_, **__: ran.append(1))
    (problem,) = refused.value.problems
    assert str(problem["message"]).startswith("Variable '$")
    assert problem["locations"]
    assert ran == []


@pytest.mark.parametrize(
    "document",
    [
        "query Mine($x: Int!) { number(of: $x) } query Other($x: Kind) { number(kind: $x) }",
        """query Mine($x: Int!) { ...M } fragment M on Query { number(of: $x) }
           query Other($x: Kind) { ...O } fragment O on Query { number(kind: $x) }""",
    ],
    ids=["in the operation", "in a fragment"],
)
async def test_an_invalid_variable_is_reported_with_the_arguments_of_its_own_operation(document):
    with pytest.raises(InvalidVariables) as refused:
        await run(document, {"x": "x"}, name="Mine")
    [problem] = refused.value.problems
    assert str(problem["message"]).endswith(" It is used for 'of'.")
    assert problem["extensions"] == {"code": "BAD_USER_INPUT", "argument": "of"}


async def test_an_invalid_variable_inside_an_input_object_is_reported_by_its_path():
    with pytest.raises(InvalidVariables) as refused:
        await run("query($k: Kind!) { number(like: {kind: $k}) }", {"k": "x"})
    [problem] = refused.value.problems
    assert str(problem["message"]).endswith(" It is used for 'like.kind'.")
    assert problem["extensions"] == {"code": "BAD_USER_INPUT", "argument": "like.kind"}


async def test_an_invalid_variable_of_several_arguments_names_them_in_its_message_only():
    document = "query($k: Kind!) { number(kind: $k) b: number(like: {kind: $k}) }"
    with pytest.raises(InvalidVariables) as refused:
        await run(document, {"k": "x"})
    [problem] = refused.value.problems
    assert str(problem["message"]).endswith(" It is used for 'kind', 'like.kind'.")
    assert "extensions" not in problem


async def test_variables_nested_too_deeply_are_refused():
    like: dict[str, Any] | None = None
    for _ in range(20_000):
        like = {"like": like, "kind": "ODD"}
    with pytest.raises(InvalidVariables, match="deep"):
        await run("query($l: Like) { number(like: $l) }", {"l": like})


async def test_only_so_many_problems_of_variables_are_told():
    names = [f"$v{number}: Int!" for number in range(100)]
    text = f"query({', '.join(names)}) {{ {' '.join(f'a{n}: number(of: $v{n})' for n in range(100))} }}"
    with pytest.raises(InvalidVariables) as refused:
        await run(text)
    assert len(refused.value.problems) == 21


async def test_variables_that_nobody_declared_are_ignored():
    assert await run("{ a }", {"x": 5}, a=1) == {"data": {"a": 1}}


async def test_words_are_suggested_only_with_introspection():
    text, variables = VARIABLES["an unknown word"]
    with pytest.raises(InvalidVariables, match="Did you mean"):
        await run(text, variables)
    with pytest.raises(InvalidVariables) as refused:
        await run(text, variables, how=prepare_tersely)
    assert "Did you mean" not in str(refused.value.problems)


@pytest.mark.parametrize(
    "text",
    [
        "query($n: Int = 3) { a number(of: $n) }",
        "query($n: Int) { a number(of: $n) }",
    ],
)
async def test_an_argument_that_a_variable_made_unfit_is_the_callers_mistake(text):
    with capture_logs() as logs:
        answer = await run(text, {"n": None}, a=1)
    assert answer["data"] == {"a": 1, "number": None}
    (told,) = answer["errors"]
    assert told["path"] == ["number"]
    assert told["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "'of'" in told["message"]
    assert logs == []


async def test_a_condition_that_a_variable_made_unfit_is_the_callers_mistake():
    with capture_logs() as logs:
        answer = await run("query($x: Boolean = true) { a @include(if: $x) }", {"x": None})
    assert [error["extensions"] for error in answer["errors"]] == [{"code": "BAD_USER_INPUT"}]
    assert logs == []


def report(path: list[str | int]) -> GraphQLError:
    problem = InvalidUpstreamResponse("Left out.", count=2)
    return GraphQLError(str(problem), path=path, original_error=problem)


async def test_reported_errors_stand_beside_the_data():
    answer = await run("{ list { a } }", reported=[report(["list"])], list=[], a=1)
    assert answer == {
        "errors": [
            {
                "message": "Left out.",
                "path": ["list"],
                "extensions": {"code": "UPSTREAM_CONTRACT_BROKEN", "count": 2},
            }
        ],
        "data": {"list": []},
    }


async def test_errors_are_in_the_order_of_their_places_whatever_came_first():
    gone = failing(NotFound("Gone."))

    async def late(*_, **__):
        await asyncio.sleep(0)
        raise NotFound("Gone.")

    fields = "later list { a fails } fails"
    answer = await run(
        f"{{ {fields} }}",
        reported=[report(["list", 0, "a"]), report(["list"])],
        list=[{}],
        fails=gone,
        later=late,
    )
    assert [error["path"] for error in answer["errors"]] == [
        ["later"],
        ["list"],
        ["list", 0, "a"],
        ["list", 0, "fails"],
        ["fails"],
    ]


@pytest.mark.parametrize(
    ("answers", "codes", "has_data"),
    [
        ({"a": 1, "number": 2}, [], True),
        ({}, [], False),
        ({"a": failing(NotFound("Gone."))}, ["NOT_FOUND"], False),
        ({"a": 0, "number": failing(NotFound("Gone."))}, ["NOT_FOUND"], True),
        ({"must": failing(NotFound("Gone."))}, ["NOT_FOUND"], False),
    ],
    ids=["all", "nulls", "none", "some", "no object at all"],
)
async def test_an_execution_tells_its_codes_and_whether_it_has_data(answers, codes, has_data):
    text = "{ a number must }" if "must" in answers else "{ a number }"
    execution = await execute(answering(**answers), preparer.prepare_now(text, None), {}, Context())
    assert (execution.error_codes, execution.has_data) == (codes, has_data)
    assert execution.is_compiled is False


class Leaf(msgspec.Struct, rename={"second": "b", "first": "a"}):
    """An object of a response whose keys are other than its attributes."""

    second: Any = msgspec.UNSET
    first: Any = msgspec.UNSET


@dataclass
class Compiled:
    """A compiled query that gives this data, with errors at these paths."""

    data: Any
    paths: list[list[str | int]]
    source_code: str = ""
    memory_bytes: int = 0

    async def run(self, *_: Any) -> tuple[Any, list[GraphQLError], bool]:
        return self.data, [report(path) for path in self.paths], True


async def test_errors_are_in_the_order_of_their_places_in_structs_too():
    data = Leaf(second=[Leaf(first=1), Leaf(second=2, first=Leaf(first=None))], first=None)
    paths: list[list[str | int]] = [["b"], ["b", 0, "a"], ["b", 1, "b"], ["b", 1, "a", "a"], ["a"]]
    prepared = replace(
        preparer.prepare_now("{ a }", None), compiled_query=Compiled(data, paths[::-1])
    )
    execution = await execute(answering(), prepared, {}, Context())
    assert [error["path"] for error in msgspec.to_builtins(execution.result)["errors"]] == paths
    assert (execution.is_compiled, execution.has_data) == (True, True)


async def test_what_a_struct_leaves_out_is_no_data():
    prepared = replace(
        preparer.prepare_now("{ a }", None), compiled_query=Compiled(Leaf(first=None), [["a"]])
    )
    execution = await execute(answering(), prepared, {}, Context())
    assert execution.has_data is False


async def test_what_the_context_tells_besides_stands_in_the_extensions():
    answer = await run("{ a }", extensions={"gateway": {"upstreamCalls": 2}}, a=1)
    assert list(answer.items()) == [
        ("data", {"a": 1}),
        ("extensions", {"gateway": {"upstreamCalls": 2}}),
    ]


async def test_what_the_context_tells_stands_beside_errors_too():
    answer = await run("{ fails }", extensions={"x": 1}, fails=failing(NotFound("Gone.")))
    assert answer["data"] == {"fails": None}
    assert (len(answer["errors"]), answer["extensions"]) == (1, {"x": 1})


async def test_the_context_can_reckon_what_the_operation_costs():
    context = Context()
    await execute(answering(a=1), preparer.prepare_now("{ a b: a }", None), {}, context)
    assert context.cost is not None
    assert context.cost() == 2


async def test_the_context_is_asked_after_the_resolvers():
    """It tells what they did."""

    def tells(_, info):
        info.context.told["told"] = "late"
        return 1

    assert (await run("{ a }", a=tells))["extensions"] == {"told": "late"}


# Bugs in compiled queries


@dataclass
class Reader(library.Context):
    """Notes whether a compiled query made all of an answer."""

    is_fully_compiled: bool | None = None

    def extensions(self, *, compiled: bool, cost: Callable[[], int]) -> dict[str, object]:
        self.is_fully_compiled = compiled
        return {}


def broken(*_: Any) -> Any:
    raise TypeError(SECRET)


BROKEN: Mapping[str, FieldSource] = {
    "initials": ComputedField(broken, ()),
    "born": LoadedField(library.load, ("house_id", "id"), AttributeField("nothing")),
    "today": LoadedField(broken, (), None),
}
AUTHORS = "{ a: author(id: 1) { id born today { name } } b: author(id: 2) { initials born } }"
TOLD: dict[str, Any] = {
    "a": {"id": "1", "born": 5, "today": {"name": "N"}},
    "b": {"initials": "2", "born": 6},
}


async def run_authors(schema: GraphQLSchema, fields: FieldSources) -> tuple[Any, Reader, list[Any]]:
    """What is answered where compiled queries read fields so; the context, and what was logged."""
    preparer = build_preparer(schema, compile_query=query_compiler(schema, fields))
    people: dict[str | None, Any] = {
        "1": library.Person(name="N", born=5),
        "2": library.Person(born=6),
    }
    context = Reader(people=people)
    with capture_logs() as logs:
        execution = await execute(schema, preparer.prepare_now(AUTHORS, None), {}, context)
    assert execution.is_compiled is context.is_fully_compiled
    return msgspec.to_builtins(execution.result), context, logs


@pytest.mark.parametrize("name", ["initials", "born"])
async def test_a_bug_of_a_compiled_query_alone_is_recorded_and_costs_nothing_but_time(name):
    fields = replace(
        library.FIELDS, source_by_field={**SOURCE_BY_FIELD, ("Author", name): BROKEN[name]}
    )
    answer, context, logs = await run_authors(Engine(LIBRARY, library.FIELDS).schema, fields)
    assert answer == {"data": TOLD}
    assert context.is_fully_compiled is False
    assert context.asked == ["None/1", "None/2"]
    assert [entry["event"] for entry in logs] == ["internal_error"]


@pytest.mark.parametrize("name", BROKEN)
async def test_a_bug_of_a_field_costs_that_field_in_a_compiled_query_too(name):
    fields = replace(
        library.FIELDS, source_by_field={**SOURCE_BY_FIELD, ("Author", name): BROKEN[name]}
    )
    answer, _, logs = await run_authors(Engine(LIBRARY, fields).schema, fields)
    failed = [(key, name) for key in "ab" if name in TOLD[key]]
    assert answer["data"] == {
        key: author | ({name: None} if (key, name) in failed else {})
        for key, author in TOLD.items()
    }
    assert [tuple(error["path"]) for error in answer["errors"]] == failed
    ids = {error["extensions"]["errorId"] for error in answer["errors"]}
    assert ids <= {logged["id"] for logged in logs}


@pytest.mark.slow
@pytest.mark.parametrize("count", [10_000, 10_001, 12_000])
async def test_only_so_many_errors_are_told_and_the_data_stands(count):
    schema = answering(list=[0] * count, a=1, fails=failing(InvalidUpstreamResponse("no")))
    prepared = preparer.prepare_now("{ list { fails } a }", None, {})
    result = (await execute(schema, prepared, {}, Context())).result
    assert isinstance(result.errors, list)
    assert result.data == {"list": [{"fails": None}] * count, "a": 1}
    told = [error for error in result.errors if "path" in error]
    assert len(told) == 10_000
    rest = [error for error in result.errors if "path" not in error]
    assert [error["extensions"] for error in rest] == [{"code": InvalidUpstreamResponse.code}] * (
        count > 10_000
    )


async def test_an_error_where_nothing_may_be_null_costs_what_holds_it_however_many_were_told():
    asked = iter(range(10_010))

    def must(*_: Any) -> int | None:
        return 1 if next(asked) < 10_009 else None

    schema = answering(list=[0] * 10_010, must=must, fails=failing(InvalidUpstreamResponse("no")))
    prepared = preparer.prepare_now("{ list { fails must } }", None, {})
    execution = await execute(schema, prepared, {}, Context())
    assert execution.result.data == {"list": None}

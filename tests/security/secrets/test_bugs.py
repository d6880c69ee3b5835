"""Mistakes of ours, planted wherever a request passes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from graphql import GraphQLError, build_schema

from gateway.engine.preparation import build_preparer
from gateway.engine.prepared_operation import PreparedOperation
from gateway.engine.trusted_documents import TrustedDocuments
from gateway.observability import logging
from gateway.web.graphql_endpoint import GraphQLEndpoint
from gateway.web.request_middleware import RequestMiddleware
from tests.security.secrets.planted import SENT, WRITTEN, codes_of, found_in_answer, found_in_log
from tests.support.secret import SECRET

SCHEMA = build_schema("""
    type Query { text(of: String): String  later: String  must: String!  any: Any  all: [Query!]!  kind: Kind  number: Int }
    union Any = Query
    enum Kind { ONE }
""")
QUERY = f'{{ __typename text(of: "{WRITTEN}") }}'


class Bug(Exception):
    """Its text and its attributes are full of what nobody may learn."""

    def __init__(self) -> None:
        super().__init__(f"token={SECRET}")
        self.request = {"apiKey": SECRET}
        self.__cause__ = OSError(2, SECRET, f"/etc/{SECRET}")
        self.add_note(SECRET)


def buggy(*_: Any, **__: Any) -> Any:
    secret = SECRET  # a local, for who would show frames with theirs
    raise Bug from KeyError(secret)


async def buggy_later(*_: Any, **__: Any) -> Any:
    await asyncio.sleep(0)
    buggy()


@dataclass(frozen=True)
class Context:
    reported_errors: list[GraphQLError] = field(default_factory=list)
    extensions: Callable[..., Mapping[str, object]] = lambda **_: {}


class BuggyPlan:
    source_code = ""
    memory_bytes = 0
    run = staticmethod(buggy_later)


def opened(context: Context, *, closes: Callable[[], object] = dict) -> Any:
    @asynccontextmanager
    async def context_for(headers: object, tally: object) -> AsyncIterator[Context]:
        yield context
        closes()

    return context_for


class BuggyPlans:
    """Prepares as always, but without the compiled query."""

    async def prepare(self, *asked: Any, **_: bool) -> PreparedOperation:
        return replace(build_preparer(SCHEMA).prepare_now(*asked), compiled_query=BuggyPlan())


class BuggyPreparer:
    prepare = staticmethod(buggy)


class BuggyDocuments(TrustedDocuments):
    resolve = staticmethod(buggy)


async def ask(query: str = QUERY, **parts: Any) -> httpx.Response:
    """The answer of an endpoint over a schema of a few lines, some part of which has a bug."""
    logging.configure("debug")
    given: dict[str, Any] = {
        "schema": SCHEMA,
        "documents": TrustedDocuments("off", {}),
        "preparer": build_preparer(SCHEMA),
        "open_context": opened(Context()),
        "graphiql_page": None,
        "max_body_bytes": 1000,
    }
    app = RequestMiddleware(GraphQLEndpoint(**(given | parts)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        accept = {"Accept": "application/graphql-response+json"}
        return await http.post("/graphql", json={"query": query}, headers=SENT | accept)


def assert_untold(answer: httpx.Response, log: Callable[[], str]) -> None:
    assert codes_of(answer) == {"INTERNAL_SERVER_ERROR"}
    assert found_in_answer(answer) == []
    text = log()
    assert found_in_log(text) == []
    for error in answer.json()["errors"]:
        assert error["extensions"]["errorId"] in text


PARTS: dict[str, dict[str, Any]] = {
    "documents": {"documents": BuggyDocuments("off", {})},
    "preparing": {"preparer": BuggyPreparer()},
    "opening the context": {"open_context": buggy},
    "closing the context": {"open_context": opened(Context(), closes=buggy)},
    "extensions": {"open_context": opened(Context(extensions=buggy))},
    "what cannot be written": {
        "open_context": opened(Context(extensions=lambda **_: {"a": Bug()}))
    },
    "what is no text": {"open_context": opened(Context(extensions=lambda **_: {"a": "\ud800"}))},
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
async def test_a_bug_around_execution_is_told_by_an_id_alone(log, parts):
    answer = await ask(**parts)
    assert answer.status_code == 500
    assert_untold(answer, log)


async def test_a_bug_in_a_plan_costs_no_answer_and_is_told_by_an_id_alone(log):
    answer = await ask("{ __typename }", preparer=BuggyPlans())
    assert answer.json() == {"data": {"__typename": "Query"}}
    text = log()
    assert '"event": "internal_error"' in text
    assert found_in_log(text) == []


RESOLVED: dict[str, tuple[str, Any]] = {
    "raised": (QUERY, buggy),
    "raised later": ("{ later }", buggy_later),
    "raised where nothing may be null": ("{ must }", buggy),
    "raised in GraphQL's own way": ("{ text }", lambda *_: (_ for _ in ()).throw(GraphQLError(SECRET))),
    "nothing where something must be": ("{ must }", lambda *_: None),
    "a value for a text": ("{ text }", lambda *_: {SECRET: SECRET}),
    "a text for a number": ("{ number }", lambda *_: SECRET),
    "a word that is none": ("{ kind }", lambda *_: SECRET),
    "a text for a list": ("{ all { text } }", lambda *_: SECRET),
    "a value of no type": ("{ any { __typename } }", lambda *_: SECRET),
}  # fmt: skip


@pytest.mark.parametrize(("query", "resolve"), RESOLVED.values(), ids=RESOLVED)
async def test_a_bug_in_a_resolver_is_told_by_an_id_alone(log, query, resolve):
    assert SCHEMA.query_type is not None
    for each in SCHEMA.query_type.fields.values():
        each.resolve = resolve
    answer = await ask(query)
    assert answer.status_code == 200
    assert_untold(answer, log)

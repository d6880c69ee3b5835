"""What a bug costs that only compiled queries have: some time, but no answer, and no read twice."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.config.settings import Settings
from gateway.engine.compiler.compiled_query import query_compiler
from gateway.engine.execution import Result, execute
from gateway.engine.preparation import build_preparer
from gateway.engine.prepared_operation import Compiler
from gateway.engine.resolvers import ComputedField
from gateway.schema import build_schema
from gateway.schema.context import Context
from gateway.schema.engine_binding import bind_fields
from gateway.upstream.api import UpstreamApi
from gateway.upstream.credentials import CallerFactory
from gateway.upstream.session import UpstreamSession
from tests.support.documents import EVERYTHING
from tests.support.gateway import ACCOUNT_1, SANDBOX


@pytest.fixture
def answer(sandbox_app):
    """Answers the largest query: `answer(compile_query)`."""

    async def answer(compile_query: Compiler | None) -> Result:
        given: dict[str, Any] = {"upstream_url": SANDBOX, **ACCOUNT_1}
        settings = Settings(**given)
        upstream = UpstreamApi(settings, httpx.ASGITransport(sandbox_app))
        session = UpstreamSession(upstream, CallerFactory(settings).from_headers([]), settings)
        prepared = build_preparer(build_schema(), compile_query=compile_query).prepare_now(
            EVERYTHING, None
        )
        try:
            execution = await execute(
                build_schema(), prepared, {"client": "1100"}, Context(session, settings)
            )
            return execution.result
        finally:
            await session.aclose()

    return answer


def broken(*_: object) -> None:
    raise TypeError("a bug")


@pytest.mark.sample(1)
@pytest.mark.parametrize(
    "field",
    [
        ("NoteSnapshot", "body"),
        ("StaffSnapshot", "current"),
        ("Company", "name"),
        ("Client", "profile"),
    ],
    ids=".".join,
)
async def test_a_bug_of_compiled_queries_costs_no_answer_and_no_read(
    rest, upstream_calls, answer, field
):
    right = bind_fields(build_schema())
    assert field in right.source_by_field
    wrong = replace(
        right, source_by_field={**right.source_by_field, field: ComputedField(broken, ())}
    )
    expected = await answer(None)
    calls = await upstream_calls()
    await rest.delete("/_sandbox/calls")
    with capture_logs() as logs:
        assert await answer(query_compiler(build_schema(), wrong)) == expected
    assert await upstream_calls() == calls
    assert [entry["event"] for entry in logs].count("internal_error") == 1

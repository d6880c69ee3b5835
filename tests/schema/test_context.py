import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import SourceLocation, parse
from graphql.pyutils import Path

from gateway.engine.resolvers import Place
from gateway.errors import ContractBroken
from gateway.schema.context import Context, is_unpaused
from gateway.upstream.read_log import Call, Outcome

NO_UPSTREAM: dict[str, Any] = {"session": None, "settings": None}


@pytest.fixture
def context():
    return Context(**NO_UPSTREAM)


def test_a_report_keeps_its_place_and_its_cause(context):
    problem = ContractBroken("Something is missing.", count=2)
    [node] = parse("{ activities }").definitions[0].selection_set.selections  # type: ignore[attr-defined]
    path = Path(None, "activities", "Query").add_key(0, None)
    context.report(problem, Place(context, path, [node]))
    (error,) = context.reported
    assert (error.message, error.path) == ("Something is missing.", ["activities", 0])
    assert error.locations == [SourceLocation(1, 3)]
    assert error.original_error is problem


def test_every_operation_has_reports_of_its_own(context):
    place = Place(context, Path(None, "activities", "Query"), [])
    context.report(ContractBroken("Something is missing."), place)
    assert len(context.reported) == 1
    assert Context(**NO_UPSTREAM).reported == []


async def test_what_is_read_without_a_pause_is_limited_in_each_pass_of_the_loop():
    assert [is_unpaused(size) for size in (60_000, 6_000, 5_536, 1, 0)] == [
        *(True, False, True, False, True),
    ]
    await asyncio.sleep(0)
    assert is_unpaused(65_536)
    assert not is_unpaused(1)


CALLS = [
    Call("/activities", 200, Outcome.CALLED, 12.5, 300, 1),
    Call("/companies/{companyId}/staff", None, Outcome.CALLED, 10.0, 0, 1),
    Call("/companies/{companyId}/services", 200, Outcome.CACHED, 0.1, 50, 1),
    Call("/notes/{noteId}", 404, Outcome.SHARED, 3.0, 20, 1),
    Call("/activities", 503, Outcome.STALE, 400.0, 20, 3),
]


def after_calls(*, explaining: bool) -> Context:
    session: Any = SimpleNamespace(calls=CALLS)
    return Context(**{**NO_UPSTREAM, "session": session}, explaining=explaining)


def test_who_does_not_ask_is_told_nothing_besides_and_nothing_is_reckoned():
    assert after_calls(explaining=False).extensions(planned=True, cost=lambda: 1 // 0) == {}


def test_who_asks_is_told_the_calls_and_how_many_reached_the_upstream():
    told: Any = after_calls(explaining=True).extensions(planned=True, cost=lambda: 12)["gateway"]
    assert (told["planned"], told["cost"]) == (True, 12)
    assert told["upstreamCalls"] == 5
    assert told["calls"][0] == {
        "method": "GET",
        "path": "/activities",
        "status": 200,
        "outcome": "called",
        "attempts": 1,
        "milliseconds": 12.5,
        "bytes": 300,
    }
    assert [(each["status"], each["outcome"]) for each in told["calls"]] == [
        (200, "called"),
        (None, "called"),
        (200, "cached"),
        (404, "shared"),
        (503, "stale"),
    ]

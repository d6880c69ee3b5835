from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import SourceLocation, parse
from graphql.pyutils import Path

from gateway.engine.resolvers import ResolveInfo
from gateway.errors import InvalidUpstreamResponse
from gateway.schema.context import Context
from gateway.upstream.read_log import CacheStatus, ReadLogEntry
from tests.support.clock import Clock

NO_UPSTREAM: dict[str, Any] = {"session": None, "settings": None}


@pytest.fixture
def context():
    return Context(**NO_UPSTREAM)


def test_a_report_keeps_its_place_and_its_cause(context):
    problem = InvalidUpstreamResponse("Something is missing.", count=2)
    [node] = parse("{ activities }").definitions[0].selection_set.selections  # type: ignore[attr-defined]
    path = Path(None, "activities", "Query").add_key(0, None)
    context.report(problem, ResolveInfo(context, path, [node]))
    (error,) = context.reported_errors
    assert (error.message, error.path) == ("Something is missing.", ["activities", 0])
    assert error.locations == [SourceLocation(1, 3)]
    assert error.original_error is problem


def test_every_operation_has_reports_of_its_own(context):
    place = ResolveInfo(context, Path(None, "activities", "Query"), [])
    context.report(InvalidUpstreamResponse("Something is missing."), place)
    assert len(context.reported_errors) == 1
    assert Context(**NO_UPSTREAM).reported_errors == []


def test_an_operation_has_one_present():
    clock = Clock()
    context = Context(**NO_UPSTREAM, clock=clock)
    first = context.now
    assert first.isoformat() == "2026-03-29T09:00:00"
    clock.now += 60
    assert context.now == first
    assert Context(**NO_UPSTREAM, clock=clock).now - first == timedelta(minutes=1)


CALLS = [
    ReadLogEntry("/activities", 200, CacheStatus.CALLED, 12.5, 300, 1),
    ReadLogEntry("/companies/{companyId}/staff", None, CacheStatus.CALLED, 10.0, 0, 1),
    ReadLogEntry("/companies/{companyId}/services", 200, CacheStatus.CACHED, 0.1, 50, 1),
    ReadLogEntry("/notes/{noteId}", 404, CacheStatus.COALESCED, 3.0, 20, 1),
    ReadLogEntry("/activities", 503, CacheStatus.STALE, 400.0, 20, 3),
]


def after_calls(*, is_explaining: bool) -> Context:
    session: Any = SimpleNamespace(read_log=CALLS)
    return Context(**{**NO_UPSTREAM, "session": session}, is_explaining=is_explaining)


def test_who_does_not_ask_is_told_nothing_besides_and_nothing_is_reckoned():
    assert after_calls(is_explaining=False).extensions(compiled=True, cost=lambda: 1 // 0) == {}


def test_who_asks_is_told_the_calls_and_how_many_reached_the_upstream():
    told: Any = after_calls(is_explaining=True).extensions(compiled=True, cost=lambda: 12)[
        "gateway"
    ]
    assert (told["compiled"], told["cost"]) == (True, 12)
    assert told["upstreamCalls"] == 5
    assert told["reads"][0] == {
        "method": "GET",
        "path": "/activities",
        "ids": {},
        "status": 200,
        "cacheStatus": "called",
        "attempts": 1,
        "milliseconds": 12.5,
        "bytes": 300,
    }
    assert [(each["status"], each["cacheStatus"]) for each in told["reads"]] == [
        (200, "called"),
        (None, "called"),
        (200, "cached"),
        (404, "coalesced"),
        (503, "stale"),
    ]

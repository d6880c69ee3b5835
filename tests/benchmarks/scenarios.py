"""What is asked: ten scenarios, and the conditions under which each is measured."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from typing import NamedTuple

from graphql import get_introspection_query

from tests.benchmarks.contenders import (
    APOLLO,
    GATEWAY,
    MERCURIUS,
    PASS_THROUGH,
    STRAWBERRY,
    Contender,
)
from tests.benchmarks.load import NextRequest
from tests.benchmarks.upstream import client_id, html_client_id

_OPERATIONS = Path(__file__).parent / "operations"
_HEADERS = (
    "Host: localhost\r\n"
    "Accept: application/graphql-response+json,application/json;q=0.9\r\n"
    "apiKey: key-{caller}\r\n"
    "token: token-{caller}\r\n"
)
"""What Apollo Client sends; credentials differ, so that callers have no upstream call in common."""

_GRAPHQL = (GATEWAY, STRAWBERRY, MERCURIUS, APOLLO)
_ALL = (GATEWAY, PASS_THROUGH, STRAWBERRY, MERCURIUS, APOLLO)
_NOT_STRAWBERRY = (GATEWAY, MERCURIUS, APOLLO)
"""Its schema has only what the other scenarios select."""

_numbers = count(100_000_000)


class Condition(NamedTuple):
    delay_milliseconds: int
    connections: int

    def __str__(self) -> str:
        return f"{self.delay_milliseconds} ms, {self.connections}"


EACH = tuple(Condition(*both) for both in product((0, 20), (1, 64)))
NO_DELAY = tuple(condition for condition in EACH if not condition.delay_milliseconds)
ALONE = Condition(0, 1)

Variables = Callable[[int], Mapping[str, object]]
"""Those of the caller of this number: each asks for a client of its own."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One operation over one kind of client.

    Attributes:
        name: What the command line calls it.
        title: What the tables call it.
        operation: The document.
        variables: The operation's.
        conditions: Under which it is measured.
        contenders: Who can answer it; those over GraphQL with the same data.
        cold: Whether each request has a text that was never seen before.
    """

    name: str
    title: str
    operation: str
    variables: Variables
    conditions: tuple[Condition, ...] = EACH
    contenders: tuple[Contender, ...] = _GRAPHQL
    cold: bool = False

    def requests(self, contender: Contender) -> NextRequest:
        """What the caller of some number asks this contender, next."""
        if contender is PASS_THROUGH:
            return self._rest
        written: dict[int, bytes] = {}

        def next_request(caller: int) -> bytes:
            if self.cold:
                return self._graphql(caller, self._never_seen())
            if caller not in written:
                written[caller] = self._graphql(caller, self.operation)
            return written[caller]

        return next_request

    def _rest(self, caller: int) -> bytes:
        path = f"/activities?clientId={self.variables(caller)['client']}"
        return f"GET {path} HTTP/1.1\r\n{_HEADERS.format(caller=caller)}\r\n".encode()

    def _graphql(self, caller: int, operation: str) -> bytes:
        body = json.dumps({"query": operation, "variables": self.variables(caller)}).encode()
        head = (
            f"POST /graphql HTTP/1.1\r\n{_HEADERS.format(caller=caller)}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _never_seen(self) -> str:
        """Another name for the operation, of the same length; the answer stays the same."""
        return self.operation.replace("query Timeline(", f"query Timeline{next(_numbers)}(", 1)


def operation(*names: str) -> str:
    """A document of the files of these names."""
    return "\n".join((_OPERATIONS / f"{name}.graphql").read_text("utf-8") for name in names)


def _client(activities: int, *, first: int | None = None) -> Variables:
    return lambda caller: {"client": client_id(activities, caller), "first": first or activities}


def _ten_clients(activities: int) -> Variables:
    return lambda caller: {
        "clients": [client_id(activities, caller * 10 + n) for n in range(10)],
        "first": activities,
    }


_TIMELINE = operation("timeline", "activity")

_EVERY = (
    Scenario("one", "1 activity", _TIMELINE, _client(1), contenders=_ALL),
    Scenario("hundred", "100 activities", _TIMELINE, _client(100), contenders=_ALL),
    Scenario("thousand", "1,000 activities", _TIMELINE, _client(1_000), contenders=_ALL),
    Scenario(
        "ten-thousand",
        "10,000 activities as one page",
        _TIMELINE,
        _client(10_000),
        conditions=(ALONE,),
        contenders=_ALL,
    ),
    Scenario(
        "page",
        "a page of 100 out of 10,000 activities",
        _TIMELINE,
        _client(10_000, first=100),
        conditions=(ALONE,),
    ),
    Scenario(
        "ten-clients",
        "ten clients of 20 activities in one query",
        operation("ten_clients", "activity"),
        _ten_clients(20),
    ),
    Scenario(
        "ten-times",
        "the same client of 10 activities ten times",
        operation("ten_times", "activity"),
        _client(10),
    ),
    Scenario(
        "staff",
        "100 activities with the 10 staff behind them",
        operation("staff", "activity"),
        _client(100),
    ),
    Scenario(
        "introspection",
        "the explorer's introspection",
        get_introspection_query(),  # with the options that GraphiQL has by default
        lambda caller: {},
        conditions=NO_DELAY,
        contenders=_NOT_STRAWBERRY,
    ),
    Scenario(
        "cold",
        "1 activity, by a text never seen before",
        _TIMELINE,
        _client(1),
        cold=True,
    ),
)

PAGE_OF_HTML = Scenario(
    "html",
    "the text of 100 notes of HTML, one with half a character",
    """query Texts($client: ID!, $first: Int!) {
      activities(clientId: $client, first: $first) { nodes { ... on NoteActivity { note { bodyText } } } }
    }""",
    lambda caller: {"client": html_client_id(caller), "first": 100},
)

FILTERED = Scenario(
    "filtered",
    "a page of 100 out of 1,000 activities, filtered by event",
    """query Filtered($client: ID!, $first: Int!) {
      activities(clientId: $client, first: $first, filter: {events: [CREATED, UPDATED]}) { totalCount nodes { id } }
    }""",
    _client(1_000, first=100),
    contenders=(GATEWAY,),
)
"""What no other contender can answer: for the comparison with another checkout."""

SCENARIOS = {scenario.name: scenario for scenario in _EVERY}


def page_of(activities: int) -> Scenario:
    """A page of 100 out of so many activities."""
    title = f"a page of 100 out of {activities:,} activities"
    return Scenario("page", title, _TIMELINE, _client(activities, first=100))

"""Who operates the gateway sees which client application sent an operation; the upstream does not."""

from collections.abc import Mapping, MutableMapping
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.config.environment import ConfigurationError
from gateway.config.settings import Settings
from tests.support.gateway import Gateway, Handler

TIMELINE = '{ activities(clientId: "4711") { totalCount } }'
WEB = {"apollographql-client-name": "web", "apollographql-client-version": "2.1"}
BOOKING = {"graphql-client-name": "booking", "graphql-client-version": "7"}


def empty_timeline(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"items": []})


async def log_line(
    gateway: Gateway, headers: Mapping[str, str], query: str = TIMELINE
) -> MutableMapping[str, Any]:
    """The log line of an operation that was sent with these headers."""
    with capture_logs() as entries:
        await gateway.post(query, headers=headers)
    (line,) = [entry for entry in entries if entry["event"] == "request"]
    return line


def application(line: Mapping[str, Any]) -> tuple[object, object]:
    return line.get("client_application"), line.get("client_application_version")


async def counts(gateway: Gateway) -> dict[str, float]:
    """The operations of each client application, by its name in the metric."""
    lines = (await gateway.http.get("/metrics")).text.splitlines()
    prefix = 'gateway_client_application_operations_total{client_application="'
    return {
        line.removeprefix(prefix).partition('"')[0]: float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith(prefix)
    }


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (WEB, ("web", "2.1")),
        (BOOKING, ("booking", "7")),
        ({**WEB, **BOOKING}, ("booking", "7")),
        ({**WEB, "graphql-client-name": "booking"}, ("booking", None)),
        ({**WEB, "graphql-client-name": " "}, ("web", "2.1")),
        ({"graphql-client-version": "7"}, (None, None)),
        ({}, (None, None)),
    ],
    ids=["Apollo", "others", "both", "no version", "blank", "no name", "none"],
)
async def test_the_log_line_names_the_client_application(gateway_over, headers, expected):
    line = await log_line(gateway_over(empty_timeline), headers)
    assert application(line) == expected


async def test_what_a_client_application_calls_itself_is_cleaned_and_cut(gateway_over):
    sent = {
        "graphql-client-name": 'a\x1b[31m"b\tc\u00e9',
        "graphql-client-version": "9" * 65,
    }
    headers = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    with capture_logs() as entries:
        await gateway_over(empty_timeline).http.post(
            "/graphql", json={"query": TIMELINE}, headers=headers
        )
    (line,) = [entry for entry in entries if entry["event"] == "request"]
    assert application(line) == ('a?[31m"b?c?', "9" * 64)


async def test_a_rejected_operation_has_its_client_application(gateway):
    line = await log_line(gateway, WEB, query="{ nothing }")
    assert (line["outcome"], *application(line)) == ("rejected", "web", "2.1")


async def test_operations_are_counted_by_the_listed_client_applications(gateway_over):
    gateway = gateway_over(empty_timeline, client_applications=("web", "booking"))
    for headers in (WEB, WEB, BOOKING, {"graphql-client-name": "Web"}, {}):
        await gateway.post(TIMELINE, headers=headers)
    assert await counts(gateway) == {"web": 2, "booking": 1, "other": 1, "none": 1}


async def test_no_client_application_is_counted_where_none_is_listed(gateway_over):
    gateway = gateway_over(empty_timeline)
    await gateway.post(TIMELINE, headers=WEB)
    assert await counts(gateway) == {}


@pytest.mark.parametrize("forwarded", [(), ("graphql-client-name",)], ids=["default", "forwarded"])
async def test_the_upstream_gets_the_name_only_where_it_is_forwarded(gateway_over, forwarded):
    received: list[str] = []

    def upstream(request: httpx.Request) -> httpx.Response:
        received.extend(name for name in request.headers if "client-" in name)
        return empty_timeline(request)

    answer: Handler = upstream
    await gateway_over(answer, forward_headers=forwarded).post(TIMELINE, headers={**WEB, **BOOKING})
    assert tuple(received) == forwarded


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ("web,other", "other is reserved"),
        ("none", "none is reserved"),
        ("x" * 65, "at most 64 characters"),
        ("caf\u00e9", "printable ASCII"),
    ],
)
def test_a_name_that_cannot_be_counted_stops_the_start(monkeypatch, names, problem):
    monkeypatch.setenv("GATEWAY_UPSTREAM_URL", "https://api.agendize.com")
    monkeypatch.setenv("GATEWAY_CLIENT_APPLICATIONS", names)
    with pytest.raises(ConfigurationError, match=f"GATEWAY_CLIENT_APPLICATIONS.*{problem}"):
        Settings.from_environment()

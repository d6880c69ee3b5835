import asyncio
import re
from collections import Counter

import httpx
import pytest
from structlog.testing import capture_logs

from gateway import schema
from gateway.settings import Settings
from gateway.web.app import create_app

PAGE = "https://pages.example"
PREFLIGHT = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
COUNT = "{ activities(clientId: %s) { totalCount } }"


def credentials(account: str) -> dict[str, str]:
    return {"apiKey": f"sandbox-key-{account}", "token": f"sandbox-token-{account}"}


def listed(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")}


async def test_no_other_page_may_call_by_default(http):
    answer = await http.post("/graphql", json={"query": "{ __typename }"}, headers={"Origin": PAGE})
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_preflight_is_an_unknown_method_by_default(http):
    assert (await http.options("/graphql", headers=PREFLIGHT)).status_code == 405


@pytest.mark.parametrize(
    "header",
    ["content-type", "apikey", "token", "authorization", "x-request-id", "traceparent", "x-tenant"],
)
async def test_a_page_that_is_named_may_send_the_headers_that_are_read(http_with, header):
    http = http_with(cors_origins=(PAGE,), forward_headers=("X-Tenant",))
    wanted = PREFLIGHT | {"Access-Control-Request-Headers": header}
    answer = await http.options("/graphql", headers=wanted)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert listed(answer.headers["access-control-allow-methods"]) == {"get", "post"}
    assert header in listed(answer.headers["access-control-allow-headers"])


async def test_a_page_may_not_send_cookies(http_with):
    answer = await http_with(cors_origins=(PAGE,)).options("/graphql", headers=PREFLIGHT)
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "wanted",
    [
        {"Origin": "https://others.example"},
        {"Origin": "null"},
        {"Access-Control-Request-Method": "PUT"},
        {"Access-Control-Request-Headers": "x-else"},
    ],
    ids=str,
)
async def test_a_preflight_for_anything_else_is_refused(http_with, wanted):
    http = http_with(cors_origins=(PAGE,))
    assert (await http.options("/graphql", headers=PREFLIGHT | wanted)).status_code == 400


@pytest.mark.parametrize("status", [200, 400])
async def test_a_page_that_is_named_reads_the_answer_and_its_headers(http_with, status):
    body = {"query": "{ __typename }"} if status == 200 else {}
    http = http_with(cors_origins=(PAGE,))
    answer = await http.post("/graphql", json=body, headers={"Origin": PAGE})
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert listed(answer.headers["access-control-expose-headers"]) == {
        "x-request-id",
        "retry-after",
    }
    assert listed(answer.headers["vary"]) == {"accept", "origin"}


async def test_another_page_gets_no_permission_to_read(http_with):
    answer = await http_with(cors_origins=(PAGE,)).get(
        "/livez", headers={"Origin": "https://others.example"}
    )
    assert "access-control-allow-origin" not in answer.headers


async def test_access_is_outside_of_cors(http_with):
    with capture_logs() as entries:
        answer = await http_with(cors_origins=(PAGE,)).options("/graphql", headers=PREFLIGHT)
    assert answer.headers["x-request-id"]
    assert [entry["event"] for entry in entries] == ["request"]


async def test_the_schema_can_be_read(http):
    answer = await http.get("/schema.graphql")
    assert (answer.status_code, answer.text) == (200, schema.printed())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_the_schema_is_not_there_without_introspection(http_with):
    assert (await http_with(introspection=False).get("/schema.graphql")).status_code == 404


async def test_introspection_is_refused_where_it_is_off(http_with):
    answer = await http_with(introspection=False).post(
        "/graphql", json={"query": "{ __schema { queryType { name } } }"}
    )
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(("introspection", "suggests"), [(True, True), (False, False)])
async def test_names_are_suggested_only_with_introspection(http_with, introspection, suggests):
    http = http_with(introspection=introspection)
    answer = await http.post(
        "/graphql", json={"query": "{ activitys(clientId: 1) { totalCount } }"}
    )
    assert ("Did you mean" in answer.text) == suggests


@pytest.mark.parametrize("path", ["/", "/graphql/x", "/_sandbox/faults", "/explorer/index.html"])
async def test_there_is_nothing_else(http, path):
    assert (await http.get(path)).status_code == 404


class Closable(httpx.AsyncBaseTransport):
    closed = False

    async def aclose(self) -> None:
        self.closed = True


async def test_the_transport_is_closed_when_the_gateway_ends():
    transport = Closable()
    settings = Settings.from_environment(upstream_url="http://upstream")
    app = create_app(settings, transport=transport)
    async with app.router.lifespan_context(app):
        assert not transport.closed
    assert transport.closed


async def test_two_gateways_in_one_process_share_nothing(gateway_over):
    gateways = [
        gateway_over(lambda _: httpx.Response(403)),
        gateway_over(lambda _: httpx.Response(404)),
    ]
    answers = [await each.ask(COUNT % 1) for each in gateways]
    codes = [answer["errors"][0]["extensions"]["code"] for answer in answers]
    assert codes == ["FORBIDDEN", "NOT_FOUND"]


async def test_callers_in_a_race_get_their_own_answers(gateway):
    """The sandbox sets a cookie per account, and refuses the other account's."""
    asked = [("1", 1020), ("2", 3050), ("2", 1020), ("1", 3050)] * 10
    answers = await asyncio.gather(
        *(gateway.ask(COUNT % client, headers=credentials(account)) for account, client in asked)
    )
    found = Counter(
        (account, client, (answer["data"]["activities"] or {}).get("totalCount"))
        for (account, client), answer in zip(asked, answers, strict=True)
    )
    assert found == {
        ("1", 1020, 20): 10,
        ("2", 3050, 50): 10,
        ("2", 1020, None): 10,
        ("1", 3050, None): 10,
    }


async def test_no_cookie_goes_to_the_upstream_or_comes_from_it(gateway_over):
    seen = []

    def upstream(request):
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, json={"items": []}, headers={"Set-Cookie": "a=1; Path=/"})

    over = gateway_over(upstream)
    answers = [
        await over.post(COUNT % 1, headers={"Cookie": "b=2"} if number else {})
        for number in range(3)
    ]
    assert seen == [None, None, None]
    assert not [answer for answer in answers if "set-cookie" in answer.headers]


@pytest.mark.parametrize(
    ("sent", "forwarded"),
    [
        ({}, {"apikey": "sandbox-key-1", "token": "sandbox-token-1"}),
        ({"apiKey": "k", "token": "t"}, {"apikey": "k", "token": "t"}),
        ({"apiKey": "k"}, {"apikey": "k"}),
        ({"Authorization": "Bearer b"}, {"authorization": "Bearer b"}),
    ],
    ids=str,
)
async def test_credentials_are_the_callers_or_ours_and_never_mixed(gateway_over, sent, forwarded):
    seen = {}

    def upstream(request):
        seen.update(request.headers)
        return httpx.Response(200, json={"items": []})

    await gateway_over(upstream).ask(COUNT % 1, headers=sent)
    assert {name: value for name, value in seen.items() if _credential(name)} == forwarded


def _credential(name: str) -> bool:
    return re.fullmatch("apikey|token|authorization", name) is not None

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway import schema
from gateway.config.environment import ConfigurationError
from gateway.config.settings import Settings
from gateway.web.app import create_app
from tests.support.processes import PATIENCE_SECONDS

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


@pytest.mark.parametrize("header", ["content-type", "apikey", "x-request-id", "x-else"])
async def test_a_page_that_is_named_may_send_any_header(http_with, header):
    wanted = PREFLIGHT | {"Access-Control-Request-Headers": header}
    answer = await http_with(cors_origins=(PAGE,)).options("/graphql", headers=wanted)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert listed(answer.headers["access-control-allow-methods"]) == {"get", "head", "post"}
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
        {"Access-Control-Request-Headers": "x else"},
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
    assert listed(answer.headers["vary"]) == {"accept", "accept-encoding", "origin"}


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
    assert (answer.status_code, answer.text) == (200, schema.schema_sdl())
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


@pytest.mark.parametrize(
    "path", ["/nothing", "/graphql/x", "/graphql%0a", "/_sandbox/faults", "/explorer/index.html"]
)
async def test_there_is_nothing_else(http, path):
    assert (await http.get(path)).status_code == 404


async def test_a_bug_around_the_endpoint_is_a_plain_500(monkeypatch):
    async def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    app = create_app(Settings.from_environment(upstream_url="http://upstream"))
    monkeypatch.setattr(app.state.limiter, "_app", fail)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        answer = await http.post("/graphql", json={"query": "{ __typename }"})
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


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


EXPLAIN = {"X-Gateway-Explain": "1"}
LINK = "https://api.example.com/api/2.1/scheduling/companies/4712/appointments/31"
EMAILS = """{ activities(clientId: 4711) { nodes {
  ... on AppointmentActivity { appointment { staff { current { emailAddress } } current { id } } }
} } }"""


def upstream_answer(request: httpx.Request) -> httpx.Response:
    """One appointment of client 4711 with company 4712, which has nobody; the appointment is gone."""
    appointment = {"id": "4713", "selfLink": LINK, "staff": {"id": "4714"}}
    match request.url.path.rsplit("/", 1)[-1]:
        case "activities":
            items = [{"id": "1", "type": "appointment", "appointment": appointment}]
            return httpx.Response(200, json={"items": items})
        case "staff":
            return httpx.Response(200, json={"items": []})
    return httpx.Response(404, json={"error": {"code": 404}})


async def test_who_asks_is_told_which_upstream_calls_were_made(gateway_over):
    answer = await gateway_over(upstream_answer, explain=True).ask(EMAILS, headers=EXPLAIN)
    assert answer.keys() == {"data", "extensions"}
    (explained,) = answer["extensions"].values()
    reads = {read["path"]: read for read in explained["reads"]}
    assert explained["upstreamCalls"] == len(reads) == 3
    of_company = "/api/2.1/scheduling/companies/{companyId}"
    assert {path: (read["status"], read["cacheStatus"]) for path, read in reads.items()} == {
        "/api/2.3/activities": (200, "called"),
        f"{of_company}/staff": (200, "called"),
        f"{of_company}/appointments/{{appointmentId}}": (404, "called"),
    }
    for read in reads.values():
        assert list(read) == [
            *("method", "path", "ids", "status", "cacheStatus", "attempts", "milliseconds", "bytes")
        ]
        assert read["method"] == "GET"
        assert read["milliseconds"] >= 0
    assert reads[f"{of_company}/staff"]["bytes"] == len('{"items":[]}')


@pytest.mark.parametrize(("first", "cost"), [(1, 10 + 1 + 1), (20, 10 + 1 + 20), (None, 61)])
@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_who_asks_is_told_what_the_operation_costs(
    gateway_over, first, cost, compile_queries
):
    gateway = gateway_over(upstream_answer, explain=True, compile_queries=compile_queries)
    text = "query ($n: Int) { activities(clientId: 4711, first: $n) { nodes { id } } }"
    answer = await gateway.ask(text, {"n": first}, headers=EXPLAIN)
    assert answer["extensions"]["gateway"]["cost"] == cost


async def test_plans_are_made_of_what_is_large_or_comes_again(gateway_over, tmp_path):
    """Many small texts never do. Trusted documents will."""
    small = "{ activities(clientId: 4711, first: 1) { nodes { id kind } } }"
    large = small.replace("first: 1", "first: 100").replace("id kind", "...F")
    large += (
        " fragment F on Activity { id kind date { instant } user { userName } changes { field } }"
    )
    trusted = f"query Trusted {small}"
    (tmp_path / "manifest.json").write_text(json.dumps({"one": trusted}), "utf-8")
    gateway = gateway_over(
        upstream_answer,
        explain=True,
        compile_queries="on",
        trusted_documents="log",
        trusted_documents_path=tmp_path / "manifest.json",
    )

    async def planned(text: str) -> bool:
        answer = await gateway.ask(text, headers=EXPLAIN)
        is_planned: bool = answer["extensions"]["gateway"]["compiled"]
        return is_planned

    assert [await planned(small) for _ in range(3)] == [False, True, True]
    assert await planned(large)
    assert await planned(trusted)


async def test_an_operation_that_is_too_large_calls_nobody(gateway_over):
    def unwanted(request):
        raise AssertionError

    gateway = gateway_over(unwanted, explain=True, max_cost=60)
    text = "query ($n: Int) { activities(clientId: 4711, first: $n) { nodes { id } } }"
    for _ in range(2):
        answer = await gateway.post(text, {"n": 50}, headers=EXPLAIN)
        assert answer.status_code == 400
        assert answer.json() == {
            "errors": [
                {
                    "message": "The operation is too large: its cost is 61, and the maximum is 60.",
                    "extensions": {
                        "code": "LIMIT_EXCEEDED",
                        "limit": "cost",
                        "measured": 61,
                        "allowed": 60,
                    },
                }
            ]
        }


async def test_what_is_allowed_is_set(gateway_over):
    text = "{ a: __typename b: __typename }"
    assert "data" in await gateway_over(upstream_answer).ask(text)
    for limit in ("tokens", "aliases", "root_fields", "cost"):
        answer = await gateway_over(upstream_answer, **{f"max_{limit}": 1}).ask(text)
        assert answer["errors"][0]["extensions"]["allowed"] == 1


async def test_an_explanation_has_no_ids_hosts_or_credentials(gateway_over):
    gateway = gateway_over(upstream_answer, explain=True)
    headers = EXPLAIN | {"apiKey": "secret-key", "token": "secret-token"}
    explained = (await gateway.ask(EMAILS, headers=headers))["extensions"]
    for private in ("4711", "4712", "4713", "4714", "sandbox", "http", "secret", "example.com"):
        assert private not in repr(explained)


@pytest.mark.parametrize(
    ("explain", "headers"),
    [(False, EXPLAIN), (True, {}), (True, {"X-Gateway-Explain": "0"})],
    ids=str,
)
async def test_nothing_is_explained_unless_allowed_and_asked_for(gateway_over, explain, headers):
    answer = await gateway_over(upstream_answer, explain=explain).ask(EMAILS, headers=headers)
    assert answer.keys() == {"data"}


async def test_a_call_without_an_answer_is_explained_too(gateway_over):
    def unreachable(request):
        raise httpx.ConnectError("No connection.", request=request)

    answer = await gateway_over(unreachable, explain=True).ask(COUNT % 1, headers=EXPLAIN)
    assert answer.keys() == {"data", "errors", "extensions"}
    (read,) = answer["extensions"]["gateway"]["reads"]
    assert (read["status"], read["cacheStatus"], read["bytes"]) == (None, "called", 0)


async def test_a_kept_answer_is_no_call(gateway_over):
    gateway = gateway_over(upstream_answer, explain=True, entity_cache_seconds=60)
    explained = [
        (await gateway.ask(EMAILS, headers=EXPLAIN))["extensions"]["gateway"] for _ in range(2)
    ]
    assert [each["upstreamCalls"] for each in explained] == [3, 2]
    outcomes = {
        read["path"].rsplit("/", 1)[-1]: read["cacheStatus"] for read in explained[1]["reads"]
    }
    assert outcomes["staff"] == "cached"


async def test_a_page_that_is_named_may_ask_for_an_explanation(http_with):
    wanted = PREFLIGHT | {"Access-Control-Request-Headers": "x-gateway-explain"}
    answer = await http_with(cors_origins=(PAGE,)).options("/graphql", headers=wanted)
    assert answer.status_code == 200


class SlowUpstream:
    """Answers when it is told to, and counts who asked and whose reads were given up."""

    def __init__(self) -> None:
        self.asked = 0
        self.given_up = 0
        self.ready = asyncio.Event()
        self._called = asyncio.Semaphore(0)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self._called.release()
        try:
            await self.ready.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        return httpx.Response(200, json={"items": []})

    async def called(self, times: int = 1) -> None:
        """Waits for so many calls, and for whoever might share them."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            for _ in range(times):
                await self._called.acquire()
        await _settled()


class AtDoor:
    """A caller of /graphql that stays until it is told to leave."""

    def __init__(self, app: Any, **headers: str) -> None:
        self.leaving = asyncio.Event()
        self.sent: list[dict[str, Any]] = []
        self._body = [json.dumps({"query": COUNT % 1}).encode()]
        pairs = {"content-type": "application/json", **headers}
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in pairs.items()],
        }
        self.call = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if self._body:
            return {"type": "http.request", "body": self._body.pop(), "more_body": False}
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def leave(self) -> None:
        self.leaving.set()
        await asyncio.wait_for(self.call, PATIENCE_SECONDS)

    async def body(self) -> bytes:
        await asyncio.wait_for(self.call, PATIENCE_SECONDS)
        return b"".join(message.get("body", b"") for message in self.sent)


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def slow(gateway_over):
    """Opens a slow upstream and a gateway over it; in the end nothing may be left running."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[SlowUpstream, Any]]:
        before = asyncio.all_tasks()
        upstream = SlowUpstream()
        yield upstream, gateway_over(upstream, explain=True).app
        await _settled()
        assert asyncio.all_tasks() == before

    return opened


ANSWER = b'{"data":{"activities":{"totalCount":0}}}'


async def test_a_caller_that_leaves_ends_the_read_for_it(slow):
    async with slow() as (upstream, app):
        caller = AtDoor(app)
        await upstream.called()
        with capture_logs() as entries:
            await caller.leave()
            await _settled()
        assert upstream.given_up == 1
        assert [entry["event"] for entry in entries] == ["request"]


async def test_who_waits_for_the_same_read_still_gets_its_answer(slow):
    async with slow() as (upstream, app):
        leaves, stays = AtDoor(app), AtDoor(app)
        await upstream.called()
        await leaves.leave()
        upstream.ready.set()
        assert await stays.body() == ANSWER
        assert (upstream.asked, upstream.given_up) == (1, 0)


async def test_the_last_one_to_leave_ends_a_shared_read(slow):
    async with slow() as (upstream, app):
        callers = [AtDoor(app) for _ in range(3)]
        await upstream.called()
        for number, caller in enumerate(callers):
            assert upstream.given_up == 0, number
            await caller.leave()
            await _settled()
        assert (upstream.asked, upstream.given_up) == (1, 1)


async def test_a_read_that_was_given_up_is_not_joined(slow):
    async with slow() as (upstream, app):
        caller = AtDoor(app)
        await upstream.called()
        await caller.leave()
        upstream.ready.set()
        assert await AtDoor(app).body() == ANSWER
        assert upstream.asked == 2


async def test_a_shared_read_is_explained_as_such(slow):
    async with slow() as (upstream, app):
        callers = [AtDoor(app, **EXPLAIN) for _ in range(2)]
        await upstream.called()
        upstream.ready.set()
        explained = [json.loads(await each.body())["extensions"]["gateway"] for each in callers]
        assert [each["upstreamCalls"] for each in explained] == [1, 0]
        assert [each["reads"][0]["cacheStatus"] for each in explained] == ["called", "coalesced"]


async def test_callers_with_different_credentials_never_share_a_read(slow):
    async with slow() as (upstream, app):
        callers = [AtDoor(app, token=token) for token in ("one", "two")]
        await upstream.called(2)
        upstream.ready.set()
        assert [await each.body() for each in callers] == [ANSWER, ANSWER]


# Trusted documents

MANIFESTS = Path(__file__).parents[1] / "engine" / "manifests"
APPOINTMENT = {"id": 1, "type": "appointment", "appointment": {"id": 2, "status": "accepted"}}


@pytest.mark.parametrize("manifest", ["sha1", "sha256", "sha256-prefixed"])
async def test_a_document_of_a_manifest_of_graphql_codegen_is_run_by_its_id(
    gateway_over_items, manifest
):
    path = MANIFESTS / f"{manifest}.json"
    gateway = gateway_over_items(
        APPOINTMENT, trusted_documents="enforce", trusted_documents_path=path
    )
    text_by_id = json.loads(path.read_text(encoding="utf-8"))
    (document_id,) = [key for key, text in text_by_id.items() if "query Timeline" in text]
    asked = {"documentId": document_id, "variables": {"clientId": "7"}}
    answer = (await gateway.http.post("/graphql", json=asked)).json()
    assert answer["data"]["activities"]["nodes"] == [
        {"date": None, "kind": "APPOINTMENT", "appointment": {"start": None, "status": "ACCEPTED"}}
    ]


async def test_what_is_not_in_the_manifest_is_refused(http_with):
    path = MANIFESTS / "sha1.json"
    http = http_with(trusted_documents="enforce", trusted_documents_path=path)
    answer = await http.post("/graphql", json={"query": COUNT % 7})
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"] == {"code": "DOCUMENT_NOT_TRUSTED"}


UNFIT = {
    "a": "{ nothing }",
    "b": "{ __typename }",
    "c": "{",
    "d": "{ __schema { __typename } }",
}


@pytest.mark.parametrize("mode", ["log", "enforce"])
def test_a_gateway_is_not_made_of_documents_that_can_never_run(http_with, tmp_path, mode):
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(UNFIT), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        http_with(introspection=False, trusted_documents=mode, trusted_documents_path=file)
    told = [line.split(": ", 2) for line in str(refused.value).splitlines()]
    assert [(name, document_id) for name, document_id, _ in told] == [
        ("GATEWAY_TRUSTED_DOCUMENTS_PATH", document_id) for document_id in ("a", "c", "d")
    ]


def test_documents_need_not_fit_where_they_have_no_ids(http_with, tmp_path):
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(UNFIT), encoding="utf-8")
    http_with(trusted_documents="off", trusted_documents_path=file)


@pytest.mark.parametrize("path", ["/livez/", "/schema.graphql/", "/graphql//"])
async def test_a_path_that_is_almost_right_is_not_redirected(http, path):
    """It would send the query string, and whatever `Host` was sent, back in a header."""
    answer = await http.get(path, params={"query": "{ __typename }"}, headers={"Host": "evil"})
    assert (answer.status_code, "location" in answer.headers) == (404, False)

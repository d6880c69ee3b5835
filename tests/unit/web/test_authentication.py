import asyncio
import hashlib
from collections import Counter
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.config.caller_keys import CallerKeys

KEYS = {"web": "w" * 32, "app": "a" * 40}
SHORT = "s" * 31
OWN = {"api_key": "own-key", "token": "own-token"}
NO_CREDENTIALS = {"api_key": None, "token": None}
QUERY = {"query": '{ activities(clientId: "7") { totalCount } }'}
COUNTED = {"data": {"activities": {"totalCount": 0}}}
RESPONSE = "application/graphql-response+json"


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


NAMES = {digest(key): name for name, key in KEYS.items()} | {digest(SHORT): "short"}


@pytest.fixture
def upstream_headers() -> list[httpx.Headers]:
    """The headers of the upstream calls."""
    return []


@pytest.fixture
def keyed(gateway_over, upstream_headers):
    """A gateway with service credentials, and callers with keys."""

    def answer(request: httpx.Request) -> httpx.Response:
        upstream_headers.append(request.headers)
        return httpx.Response(200, json={"items": []})

    def connect(**settings: Any) -> httpx.AsyncClient:
        given = {**OWN, "caller_keys_file": CallerKeys(NAMES), **settings}
        http: httpx.AsyncClient = gateway_over(answer, **given).http
        return http

    return connect


@pytest.mark.parametrize("name", KEYS)
async def test_who_has_a_key_may_use_the_service_credentials(keyed, upstream_headers, name):
    answer = await keyed().post("/graphql", json=QUERY, headers={"X-Gateway-Key": KEYS[name]})
    assert answer.json() == COUNTED
    assert [headers["apikey"] for headers in upstream_headers] == ["own-key"]


@pytest.mark.parametrize("key", [None, "", "x" * 32, SHORT, KEYS["web"] + " x", "é" * 32], ids=str)
@pytest.mark.parametrize("accept", ["application/json", RESPONSE])
async def test_who_has_none_is_refused_before_anything_is_asked(
    keyed, upstream_headers, key, accept
):
    headers = [(b"accept", accept.encode())]
    headers += [] if key is None else [(b"x-gateway-key", key.encode())]
    answer = await keyed().post("/graphql", json=QUERY, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'X-Gateway-Key realm="gateway"'
    assert answer.json()["errors"][0]["extensions"] == {"code": "CALLER_UNKNOWN"}
    assert "data" not in answer.json()
    assert upstream_headers == []


@pytest.mark.parametrize(
    "credentials", [{"apiKey": "k"}, {"token": "t"}, {"Authorization": "Bearer b"}], ids=str
)
@pytest.mark.parametrize("key", [None, KEYS["web"], "wrong"])
async def test_who_has_upstream_credentials_needs_no_key_and_never_gets_ours(
    keyed, upstream_headers, credentials, key
):
    headers = credentials if key is None else credentials | {"X-Gateway-Key": key}
    assert (await keyed().post("/graphql", json=QUERY, headers=headers)).json() == COUNTED
    [headers] = upstream_headers
    names = ("apikey", "token", "authorization")
    found = {name: headers[name] for name in names if name in headers}
    assert found == {name.lower(): value for name, value in credentials.items()}


async def test_an_empty_credential_does_not_pass_for_one(keyed, upstream_headers):
    answer = await keyed().post("/graphql", json=QUERY, headers={"apiKey": "", "token": " "})
    assert (answer.status_code, upstream_headers) == (401, [])


async def test_a_key_never_goes_upstream(keyed, upstream_headers):
    headers = {"X-Gateway-Key": KEYS["web"]}
    await keyed().post("/graphql", json=QUERY, headers=headers)
    await keyed().post("/graphql", json=QUERY, headers={**headers, "apiKey": "k"})
    assert len(upstream_headers) == 2
    assert not [headers for headers in upstream_headers if "w" * 32 in str(headers.raw)]


@pytest.mark.parametrize("name", ["X-Gateway-Key", "apiKey", "token", "Authorization"])
async def test_a_key_or_credential_that_is_sent_twice_is_refused(keyed, upstream_headers, name):
    value = KEYS["web"]
    answer = await keyed().post("/graphql", json=QUERY, headers=[(name, value), (name, value)])
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert name.lower() in answer.json()["errors"][0]["message"].lower()
    assert upstream_headers == []


@pytest.mark.parametrize("key", [None, KEYS["web"]])
async def test_anybody_may_come_where_that_is_said(keyed, upstream_headers, key):
    headers = {} if key is None else {"X-Gateway-Key": key}
    http = keyed(allow_anonymous=True)
    assert (await http.post("/graphql", json=QUERY, headers=headers)).json() == COUNTED


async def test_a_wrong_key_is_refused_even_where_none_is_needed(keyed):
    http = keyed(allow_anonymous=True)
    answer = await http.post("/graphql", json=QUERY, headers={"X-Gateway-Key": "x" * 32})
    assert answer.status_code == 401


async def test_without_keys_nobody_needs_one(keyed):
    http = keyed(caller_keys_file=None)
    answers = [
        await http.post("/graphql", json=QUERY, headers=headers)
        for headers in ({}, {"X-Gateway-Key": "whatever"})
    ]
    assert [answer.json() for answer in answers] == [COUNTED] * 2


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/schema.graphql", "*/*"), ("/livez", "*/*"), ("/readyz", "*/*"), ("/graphql", "text/html")],
)
async def test_the_page_the_schema_and_health_need_no_key(keyed, path, accept):
    assert (await keyed().get(path, headers={"Accept": accept})).status_code == 200


async def test_a_key_s_name_is_logged_and_counted_and_the_key_is_not(keyed):
    http = keyed()
    with capture_logs() as events:
        await http.post("/graphql", json=QUERY, headers={"X-Gateway-Key": KEYS["app"]})
        await http.post("/graphql", json=QUERY, headers={"X-Gateway-Key": "x" * 32})
        await http.post("/graphql", json=QUERY, headers={"apiKey": "k"})
    requests = [each for each in events if each["event"] == "request"]
    assert [each.get("caller") for each in requests] == ["app", None, None]
    assert [each["outcome"] for each in requests] == ["ok", "rejected", "ok"]
    metrics = (await http.get("/metrics")).text
    assert 'gateway_caller_operations_total{caller="app",outcome="ok"} 1.0' in metrics
    told = f"{events}{metrics}"
    assert not [key for key in (*KEYS.values(), "x" * 32) if key in told]


async def test_a_bearer_without_a_token_is_sent_nowhere(keyed, upstream_headers):
    answer = await keyed().post("/graphql", json=QUERY, headers={"Authorization": "Bearer"})
    assert answer.status_code == 200
    [error] = answer.json()["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("UNAUTHENTICATED", ["activities"])
    assert upstream_headers == []


@pytest.mark.parametrize(
    ("headers", "words"),
    [({}, "`apiKey` and `token`"), ({"apiKey": "k"}, "rejected the credentials")],
    ids=["none", "some"],
)
async def test_who_sends_no_credentials_is_told_which_to_send(gateway_over, headers, words):
    calls = Counter[str]()

    def refuse(request: httpx.Request) -> httpx.Response:
        calls[request.url.path] += 1
        return httpx.Response(401, json={"error": {"message": "who are you"}})

    http = gateway_over(refuse, **NO_CREDENTIALS).http
    answer = (await http.post("/graphql", json=QUERY, headers=headers)).json()
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert words in error["message"]
    assert calls.total() == 1


async def test_requests_that_differ_in_their_traces_alone_share_their_reads(gateway_over):
    calls = Counter[str]()

    async def answer(request: httpx.Request) -> httpx.Response:
        calls[request.url.path] += 1
        await asyncio.sleep(0.05)
        return httpx.Response(200, json={"items": []})

    http = gateway_over(answer, forward_headers=("baggage", "sentry-trace")).http
    answers = await asyncio.gather(
        *[
            http.post("/graphql", json=QUERY, headers={"baggage": f"a={n}", "sentry-trace": str(n)})
            for n in range(3)
        ],
        http.post("/graphql", json=QUERY, headers=[(b"traceparent", b"00-\xff")]),
    )
    assert [each.json() for each in answers] == [COUNTED] * 4
    assert calls.total() == 1

"""Callers in a tight race over one gateway and few upstream connections: each gets what is its own."""

import asyncio
import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.config.settings import Settings
from gateway.sandbox.app import create_sandbox
from gateway.upstream.http.transport import AiohttpTransport
from gateway.web.app import create_app
from tests.security.secrets.serving import serving_app
from tests.support.documents import EVERYTHING

pytestmark = pytest.mark.socket

CONNECTIONS = 3
PATIENCE = {
    "operation_timeout_seconds": 600.0,
    "upstream_attempt_timeout_seconds": 500.0,
    "upstream_connect_timeout_seconds": 500.0,
    "upstream_read_timeout_seconds": 500.0,
}
Credentials = tuple[tuple[str, str], ...]


class Caller(NamedTuple):
    """Who asks: headers as sent, and what the upstream must see of them."""

    name: str
    headers: Mapping[str, str]

    @property
    def credentials(self) -> Credentials:
        return tuple(sorted((key.lower(), value) for key, value in self.headers.items()))


def bearer(name: str) -> Caller:
    return Caller(name, {"Authorization": f"Bearer access-of-{name}"})


def keys(name: str, key: str = "", token: str = "") -> Caller:
    return Caller(name, {"apiKey": key or f"key-of-{name}", "token": token or f"token-of-{name}"})


OWN = {"api_key": "key-of-gateway", "token": "token-of-gateway"}
SERVICE = Caller("gateway", {"apiKey": OWN["api_key"], "token": OWN["token"]})
CALLERS = [
    keys("ada"),
    bearer("ada-too"),
    keys("bob", key="key-of-ada"),  # half of another's
    keys("cleo", token="token-of-ada"),
    bearer("dora"),
    keys("emil"),
    bearer("finn"),
    Caller("nobody's key", {"apiKey": "key-of-emil"}),
    SERVICE,
]


class Recording:
    """An upstream that keeps who asked it for what, and answers as another application does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.seen: Counter[Credentials] = Counter()
        self.cookies: list[str] = []
        self.targets: set[str] = set()
        self.connections: set[Any] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Request(scope).headers
            named = [(name, headers.getlist(name)) for name in ("apikey", "authorization", "token")]
            self.seen[tuple((name, each) for name, given in named for each in given)] += 1
            self.cookies += headers.getlist("cookie")
            self.targets.add(f"{scope['raw_path'].decode()}?{scope['query_string'].decode()}")
            self.connections.add(scope["client"])
        await self._app(scope, receive, send)


async def personal_upstream(scope: Scope, receive: Receive, send: Send) -> None:
    """Whatever it is asked, it answers with who asked, after a while, and sets a cookie."""
    if scope["type"] != "http":
        return
    request = Request(scope)
    owner = "|".join(request.headers.get(name, "") for name in ("apikey", "authorization", "token"))
    await asyncio.sleep(random.Random(owner).random() / 500)
    person = {"id": "1", "firstName": owner, "lastName": owner, "email": owner}
    link = "https://x/companies/3/appointments/1"
    thing = {"id": "1", "name": owner, "html": owner, "selfLink": link, "staff": person} | person
    note = {"id": "1", "type": "note", "note": {"id": "1", "body": owner}}
    appointment = {"id": "2", "type": "appointment", "appointment": thing}
    items = [note, appointment] if request.url.path.endswith("/activities") else [thing]
    cookie = f"account={owner}; Path=/"
    answer = JSONResponse({**thing, "items": items}, headers={"Set-Cookie": cookie})
    await answer(scope, receive, send)


QUERY = """query ($id: ID!) { client(id: $id) {
  profile { firstName emailAddresses { emailAddress } }
  activities { nodes {
    ... on NoteActivity { note { body current { body } } }
    ... on AppointmentActivity { appointment { staff { firstName current { lastName emailAddress } } service { name current { name } } current { staff { lastName } company { name } } } }
  } }
} }"""


async def race(
    upstream: ASGIApp, callers: list[Caller], body: Mapping[str, Any], times: int, **settings: Any
) -> dict[str, list[dict[str, Any]]]:
    """The data that each caller got, of many requests of all of them at once."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving_app(upstream))
        given = {"upstream_url": url, "compile_queries": "eager", **PATIENCE, **settings}
        transport = AiohttpTransport(max_connections=CONNECTIONS)
        app = create_app(Settings(**given), transport=transport)
        address = await stack.enter_async_context(serving_app(app))
        limits = httpx.Limits(max_connections=20)
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=address, limits=limits, timeout=60)
        )
        got: dict[str, list[dict[str, Any]]] = defaultdict(list)

        async def ask(caller: Caller) -> None:
            headers = {**caller.headers, "Cookie": f"account={caller.name}"}
            answer = await http.post("/graphql", json=body, headers=headers)
            http.cookies.clear()
            got[caller.name].append(answer.json())

        asking = callers * times
        random.Random(1).shuffle(asking)
        await asyncio.gather(*map(ask, asking))
        return got


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("seconds", [0, 60], ids=["not kept", "kept"])
async def test_every_answer_belongs_to_its_caller_and_every_read_has_its_credentials(
    compile_queries, seconds
):
    upstream = Recording(personal_upstream)
    settings = {**OWN, "compile_queries": compile_queries, "entity_cache_seconds": seconds}
    body = {"query": QUERY, "variables": {"id": "7"}}
    nobody = Caller("nobody", {})
    got = await race(upstream, [*CALLERS, nobody], body, times=8, **settings)
    for caller in [*CALLERS, nobody]:
        shown = SERVICE if caller is nobody else caller
        sent = {name.lower(): value for name, value in shown.headers.items()}
        owner = "|".join(sent.get(name, "") for name in ("apikey", "authorization", "token"))
        assert len(got[caller.name]) == 8
        texts = {text for answer in got[caller.name] for text in texts_of(answer)}
        assert texts == {owner}
    assert set(upstream.seen) == {caller.credentials for caller in CALLERS}
    assert upstream.cookies == []
    assert len(upstream.connections) <= CONNECTIONS
    told = re.compile("key-of|token-of|access-of|account")
    assert not [target for target in upstream.targets if told.search(target)]


def texts_of(value: object) -> set[str]:
    """All texts of an answer, none of which may be an error's."""
    match value:
        case {"errors": errors}:
            raise AssertionError(errors)
        case dict():
            return set().union(*map(texts_of, value.values()))
        case list():
            return set().union(*map(texts_of, value))
        case str():
            return {value}
    return set()


ACCOUNTS = [
    Caller(f"{number} {kind}", headers)
    for number in "12"
    for kind, headers in {
        "keys": {"apiKey": f"sandbox-key-{number}", "token": f"sandbox-token-{number}"},
        "access": {"Authorization": f"Bearer sandbox-access-{number}"},
    }.items()
]
MIXED = Caller("mixed", {"apiKey": "sandbox-key-1", "token": "sandbox-token-2"})


@pytest.mark.parametrize("seconds", [0, 60], ids=["not kept", "kept"])
async def test_the_sandbox_s_accounts_stay_apart_and_its_cookies_never_come_back(seconds):
    """It sets a cookie with every answer, and refuses one that belongs to the other account."""
    upstream = Recording(create_sandbox())
    body = {"query": "{ one: activities(clientId: 1001) { totalCount } two: activities(clientId: 3005) { totalCount } }"}  # fmt: skip
    callers = [*ACCOUNTS, MIXED]
    got = await race(upstream, callers, body, times=10, entity_cache_seconds=seconds)
    for caller in callers:
        found = {repr(answer["data"]) for answer in got[caller.name]}
        one = {"totalCount": 1} if caller.name.startswith("1") else None
        two = {"totalCount": 5} if caller.name.startswith("2") else None
        assert found == {repr({"one": one, "two": two})}
    assert set(upstream.seen) == {caller.credentials for caller in callers}
    assert upstream.cookies == []
    assert len(upstream.connections) <= CONNECTIONS


async def test_everything_about_a_client_is_told_to_its_account_alone():
    upstream = Recording(create_sandbox())
    body = {"query": EVERYTHING, "variables": {"client": "1020"}}
    settings = {"entity_cache_seconds": 60, "appointments_by_client": True}
    got = await race(upstream, [*ACCOUNTS, MIXED], body, times=3, **settings)
    for caller in [*ACCOUNTS, MIXED]:
        for answer in got[caller.name]:
            errors = {error["extensions"]["code"] for error in answer.get("errors", [])}
            assert bool(texts_of(answer["data"])) == caller.name.startswith("1")
            refused = {"UNAUTHENTICATED"} if caller is MIXED else {"NOT_FOUND"}
            assert errors == (set() if caller.name.startswith("1") else refused)
    assert set(upstream.seen) == {caller.credentials for caller in [*ACCOUNTS, MIXED]}
    assert upstream.cookies == []

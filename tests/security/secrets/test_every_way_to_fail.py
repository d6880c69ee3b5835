"""Every way to fail, in every mode that production can be in: neither answers nor logs tell secrets."""

import json
from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.errors import INTERNAL_SERVER_ERROR, GatewayError
from gateway.observability import logging
from gateway.sandbox.app import create_sandbox
from gateway.web.app import create_app
from tests.security.secrets import failing, refused
from tests.security.secrets.failing import PERSON
from tests.security.secrets.planted import (
    CALLERS,
    OWN_CREDENTIALS,
    SENT,
    UPSTREAM,
    WRITTEN,
    codes_of,
    found_in_answer,
    found_in_log,
    found_in_numbers,
)
from tests.security.secrets.traces import Traces
from tests.support.documents import EVERYTHING
from tests.support.gateway import ACCOUNT_1
from tests.support.secret import SECRET

ACTIVITIES = "/api/2.3/activities"

CLOSED = {"introspection": False, "graphiql": False}
MODES: Mapping[str, Mapping[str, Any]] = {
    "as it comes": {},
    "explaining": {"explain": True},
    "not compiled": {"compile_queries": "off", "cors_origins": ("https://page.example",)},
    "closed": CLOSED,
    "closed, not compiled, explaining": {**CLOSED, "compile_queries": "off", "explain": True},
    "keeping": {"entity_cache_seconds": 60, "appointments_by_client": True, "graphiql": False},
    "logging documents": {"trusted_documents": "log", "explain": True},
    "known documents only": {"trusted_documents": "enforce", **CLOSED},
    "known documents only, not compiled": {
        "trusted_documents": "enforce",
        "compile_queries": "off",
    },
}
ACCEPTED = ("application/graphql-response+json", "application/json")


class FailingSandbox:
    """The sandbox, but for what is to fail: timelines, or whatever lies behind them."""

    def __init__(self) -> None:
        self.failing: failing.Failing | None = None
        self.timelines = True
        self._sandbox = httpx.ASGITransport(create_sandbox())
        self._sent: dict[httpx.URL, httpx.Response] = {}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.failing is not None and self.timelines == (request.url.path == ACTIVITIES):
            return self.failing.answer()
        if request.url not in self._sent:
            keys = {"apiKey": ACCOUNT_1["api_key"], "token": ACCOUNT_1["token"]}
            as_account_1 = httpx.Request("GET", request.url, headers=keys)
            answer = await self._sandbox.handle_async_request(as_account_1)
            self._sent[request.url] = httpx.Response(
                answer.status_code, headers=failing.HEADERS, content=await answer.aread()
            )
        kept = self._sent[request.url]
        return httpx.Response(kept.status_code, headers=kept.headers, content=kept.content)


class Walk:
    """Gateways in all modes over one upstream, all but the first traced."""

    def __init__(self, manifest: Path) -> None:
        self.upstream = FailingSandbox()
        self._traces = Traces()
        self._gateways = [self._gateway(manifest, **given) for given in MODES.values()]

    def _gateway(self, manifest: Path, **given: Any) -> httpx.ASGITransport:
        if "trusted_documents" in given:
            given["trusted_documents_path"] = manifest
        sizes = {"max_body_bytes": 200_000, "max_upstream_bytes": 1_000_000}
        # Each way to fail is told as if it were the first.
        once = {"upstream_attempts": 1, "circuit_breaker_reset_seconds": 1e-6}
        fixed: dict[str, Any] = {
            "upstream_url": UPSTREAM,
            "compile_queries": "eager",
            **OWN_CREDENTIALS,
            **sizes,
            **once,
        }
        settings = Settings(**{**fixed, **given})
        app = create_app(
            settings,
            transport=httpx.MockTransport(self.upstream),
            tracer_provider=self._traces.provider if given else None,
        )
        return httpx.ASGITransport(app)

    async def answers(self, request: Mapping[str, Any]) -> list[httpx.Response]:
        """The answers of all gateways, to one caller after another."""
        logging.configure("debug")
        return [
            await self._answer(gateway, request, {**SENT, "Accept": accepted, **caller})
            for gateway, accepted, caller in zip(
                self._gateways, cycle(ACCEPTED), cycle(CALLERS.values()), strict=False
            )
        ]

    async def numbers(self) -> str:
        """The metrics of all gateways, and the traces since this was asked last."""
        scrape = {"method": "GET", "url": "/metrics"}
        answers = [await self._answer(gateway, scrape, {**SENT}) for gateway in self._gateways]
        return "\n".join([*(answer.text for answer in answers), self._traces.text()])

    async def _answer(
        self, gateway: httpx.ASGITransport, request: Mapping[str, Any], headers: dict[str, str]
    ) -> httpx.Response:
        wanted = httpx.Headers(headers)
        wanted.update(request.get("headers", {}))
        async with httpx.AsyncClient(transport=gateway, base_url="http://gateway") as http:
            return await http.request(**{**request, "headers": wanted})


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Walk:
    manifest = tmp_path_factory.mktemp("walk") / "manifest.json"
    texts = {"known": refused.ONE, "all": EVERYTHING}
    texts |= {f"runnable-{number}": text for number, text in enumerate(refused.RUNNABLE)}
    manifest.write_text(json.dumps(texts), "utf-8")
    return Walk(manifest)


@pytest.mark.sample(4)
@pytest.mark.parametrize("name", refused.ALL)
async def test_a_request_that_is_refused_tells_nothing(walk, log, name):
    way = refused.ALL[name]
    walk.upstream.failing = None
    answers = await walk.answers(way.request)
    assert [found for answer in answers for found in found_in_answer(answer)] == []
    assert found_in_log(log()) == []
    assert found_in_numbers(await walk.numbers()) == []
    if way.code is not None:
        assert way.code in set().union(*map(codes_of, answers))


@pytest.mark.sample(2)
@pytest.mark.parametrize("timelines", [True, False], ids=["timelines", "entities"])
@pytest.mark.parametrize("name", failing.ALL)
async def test_an_upstream_that_fails_gives_nothing_away(walk, log, name, timelines):
    walk.upstream.failing, walk.upstream.timelines = failing.ALL[name], timelines
    body = {"query": EVERYTHING, "variables": {"client": "1020"}}
    answers = await walk.answers({"method": "POST", "url": "/graphql", "json": body})
    assert [found for each in answers for found in found_in_answer(each, shown=True)] == []
    assert found_in_log(log()) == []
    assert found_in_numbers(await walk.numbers()) == []
    assert not [each for each in answers if each.status_code != 200]
    if timelines:
        assert all(failing.ALL[name].code in codes_of(each) for each in answers)


def test_every_code_is_met_on_the_way():
    met = {way.code for way in refused.ALL.values()} | {way.code for way in failing.ALL.values()}
    assert met | ELSEWHERE == {None, INTERNAL_SERVER_ERROR, *codes(GatewayError)}


ELSEWHERE = {
    *("UPSTREAM_BUDGET_EXCEEDED", "COMPANY_UNKNOWN", "OVERLOADED", "CALLER_UNKNOWN"),
    "INSTANT_UNKNOWN",  # in no error: only data has it
}


def codes(kind: type[GatewayError]) -> Iterator[str]:
    for each in kind.__subclasses__():
        yield from codes(each)
        if "code" in vars(each):
            yield each.code


@pytest.mark.parametrize("way", ["too many", "the end"])
async def test_a_request_that_finds_no_room_tells_nothing(log, way):
    given: Mapping[str, Any] = {"upstream_url": UPSTREAM, **OWN_CREDENTIALS}
    settings = Settings(**given)
    app = create_app(settings)
    if way == "the end":
        app.state.limiter.cancel_all()
    else:
        app.state.limiter.limit = 0
    logging.configure("debug")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://gateway"
    ) as http:
        body = {"query": f'{{ client(id: "{WRITTEN}") {{ id }} }}'}
        answer = await http.post("/graphql", json=body, headers={**SENT, "Accept": SECRET})
        probe = await http.get("/readyz", headers=SENT)
    assert codes_of(answer) == {"OVERLOADED"}
    assert [*found_in_answer(answer), *found_in_answer(probe)] == []
    assert found_in_log(log()) == []


async def test_a_budget_and_a_company_that_is_missing_tell_nothing(log, gateway_over):
    """The appointment's link leads nowhere, and says where it does not lead."""
    link = f"https://{SECRET}.example/companies/{SECRET}?token={SECRET}"
    person = {"id": "1", "firstName": PERSON}
    appointment = {"id": "1", "selfLink": link, "staff": person, "company": None}
    note = {"id": "2", "type": "note", "note": {"id": "1", "body": PERSON}}
    items = [{"id": "1", "type": "appointment", "appointment": appointment}, note]
    logging.configure("debug")
    gateway = gateway_over(
        lambda _: httpx.Response(200, json={"items": items}, headers=failing.HEADERS),
        max_upstream_reads=1,
        upstream_url=UPSTREAM,
    )
    answer = await gateway.post(
        """{ activities(clientId: 1) { nodes {
            ... on AppointmentActivity { appointment { staff { current { emailAddress } } } }
            ... on NoteActivity { note { current { body } } }
        } } }""",
        headers=SENT,
    )
    assert codes_of(answer) == {"UPSTREAM_BUDGET_EXCEEDED", "COMPANY_UNKNOWN"}
    assert found_in_answer(answer) == []
    assert found_in_log(log()) == []

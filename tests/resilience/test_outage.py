"""An outage under load: 64 callers go on asking while the upstream is dead, and after it is back."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from typing import Any, NamedTuple

import aiohttp
import httpx
import pytest

from tests.resilience import before, peer
from tests.resilience.before import KEYS, Detour
from tests.security.secrets.serving import serving_app

pytestmark = pytest.mark.socket

OUTAGE_SECONDS = 10.0
CALLERS = 64
PAUSE_SECONDS = 0.5  # of the breaker
QUERY = "query ($id: ID!) { activities(clientId: $id) { totalCount nodes { id } } }"
CLIENTS = ["1000", "1001", "1020", "1100"]
PLANNED = {"UPSTREAM_UNAVAILABLE", "UPSTREAM_TIMEOUT", "UPSTREAM_BUSY"}


class Answer(NamedTuple):
    """When an answer came, whom it was about, and what it says."""

    at: float
    client: str
    body: dict[str, Any]

    @property
    def is_whole(self) -> bool:
        return "errors" not in self.body

    @property
    def extensions(self) -> dict[str, Any]:
        """The extensions of its error."""
        extensions: dict[str, Any] = self.body["errors"][0]["extensions"]
        return extensions

    @property
    def is_refused(self) -> bool:
        """Whether the breaker left the upstream alone for it."""
        return not self.is_whole and "retryAfter" in self.extensions


async def ask(http: aiohttp.ClientSession, client: str, *, caller: int = 0) -> Answer:
    """Callers differ in a header that is passed on, so that each has reads of its own."""
    body = {"query": QUERY, "variables": {"id": client}}
    async with http.post("/graphql", json=body, headers={"X-Caller": str(caller)}) as sent:
        answer = await sent.json()
    return Answer(now(), client, answer)


def calling(address: str) -> aiohttp.ClientSession:
    """Not httpx: with 64 callers in its pool, it leaves the gateway little time."""
    connector = aiohttp.TCPConnector(limit=0)
    return aiohttp.ClientSession(address, headers=KEYS, connector=connector)


@asynccontextmanager
async def callers(address: str) -> AsyncIterator[list[Answer]]:
    """64 of them in a closed loop: each asks anew when it is answered. What they are answered."""
    answers: list[Answer] = []
    async with calling(address) as http:

        async def on_and_on(number: int) -> None:
            while True:
                client = CLIENTS[number % len(CLIENTS)]
                answers.append(await ask(http, client, caller=number))
                await asyncio.sleep(0.02)

        calls = [asyncio.create_task(on_and_on(number)) for number in range(CALLERS)]
        try:
            yield answers
        finally:
            for call in calls:
                call.cancel()
            ended = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(each) for each in ended} == {asyncio.CancelledError}


def now() -> float:
    return asyncio.get_running_loop().time()


def wholes(answers: list[Answer], *, since: float) -> int:
    return sum(each.is_whole and each.at > since for each in answers)


def within(times: list[float], since: float, until: float) -> int:
    return sum(since <= at < until for at in times)


def check(answers: list[Answer], expected: dict[str, object]) -> None:
    """Each is right, or says which planned failure it was: nothing is invented."""
    for answer in answers:
        if answer.is_whole:
            assert answer.body == expected[answer.client]
        else:
            assert answer.body["data"] == {"activities": None}
            assert {each["extensions"]["code"] for each in answer.body["errors"]} <= PLANNED


async def drill(kind: str, sandbox: httpx.AsyncClient, report: dict[str, Any]) -> None:
    detour = Detour()
    upstream = peer.Peer(peer.before(sandbox.base_url.port or 0))
    await upstream.listen()
    settings = {
        "circuit_breaker_reset_seconds": PAUSE_SECONDS,
        "forward_headers": ("X-Caller",),
        "upstream_attempt_timeout_seconds": 2.0,
        "upstream_connect_timeout_seconds": 2.0,
        "operation_timeout_seconds": 10.0,
    }
    url = f"http://127.0.0.1:{upstream.port}"
    async with (
        before.gateway(url, detour, **settings) as gateway,
        serving_app(gateway.app) as address,
    ):
        async with calling(address) as http:
            expected: dict[str, object] = {id_: (await ask(http, id_)).body for id_ in CLIENTS}
        async with callers(address) as answers:
            await before.until(lambda: wholes(answers, since=0) > 4 * CALLERS)
            dead = now()
            await (upstream.die() if kind == "refuses" else upstream.freeze())
            await asyncio.sleep(OUTAGE_SECONDS)
            await upstream.listen()
            back = now()
            await before.until(lambda: wholes(answers, since=back) > 2 * CALLERS)
        check(answers, expected)
        requests = within([each.at for each in answers], dead, back)
        late = back - OUTAGE_SECONDS / 2
        lately = [each for each in answers if late <= each.at < back]
        report |= {
            "requests": requests,
            "attempts": within(detour.attempts, dead, back),
            "late_attempts": within(detour.attempts, late, back),
            "late_trials": sum(not each.is_refused for each in lately),
            "failed_after": within(detour.failures, back, inf),
            "retry_after": {each.extensions["retryAfter"] for each in answers if each.is_refused},
            "codes": Counter(each.extensions["code"] for each in answers if not each.is_whole),
        }
    await upstream.die()
    report["connections"] = len(upstream.connections)


@pytest.mark.parametrize("kind", ["refuses", "is silent"])
async def test_an_outage_is_told_at_once_not_multiplied_and_over_with_the_first_trial(kind):
    report: dict[str, Any] = {}
    async with before.sandbox() as sandbox:
        await sandbox.get("/")
        files, tasks = before.open_files(), before.tasks()
        await drill(kind, sandbox, report)
        await before.settled(files=files, tasks=tasks)
    sys.stdout.write(f"{kind}: {report}\n")
    assert report["requests"] > CALLERS
    assert report["attempts"] <= 1.2 * report["requests"]
    # A trial in each pause; also before the last ones of them have been given up.
    trickle = OUTAGE_SECONDS / 2 / PAUSE_SECONDS + 2
    assert report["late_attempts"] <= trickle
    # All others are refused at once, and told when to come again.
    assert report["late_trials"] <= trickle
    assert report["retry_after"] == {1}
    # The first trial after it is back is answered, which closes the breaker for all.
    assert report["failed_after"] == 0
    assert report["connections"] == 0

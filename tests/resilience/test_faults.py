"""Every fault at every place, on real sockets: the data, the code and the attempts."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from email.utils import formatdate
from typing import Any, NamedTuple

import httpx
import pytest

from tests.resilience import before, certificates, peer
from tests.resilience.before import Detour
from tests.resilience.faults import CONNECT_SECONDS, FAULTS, IN_TWO_SECONDS, SECONDS, Fault
from tests.resilience.places import MADE_UP, PLACES, Place

pytestmark = pytest.mark.socket

OPERATION_SECONDS = 15.0
EXPLAIN = {"X-Gateway-Explain": "1"}
SETTINGS: dict[str, Any] = {
    "upstream_attempt_timeout_seconds": SECONDS,
    "upstream_connect_timeout_seconds": CONNECT_SECONDS,
    "operation_timeout_seconds": OPERATION_SECONDS,
    "max_upstream_bytes": 200_000,
}


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
async def rest(anyio_backend):
    async with before.sandbox() as rest:
        yield rest


async def origin(fault: Fault, stack: AsyncExitStack) -> str | None:
    """Where the read goes that is to fail, unless it is the sandbox that spoils it."""
    if fault.script is not None:
        port = (await stack.enter_async_context(peer.playing(fault.script))).port
    elif fault.ports is not None:
        port = await stack.enter_async_context(fault.ports())
    else:
        return None
    return fault.url.format(port=port)


def dated(fault: Mapping[str, Any]) -> Mapping[str, Any]:
    """With a date where one has to be reckoned."""
    if fault.get("headers", {}).get("Retry-After") != IN_TWO_SECONDS:
        return fault
    return {**fault, "headers": {"Retry-After": formatdate(time.time() + 2, usegmt=True)}}


def expected_error(fault: Fault, place: Place) -> dict[str, Any] | None:
    """The error's path and extensions; what is no more is null without one, if it is one thing."""
    if fault.code is None or (fault.code == "NOT_FOUND" and place is PLACES["entity"]):
        return None
    passes = fault.retryable
    if passes is None:
        passes = fault.code in {"UPSTREAM_UNAVAILABLE", "UPSTREAM_TIMEOUT", "UPSTREAM_BUSY"}
    told = {"code": fault.code, **({"retryable": True} if passes else {}), **fault.told}
    return {"path": place.path, "extensions": told}


class Fared(NamedTuple):
    """How a query fared: the answer, and the attempts at the place and in all."""

    answer: dict[str, Any]
    hits: int
    attempts: int


async def fared(rest: httpx.AsyncClient, fault: Fault, place: Place) -> Fared:
    async with AsyncExitStack() as stack:
        detour = Detour(place, await origin(fault, stack))
        gateway = await stack.enter_async_context(before.gateway(rest.base_url, detour, **SETTINGS))
        answer = await gateway.ask(place.query, headers=EXPLAIN)
        return Fared(answer, detour.hits, len(detour.attempts))


async def spoil(rest: httpx.AsyncClient, fault: Mapping[str, Any] | None) -> None:
    """The sandbox's fault, at all places."""
    spoilt = [] if fault is None else [each.spoilt(dated(fault)) for each in PLACES.values()]
    (await rest.put("/_sandbox/faults", json=[*spoilt, *MADE_UP])).raise_for_status()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_fault_costs_what_it_strikes_and_nothing_else(rest, fault):
    """At each place, behind a gateway of its own; all at once, since most of the time is waiting."""
    await spoil(rest, fault.sandbox)
    found = await asyncio.gather(*[fared(rest, fault, each) for each in PLACES.values()])
    for place, (answer, hits, attempts) in zip(PLACES.values(), found, strict=True):
        error = expected_error(fault, place)
        told = [{key: each[key] for key in ("path", "extensions")} for each in answer.get("errors", [])]  # fmt: skip
        assert told == ([error] if error else [])
        assert answer["data"] == (place.whole if fault.code is None else place.holed)
        # Of several reads, another has left a connection by the time of the second attempt.
        made = fault.attempts + (fault.is_over and place.reads > 1)
        assert hits == made
        assert attempts == made + place.reads - 1
        assert answer["extensions"]["gateway"]["upstreamCalls"] == attempts


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
async def test_a_connection_that_was_closed_while_idle_costs_nothing(rest, place):
    await spoil(rest, None)
    idle = peer.before(rest.base_url.port, hangs_up_after=0.2)
    async with peer.playing(idle) as upstream:
        detour = Detour(place, f"http://127.0.0.1:{upstream.port}")
        async with before.gateway(rest.base_url, detour, **SETTINGS) as gateway:
            for _ in range(3):
                assert await gateway.data(place.query) == place.whole
                await asyncio.sleep(0.25)
    assert (detour.hits, upstream.seen) == (3, 3)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
async def test_a_certificate_that_is_in_order_costs_nothing(rest, place):
    """Which shows that the others are refused for what is wrong with them."""
    await spoil(rest, None)
    tls = certificates.serving(certificates.in_order())
    async with peer.playing(peer.before(rest.base_url.port), tls=tls) as upstream:
        detour = Detour(place, f"https://localhost:{upstream.port}")
        async with before.gateway(rest.base_url, detour, **SETTINGS) as gateway:
            assert await gateway.data(place.query) == place.whole
    assert (detour.hits, upstream.seen) == (1, 1)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
async def test_a_deadline_delivers_what_has_arrived(rest, place):
    """It ends before the one attempt does, and before the upstream answers."""
    await spoil(rest, {"delayMilliseconds": 3000})
    settings = {
        **SETTINGS,
        "upstream_attempt_timeout_seconds": 9.0,
        "operation_timeout_seconds": 0.5,
    }
    detour = Detour(place)
    async with before.gateway(rest.base_url, detour, **settings) as gateway:
        answer = await gateway.ask(place.query)
    assert answer["data"] == place.holed
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (place.path, "UPSTREAM_TIMEOUT")

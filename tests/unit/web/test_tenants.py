"""Tenants of one gateway: what one's reads come to is nothing to another."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.support.gateway import Gateway
from tests.support.processes import PATIENCE_SECONDS
from tests.support.upstream import Upstream

TIMELINE = "query ($id: ID!) { activities(clientId: $id) { totalCount completeness { isStale } } }"
ROOM = {"max_upstream_bytes": 1_000, "max_upstream_bytes_in_flight": 1_000}


def of(tenant: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tenant}"}


def tenant_of(request: httpx.Request) -> str:
    return request.headers["authorization"].removeprefix("Bearer ")


@pytest.fixture
def upstream() -> Upstream:
    return Upstream(key=tenant_of)


async def codes(gateway: Gateway, tenant: str, client: object) -> list[str]:
    answer = await gateway.ask(TIMELINE, {"id": str(client)}, of(tenant))
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 503])
async def test_with_one_tenant_s_reads_all_failing_none_of_another_s_is_refused(
    gateway_over, upstream, status
):
    gateway = gateway_over(upstream, upstream_attempts=1)
    upstream.status_by_key = {"broken": status}
    told: dict[str, Counter[str]] = {"broken": Counter(), "well": Counter()}
    for client in range(1_000):
        for tenant, codes_ in told.items():
            codes_.update(await codes(gateway, tenant, client))
    assert told == {"broken": {"UPSTREAM_UNAVAILABLE": 1_000}, "well": {}}
    assert upstream.calls["well"] == 1_000
    assert upstream.calls["broken"] < 100
    metrics = (await gateway.http.get("/metrics")).text
    assert "gateway_circuit_breaker_open 0.0" in metrics
    assert "gateway_credential_circuit_breakers_open 1.0" in metrics


@pytest.mark.slow
async def test_with_one_tenant_s_reads_all_failing_another_s_are_tried_again(
    gateway_over, upstream
):
    """As often as if it were alone: what may be tried again is not used up by others."""
    gateway = gateway_over(upstream, upstream_attempts=2, circuit_breaker_reset_seconds=1e-6)
    upstream.status_by_key = {"broken": 503}
    for client in range(100):
        assert await codes(gateway, "broken", client)
    upstream.status_by_key["well"] = 503
    for client in range(8):
        assert await codes(gateway, "well", client)
    assert upstream.calls["well"] == 16


async def test_callers_with_keys_are_tenants_though_they_read_with_the_same_credentials(
    gateway_over, tmp_path
):
    keys = {name: name * 32 for name in ("a", "b")}
    lines = [f"{name}:{hashlib.sha256(key.encode()).hexdigest()}" for name, key in keys.items()]
    (tmp_path / "keys").write_text("\n".join(lines), "utf-8")

    def answer(request: httpx.Request) -> httpx.Response:
        failing = request.url.params["clientId"].startswith("a")
        return httpx.Response(500) if failing else httpx.Response(200, json={"items": []})

    gateway = gateway_over(answer, upstream_attempts=1, caller_keys_file=tmp_path / "keys")

    async def fares(name: str, client: int) -> bool:
        asked = {"id": f"{name}{client}"}
        answer = await gateway.ask(TIMELINE, asked, {"X-Gateway-Key": keys[name]})
        return "errors" not in answer

    for client in range(50):
        assert not await fares("a", client)
        assert await fares("b", client)


class Waiting(httpx.AsyncByteStream):
    """An answer of 400 bytes without its end, until that is let go."""

    def __init__(self, gate: asyncio.Event) -> None:
        self._gate = gate

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"items":[]' + b" " * 389
        await self._gate.wait()
        yield b"}"

    async def aclose(self) -> None: ...


async def until_there_is_no_room(gateway: Gateway, reading: "list[asyncio.Task[Any]]") -> None:
    """Reads until one is refused."""
    for client in range(3):
        reading.append(asyncio.create_task(codes(gateway, "large", client)))
    done, _ = await asyncio.wait(
        reading, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
    )
    assert [each.result() for each in done] == [["UPSTREAM_BUSY"]]


async def test_where_there_is_no_room_for_an_answer_its_reader_is_told_and_others_read_on(
    gateway_over,
):
    gate = asyncio.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        is_large = request.headers["authorization"] == "Bearer large"
        body = {"stream": Waiting(gate)} if is_large else {"content": b'{"items":[]}'}
        return httpx.Response(200, **body)

    gateway = gateway_over(answer, **ROOM)
    reading: list[asyncio.Task[Any]] = []
    await until_there_is_no_room(gateway, reading)
    told = await gateway.ask(TIMELINE, {"id": "another"}, of("large"))
    assert told["data"] == {"activities": None}
    [error] = told["errors"]
    assert error["extensions"] == {
        "code": "UPSTREAM_BUSY",
        "retryable": True,
        "retryAfter": 1,
        "reason": "memory_budget",
    }
    assert [await codes(gateway, "small", client) for client in range(20)] == [[]] * 20
    gate.set()
    assert sorted(await asyncio.gather(*reading)) == [[], [], ["UPSTREAM_BUSY"]]
    assert await codes(gateway, "large", "again") == []


async def test_where_there_is_no_room_for_an_answer_the_last_one_stands_in(gateway_over):
    gate = asyncio.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        if is_small:
            return httpx.Response(200, json={"items": []})
        return httpx.Response(200, stream=Waiting(gate))

    is_small = True
    gateway = gateway_over(answer, stale_if_error_seconds=60, **ROOM)
    assert await codes(gateway, "large", "kept") == []
    is_small = False
    reading: list[asyncio.Task[Any]] = []
    await until_there_is_no_room(gateway, reading)
    told = await gateway.ask(TIMELINE, {"id": "kept"}, of("large"))
    assert told["data"] == {"activities": {"totalCount": 0, "completeness": {"isStale": True}}}
    assert "errors" not in told
    gate.set()
    await asyncio.gather(*reading)

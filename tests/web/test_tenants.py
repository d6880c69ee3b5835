"""Tenants of one gateway: what one's reads come to is nothing to another."""

import hashlib
from collections import Counter

import httpx
import pytest

from tests.conftest import Gateway

TIMELINE = "query ($id: ID!) { activities(clientId: $id) { totalCount completeness { isStale } } }"


def of(tenant: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tenant}"}


class Upstream:
    """Knows tenants by their tokens; has nothing but failures for those that a test names."""

    def __init__(self) -> None:
        self.failing: dict[str, int] = {}
        self.calls: Counter[str] = Counter()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        tenant = request.headers["authorization"].removeprefix("Bearer ")
        self.calls[tenant] += 1
        status = self.failing.get(tenant)
        return httpx.Response(status) if status else httpx.Response(200, json={"items": []})


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


async def codes(gateway: Gateway, tenant: str, client: object) -> list[str]:
    answer = await gateway.ask(TIMELINE, {"id": str(client)}, of(tenant))
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


@pytest.mark.parametrize("status", [500, 503])
async def test_with_one_tenant_s_reads_all_failing_none_of_another_s_is_refused(
    gateway_over, upstream, status
):
    gateway = gateway_over(upstream, upstream_attempts=1)
    upstream.failing = {"broken": status}
    told: dict[str, Counter[str]] = {"broken": Counter(), "well": Counter()}
    for client in range(1_000):
        for tenant, codes_ in told.items():
            codes_.update(await codes(gateway, tenant, client))
    assert told == {"broken": {"UPSTREAM_UNAVAILABLE": 1_000}, "well": {}}
    assert upstream.calls["well"] == 1_000
    assert upstream.calls["broken"] < 100
    metrics = (await gateway.http.get("/metrics")).text
    assert "gateway_breaker_open 0.0" in metrics
    assert "gateway_credential_breakers_open 1.0" in metrics


async def test_with_one_tenant_s_reads_all_failing_another_s_are_tried_again(
    gateway_over, upstream
):
    """As often as if it were alone: what may be tried again is not used up by others."""
    gateway = gateway_over(upstream, upstream_attempts=2, breaker_pause_seconds=1e-6)
    upstream.failing = {"broken": 503}
    for client in range(100):
        assert await codes(gateway, "broken", client)
    upstream.failing["well"] = 503
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

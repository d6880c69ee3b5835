import json
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.config.settings import Settings
from gateway.config.types import ListenAddress
from gateway.observability import logging
from gateway.observability.log_writer import MAX_QUEUED_BYTES
from gateway.observability.metrics import SharedMetrics
from gateway.web.app import create_app
from gateway.web.health import create_admin_app
from tests.support.gateway import SANDBOX
from tests.unit.web.conftest import unreachable

PROBES = ("/livez", "/readyz", "/metrics")
TIMELINE = '{ activities(clientId: "4711") { totalCount } }'
GIVEN: dict[str, Any] = {"upstream_url": SANDBOX}
SETTINGS = Settings(**GIVEN)


@pytest.mark.parametrize(("path", "status"), [("/livez", "alive"), ("/readyz", "ready")])
async def test_a_probe_answers_though_the_upstream_does_not(http, path, status):
    answer = await http.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": status})


@pytest.mark.parametrize("path", PROBES)
async def test_a_probe_has_no_body_for_head(http, path):
    answer = await http.head(path)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", PROBES)
async def test_a_probe_takes_nothing_but_get_and_head(http, path):
    answer = await http.post(path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def scraped(gateway) -> dict[str, float]:
    """The gateway's series: values by name and labels."""
    answer = await gateway.http.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        f"{each.name}{sorted(each.labels.items())}": each.value
        for family in text_string_to_metric_families(answer.text)
        for each in family.samples
        if each.name.startswith("gateway_")
    }


def value(found: dict[str, float], name: str, **labels: str) -> float:
    return found[f"gateway_{name}{sorted(labels.items())}"]


async def test_the_metrics_tell_of_an_operation_and_its_upstream_calls(gateway):
    await gateway.data('{ client(id: "1100") { profile { firstName } } }')
    found = await scraped(gateway)
    assert value(found, "operations_total", operation="other", outcome="ok", compiled="true") == 1
    path = "/api/2.0/clients/{clientId}"
    assert value(found, "upstream_calls_total", path=path, status="200") == 1
    assert value(found, "upstream_reads_total", path=path, cache_status="called") == 1
    assert value(found, "upstream_call_duration_seconds_count", path=path) == 1
    assert value(found, "upstream_calls_in_flight") == 0
    assert value(found, "requests_in_flight") == 0


async def test_the_metrics_tell_of_events_that_the_log_dropped(gateway):
    logging.write_text("." * MAX_QUEUED_BYTES)  # with its end, longer than anything that may wait
    async with gateway.app.router.lifespan_context(gateway.app):
        found = await scraped(gateway)
    assert value(found, "log_events_dropped_total") == logging.dropped_count() >= 1


async def test_the_metrics_tell_of_attempts_failures_and_an_open_breaker(gateway_over):
    """The pause is long, so that no trial is let through meanwhile."""
    gateway = gateway_over(unreachable, upstream_attempts=2, circuit_breaker_reset_seconds=60)
    for _ in range(15):
        await gateway.ask(TIMELINE)
    found = await scraped(gateway)
    path = "/api/2.3/activities"
    calls = value(found, "upstream_calls_total", path=path, status="error")
    refused = value(found, "upstream_rejections_total", reason="circuit_open")
    assert value(found, "circuit_breaker_open") == 1
    assert refused >= 4
    assert calls - value(found, "upstream_retries_total", path=path) + refused >= 15
    failures = value(found, "upstream_failures_total", path=path, code="UPSTREAM_UNAVAILABLE")
    assert failures == 15
    errors = {"code": "UPSTREAM_UNAVAILABLE", "outcome": "error"}
    assert value(found, "operation_errors_total", **errors) == 15


async def test_a_request_that_is_refused_is_counted_by_its_code(gateway):
    await gateway.ask("{ no")
    await gateway.http.post("/graphql", content=b"no")
    found = await scraped(gateway)
    for code in ("GRAPHQL_PARSE_FAILED", "UNSUPPORTED_MEDIA_TYPE"):
        assert value(found, "operation_errors_total", code=code, outcome="rejected") == 1


async def test_only_a_trusted_document_has_its_name_in_the_metrics(gateway_over, tmp_path):
    """By its id and by its text; the same name over another text is a caller's own."""
    trusted = f"query Timeline {TIMELINE}"
    (tmp_path / "manifest.json").write_text(json.dumps({"one": trusted}), "utf-8")
    gateway = gateway_over(
        lambda _: httpx.Response(200, json={"items": []}),
        trusted_documents="log",
        trusted_documents_path=tmp_path / "manifest.json",
    )
    await gateway.http.post("/graphql", json={"documentId": "one"})
    await gateway.http.post("/graphql", json={"query": trusted})
    await gateway.http.post("/graphql", json={"query": f"query Timeline  {TIMELINE}"})
    found = await scraped(gateway)
    told = {"outcome": "ok", "compiled": "true"}
    assert value(found, "operations_total", operation="Timeline", **told) == 2
    assert value(found, "operations_total", operation="other", **told) == 1


async def test_nothing_that_callers_send_makes_a_series(gateway):
    """Else anybody could fill the memory of whoever stores them."""

    async def send(number: int) -> None:
        await gateway.post(
            f"query Q{number} ($id: ID!) {{ a{number}: activities(clientId: $id) {{ totalCount }} }}",
            {"id": f"{number}"},
            {"X-Request-Id": f"{number}", "Authorization": f"Bearer {number}", "User-Agent": "x"},
        )
        await gateway.http.get(f"/{number}?query={number}")
        await gateway.http.request(f"M{number}", "/graphql")

    await send(0)
    before = (await scraped(gateway)).keys()
    for number in range(1, 20):
        await send(number)
    assert (await scraped(gateway)).keys() == before


async def test_a_page_and_a_probe_are_no_operations(gateway):
    await gateway.http.get("/graphql", headers={"Accept": "text/html"})
    for probe in PROBES:
        await gateway.http.get(probe)
    assert not [name for name in await scraped(gateway) if name.startswith("gateway_operation")]


async def test_who_drains_is_alive_and_not_ready_and_says_why():
    app = create_app(SETTINGS)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        app.state.limiter.start_draining()
        alive, ready = await http.get("/livez"), await http.get("/readyz")
    assert alive.status_code == 200
    assert ready.status_code == 503
    assert ready.json() == {"status": "not ready", "reason": "draining"}


async def test_who_is_full_is_ready_all_the_same():
    """Else the others would get what it refuses, and be full in turn."""
    app = create_app(SETTINGS)
    app.state.limiter.limit = 0
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        assert (await http.get("/graphql")).status_code == 503
        assert (await http.get("/readyz")).status_code == 200


ADMIN_SETTINGS = Settings(**GIVEN, admin_address=ListenAddress("127.0.0.1", 0))


async def test_the_admin_address_has_the_probes_and_the_public_one_has_not():
    app = create_app(ADMIN_SETTINGS)
    app.state.limiter.limit = 0  # full, which is no reason to be unready
    for each, status in ((app, 404), (app.state.admin_app, 200)):
        transport = httpx.ASGITransport(each)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            for probe in PROBES:
                assert (await http.get(probe)).status_code == status


async def test_metrics_that_are_not_shared_are_not_available():
    admin_app = create_admin_app(lambda: None, SharedMetrics(None).exposition)
    transport = httpx.ASGITransport(admin_app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        answer = await http.get("/metrics")
    assert (answer.status_code, answer.text) == (503, "The workers cannot share their metrics.")

from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from gateway.web.admission import Admission
from gateway.web.app import create_app
from tests.conftest import SANDBOX

PROBES = ("/livez", "/readyz")
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


async def test_who_drains_is_alive_and_not_ready_and_says_why():
    admission = Admission(1)
    app = httpx.ASGITransport(create_app(SETTINGS, admission=admission))
    async with httpx.AsyncClient(transport=app, base_url="http://gateway") as http:
        admission.drain()
        alive, ready = await http.get("/livez"), await http.get("/readyz")
    assert alive.status_code == 200
    assert ready.status_code == 503
    assert ready.json() == {"status": "not ready", "reason": "draining"}


async def test_who_is_full_is_ready_all_the_same():
    """Else the others would get what it refuses, and be full in turn."""
    admission = Admission(0)
    app = httpx.ASGITransport(create_app(SETTINGS, admission=admission))
    async with httpx.AsyncClient(transport=app, base_url="http://gateway") as http:
        assert (await http.get("/graphql")).status_code == 503
        assert (await http.get("/readyz")).status_code == 200

"""Appointments of an unknown company, where the upstream has a path that needs none."""

from typing import Any

import httpx
import pytest

from tests.support.gateway import Gateway

PATH = "/api/2.3/scheduling/appointments"
QUERY = """{ activities(clientId: "7") { nodes { ... on AppointmentActivity {
    appointment { appointmentId current { id status staff { firstName } } } } } } }"""


@pytest.fixture
def upstream():
    """An upstream with two appointments in a timeline; records the paths of its requests."""
    called: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        called.append(request.url.path)
        match request.url.path.rpartition("/"):
            case (_, _, "activities"):
                items = [
                    {"id": number, "type": "appointment", "appointment": {"id": number}}
                    for number in ("1", "1", "2")
                ]
                return httpx.Response(200, json={"items": items})
            case (parent, _, "1") if parent == PATH:
                appointment = {"id": "1", "status": "accepted", "company": {"id": "3"}}
                return httpx.Response(200, json=appointment)
        return httpx.Response(404)

    respond.called = called  # type: ignore[attr-defined]
    return respond


async def ask(upstream: Any, **settings: Any) -> tuple[list[Any], list[Any]]:
    """The appointments, and the codes of errors."""
    gateway = Gateway(httpx.MockTransport(upstream), **settings)
    answer = await gateway.ask(QUERY)
    nodes = answer["data"]["activities"]["nodes"]
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    return [node["appointment"]["current"] for node in nodes], codes


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_they_are_read_by_their_ids_alone(upstream, compile_queries):
    found, codes = await ask(upstream, appointments_path=PATH, compile_queries=compile_queries)
    read = {"id": "1", "status": "ACCEPTED", "staff": None}
    assert found == [read, read, None]
    assert codes == ["COMPANY_UNKNOWN"]
    assert sorted(upstream.called[1:]) == [f"{PATH}/1", f"{PATH}/2"]


async def test_without_the_setting_they_are_not_read(upstream):
    found, codes = await ask(upstream)
    assert found == [None, None, None]
    assert codes == ["COMPANY_UNKNOWN"] * 3
    assert len(upstream.called) == 1


async def test_a_known_company_is_asked_instead(upstream):
    _, codes = await ask(upstream, appointments_path=PATH, company_id="3")
    assert codes == []
    assert not any(path.startswith(PATH) for path in upstream.called)


async def test_a_failure_of_the_path_is_a_failure_of_the_field(upstream):
    def fail(request: httpx.Request) -> httpx.Response:
        is_timeline = request.url.path.endswith("activities")
        return upstream(request) if is_timeline else httpx.Response(403)

    _, codes = await ask(fail, appointments_path=PATH)
    assert codes == ["FORBIDDEN"] * 3

"""A world of one's own, from a file."""

import json

import httpx
import pytest

from gateway.sandbox.app import create_sandbox
from gateway.sandbox.fixtures_file import UnreadableFixtures, read_fixtures
from tests.support.gateway import Gateway
from tests.support.pages import code_blocks, page
from tests.unit.sandbox.conftest import CREDENTIALS
from tests.unit.sandbox.contract import ACTIVITIES, SCHEDULING

(EXAMPLE,) = [
    block
    for block in code_blocks(page("sandbox"), "json")
    if json.loads(block).keys() > {"clients"}
]
DATE = {"dateTime": "2026-03-01T09:00:00", "timeZone": "Europe/Paris"}
NOTE = {"id": "1", "type": "note", "date": DATE}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "world.json"


@pytest.fixture
def example(file):
    """The transport of a sandbox with the world on the page about the sandbox."""
    file.write_text(EXAMPLE, "utf-8")
    return httpx.ASGITransport(create_sandbox(fixtures=file))


@pytest.fixture
def own(example):
    return httpx.AsyncClient(transport=example, base_url="http://sandbox", headers=CREDENTIALS)


async def test_the_documented_world_answers_a_query(example):
    query = """{
      activities(clientId: "7") {
        nodes { ... on AppointmentActivity { appointment { staff { lastName current { lastName } } current { status } } } }
      }
      clients(ids: ["7"]) { profile { firstName } }
    }"""
    data = await Gateway(example).data(query)
    (node,) = data["activities"]["nodes"]
    assert node["appointment"] == {
        "staff": {"lastName": "Ito", "current": {"lastName": "Fontaine"}},
        "current": {"status": "COMPLETED"},
    }
    assert data["clients"] == [{"profile": {"firstName": "Ada"}}]


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        (SCHEDULING, ["5"]),
        (f"{SCHEDULING}/5/staff", ["11"]),
        (f"{SCHEDULING}/5/services", []),
        (f"{SCHEDULING}/5/appointments", ["41"]),
        (f"{SCHEDULING}/0/appointments", ["41"]),
        ("/api/2.3/forms", []),
        (f"{ACTIVITIES}?clientId=7", ["1"]),
    ],
)
async def test_lists_have_what_is_in_the_file(own, path, ids):
    assert [item["id"] for item in (await own.get(path)).json()["items"]] == ids


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/clients/1100",
        f"{ACTIVITIES}?clientId=1100",
        f"{ACTIVITIES}?clientId=1999",
        f"{SCHEDULING}/101",
        f"{SCHEDULING}/101/staff",
        f"{SCHEDULING}/199/appointments/411999000001",
    ],
)
async def test_nothing_of_the_generated_data_is_there(own, path):
    assert (await own.get(path)).status_code == 404


async def test_an_undo_leads_back_to_the_file(own):
    await own.delete("/_sandbox/activities/1?clientId=7")
    await own.delete(f"/_sandbox/resources{SCHEDULING}/5")
    await own.delete("/_sandbox/changes")
    assert len((await own.get(f"{ACTIVITIES}?clientId=7")).json()["items"]) == 1
    assert (await own.get(f"{SCHEDULING}/5/staff/11")).status_code == 200


@pytest.mark.parametrize(
    ("world", "message"),
    [
        ({"client": {}}, "$: Object contains unknown field `client`"),
        ({"clients": []}, "$.clients: Expected `object`, got `array`"),
        ({"clients": {"7": {"activity": []}}}, "$.clients.7: Object contains unknown field"),
        ({"clients": {"7": {"activities": [NOTE, 5]}}}, "$.clients.7.activities[1]: Expected `obj"),
        (
            {"clients": {"7": {"activities": [{**NOTE, "date": {**DATE, "timeZone": "Mars"}}]}}},
            "$.clients.7.activities[0].date: `timeZone` is not the name of a time zone",
        ),
        ({"clients": {"7": {"activities": [{**NOTE, "event": 5}]}}}, ".activities[0].event: Exp"),
        (
            {"clients": {"7": {"activities": [NOTE, NOTE]}}},
            "activities[1]: The client has the `id`",
        ),
        ({"resources": {"/api/2.0/note/7": {}}}, "$.resources./api/2.0/note/7: This is not the pa"),
        ({"resources": {f"{SCHEDULING}/0/appointments/1": {}}}, "the id of one company"),
        ({"resources": {"/api/2.0/notes/7": {"id": 8}}}, "/notes/7: `id` must be 7"),
        ({"resources": {"/api/2.0/notes/7": {"html": 8}}}, "/notes/7.html: Expected `str"),
    ],
)
def test_what_is_wrong_is_reported_by_its_path(file, world, message):
    file.write_text(json.dumps(world), "utf-8")
    with pytest.raises(UnreadableFixtures) as raised:
        read_fixtures(file)
    assert str(raised.value).startswith("world.json, $")
    assert message in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"clients":' * 100_000])
def test_a_file_that_is_no_json_is_reported(file, content):
    file.write_bytes(content)
    with pytest.raises(UnreadableFixtures, match=r"^world\.json, "):
        read_fixtures(file)


def test_a_file_that_cannot_be_read_is_reported(file):
    with pytest.raises(UnreadableFixtures, match=r"^world\.json cannot be read"):
        read_fixtures(file)

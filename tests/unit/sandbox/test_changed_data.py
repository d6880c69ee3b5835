"""The data of a sandbox are changed by its admin API, and every response shows it at once."""

import pytest

from gateway.sandbox.changes.activity_format import checked_entry
from gateway.sandbox.changes.resource_formats import FORMAT_BY_TEMPLATE, check_resource
from gateway.sandbox.changes_api import merge_patch
from gateway.sandbox.routes import ACTIVITIES_PATH, ENDPOINT_BY_TEMPLATE, LIST_TEMPLATES
from tests.unit.sandbox.contract import ACTIVITIES, CONFERENCES, SCHEDULING
from tests.unit.sandbox.timelines import activities

NINE = "2020-01-01T09:00:00"
NOTE = {
    "type": "note",
    "date": {"dateTime": NINE, "timeZone": "Europe/Paris"},
    "event": "created",
    "note": {"id": "7", "body": "<p>New</p>"},
}
ADDED = "/_sandbox/activities/77?clientId=1020"
APPOINTMENT = {
    "client": {"id": "1020"},
    "staff": {"id": "10101"},
    "service": {"id": "10151"},
    "status": "accepted",
    "start": {"dateTime": "2019-05-01T09:00:00", "timeZone": "Europe/Paris"},
    "end": {"dateTime": "2019-05-01T10:00:00", "timeZone": "Europe/Paris"},
    "history": [],
}


def changed(path):
    return f"/_sandbox/resources{path}"


async def ids(rest, path):
    answer = await rest.get(path)
    assert answer.status_code == 200, answer.text
    return [str(item["id"]) for item in answer.json()["items"]]


async def statuses(rest, *paths):
    return [(await rest.get(path)).status_code for path in paths]


# Activities


async def test_an_added_activity_is_in_its_place(rest):
    before = await ids(rest, f"{ACTIVITIES}?clientId=1020")
    answer = await rest.put(ADDED, json=NOTE)
    assert answer.json() == {**NOTE, "id": "77"}
    assert await ids(rest, f"{ACTIVITIES}?clientId=1020") == ["77", *before]
    assert await ids(rest, f"{ACTIVITIES}?clientId=1020&sort=desc") == [*before[::-1], "77"]


async def test_filters_find_added_activities(rest):
    await rest.put(ADDED, json={**NOTE, "appointmentId": 4})
    appointment = {**NOTE, "type": "appointment", "note": None, "appointment": {"id": "4"}}
    await rest.put("/_sandbox/activities/78?clientId=1020", json=appointment)
    query = f"{ACTIVITIES}?clientId=1020&appointmentId=4"
    assert await ids(rest, query) == ["77", "78"]
    assert await ids(rest, f"{query}&type=note") == ["77"]
    sent = (await rest.get(query)).json()["items"][0]
    assert "appointmentId" not in sent


async def test_a_changed_activity_keeps_what_was_not_changed(rest):
    await rest.put(ADDED, json={**NOTE, "appointmentId": "4"})
    patch = {"event": None, "note": {"body": "Better"}}
    assert (await rest.patch(ADDED, json=patch)).status_code == 200
    (sent,) = (await rest.get(f"{ACTIVITIES}?clientId=1020&appointmentId=4")).json()["items"]
    assert sent["note"] == {"id": "7", "body": "Better"}
    assert "event" not in sent


async def test_a_generated_activity_is_changed_and_removed(rest):
    first, *others = await ids(rest, f"{ACTIVITIES}?clientId=1100")
    one = f"/_sandbox/activities/{first}?clientId=1100"
    later = {"date": {"dateTime": "2030-01-01T00:00:00"}}
    await rest.patch(one, json=later)
    assert await ids(rest, f"{ACTIVITIES}?clientId=1100") == [*others, first]
    assert (await rest.delete(one)).status_code == 204
    assert await ids(rest, f"{ACTIVITIES}?clientId=1100") == others
    assert (await rest.delete(one)).status_code == 404


async def test_a_broken_activity_is_repaired_by_its_id(rest):
    await rest.put("/_sandbox/activities/5?clientId=1999", json=NOTE)
    broken = await rest.get(f"{ACTIVITIES}?clientId=1999")
    assert {"id": "5", **NOTE} in broken.json()["items"]
    assert len(broken.json()["items"]) == 13


# Resources


async def test_an_added_appointment_is_served_and_listed(rest):
    appointments = f"{SCHEDULING}/101/appointments"
    await rest.put(changed(f"{appointments}/7"), json=APPOINTMENT)
    assert (await rest.get(f"{appointments}/7")).json() == {**APPOINTMENT, "id": "7"}
    for company in ("101", "0"):
        listed = f"{SCHEDULING}/{company}/appointments"
        assert (await ids(rest, listed))[0] == "7"
        assert (await rest.get(f"{listed}/7")).status_code == 200
    first = (await rest.get(appointments)).json()["items"][0]
    assert "history" not in first


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("clientId=1020", True),
        ("clientId=1100", False),
        ("staffId=10101&serviceId=10151&status=accepted", True),
        ("status=pending", False),
        ("startDate=2019-04-30&endDate=2019-05-02", True),
        ("startDate=2019-05-01T09:00:00", False),
        ("endDate=2019-05-01T10:00:00", False),
    ],
)
async def test_filters_find_added_appointments(rest, query, is_found):
    appointments = f"{SCHEDULING}/101/appointments"
    await rest.put(changed(f"{appointments}/7"), json=APPOINTMENT)
    assert ("7" in await ids(rest, f"{appointments}?{query}")) is is_found


async def test_a_changed_appointment_has_both_its_names(rest):
    (appointment,) = (
        activity["appointment"]
        for activity in (await rest.get(f"{ACTIVITIES}?clientId=1001")).json()["items"]
    )
    appointments = f"{SCHEDULING}/101/appointments"
    path = f"{appointments}/{appointment['id']}"
    assert (await rest.patch(changed(path), json={"status": "noShow"})).status_code == 200
    for name in (appointment["id"], "RDV-1001-1"):
        assert (await rest.get(f"{appointments}/{name}")).json()["status"] == "noShow"
    listed = (await rest.get(f"{appointments}?clientId=1001")).json()["items"]
    assert [one["status"] for one in listed] == ["noShow"]
    await rest.delete(changed(path))
    assert await ids(rest, f"{appointments}?clientId=1001") == []
    assert await statuses(rest, path, f"{appointments}/RDV-1001-1") == [404, 404]


async def test_lists_show_changed_staff_in_their_place(rest):
    staff = f"{SCHEDULING}/101/staff"
    before = await ids(rest, staff)
    await rest.patch(changed(f"{staff}/{before[1]}"), json={"lastName": "Renamed"})
    await rest.delete(changed(f"{staff}/{before[0]}"))
    await rest.put(changed(f"{staff}/7"), json={"externalId": "EMP-7", "lastName": "New"})
    after = (await rest.get(staff)).json()["items"]
    assert [str(one["id"]) for one in after] == [*before[1:], "7"]
    assert (after[0]["lastName"], after[-1]["lastName"]) == ("Renamed", "New")
    names = (f"{staff}/EMP-{before[1]}", f"{staff}/EMP-7")
    assert [(await rest.get(name)).json()["lastName"] for name in names] == ["Renamed", "New"]
    assert await statuses(rest, f"{staff}/{before[0]}", f"{staff}/EMP-{before[0]}") == [404, 404]


async def test_an_added_company_has_empty_lists(rest):
    company = f"{SCHEDULING}/7"
    assert await statuses(rest, f"{company}/staff", f"{company}/appointments") == [404, 404]
    await rest.put(changed(company), json={"name": "New"})
    assert "7" in await ids(rest, SCHEDULING)
    assert await ids(rest, f"{company}/staff") == await ids(rest, f"{company}/appointments") == []
    dates = await rest.get(f"{company}/appointments?startDate=today")
    assert dates.status_code == 200  # nothing to compare
    await rest.put(changed(f"{company}/appointments/8"), json=APPOINTMENT)
    dates = await rest.get(f"{company}/appointments?startDate=today")
    assert dates.status_code == 400


async def test_what_is_below_a_removed_company_is_gone(rest):
    await rest.delete(changed(f"{SCHEDULING}/101"))
    below = [f"{SCHEDULING}/101{path}" for path in ("", "/staff", "/staff/10101", "/appointments")]
    assert await statuses(rest, *below) == [404] * 4


async def test_an_added_client_has_an_empty_timeline(rest):
    await rest.put(changed("/api/2.0/clients/abc"), json={"firstName": "New"})
    assert await ids(rest, f"{ACTIVITIES}?clientId=abc") == []
    await rest.put("/_sandbox/activities/1?clientId=abc", json=NOTE)
    assert await ids(rest, f"{ACTIVITIES}?clientId=abc") == ["1"]


async def test_a_removed_client_has_no_timeline(rest):
    await rest.delete(changed("/api/2.0/clients/1100"))
    paths = ("/api/2.0/clients/1100", f"{ACTIVITIES}?clientId=1100")
    assert await statuses(rest, *paths) == [404, 404]
    answer = await rest.put("/_sandbox/activities/1?clientId=1100", json=NOTE)
    assert answer.status_code == 404


async def test_an_account_sees_its_changes_only(rest, stranger):
    other = {"Authorization": "Bearer sandbox-access-2"}
    note = "/api/2.0/notes/7"
    await rest.put(f"{changed(note)}?account=2", json={"html": "New"})
    assert (await rest.get(note)).status_code == 404
    assert (await stranger.get(note, headers=other)).json() == {"html": "New", "id": "7"}


async def test_changes_are_undone_all_at_once(rest):
    paths = (f"{ACTIVITIES}?clientId=1020", f"{SCHEDULING}/101", f"{ACTIVITIES}?clientId=1100")
    before = [(await rest.get(path)).text for path in paths]
    await rest.put(ADDED, json=NOTE)
    await rest.patch(changed(f"{SCHEDULING}/101"), json={"name": "Renamed"})
    await rest.delete(changed("/api/2.0/clients/1100"))
    assert (await rest.delete("/_sandbox/changes")).status_code == 204
    assert [(await rest.get(path)).text for path in paths] == before


# What is refused


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"type": None}, "Expected `str`, got `null` - at `$.type`"),
        ({"date": {}}, "required field `dateTime` - at `$.date`"),
        ({"date": {"dateTime": "2026-02-30T00:00:00"}}, "`dateTime` is not a date"),
        ({"date": {"dateTime": NINE, "timeZone": "Mars"}}, "`timeZone` is not the name of"),
        ({"date": {"dateTime": NINE, "timeZone": "../UTC"}}, "`timeZone` is not the name of"),
        ({"date": {"dateTime": f"{NINE}Z"}}, "at `$.date.dateTime`"),
        ({"type": []}, "Expected `str`, got `array` - at `$.type`"),
        ({"note": {"text": ""}}, "unknown field `text` - at `$.note`"),
        ({"notes": {}}, "unknown field `notes`"),
        ({"updatedAttributes": "body"}, "Expected `array | null`, got `str`"),
        ({"id": "78"}, "`id` must be 77, as in the path"),
    ],
)
async def test_a_wrong_activity_is_refused_by_its_key(rest, content, sentence):
    before = (await rest.get(f"{ACTIVITIES}?clientId=1020")).content
    answer = await rest.put(ADDED, json={**NOTE, **content})
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]
    assert (await rest.get(f"{ACTIVITIES}?clientId=1020")).content == before


@pytest.mark.parametrize(
    ("path", "content", "sentence"),
    [
        ("/api/2.0/notes/7", {"body": "x"}, "unknown field `body`"),
        (
            "/api/2.0/notes/7",
            {"date": "today"},
            "Expected `object | null`, got `str` - at `$.date`",
        ),
        ("/api/2.3/forms/7", {"fields": ["a"]}, "got `str` - at `$.fields[0]`"),
        (f"{SCHEDULING}/101/services/7", {"price": "1"}, "at `$.price`"),
        (f"{CONFERENCES}/7", {"id": 8}, "`id` must be 7, as in the path"),
    ],
)
async def test_a_wrong_resource_is_refused_by_its_key(rest, path, content, sentence):
    answer = await rest.put(changed(path), json=content)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]
    assert (await rest.get(path)).status_code == 404


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'{"a":' * 100_000])
async def test_a_body_that_is_no_object_is_refused(rest, body):
    assert (await rest.put(ADDED, content=body)).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/_sandbox/activities/1", 400),
        ("PUT", "/_sandbox/activities/1?clientId=none-such", 404),
        ("PATCH", "/_sandbox/activities/1?clientId=1100", 404),
        ("PUT", "/_sandbox/activities/1?clientId=1100&account=3", 400),
        ("POST", "/_sandbox/activities/1?clientId=1100", 501),
        ("PUT", changed("/api/2.0/nothing/1"), 404),
        ("PUT", changed(ACTIVITIES), 404),
        ("PUT", changed(f"{SCHEDULING}/0/appointments/1"), 404),
        ("DELETE", changed(f"{SCHEDULING}/101/staff/EMP-10101"), 404),
        ("DELETE", changed("/api/2.0/notes/1"), 404),
        ("GET", "/_sandbox/changes", 404),
    ],
)
async def test_a_change_of_nothing_is_refused(rest, method, path, status):
    assert (await rest.request(method, path, content=b"{}")).status_code == status


def test_a_patch_removes_keys_by_null():
    target = {"a": {"b": 1, "c": 2}, "d": 3}
    patch = {"a": {"b": None, "e": {"f": None}}, "d": {"g": 4}}
    assert merge_patch(target, patch) == {"a": {"c": 2, "e": {}}, "d": {"g": 4}}


# The formats


@pytest.mark.parametrize("client_id", ["1020", "1100", "2000"])
def test_every_generated_activity_has_the_format(sample_data, client_id):
    for activity in activities(sample_data, client_id):
        checked_entry(activity)


async def test_every_generated_resource_has_its_format(rest, sample_data):
    history = sample_data.client_timeline("1", "2000").history
    companies = f"{SCHEDULING}/{{companyId}}"
    conferences = f"{CONFERENCES}/{{conferenceId}}"
    lists = {
        companies: SCHEDULING,
        f"{companies}/staff/{{staffId}}": f"{SCHEDULING}/101/staff",
        f"{companies}/services/{{serviceId}}": f"{SCHEDULING}/101/services",
        f"{companies}/appointments/{{appointmentId}}": (
            f"{SCHEDULING}/101/appointments?levelDetail=full"
        ),
        "/api/2.3/forms/{formId}": "/api/2.3/forms",
        f"{conferences}/sessions/{{sessionId}}": f"{CONFERENCES}/1801/sessions",
    }
    items = {
        "/api/2.0/clients/{clientId}": ["/api/2.0/clients/2000"],
        conferences: [f"{CONFERENCES}/1801", f"{CONFERENCES}/1802"],
        "/api/2.0/notes/{noteId}": [
            f"/api/2.0/notes/{one.id}" for one in history.notes.values() if not one.deleted
        ],
        "/api/2.3/forms/{formId}/results/{resultId}": [
            f"/api/2.3/forms/{one.form.id}/results/{one.id}"
            for one in history.form_results.values()
        ],
        f"{conferences}/sessions/{{sessionId}}/registrations/{{registrationId}}": [
            f"{CONFERENCES}/{one.conference.id}/sessions/{one.session.id}/registrations/{one.id}"
            for one in history.registrations.values()
            if not one.deleted
        ],
    }
    resources = ENDPOINT_BY_TEMPLATE.keys() - LIST_TEMPLATES - {ACTIVITIES_PATH}
    assert lists.keys() | items.keys() == FORMAT_BY_TEMPLATE.keys() == resources
    for template, path in lists.items():
        for content in (await rest.get(path)).json()["items"]:
            check_resource(template, content)
    for template, paths in items.items():
        assert paths
        for path in paths:
            check_resource(template, (await rest.get(path)).json())

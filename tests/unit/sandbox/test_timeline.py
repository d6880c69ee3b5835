"""The activities of a client: which a caller is sent, and in what order."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from gateway.sandbox.app import create_sandbox
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.history import HistoryEvent
from gateway.sandbox.fixtures.messages import newsletter_events
from gateway.sandbox.fixtures.quirks import QuirkSchedule
from gateway.sandbox.fixtures.sample import CLIENTS, SampleData
from gateway.sandbox.fixtures.timeline import Timeline, TimelineEntry, activity_json, create_entry
from tests.unit.sandbox.contract import ACTIVITIES
from tests.unit.sandbox.timelines import activities, timeline

ENTRIES = (
    TimelineEntry(3.0, "note", "a", b"3"),
    TimelineEntry(1.0, "note", None, b"1"),
    TimelineEntry(2.0, "call", "a", b"2"),
)


async def items(rest: httpx.AsyncClient, **query: str) -> list[Json]:
    answer = await rest.get(ACTIVITIES, params=query)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    listed: list[Json] = answer.json()["items"]
    return listed


def instants(activities: list[Json]) -> list[datetime]:
    return [
        datetime.fromisoformat(activity["date"]["dateTime"])
        .replace(tzinfo=ZoneInfo(activity["date"]["timeZone"]))
        .astimezone(UTC)
        for activity in activities
    ]


# Which activities


@pytest.mark.parametrize(
    ("client_id", "count"),
    [("1000", 0), ("1001", 1), ("1020", 20), ("1100", 100), ("2000", 1000), ("5000", 3)],
)
async def test_clients_have_their_activities(rest, client_id, count):
    answer = await rest.get(ACTIVITIES, params={"clientId": client_id})
    assert len(answer.json()["items"]) == count


@pytest.mark.parametrize(
    ("account", "client_id", "count"),
    [(account, *item) for account, counts in CLIENTS.items() for item in counts.items()],
)
def test_a_client_has_exactly_its_activities_with_distinct_ids(
    sample_data, account, client_id, count
):
    ids = [str(activity["id"]) for activity in activities(sample_data, client_id, account)]
    assert len(set(ids)) == len(ids) == count
    assert all(len(id_) == 16 for id_ in ids)


def test_no_two_clients_share_an_id(sample_data):
    one = {str(activity["id"]) for activity in activities(sample_data, "1100")}
    two = {str(activity["id"]) for activity in activities(sample_data, "2000")}
    assert not one & two


def test_the_only_activity_of_1001_is_an_appointment_created(sample_data):
    (activity,) = activities(sample_data, "1001")
    assert (activity["type"], activity["event"]) == ("appointment", "created")


@pytest.mark.parametrize("count", [0, 1, 1234])
def test_a_client_of_any_number_of_activities_can_be_added(count):
    assert len(timeline(SampleData(activities=count), "5000").entries) == count


def test_without_being_asked_for_the_added_client_is_not_there(sample_data):
    assert sample_data.timeline("1", "5000") is None


@pytest.mark.parametrize("count", [-1, 100_001])
def test_not_every_number_of_activities_is_possible(count):
    with pytest.raises(ValueError, match="between 0 and 100000"):
        SampleData(activities=count)


def test_too_long_a_timeline_is_refused_at_once():
    with pytest.raises(ValueError, match="100000"):
        create_sandbox(activities=100_001)


async def test_malformed_items_come_as_they_are(rest):
    activities = await items(rest, clientId="1999")
    assert len(activities) == 13
    assert json.dumps(activities[3]) == '"an activity was here"'


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"clientId": " "}, 400),
        ({"clientId": "1100", "sort": "newest"}, 400),
        ({"clientId": "3000"}, 404),
        ({"clientId": "nobody"}, 404),
    ],
    ids=["missing", "blank", "sort", "foreign", "unknown"],
)
async def test_what_cannot_be_answered_is_refused_in_the_upstreams_form(rest, query, status):
    answer = await rest.get(ACTIVITIES, params=query)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == status


# Order and filters


async def test_activities_are_in_the_order_of_instants(rest):
    activities = await items(rest, clientId="1100")
    local = [activity["date"]["dateTime"] for activity in activities]
    assert instants(activities) == sorted(instants(activities))
    assert local != sorted(local)


async def test_descending_is_the_exact_reverse(rest):
    ascending = await items(rest, clientId="1100", sort="asc")
    assert await items(rest, clientId="1100", sort="desc") == ascending[::-1]
    assert await items(rest, clientId="1100", sort="") == ascending


async def test_types_are_a_comma_list(rest):
    activities = await items(rest, clientId="1100", type="note, consent,")
    assert {activity["type"] for activity in activities} == {"note", "consent"}


async def test_an_unknown_type_matches_nothing(rest):
    assert await items(rest, clientId="1100", type="fax") == []


async def test_blank_filters_are_none(rest):
    assert len(await items(rest, clientId="1100", type="", appointmentId="")) == 100


async def test_an_appointments_thread_has_more_kinds_than_its_own(rest):
    thread = await items(rest, clientId="1100", appointmentId="411100000001")
    assert [activity["type"] for activity in thread] == [
        "appointment",
        "emailNotification",
        "formResult",
        "appointment",
        "textMessageNotification",
        "note",
        "appointment",
        "emailNotification",
    ]


async def test_an_unknown_appointment_has_no_thread(rest):
    assert await items(rest, clientId="1100", appointmentId="1") == []


async def test_filters_work_together(rest):
    thread = await items(rest, clientId="1100", appointmentId="411100000001", type="note")
    assert [activity["type"] for activity in thread] == ["note"]


@pytest.mark.parametrize(
    ("filters", "items"),
    [
        ({}, [1, 2, 3]),
        ({"newest_first": True}, [3, 2, 1]),
        ({"kinds": {"note"}}, [1, 3]),
        ({"kinds": {"fax"}}, []),
        ({"appointment_id": "a"}, [2, 3]),
        ({"appointment_id": "a", "kinds": {"note"}, "newest_first": True}, [3]),
    ],
    ids=lambda given: "-".join(map(str, given)),
)
def test_the_body_is_filtered_and_in_order(filters, items):
    assert json.loads(Timeline(ENTRIES).body(**filters)) == {"items": items}


# One activity


def test_an_activity_without_a_user_shows_null(history):
    (mail,) = newsletter_events(history)
    bare = HistoryEvent(mail.at, "note", "updated", {"note": {}}, marketing_consent="Yes")
    shown = activity_json(bare, "1")
    assert shown["user"] is None
    assert shown["marketingConsent"] == {"text": "Yes"}
    assert shown["updatedAttributes"] == []
    assert "updatedAttributes" not in activity_json(mail, "2")


def test_an_entry_is_json_beside_what_it_is_sorted_by(history):
    (mail,) = newsletter_events(history)
    entry = create_entry(mail, "12", QuirkSchedule())
    assert entry.kind == "emailNotification"
    assert entry.instant == mail.at.timestamp()
    assert json.loads(entry.json)["id"] == "12"

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from gateway.sandbox.fixtures.entities import Json

PATH = "/api/2.3/activities"


async def items(rest: httpx.AsyncClient, **query: str) -> list[Json]:
    answer = await rest.get(PATH, params=query)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    found: list[Json] = answer.json()["items"]
    return found


def instants(activities: list[Json]) -> list[datetime]:
    return [
        datetime.fromisoformat(activity["date"]["dateTime"])
        .replace(tzinfo=ZoneInfo(activity["date"]["timeZone"]))
        .astimezone(UTC)
        for activity in activities
    ]


async def test_activities_are_in_the_order_of_instants_and_not_of_local_times(rest):
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


async def test_filters_work_together(rest):
    thread = await items(rest, clientId="1100", appointmentId="411100000001", type="note")
    assert [activity["type"] for activity in thread] == ["note"]


async def test_an_unknown_appointment_has_no_thread(rest):
    assert await items(rest, clientId="1100", appointmentId="1") == []


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
    answer = await rest.get(PATH, params=query)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == status

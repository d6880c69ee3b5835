"""Appointments as they are today: by id, by reference, and in lists."""

from collections import Counter

import msgspec
import pytest

from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.representations.appointment import appointment_json
from tests.unit.sandbox.contract import (
    SCHEDULING,
    Appointment,
    Zoned,
    activities,
    is_refused,
    many,
    one,
)

EVERYWHERE = f"{SCHEDULING}/0/appointments"


@pytest.fixture
def appointments(sample_data) -> dict[int, Json]:
    """By number, those of client 2000 that were not deleted."""
    history = sample_data.client_timeline("1", "2000").history
    return {
        int(id_[-6:]): appointment_json(one, history, sample_data.current_state_by_account["1"])
        for id_, one in history.appointments.items()
        if not one.deleted
    }


# Which there are


@pytest.mark.parametrize("client_id", ["1001", "1020", "1100", "2000"])
async def test_appointments_are_those_that_were_not_deleted(rest, client_id):
    last = {}
    for activity in await activities(rest, client_id, "appointment"):
        last[activity["appointment"]["id"]] = activity
    today = {
        str(shown.id): shown
        for shown in await many(
            rest, EVERYWHERE, Appointment, clientId=client_id, levelDetail="full"
        )
    }
    assert today.keys() == {id_ for id_, shown in last.items() if shown["event"] != "deleted"}
    for id_, shown in today.items():
        then = last[id_]["appointment"]
        assert shown.status == then["status"]
        assert shown.start.date_time == then["start"]["dateTime"]
        assert shown.end.date_time == then["end"]["dateTime"]
        assert shown.notes == then["notes"]
        assert str(shown.staff.id) == str(then["staff"]["id"])
        assert str(shown.service.id) == str(then["service"]["id"])


async def test_an_appointment_by_id_or_reference_is_what_the_list_says(rest):
    listed = await many(rest, EVERYWHERE, Appointment, clientId="1100", levelDetail="full")
    for shown in listed:
        for company in ("0", shown.company.id):
            for name in (shown.id, shown.reference):
                path = f"{SCHEDULING}/{company}/appointments/{name}"
                assert await one(rest, path, Appointment) == shown


@pytest.mark.parametrize(
    "path",
    [
        "101/appointments/411100000003",
        "0/appointments/RDV-1100-8",
        "102/appointments/411100000001",
        "101/appointments/411100000099",
        "201/appointments",
        "201/appointments/413050000001",
        "0/appointments/413050000001",
        "0/appointments/x",
    ],
    ids=["deleted", "reference", "company", "none", "foreign", "both", "everywhere", "no-id"],
)
async def test_an_appointment_deleted_or_elsewhere_is_not_there(rest, path):
    assert await is_refused(rest, f"{SCHEDULING}/{path}")


async def test_appointments_show_todays_names_of_staff_and_services(rest):
    listed = await many(rest, EVERYWHERE, Appointment, clientId="2000")
    names = {str(shown.staff.id): shown.staff.last_name for shown in listed}
    services = {str(shown.service.id): shown.service.name for shown in listed}
    assert (names["10105"], names["10203"], names["10103"]) == ("Fontaine", "Marchetti", "Kowalski")
    assert services["10152"] == "Bilan de santé complet"


async def test_the_malformed_appointment_has_a_company_of_its_own(rest):
    path = f"{SCHEDULING}/199/appointments"
    (listed,) = (await rest.get(path, params={"levelDetail": "full"})).json()["items"]
    assert (await rest.get(f"{path}/RDV-1999-1")).json() == listed
    assert (await rest.get(f"{path}/411999000001")).json() == listed
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(listed["start"], Zoned)
    for filters in ({"clientId": "1100"}, {"status": "accepted"}, {"startDate": "2020-01-01"}):
        assert (await rest.get(path, params=filters)).json()["items"] == []
    by_client = await rest.get(EVERYWHERE, params={"clientId": "1999"})
    assert [shown["id"] for shown in by_client.json()["items"]] == ["411999000001"]


async def test_the_other_account_has_no_malformed_appointment(stranger):
    headers = {"Authorization": "Bearer sandbox-access-2"}
    listed = (await stranger.get(EVERYWHERE, headers=headers)).json()["items"]
    assert {shown["company"]["name"] for shown in listed} == {"Praxis am Ring", "Clínica Ipanema"}


# Lists and filters


async def test_1100_has_appointments_in_two_companies(rest):
    listed = await many(rest, EVERYWHERE, Appointment, clientId="1100")
    assert Counter(str(shown.company.id) for shown in listed) == {"101": 4, "102": 3}
    one_company = await many(rest, f"{SCHEDULING}/102/appointments", Appointment, clientId="1100")
    assert [shown for shown in listed if str(shown.company.id) == "102"] == one_company


async def test_the_list_is_in_the_order_of_starts_and_short_unless_asked(rest):
    short = await many(rest, f"{SCHEDULING}/101/appointments", Appointment, clientId="1100")
    assert [shown.start.date_time for shown in short] == sorted(
        shown.start.date_time for shown in short
    )
    assert not any(shown.history or shown.form for shown in short)


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({"staffId": "10105"}, {1, 9}),
        ({"serviceId": "10152"}, {7, 9}),
        ({"status": "noShow"}, {2, 7}),
        ({"status": "noShow", "staffId": "10105"}, set()),
        ({"status": "", "startDate": "", "staffId": ""}, {1, 2, 4, 5, 6, 7, 9}),
        ({"startDate": "2025-07-30"}, {4, 7, 9}),
        ({"startDate": "2025-07-30T09:00:00"}, {4, 9}),
        ({"endDate": "2024-01-15T16:00:00"}, {2}),
        ({"startDate": "2024-01-01", "endDate": "2025-03-01"}, {1, 6}),
    ],
    ids=["staff", "service", "status", "both", "blank", "day", "start", "end", "period"],
)
async def test_filters_work_alone_and_together(rest, filters, numbers):
    listed = await many(rest, EVERYWHERE, Appointment, clientId="1100", **filters)
    assert {int(shown.reference.split("-")[2]) for shown in listed} == numbers


async def test_without_a_client_everybodys_are_listed(rest):
    listed = (await rest.get(f"{SCHEDULING}/101/appointments")).json()["items"]
    assert {str(shown["client"]["id"]) for shown in listed} == {
        "1001", "1020", "1100", "1200", "1300", "2000", "5000",
    }  # fmt: skip
    assert await many(rest, EVERYWHERE, Appointment, clientId="nobody") == []
    assert await many(rest, EVERYWHERE, Appointment, clientId="3050") == []


@pytest.mark.parametrize("value", ["yesterday", "2025-01-01T00:00:00Z", "2025-02-30"])
async def test_the_dates_of_filters_are_local(rest, value):
    assert await is_refused(rest, EVERYWHERE, 400, startDate=value)
    assert await is_refused(rest, EVERYWHERE, 400, endDate=value)


# One appointment


def test_most_prices_are_objects_and_some_plain_numbers(appointments):
    plain = {n for n, one in appointments.items() if not isinstance(one["price"], dict)}
    assert {4, 10} <= plain
    assert 4 * len(plain) < len(appointments)


def test_ids_are_text_or_numbers(appointments):
    assert {type(one["id"]) for one in appointments.values()} == {str, int}
    for part in ("company", "service", "staff", "client"):
        assert {type(one[part]["id"]) for one in appointments.values()} == {str, int}


def test_hyphens_are_in_two_keys(appointments):
    assert all({"service-resource", "meta-event"} <= one.keys() for one in appointments.values())


def test_optional_parts_are_missing_or_null_or_there(appointments):
    meetings = [one.get("onlineMeeting", "missing") for one in appointments.values()]
    assert {None, "missing"} < {one if one is None else str(one) for one in meetings}
    assert any(isinstance(one, dict) for one in meetings)
    assert any("timeZone" not in one["end"] for one in appointments.values())


def test_the_history_tells_what_the_timeline_told(appointments, sample_data):
    booked, *changed = appointments[1]["history"]
    assert (booked["type"], booked["user"], booked["source"]) == ("created", None, "widget")
    assert [one["type"] for one in changed] == ["updated", "updated"]
    assert all(one["user"]["userName"] == one["user"]["email"] for one in changed)
    assert (appointments[1]["source"], appointments[2]["source"]) == ("widget", "console")


def test_the_only_appointment_of_1001_has_no_form_yet(sample_data):
    history = sample_data.client_timeline("1", "1001").history
    (one,) = history.appointments.values()
    assert "form" not in appointment_json(one, history, sample_data.current_state_by_account["1"])

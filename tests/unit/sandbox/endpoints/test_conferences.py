from datetime import datetime, timedelta

import pytest

from tests.unit.sandbox.contract import (
    CONFERENCES,
    Conference,
    Registration,
    Session,
    activities,
    many,
    one,
    refused,
)


@pytest.mark.parametrize("client_id", ["1020", "1100", "2000"])
async def test_conferences_sessions_and_registrations_are_those_of_the_timeline(rest, client_id):
    last = {}
    for activity in await activities(rest, client_id, "conferenceRegistration"):
        last[activity["conferenceRegistration"]["id"]] = activity
    for id_, activity in last.items():
        told = activity["conferenceRegistration"]
        path = f"{CONFERENCES}/{told['conference']['id']}"
        conference = await one(rest, path, Conference)
        assert conference.title == told["conference"]["title"]
        assert conference.capacity == int(told["conference"]["capacity"])
        path = f"{path}/sessions/{told['session']['id']}"
        session = await one(rest, path, Session)
        assert session.start.date_time == told["session"]["start"]["dateTime"]
        end = datetime.fromisoformat(session.start.date_time) + timedelta(
            minutes=conference.duration
        )
        assert end.isoformat() == told["session"]["end"]["dateTime"]
        path = f"{path}/registrations/{id_}"
        if activity["event"] == "deleted":
            assert await refused(rest, path)
        else:
            shown = await one(rest, path, Registration)
            assert (shown.seats, shown.status) == (told["numberOfSeats"], told["status"])
            assert shown.cancel_reason == told.get("cancelReason")


async def test_a_conference_has_an_external_id_and_its_sessions_a_list(rest):
    conference = await one(rest, f"{CONFERENCES}/CONF-1801", Conference)
    assert conference == await one(rest, f"{CONFERENCES}/1801", Conference)
    sessions = await many(rest, f"{CONFERENCES}/1801/sessions", Session)
    assert [str(session.id) for session in sessions] == ["180101", "180102", "180103"]


@pytest.mark.parametrize(
    "path",
    [
        "2801",
        "2801/sessions",
        "1801/sessions/180201",
        "2801/sessions/280101",
        "1802/sessions/180202/registrations/441100000001",
        "1802/sessions/180201/registrations/441100000002",
        "1802/sessions/180202/registrations/441100000099",
        "1802/sessions/180202/registrations/1",
        "2801/sessions/280101/registrations/443050000001",
    ],
)
async def test_what_was_deleted_or_is_elsewhere_is_not_there(rest, path):
    assert await refused(rest, f"{CONFERENCES}/{path}")

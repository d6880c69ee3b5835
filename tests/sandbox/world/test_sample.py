import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from types import FrameType

import pytest

from gateway.sandbox.world.entities import Json
from gateway.sandbox.world.sample import CLIENTS, World
from gateway.sandbox.world.timeline import Timeline

ROWS = [
    "id",
    "type",
    "date",
    "date.dateTime",
    "date.timeZone",
    "event",
    "user",
    "user.userName",
    "user.emailAddress",
    "user.firstName",
    "user.lastName",
    "note",
    "note.id",
    "note.body",
    "note.selfLink",
    "note.previousBody",
    "appointment",
    "appointment.id",
    "appointment.start",
    "appointment.start.dateTime",
    "appointment.start.timeZone",
    "appointment.previousStart",
    "appointment.previousStart.dateTime",
    "appointment.previousStart.timeZone",
    "appointment.end",
    "appointment.end.dateTime",
    "appointment.end.timeZone",
    "appointment.previousEnd",
    "appointment.previousEnd.dateTime",
    "appointment.previousEnd.timeZone",
    "appointment.service",
    "appointment.service.id",
    "appointment.service.name",
    "appointment.previousService",
    "appointment.previousService.id",
    "appointment.previousService.name",
    "appointment.staff",
    "appointment.staff.id",
    "appointment.staff.firstName",
    "appointment.staff.lastName",
    "appointment.previousStaff",
    "appointment.previousStaff.id",
    "appointment.previousStaff.firstName",
    "appointment.previousStaff.lastName",
    "appointment.notes",
    "appointment.previousNotes",
    "appointment.selfLink",
    "appointment.status",
    "appointment.previousStatus",
    "formResult",
    "formResult.id",
    "formResult.form",
    "formResult.form.id",
    "formResult.name.name",
    "formResult.selfLink",
    "marketingConsent",
    "marketingConsent.text",
    "emailNotification",
    "emailNotification.body",
    "emailNotification.subject",
    "emailNotification.selfLink",
    "textMessageNotification",
    "textMessageNotification.body",
    "textMessageNotification.selfLink",
    "updatedAttributes",
    "conferenceRegistration",
    "conferenceRegistration.selfLink",
    "conferenceRegistration.id",
    "conferenceRegistration.numberOfSeats",
    "conferenceRegistration.conference",
    "conferenceRegistration.conference.id",
    "conferenceRegistration.conference.title",
    "conferenceRegistration.conference.capacity",
    "conferenceRegistration.session",
    "conferenceRegistration.session.id",
    "conferenceRegistration.session.start",
    "conferenceRegistration.session.start.dateTime",
    "conferenceRegistration.session.start.timeZone",
    "conferenceRegistration.session.end",
    "conferenceRegistration.session.end.dateTime",
    "conferenceRegistration.session.end.timeZone",
    "conferenceRegistration.source",
    "conferenceRegistration.sourceType",
    "conferenceRegistration.status",
    "conferenceRegistration.cancelReason",
]
"""The rows of the specification's table, without its misprint `aconferenceRegistration`."""

KINDS = {
    "appointment",
    "note",
    "consent",
    "formResult",
    "emailNotification",
    "textMessageNotification",
    "conferenceRegistration",
}


def timeline(world: World, client_id: str, account: str = "1") -> Timeline:
    found = world.timeline(account, client_id)
    assert found is not None
    return found


def activities(world: World, client_id: str, account: str = "1") -> list[Json]:
    items: list[Json] = json.loads(timeline(world, client_id, account).body())["items"]
    return items


def paths(value: object, prefix: str = "") -> Iterator[str]:
    for name, inner in value.items() if isinstance(value, dict) else ():
        if inner is not None:
            yield f"{prefix}{name}"
        yield from paths(inner, f"{prefix}{name}.")


def appointments(world: World, client_id: str) -> list[Json]:
    return [a["appointment"] for a in activities(world, client_id) if a["type"] == "appointment"]


@pytest.mark.parametrize(
    ("account", "client_id", "count"),
    [(account, *item) for account, counts in CLIENTS.items() for item in counts.items()],
)
def test_every_client_has_exactly_its_activities_with_distinct_ids(
    world, account, client_id, count
):
    ids = [str(activity["id"]) for activity in activities(world, client_id, account)]
    assert len(set(ids)) == len(ids) == count
    assert all(len(id_) == 16 for id_ in ids)


@pytest.mark.parametrize("count", [0, 1, 1234])
def test_a_client_of_any_length_can_be_added(count):
    assert len(timeline(World(activities=count), "5000").entries) == count


def test_without_being_asked_for_it_is_not_there(world):
    assert world.timeline("1", "5000") is None


@pytest.mark.parametrize("count", [-1, 100_001])
def test_not_every_length_is_possible(count):
    with pytest.raises(ValueError, match="between 0 and 100000"):
        World(activities=count)


def test_the_same_seed_gives_the_same_bytes_in_any_order():
    one, two, other = World(), World(), World(2)
    two.timeline("1", "2000")
    bodies = [timeline(world, "1100").body() for world in (one, two, other)]
    assert bodies[0] == bodies[1] != bodies[2]


def test_accounts_do_not_see_each_others_clients(world):
    assert world.timeline("1", "3050") is None
    assert world.timeline("2", "1001") is None
    assert world.timeline("2", "1999") is None


def test_the_only_activity_of_1001_is_an_appointment_created(world):
    (activity,) = activities(world, "1001")
    assert (activity["type"], activity["event"]) == ("appointment", "created")


@pytest.mark.parametrize("client_id", ["1100", "2000"])
def test_every_row_of_the_specification_occurs(world, client_id):
    found = {path for activity in activities(world, client_id) for path in paths(activity)}
    assert set(ROWS) - found == set()


@pytest.mark.parametrize("client_id", ["1020", "1100", "2000"])
def test_every_kind_and_an_unknown_one_occur(world, client_id):
    assert {activity["type"] for activity in activities(world, client_id)} == {*KINDS, "call"}


@pytest.mark.parametrize("seed", range(1, 6))
def test_1100_meets_ten_staff_in_two_companies(seed):
    shown = appointments(World(seed), "1100")
    links = [re.search(r"/companies/(\d+)/", one["selfLink"]) for one in shown]
    assert len({str(one["staff"]["id"]) for one in shown}) == 10
    assert {link.group(1) for link in links if link} == {"101", "102"}
    assert None not in links


def test_1100_has_an_update_of_everything(world):
    wanted = {"start", "previousStart", "previousStaff", "previousService"}
    assert any(wanted <= one.keys() for one in appointments(world, "1100"))


def test_1100_has_unknown_words_for_status_and_event(world):
    shown = activities(world, "1100")
    assert "awaitingPayment" in {one["status"] for one in appointments(world, "1100")}
    assert "archived" in {activity.get("event") for activity in shown}


def test_1100_has_times_that_happen_twice_and_never(world):
    starts = {one["start"]["dateTime"] for one in appointments(world, "1100")}
    dates = {activity["date"]["dateTime"] for activity in activities(world, "1100")}
    assert {"2025-10-26T02:30:00", "2025-03-30T02:30:00"} <= starts
    assert "2025-10-26T02:30:00" in dates


def test_1100_has_ids_as_text_and_as_numbers(world):
    shown = activities(world, "1100")
    staff = [one["staff"]["id"] for one in appointments(world, "1100")]
    assert {type(activity["id"]) for activity in shown} == {str, int}
    assert {type(id_) for id_ in staff} == {str, int}


def test_1100_has_links_of_every_sort(world):
    body = timeline(world, "1100").body().decode()
    for start in ("https://api.", "https://france.", "http://api.", "/api/2.1/"):
        assert f'"selfLink":"{start}' in body


def test_1100_lacks_a_user_an_event_a_zone_and_notes(world):
    shown = activities(world, "1100")
    assert any(activity.get("user", 0) is None for activity in shown)
    assert any("user" not in activity for activity in shown)
    assert any("event" not in activity for activity in shown)
    assert any("timeZone" not in one["end"] for one in appointments(world, "1100"))
    assert any(one["notes"] is None for one in appointments(world, "1100"))


def test_1100_says_capacity_in_text_and_in_numbers(world):
    types = Counter(
        type(activity["conferenceRegistration"]["conference"]["capacity"])
        for activity in activities(world, "1100")
        if activity["type"] == "conferenceRegistration"
    )
    assert types.keys() == {str, int}


def test_2000_has_a_date_without_zone_and_an_appointment_with_a_relative_link(world):
    assert any("timeZone" not in activity["date"] for activity in activities(world, "2000"))
    assert any(one.get("selfLink", "").startswith("/api/") for one in appointments(world, "2000"))


def test_2000_has_links_of_another_version_and_with_a_query(world):
    links = [one["selfLink"] for one in appointments(world, "2000") if "selfLink" in one]
    assert any("/api/2.3/scheduling/companies/" in link for link in links)
    assert any(re.search(r"/companies/\d+/appointments/\d+\?", link) for link in links)


def test_2000_has_appointments_whose_company_no_link_tells(world):
    links: dict[str, set[str | None]] = {}
    for one in appointments(world, "2000"):
        links.setdefault(one["id"], set()).add(one.get("selfLink"))
    assert [id_ for id_, known in links.items() if known == {None}] == [
        "412000000071",
        "412000000021",
    ]
    assert any(
        all(link is not None and "/companies/" not in link for link in known)
        for known in links.values()
    )


def test_what_a_client_has_is_found_by_its_id(world):
    assert world.story_of("1", "421100000001") is world.life("1", "1100").story
    assert world.story_of("2", "421100000001") is None
    assert world.story_of("1", "7") is None


@pytest.mark.parametrize("client_id", ["1001", "1020", "1100", "2000"])
def test_default_clients_have_dates_without_offsets_only(world, client_id):
    dates = re.findall(rb'"dateTime":(.*?)[,}]', timeline(world, client_id).body())
    assert all(re.fullmatch(rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"', date) for date in dates)


def test_ids_never_shared_between_clients(world):
    one = {str(activity["id"]) for activity in activities(world, "1100")}
    two = {str(activity["id"]) for activity in activities(world, "2000")}
    assert not one & two


def work(client: str) -> int:
    """How many functions are called, Python's and others, to make up a client's activities."""
    world, calls = World(3), 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        world.timeline("1", client)
    finally:
        sys.setprofile(None)
    return calls


def test_a_thousand_activities_are_made_up_with_ten_times_the_work_of_a_hundred():
    few, many = work("1100"), work("2000")
    assert 0 < many < 12 * few

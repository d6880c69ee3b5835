"""The sample data: the same each time, and free of contradictions."""

import json
import sys
from html import unescape
from types import FrameType
from zoneinfo import ZoneInfo

import httpx
import pytest

from gateway.sandbox.app import create_sandbox
from gateway.sandbox.fixtures import links, texts
from gateway.sandbox.fixtures.catalogue import build_catalogue
from gateway.sandbox.fixtures.entities import (
    DELETED_STAFF,
    RENAMED_SERVICES,
    RENAMED_STAFF,
    current_state,
)
from gateway.sandbox.fixtures.history import parse_appointment_id, reference_code
from gateway.sandbox.fixtures.sample import SampleData
from tests.unit.sandbox.contract import ACTIVITIES
from tests.unit.sandbox.timelines import timeline


def calls_to_build(client: str) -> int:
    """How many functions are called, Python's and others, to make up a client's activities."""
    sample_data, calls = SampleData(3), 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        sample_data.timeline("1", client)
    finally:
        sys.setprofile(None)
    return calls


# The same seed, the same data


async def test_the_same_seed_gives_the_same_bytes():
    bodies = []
    for seed in (1, 1, 2):
        transport = httpx.ASGITransport(create_sandbox(seed=seed))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as rest:
            query = {"clientId": "1100", "apiKey": "sandbox-key-1", "token": "sandbox-token-1"}
            bodies.append((await rest.get(ACTIVITIES, params=query)).content)
    assert bodies[0] == bodies[1] != bodies[2]


def test_the_same_seed_gives_the_same_bytes_in_any_order():
    one, two, other = SampleData(), SampleData(), SampleData(2)
    two.timeline("1", "2000")
    bodies = [timeline(sample_data, "1100").body() for sample_data in (one, two, other)]
    assert bodies[0] == bodies[1] != bodies[2]


def test_another_seed_gives_other_names_for_the_same_ids():
    one, two = build_catalogue("1", 1), build_catalogue("1", 2)
    assert one == build_catalogue("1", 1)
    assert one.staff.keys() == two.staff.keys()
    assert one.staff != two.staff


def test_ten_times_the_activities_take_ten_times_the_work():
    few, many = calls_to_build("1100"), calls_to_build("2000")
    assert 0 < many < 12 * few


# Companies, staff, services and conferences


def test_companies_are_in_three_zones_one_under_its_old_name():
    zones = [company.time_zone for company in build_catalogue("1", 1).companies.values()]
    assert zones == [ZoneInfo("Europe/Paris"), ZoneInfo("US/Eastern"), ZoneInfo("Asia/Kolkata")]


def test_staff_and_services_belong_to_one_company():
    owned = build_catalogue("1", 1)
    for company in owned.companies.values():
        assert len(owned.staff_of(company)) == 5
        assert len(owned.services_of(company)) == 4


def test_sessions_last_as_long_as_their_conference():
    for conference in build_catalogue("1", 1).conferences.values():
        for session in conference.sessions:
            assert (session.end - session.start).total_seconds() == conference.minutes * 60
            assert session.conference_id == conference.id


# What has changed since it was shown in an activity


@pytest.mark.parametrize("seed", range(1, 6))
def test_two_people_and_a_service_are_renamed_and_one_is_gone(seed):
    then = build_catalogue("1", seed)
    now = current_state(then)
    assert then.staff.keys() - now.staff.keys() == DELETED_STAFF
    assert {id_ for id_, one in now.staff.items() if one != then.staff[id_]} == {*RENAMED_STAFF}
    assert {id_ for id_, one in now.services.items() if one != then.services[id_]} == {
        *RENAMED_SERVICES
    }


def test_the_other_account_is_as_it_was():
    assert current_state(build_catalogue("2", 1)) == build_catalogue("2", 1)


def test_appointments_today_agree_with_their_last_activity(sample_data):
    last = {}
    for entry in sample_data.timeline("1", "2000").entries:
        if entry.kind == "appointment":
            shown = json.loads(entry.json)["appointment"]
            last[shown["id"]] = shown
    today = sample_data.client_timeline("1", "2000").history.appointments
    assert last.keys() == today.keys()
    for id_, shown in last.items():
        assert shown["status"] == today[id_].status
        assert str(shown["staff"]["id"]) == today[id_].staff.id
        assert shown["notes"] == today[id_].notes


def test_notes_and_registrations_agree_with_their_last_activity(sample_data):
    bodies, seats = {}, {}
    for entry in sample_data.timeline("1", "1100").entries:
        shown = json.loads(entry.json)
        if entry.kind in ("note", "consent"):
            bodies[str(shown["note"]["id"])] = shown["note"]["body"]
        if entry.kind == "conferenceRegistration":
            registration = shown["conferenceRegistration"]
            seats[registration["id"]] = registration["numberOfSeats"]
    history = sample_data.client_timeline("1", "1100").history
    assert bodies == {id_: note.body for id_, note in history.notes.items()}
    assert seats == {id_: one.seats for id_, one in history.registrations.items()}


# Ids, references and links


def test_the_history_of_an_entity_is_found_by_its_id(sample_data):
    assert (
        sample_data.history_for_entity("1", "421100000001")
        is sample_data.client_timeline("1", "1100").history
    )
    assert sample_data.history_for_entity("2", "421100000001") is None
    assert sample_data.history_for_entity("1", "7") is None


def test_a_reference_leads_back_to_its_id():
    assert reference_code("411100000004") == "RDV-1100-4"
    assert parse_appointment_id("RDV-1100-4") == "411100000004"


@pytest.mark.parametrize("name", ["411100000004", "RDV-1100", "RDV-1100-1234567", "x"])
def test_what_is_no_reference_is_taken_for_an_id(name):
    assert parse_appointment_id(name) == name


def test_links_have_their_ids_in_the_path():
    assert links.appointment_link("101", "9").endswith("/companies/101/appointments/9")
    assert links.notification_link("101", "9").endswith("/companies/101/notifications/9")
    assert links.newsletter_link("9").endswith("/messages/emails/9")
    assert links.note_link("9").endswith("/api/2.0/notes/9")
    assert links.form_result_link("7", "9").endswith("/forms/7/results/9")
    assert links.registration_link("7", "8", "9").endswith(
        "/conferences/7/sessions/8/registrations/9"
    )


# Texts


def test_mailboxes_are_ascii():
    assert texts.mailbox("Léa", "O'Brien") == "lea.obrien@example.com"


def test_every_name_makes_a_mailbox():
    boxes = [texts.mailbox(f, name) for f in texts.FIRST_NAMES for name in texts.LAST_NAMES]
    assert all(box.isascii() and "..@" not in box for box in boxes)


def test_one_e_mail_has_what_is_no_text():
    assert "<style>" in texts.NEWSLETTER
    assert "<script>" in texts.NEWSLETTER


def test_html_bodies_have_entities_lists_and_links():
    together = "".join((*texts.NOTES, *texts.CONSENTS, texts.CONFIRMATION, texts.NEWSLETTER))
    assert unescape(together) != together
    assert "<ul>" in together
    assert "<a href=" in together


def test_text_messages_are_plain():
    assert "<" not in texts.REMINDER

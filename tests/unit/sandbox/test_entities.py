"""Companies, staff, services, clients, notes and conferences, as they are today."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest

from gateway.sandbox.fixtures.clock import REFERENCE_TIME
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.sample import SampleData
from gateway.sandbox.representations import parts
from gateway.sandbox.representations.client import client_json
from gateway.sandbox.representations.company import company_json
from gateway.sandbox.representations.conference import (
    conference_json,
    registration_json,
    session_json,
)
from gateway.sandbox.representations.note import note_json
from gateway.sandbox.representations.services import service_json
from gateway.sandbox.representations.staff import staff_json
from tests.unit.sandbox.contract import (
    CONFERENCES,
    SCHEDULING,
    Client,
    Company,
    Conference,
    Note,
    Registration,
    Service,
    Session,
    Staff,
    activities,
    is_refused,
    many,
    one,
)

CLIENTS = "/api/2.0/clients"
NOTES = "/api/2.0/notes"


def client(sample_data: SampleData, id_: str) -> Json:
    client_timeline = sample_data.client_timeline("1", id_)
    assert client_timeline is not None
    return client_json(client_timeline.history)


# Companies


async def test_companies_are_those_of_the_account(rest, stranger):
    shown = await many(rest, SCHEDULING, Company)
    assert [str(company.id) for company in shown] == ["101", "102", "103", "199", "100"]
    two = {"Authorization": "Bearer sandbox-access-2"}
    items = (await stranger.get(SCHEDULING, headers=two)).json()["items"]
    assert [str(company["id"]) for company in items] == ["201", "202"]


async def test_a_deleted_company_is_in_the_list_and_nowhere_else(rest):
    deleted = [company for company in await many(rest, SCHEDULING, Company) if company.deleted]
    assert [company.id for company in deleted] == ["100"]
    assert await is_refused(rest, f"{SCHEDULING}/100")


async def test_a_company_is_what_the_list_says(rest):
    for company in (await many(rest, SCHEDULING, Company))[:4]:
        assert await one(rest, f"{SCHEDULING}/{company.id}", Company) == company


@pytest.mark.parametrize("id_", ["0", "201", "9", "staff"])
async def test_a_company_of_another_account_is_as_unknown_as_any(rest, id_):
    assert await is_refused(rest, f"{SCHEDULING}/{id_}")


def test_companies_have_ids_of_two_types_and_may_lack_details(sample_data):
    one, two, three = map(company_json, sample_data.catalogue_by_account["1"].companies.values())
    assert [one["id"], two["id"], three["id"]] == ["101", 102, "103"]
    assert one["address"]["city"] == "Paris"
    assert two["geolocation"]["lat"] == "42.3559"
    assert "phone" not in three
    assert "picture" not in three


def test_a_company_of_an_unknown_place_has_null_for_it(sample_data):
    berlin, ipanema = map(company_json, sample_data.catalogue_by_account["2"].companies.values())
    assert berlin["address"]["zipCode"] == 10115
    assert (ipanema["address"], ipanema["currency"]) == (None, None)


# Staff and services


@pytest.mark.parametrize("company", ["101", "102", "103"])
async def test_staff_by_id_or_external_id_are_what_the_list_says(rest, company):
    for member in await many(rest, f"{SCHEDULING}/{company}/staff", Staff):
        for name in filter(None, (member.id, member.external_id)):
            assert await one(rest, f"{SCHEDULING}/{company}/staff/{name}", Staff) == member


async def test_of_ten_people_in_1100_one_is_gone_and_two_are_renamed(rest):
    today = {
        str(member.id): (member.first_name, member.last_name)
        for company in ("101", "102")
        for member in await many(rest, f"{SCHEDULING}/{company}/staff", Staff)
    }
    then = {
        str(shown[part]["id"]): (shown[part]["firstName"], shown[part]["lastName"])
        for shown in [
            activity["appointment"] for activity in await activities(rest, "1100", "appointment")
        ]
        for part in ("staff", "previousStaff")
        if part in shown
    }
    assert len(then) == 10
    assert then.keys() - today.keys() == {"10103"}
    assert {id_ for id_, name in today.items() if then[id_] != name} == {"10105", "10203"}
    assert await is_refused(rest, f"{SCHEDULING}/101/staff/10103")


async def test_a_member_without_an_id_is_in_a_company_of_its_own(rest):
    members = (await rest.get(f"{SCHEDULING}/199/staff")).json()["items"]
    assert [member.get("id") for member in members] == ["19901", None, 19902]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(members[1], Staff)


@pytest.mark.parametrize(
    "path", ["101/staff/10201", "101/staff/nobody", "201/staff", "201/staff/20101", "0/staff"]
)
async def test_staff_of_another_company_or_account_are_unknown(rest, path):
    assert await is_refused(rest, f"{SCHEDULING}/{path}")


def test_staff_vary_in_ids_pictures_and_external_ids(sample_data):
    owned = sample_data.catalogue_by_account["1"]
    company = owned.companies["101"]
    shown = [
        staff_json(one, company, owned.services_of(company)) for one in owned.staff_of(company)
    ]
    assert [one["id"] for one in shown] == ["10101", 10102, "10103", "10104", 10105]
    assert [bool(one.get("picture")) for one in shown] == [True, True, False, False, True]
    assert "description" not in shown[3]
    assert "externalId" not in shown[3]
    assert len(shown[0]["services"]) == 4


@pytest.mark.parametrize("company", ["101", "102", "103", "199"])
async def test_a_service_is_what_the_list_says(rest, company):
    listed = await many(rest, f"{SCHEDULING}/{company}/services", Service)
    assert listed
    for service in listed:
        assert await one(rest, f"{SCHEDULING}/{company}/services/{service.id}", Service) == service


async def test_a_service_has_another_name_than_when_it_was_booked(rest, sample_data):
    then = {
        service.id: service.name
        for service in sample_data.catalogue_by_account["1"].services.values()
    }
    today = {
        str(service.id): service.name
        for company in ("101", "102", "103")
        for service in await many(rest, f"{SCHEDULING}/{company}/services", Service)
    }
    assert {id_: name for id_, name in today.items() if then[id_] != name} == {
        "10152": "Bilan de santé complet"
    }


@pytest.mark.parametrize(
    "path", ["101/services/10251", "101/services/none", "201/services", "201/services/20151"]
)
async def test_services_of_another_company_or_account_are_unknown(rest, path):
    assert await is_refused(rest, f"{SCHEDULING}/{path}")


def test_services_vary_in_ids_pictures_and_prices(sample_data):
    owned = sample_data.catalogue_by_account["1"]
    company = owned.companies["101"]
    shown = [service_json(one, owned.staff_of(company)) for one in owned.services_of(company)]
    assert [one["id"] for one in shown] == ["10151", "10152", 10153, "10154"]
    assert [one["price"] for one in shown] == [60, 120.5, 25, 0]
    assert [one["payable"] for one in shown] == [True, True, True, False]
    assert "picture" not in shown[2]
    assert len(shown[0]["staff"]) == 5


# Clients


@pytest.mark.parametrize("id_", ["1000", "1001", "1020", "1100", "1999", "2000", "5000"])
async def test_every_client_of_the_account_is_somebody(rest, id_):
    assert str((await one(rest, f"{CLIENTS}/{id_}", Client)).id) == id_


@pytest.mark.parametrize("id_", ["3050", "nobody"])
async def test_other_clients_are_unknown(rest, id_):
    assert await is_refused(rest, f"{CLIENTS}/{id_}")


async def test_clients_are_in_no_other_version(rest):
    assert await is_refused(rest, "/api/2.3/clients/1100")


def test_the_text_of_a_consent_is_a_list_or_a_text(sample_data):
    assert isinstance(client(sample_data, "1020")["marketingConsent"]["text"], list)
    assert isinstance(client(sample_data, "1100")["marketingConsent"]["text"], str)


def test_who_never_consented_has_no_consent(sample_data):
    assert client(sample_data, "1000")["explicitConsent"] is None
    assert client(sample_data, "1000")["marketingConsent"] is None
    assert client(sample_data, "1001")["explicitConsent"] is None


def test_some_clients_have_a_number_for_id_and_most_a_picture(sample_data):
    assert client(sample_data, "1020")["id"] == 1020
    assert client(sample_data, "1020")["picture"] is None
    assert client(sample_data, "1100")["id"] == "1100"
    assert client(sample_data, "1100")["picture"]["mimeType"] == "image/png"


def test_the_companies_of_a_client_are_those_it_meets(sample_data):
    assert [company["id"] for company in client(sample_data, "1100")["companies"]] == ["101", "102"]


# Notes


@pytest.mark.parametrize("client_id", ["1020", "1100", "2000"])
async def test_notes_are_as_the_timeline_last_told_unless_deleted(rest, client_id):
    last = {}
    for activity in await activities(rest, client_id, "note,consent"):
        last[str(activity["note"]["id"])] = activity
    for id_, activity in last.items():
        if activity["event"] == "deleted":
            assert await is_refused(rest, f"{NOTES}/{id_}")
        else:
            shown = await one(rest, f"{NOTES}/{id_}", Note)
            assert (str(shown.id), str(shown.client_id)) == (id_, client_id)
            assert shown.html == activity["note"]["body"]


async def test_an_archived_note_is_still_there(rest):
    told = await activities(rest, "1100", "note")
    (archived,) = [activity for activity in told if activity.get("event") == "archived"]
    assert str((await one(rest, f"{NOTES}/{archived['note']['id']}", Note)).id) == "421100000012"


async def test_the_note_of_the_malformed_timeline_is_healthy(rest):
    assert (await one(rest, f"{NOTES}/421999000001", Note)).html == "<p>Fine</p>"


@pytest.mark.parametrize("id_", ["1", "421100000099", "423050000001", "411100000001"])
async def test_other_notes_are_unknown(rest, id_):
    assert await is_refused(rest, f"{NOTES}/{id_}")


def test_notes_vary_in_ids_and_in_who_made_contact(sample_data):
    shown = [
        note_json(one) for one in sample_data.client_timeline("1", "1100").history.notes.values()
    ]
    assert {type(one["id"]) for one in shown} == {str, int}
    assert {one.get("contactedByClient") for one in shown} == {True, False, None}
    assert all(one["selfLink"].endswith(str(one["id"])) for one in shown)


# Conferences, their sessions and registrations


@pytest.mark.parametrize("client_id", ["1020", "1100", "2000"])
async def test_conferences_are_those_of_the_timeline(rest, client_id):
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
            assert await is_refused(rest, path)
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
async def test_a_registration_deleted_or_elsewhere_is_not_there(rest, path):
    assert await is_refused(rest, f"{CONFERENCES}/{path}")


def test_a_conference_has_a_number_for_its_capacity(sample_data):
    one, two = map(conference_json, sample_data.catalogue_by_account["1"].conferences.values())
    assert (one["id"], two["id"]) == ("1801", 1802)
    assert (one["capacity"], two["capacity"]) == (120, 40)
    assert (one["location"]["type"], two["location"]["type"]) == ("address", "link")
    assert one["picture"]
    assert two["picture"] is None


def test_a_session_has_no_end_and_is_closed_once_it_began(sample_data):
    began = sample_data.catalogue_by_account["1"].conferences["1801"].sessions[0]
    to_come = replace(
        began, start=(REFERENCE_TIME + timedelta(days=1)).astimezone(began.start.tzinfo)
    )
    assert "end" not in session_json(began)
    assert (session_json(began)["status"], session_json(to_come)["status"]) == ("closed", "opened")


def test_a_registration_says_why_it_was_cancelled_if_it_was(sample_data):
    history = sample_data.client_timeline("1", "1100").history
    cancelled = history.registrations["441100000002"]
    kept = replace(cancelled, cancelled_at=None, cancel_reason=None, status="accepted")
    assert registration_json(cancelled, history.client)["cancelSource"] == "console"
    assert registration_json(kept, history.client)["seats"] == 3
    assert "cancelReason" not in registration_json(kept, history.client)


# Parts of entities


def test_what_is_made_of_an_id_is_always_the_same():
    assert parts.color("101") == parts.color("101") != parts.color("102")
    assert re.fullmatch("#[0-9A-F]{6}", parts.color("101"))
    assert parts.cipher_id("101") == parts.cipher_id("101") != parts.cipher_id("102")
    assert parts.sequence_number("411100000004") == 4
    assert parts.picture("staff", "7")["url"].endswith("/staff/7.png")


def test_an_id_is_a_number_in_its_turn():
    assert parts.json_id("9007199254740993", as_number=True) == 9007199254740993
    assert parts.json_id("7", as_number=False) == "7"


def test_nulls_are_left_out_and_nothing_else():
    assert parts.without_nulls({"a": None, "b": 0, "c": ""}) == {"b": 0, "c": ""}

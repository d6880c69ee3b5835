"""The action of each activity: told of each by itself, and as callers receive it."""

import json
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from gateway.schema.action import ActivityAction, activity_action
from gateway.upstream.records import decoding

MESSAGES = Path(__file__).parents[2] / "clients" / "messages"

SNAPSHOTS = {
    "appointment": "appointment",
    "note": "note",
    "consent": "note",
    "formResult": "formResult",
    "emailNotification": "emailNotification",
    "textMessageNotification": "textMessageNotification",
    "conferenceRegistration": "conferenceRegistration",
    "telepathy": "telepathy",
}
"""The key of the snapshot, by kind."""

CREATED, UPDATED, DELETED, UNKNOWN = "created", "updated", "deleted", "archived"

ACTIONS = {
    ("appointment", CREATED): "APPOINTMENT_CREATED",
    ("appointment", UPDATED): "APPOINTMENT_UPDATED",
    ("appointment", DELETED): "APPOINTMENT_DELETED",
    ("note", CREATED): "NOTE_CREATED",
    ("note", UPDATED): "NOTE_UPDATED",
    ("note", DELETED): "NOTE_DELETED",
    ("consent", CREATED): "CONSENT_GIVEN",
    ("consent", UPDATED): "CONSENT_UPDATED",
    ("consent", DELETED): "CONSENT_DELETED",
    ("formResult", CREATED): "FORM_SUBMITTED",
    ("formResult", None): "FORM_SUBMITTED",
    ("formResult", UPDATED): "FORM_RESULT_UPDATED",
    ("formResult", DELETED): "FORM_RESULT_DELETED",
    ("emailNotification", CREATED): "EMAIL_SENT",
    ("emailNotification", None): "EMAIL_SENT",
    ("textMessageNotification", CREATED): "TEXT_MESSAGE_SENT",
    ("textMessageNotification", None): "TEXT_MESSAGE_SENT",
    ("conferenceRegistration", CREATED): "REGISTRATION_CREATED",
    ("conferenceRegistration", UPDATED): "REGISTRATION_UPDATED",
    ("conferenceRegistration", DELETED): "REGISTRATION_DELETED",
}
"""The action by kind and event, where no change decides; all others are OTHER."""

NINE, TEN = "2026-07-01T09:00:00", "2026-07-01T10:00:00"
MINA = {"id": "21", "firstName": "Mina", "lastName": "Ito"}
KEN = {"id": "22", "firstName": "Ken", "lastName": "Abe"}


def at(local: str, zone: object = "Europe/Paris") -> dict[str, object]:
    return {"dateTime": local, "timeZone": zone}


def moved(before: object, after: object, *, key: str = "start") -> dict[str, object]:
    """A snapshot with a previous value of a field."""
    return {key: after, f"previous{key.capitalize()}": before}


class Update(NamedTuple):
    """An update of an appointment, or of a registration.

    Attributes:
        snapshot: What it recorded.
        action: What it was.
        names: The names of the updated attributes.
    """

    snapshot: object
    action: str
    names: object = ()


STAYS = "APPOINTMENT_UPDATED"
RESCHEDULED, REASSIGNED = "APPOINTMENT_RESCHEDULED", "APPOINTMENT_REASSIGNED"
BY_STATUS = {
    "accepted": "APPOINTMENT_CONFIRMED",
    "declined": "APPOINTMENT_DECLINED",
    "cancelled": "APPOINTMENT_CANCELLED",
    "completed": "APPOINTMENT_COMPLETED",
    "noShow": "APPOINTMENT_NO_SHOW",
    **dict.fromkeys(("pending", "inProgress", "dreamt", None), STAYS),
}
TIMES = {
    "another hour": (at(NINE), at(TEN), RESCHEDULED),
    "the same hour": (at(NINE), at(NINE), STAYS),
    "the same instant in another zone": (at(TEN), at(NINE, "Europe/London"), STAYS),
    "the same hour in another zone": (at(NINE), at(NINE, "Europe/London"), RESCHEDULED),
    "the same instant with an offset": (at(TEN), at(f"{NINE}+01:00", None), STAYS),
    "the same instant by the default zone": (at(NINE, None), at(TEN), STAYS),
    "another hour in a zone not known": (at(NINE, "Mars/Olympus"), at(TEN), RESCHEDULED),
    "the same hour in a zone not known": (at(NINE, "Mars/Olympus"), at(NINE), STAYS),
    "the same hour with a fraction": (at(NINE, "Mars/Olympus"), at(f"{NINE}.0"), STAYS),
    "removed": (at(NINE), None, RESCHEDULED),
    "was not there": (None, at(NINE), STAYS),
    "not readable before": (at("noon"), at(NINE), STAYS),
    "not readable after": (at(NINE), at("noon"), STAYS),
}
STAFF = {
    "another id": (MINA, KEN, REASSIGNED),
    "another id of one name": (MINA, {**MINA, "id": "22"}, REASSIGNED),
    "the same id with another name": (MINA, {**KEN, "id": "21"}, STAYS),
    "the same id as a number": (MINA, {**MINA, "id": 21}, STAYS),
    "another name without ids": ({"firstName": "Mina"}, {"firstName": "Ken"}, REASSIGNED),
    "another last name": ({"lastName": "Ito"}, {"lastName": "Abe"}, REASSIGNED),
    "the same name and one id": (MINA, {**MINA, "id": None}, STAYS),
    "an empty name and none": (
        {"firstName": "Mina", "lastName": ""},
        {"firstName": "Mina", "lastName": None},
        STAYS,
    ),
    "an id not readable, and another name": ({**MINA, "id": ["x"]}, KEN, REASSIGNED),
    "an id not readable, and the same name": ({**MINA, "id": ["x"]}, MINA, STAYS),
    "names not readable": (
        {"firstName": ["x"], "lastName": "Ito"},
        {"firstName": "Ken", "lastName": "Ito"},
        STAYS,
    ),
    "nobody any more": (MINA, None, REASSIGNED),
    "nobody before": (None, MINA, STAYS),
    "not readable before": (5, MINA, STAYS),
    "not readable after": (MINA, 5, STAYS),
}
ALL = {
    **moved("pending", "inProgress", key="status"),
    **moved(at(NINE), at(TEN)),
    **moved(MINA, KEN, key="staff"),
    "previousNotes": "Ring",
}
APPOINTMENTS = {
    **{
        f"status {word}": Update(moved("dreamt", word, key="status"), action)
        for word, action in BY_STATUS.items()
    },
    **{
        f"status {word} by name": Update({"status": word}, action, ["notes", "status"])
        for word, action in BY_STATUS.items()
    },
    "the same status": Update(moved("accepted", "accepted", key="status"), STAYS),
    "the same status, named": Update(
        moved("accepted", "accepted", key="status"), "APPOINTMENT_CONFIRMED", ["status"]
    ),
    "a status that did not change": Update({"status": "accepted"}, STAYS, ["notes"]),
    "a status that was not readable": Update(moved(["x"], "accepted", key="status"), STAYS),
    "a status that is not readable": Update(
        moved("pending", ["x"], key="status"), STAYS, ["status"]
    ),
    **{f"start: {name}": Update(moved(*two), action) for name, (*two, action) in TIMES.items()},
    **{
        f"end: {name}": Update(moved(*two, key="end"), action)
        for name, (*two, action) in TIMES.items()
    },
    **{
        f"staff: {name}": Update(moved(*two, key="staff"), action)
        for name, (*two, action) in STAFF.items()
    },
    "a status first": Update(
        {**ALL, "status": "declined"}, "APPOINTMENT_DECLINED", ["start", "staff", "status"]
    ),
    "then a time": Update(ALL, RESCHEDULED, ["status"]),
    "then a member of staff": Update({**ALL, "previousStart": None}, REASSIGNED, ["status"]),
    "only names": Update({"id": "31"}, STAYS, ["start", "end", "staff"]),
    "nothing recorded": Update(None, STAYS, ["status"]),
    "nothing readable": Update("moved", STAYS, ["status"]),
    "names not readable": Update({"status": "accepted"}, STAYS, "status"),
    "some names not readable": Update(
        {"status": "accepted"}, "APPOINTMENT_CONFIRMED", [["x"], "status"]
    ),
}
REGISTRATIONS = {
    "accepted": ("REGISTRATION_CREATED", "REGISTRATION_ACCEPTED"),
    "waitingList": ("REGISTRATION_WAITLISTED", "REGISTRATION_WAITLISTED"),
    "cancelled": ("REGISTRATION_CANCELLED", "REGISTRATION_CANCELLED"),
    **dict.fromkeys(
        ("dreamt", None, ("not", "readable")), ("REGISTRATION_CREATED", "REGISTRATION_UPDATED")
    ),
}
"""The actions of a new registration and of an update to this status."""


def item(kind: str, event: object, snapshot: object, names: object = None) -> dict[str, Any]:
    return {
        "id": "1",
        "type": kind,
        "event": event,
        SNAPSHOTS[kind]: snapshot,
        "updatedAttributes": names,
    }


def action(sent: Mapping[str, Any]) -> str:
    """The action of an activity, in a gateway whose default zone is one hour behind Paris."""
    activity = decoding.activity(msgspec.Raw(msgspec.json.encode(sent)))
    return activity_action(activity, "Europe/London").name


def test_an_update_is_the_first_action_that_holds():
    found = {
        name: action(item("appointment", UPDATED, each.snapshot, each.names))
        for name, each in APPOINTMENTS.items()
    }
    assert found == {name: each.action for name, each in APPOINTMENTS.items()}


@pytest.mark.parametrize("status", REGISTRATIONS)
def test_a_registration_goes_by_its_status(status):
    created, updated = REGISTRATIONS[status]
    snapshot = {"id": "41", "status": status}
    kind = "conferenceRegistration"
    assert action(item(kind, CREATED, snapshot)) == created
    assert action(item(kind, UPDATED, snapshot, ["status"])) == updated
    assert action(item(kind, UPDATED, snapshot, ["cancelReason"])) == "REGISTRATION_UPDATED"
    assert action(item(kind, DELETED, snapshot, ["status"])) == "REGISTRATION_DELETED"


def test_kinds_events_and_changes_give_one_action_each():
    found: dict[tuple[str, Any], set[str]] = {}
    for kind, event, (snapshot, _, names) in product(
        SNAPSHOTS, (CREATED, UPDATED, DELETED, UNKNOWN, None, 5), APPOINTMENTS.values()
    ):
        found.setdefault((kind, event), set()).add(action(item(kind, event, snapshot, names)))
    updates = found.pop(("appointment", UPDATED))
    assert updates == {each.action for each in APPOINTMENTS.values()}
    for decided_by_status in (CREATED, UPDATED):
        del found["conferenceRegistration", decided_by_status]
    assert found == {pair: {ACTIONS.get(pair, "OTHER")} for pair in found}
    assert len(found) == len(SNAPSHOTS) * 6 - 3


def test_every_action_is_in_these_tables():
    told = {*ACTIONS.values(), *(each.action for each in APPOINTMENTS.values()), "OTHER"}
    told.update(*REGISTRATIONS.values())
    assert told == {each.name for each in ActivityAction}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_callers_receive_the_action_and_no_error(gateway_over_items, compile_queries):
    """Also where a value by which actions differ cannot be read: only its own field is null."""
    sent = [
        *(
            item("appointment", UPDATED, each.snapshot, each.names)
            for each in APPOINTMENTS.values()
        ),
        *(item(kind, event, None) for kind, event in ACTIONS),
        *(item(kind, 5, {"id": "2"}) for kind in SNAPSHOTS),
    ]
    items = [{**each, "id": str(number)} for number, each in enumerate(sent)]
    gateway = gateway_over_items(
        *items, compile_queries=compile_queries, default_time_zone="Europe/London"
    )
    query = "{ activities(clientId: 7, first: 100) { nodes { action } } }"
    assert await gateway.ask(query) == {
        "data": {"activities": {"nodes": [{"action": action(each)} for each in items]}}
    }


def test_each_action_has_a_message_in_each_language():
    for language in ("en", "fr"):
        messages = json.loads((MESSAGES / f"{language}.json").read_text("utf-8"))["actions"]
        assert messages.keys() == {each.name for each in ActivityAction}, language


async def test_the_sandbox_shows_each_action(gateway):
    """OTHER as well: a telephone call, which is no kind of the specification."""
    data = await gateway.data(
        '{ activities(clientId: "1300", first: 100) { nodes { kind action } } }'
    )
    nodes = data["activities"]["nodes"]
    assert {node["action"] for node in nodes} == {each.name for each in ActivityAction}
    assert [node["kind"] for node in nodes if node["action"] == "OTHER"] == ["UNKNOWN"]

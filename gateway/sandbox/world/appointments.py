"""Appointments: booked, confirmed, prepared, moved, reminded, noted, concluded, followed up."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.sandbox.world.catalogue import Company, Service, Staff
from gateway.sandbox.world.entities import Appointment, Json
from gateway.sandbox.world.forms import form_answered
from gateway.sandbox.world.links import appointment_link
from gateway.sandbox.world.messages import email, text_message
from gateway.sandbox.world.moments import HAPPENS_TWICE, NEVER_HAPPENS, PARIS, zoned
from gateway.sandbox.world.notes import note_written
from gateway.sandbox.world.story import Happening, Story
from gateway.sandbox.world.texts import (
    APPOINTMENT_NOTES,
    CONFIRMATION,
    FOLLOW_UP,
    MARKETING_CONSENTS,
    REMINDER,
)

CHANGES = (
    ("start", "end", "service", "staff", "notes", "status"),
    ("staff", "notes", "status"),
    ("start", "end"),
)
"""What moving an appointment changes, in turn."""

CONCLUSIONS = ("completed", "noShow", "cancelled", "declined", "inProgress")
EDGES = {1: HAPPENS_TWICE, 2: NEVER_HAPPENS}
"""When the second and the third appointment in Paris start, whatever is drawn."""


def appointment_thread(story: Story) -> Iterator[Happening]:
    """All that concerns one appointment, in eight steps."""
    appointment = _booked(story)
    story.appointments[appointment.id] = appointment
    when = appointment.created
    by_widget = appointment.status == "pending"
    yield Happening(
        when,
        "appointment",
        "created",
        {"appointment": snapshot(appointment)},
        user=None if by_widget else story.user(),
        appointment_id=appointment.id,
        marketing_consent=story.choice(MARKETING_CONSENTS) if by_widget else None,
    )
    yield email(story, when + timedelta(minutes=2), "Your booking", CONFIRMATION, appointment)
    yield form_answered(story, when + timedelta(minutes=9), appointment)
    yield _moved(story, when + timedelta(hours=20), appointment)
    yield text_message(story, when + timedelta(days=2), REMINDER, appointment)
    yield note_written(story, when + timedelta(days=2, minutes=5), appointment)
    concluded = appointment.start + timedelta(hours=2)
    yield _concluded(story, concluded, appointment)
    yield email(story, concluded + timedelta(days=1), "Merci & à bientôt", FOLLOW_UP, appointment)


def snapshot(appointment: Appointment, before: Mapping[str, Any] | None = None) -> Json:
    """The appointment as an activity shows it, beside what it was `before`."""
    before = before or {}
    shown: Json = {"id": appointment.id}
    for name, show in SHOWN.items():
        value = getattr(appointment, name)
        shown[name] = None if value is None else show(value)
        if before.get(name) is not None:
            shown[f"previous{name.capitalize()}"] = show(before[name])
    shown["selfLink"] = appointment_link(appointment.company.id, appointment.id)
    return shown


def _service(service: Service) -> Json:
    return {"id": service.id, "name": service.name}


def _staff(staff: Staff) -> Json:
    return {"id": staff.id, "firstName": staff.first_name, "lastName": staff.last_name}


def _as_is(text: str) -> str:
    return text


SHOWN: Mapping[str, Callable[[Any], object]] = {
    "start": zoned,
    "end": zoned,
    "service": _service,
    "staff": _staff,
    "notes": _as_is,
    "status": _as_is,
}


def _booked(story: Story) -> Appointment:
    turn = story.turn("appointment_thread")
    staff = next(story.next_staff)
    company = story.catalogue.companies[staff.company_id]
    service = story.choice(story.catalogue.services_of(company))
    start = _start(story, company)
    return Appointment(
        id=story.new_id("appointment"),
        client_id=story.client.id,
        company=company,
        service=service,
        staff=staff,
        start=start,
        end=start + timedelta(minutes=service.minutes),
        created=start - timedelta(days=7, minutes=int(story.draw.random() * 10_000)),
        status="accepted" if turn % 2 else "pending",
        notes=None if turn % 3 == 1 else story.choice(APPOINTMENT_NOTES),
    )


def _start(story: Story, company: Company) -> datetime:
    turn = story.turn(f"start in {company.id}")
    if company.time_zone == PARIS and turn in EDGES:
        return EDGES[turn]
    day = story.some_day(company.time_zone)
    return day.replace(hour=8 + day.hour % 10, minute=day.minute // 15 * 15, second=0)


def _moved(story: Story, when: datetime, appointment: Appointment) -> Happening:
    turn = story.turn("moved")
    start = appointment.start + timedelta(days=3, hours=1)
    service = _another(story.catalogue.services_of(appointment.company), appointment.service)
    changes = {
        "start": start,
        "end": start + timedelta(minutes=appointment.service.minutes),
        "service": service,
        "staff": _another(story.catalogue.staff_of(appointment.company), appointment.staff),
        "notes": f"{story.choice(APPOINTMENT_NOTES)} (changed by phone)",
        "status": "awaitingPayment" if turn % 5 == 3 else "accepted",
    }
    names = CHANGES[turn % len(CHANGES)]
    return _updated(story, when, appointment, {name: changes[name] for name in names})


def _another(options: list[Any], current: object) -> Any:
    """The one before: never the same, and soon all of them."""
    return options[options.index(current) - 1]


def _concluded(story: Story, when: datetime, appointment: Appointment) -> Happening:
    status = CONCLUSIONS[story.turn("concluded") % len(CONCLUSIONS)]
    if status != "cancelled":
        return _updated(story, when, appointment, {"status": status})
    appointment.status, appointment.deleted = status, True
    return Happening(
        when,
        "appointment",
        "deleted",
        {"appointment": snapshot(appointment)},
        user=story.user(),
        appointment_id=appointment.id,
    )


def _updated(
    story: Story, when: datetime, appointment: Appointment, changes: Mapping[str, object]
) -> Happening:
    """Carry the changes out, and tell those that are any."""
    before = {name: getattr(appointment, name) for name in changes}
    before = {name: was for name, was in before.items() if was != changes[name]}
    for name in before:
        setattr(appointment, name, changes[name])
    return Happening(
        when,
        "appointment",
        "updated",
        {"appointment": snapshot(appointment, before)},
        user=story.user(),
        appointment_id=appointment.id,
        updated=(*before, "customStatus") if len(before) == 1 else tuple(before),
    )

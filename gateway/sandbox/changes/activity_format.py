"""What an activity may be: the documented keys, and their types."""

from typing import Annotated, Any

from msgspec import Meta, Struct, convert, field, json

from gateway.sandbox.changes.zoned_time import ZonedTime
from gateway.sandbox.fixtures.documented import KINDS
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.timeline import Timeline, TimelineEntry

Text = Annotated[str, Meta(min_length=1)]
Id = int | Text
APPOINTMENT_ID_KEY = "appointmentId"


class Part(Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """A part of an activity, without the keys that the upstream does not document."""


class User(Part):
    """Who caused an activity."""

    user_name: str | None = None
    email_address: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class ServiceSnapshot(Part):
    """The service of an appointment."""

    id: Id | None = None
    name: str | None = None


class StaffSnapshot(Part):
    """The member of staff of an appointment."""

    id: Id | None = None
    first_name: str | None = None
    last_name: str | None = None


class AppointmentSnapshot(Part):
    """The appointment of an activity."""

    id: Id | None = None
    start: ZonedTime | None = None
    previous_start: ZonedTime | None = None
    end: ZonedTime | None = None
    previous_end: ZonedTime | None = None
    service: ServiceSnapshot | None = None
    previous_service: ServiceSnapshot | None = None
    staff: StaffSnapshot | None = None
    previous_staff: StaffSnapshot | None = None
    notes: str | None = None
    previous_notes: str | None = None
    status: str | None = None
    previous_status: str | None = None
    self_link: str | None = None


class NoteSnapshot(Part):
    """The note or consent of an activity."""

    id: Id | None = None
    body: str | None = None
    previous_body: str | None = None
    self_link: str | None = None


class FormName(Part):
    """The name of a form, where the specification prints it."""

    name: str | None = None


class FormSnapshot(Part):
    """The form of a form result."""

    id: Id | None = None
    name: str | None = None


class FormResultSnapshot(Part):
    """The form result of an activity."""

    id: Id | None = None
    name: FormName | None = None
    form: FormSnapshot | None = None
    self_link: str | None = None


class EmailSnapshot(Part):
    """The e-mail of an activity."""

    subject: str | None = None
    body: str | None = None
    self_link: str | None = None


class TextMessageSnapshot(Part):
    """The text message of an activity."""

    body: str | None = None
    self_link: str | None = None


class ConferenceSnapshot(Part):
    """The conference of a registration."""

    id: Id | None = None
    title: str | None = None
    capacity: int | str | None = None


class SessionSnapshot(Part):
    """The session of a registration."""

    id: Id | None = None
    start: ZonedTime | None = None
    end: ZonedTime | None = None


class RegistrationSnapshot(Part):
    """The registration of an activity."""

    id: Id | None = None
    number_of_seats: int | None = None
    conference: ConferenceSnapshot | None = None
    session: SessionSnapshot | None = None
    source: str | None = None
    source_type: str | None = None
    status: str | None = None
    cancel_reason: str | None = None
    self_link: str | None = None


class MarketingConsent(Part):
    """The consent that a client gave with an activity."""

    text: str | None = None


class Activity(Part):
    """An activity. Its id, its kind and its date are required.

    Attributes:
        appointment_id: The appointment that the filter `appointmentId` finds it by; never sent.
        channel: A key of a later version, which some of the sample data have.
        revision: Another.
    """

    id: Id
    type: Text
    date: ZonedTime
    event: str | None = None
    user: User | None = None
    updated_attributes: list[str] | None = None
    marketing_consent: MarketingConsent | None = None
    appointment: AppointmentSnapshot | None = None
    note: NoteSnapshot | None = None
    form_result: FormResultSnapshot | None = None
    email_notification: EmailSnapshot | None = None
    text_message_notification: TextMessageSnapshot | None = None
    conference_registration: RegistrationSnapshot | None = None
    appointment_id: Id | None = None
    channel: Any = None
    revision: Any = field(default=None, name="_revision")


def activity_content(timeline: Timeline, activity_id: str) -> Json | None:
    """An activity of a timeline in the form that is checked; None where there is none with this id."""
    entry = timeline.find(activity_id)
    if entry is None:
        return None
    content: Json = json.decode(entry.json)
    if entry.appointment_id is not None and entry.kind != "appointment":
        content[APPOINTMENT_ID_KEY] = entry.appointment_id
    return content


def checked_entry(content: Json) -> TimelineEntry:
    """The entry of a timeline for an activity. The details of an undocumented kind may be anything.

    Raises:
        ValidationError: The content is no activity; the message names the key.
    """
    kind = content.get("type")
    if isinstance(kind, str) and kind not in KINDS:
        documented = {name: value for name, value in content.items() if name != kind}
    else:
        documented = content
    activity = convert(documented, Activity)
    appointment_id = activity.appointment_id
    if appointment_id is None and activity.appointment is not None:
        appointment_id = activity.appointment.id
    sent = {name: value for name, value in content.items() if name != APPOINTMENT_ID_KEY}
    return TimelineEntry(
        activity.date.instant(),
        activity.type,
        None if appointment_id is None else str(appointment_id),
        json.encode(sent),
    )

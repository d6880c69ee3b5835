"""Activity records: the items of timelines as msgspec Structs, the one declaration of every field.

Names are those of the GraphQL schema; where the upstream's differ, `name=` declares them. An object that
lacks a field without a default cannot be decoded; all other fields may be missing or null (upstream contract,
3.5).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta, Raw, Struct, field, structs

from gateway.config import time_zones
from gateway.upstream.records import dates, links
from gateway.upstream.records.enums import (
    ActivityEvent,
    ActivityKind,
    AppointmentStatus,
    RegistrationSourceType,
    RegistrationStatus,
)
from gateway.upstream.records.field_types import (
    BoundedList,
    Count,
    EmptyObject,
    Id,
    Link,
    NonEmptyText,
    Text,
    depends_on,
)
from gateway.upstream.surprises import ODD_VALUE, report_surprise


class Unreadable:
    """Marker in a record for an upstream value that does not fit the declaration."""

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE = Unreadable()


class Record(Struct, frozen=True, kw_only=True, rename="camel"):
    """Record of one JSON object of the upstream. Unknown keys are ignored."""


class AllOptional(Record, frozen=True, kw_only=True):
    """Record of an object that may lack any of its keys. An object that lacks all of them is empty."""

    def __post_init__(self) -> None:
        """Raise `EmptyObject` where all fields are null. No `depends_on`: the check needs every field."""
        for name in self.__struct_fields__:
            if getattr(self, name) is not None:
                return
        raise EmptyObject


class ZonedDateTime(Record, frozen=True, kw_only=True):
    """A date-time and the name of its time zone (upstream contract, 4).

    Attributes:
        date_time: The local date-time, in the form of `dates.canonical_form`; empty where an offset was sent.
        with_offset: The date-time with that offset, in the same form. The upstream's key `datetime` is read
            where the declared key `dateTime` is empty.
        time_zone: The name of the time zone.
        lower_case_zone: The time zone under the key `timezone`; null once it is moved to `time_zone`.
    """

    date_time: str = ""
    with_offset: str = field(name="datetime", default="")
    time_zone: Text | None = None
    lower_case_zone: Text | None = field(name="timezone", default=None)

    @depends_on("date_time", "with_offset", "time_zone", "lower_case_zone")
    def __post_init__(self) -> None:
        """Raise ValueError for an invalid date-time: `EmptyObject` where there is none, whatever the zone."""
        sent = self.date_time
        try:
            datetime.fromisoformat(sent)  # refuses 30 February
            is_nonstandard = (
                len(sent) != 19
                or sent[4::3] != "--T::"  # YYYY-MM-DDTHH:MM:SS
                or self.lower_case_zone is not None
            )
        except (TypeError, ValueError):  # TypeError for `UNREADABLE`
            is_nonstandard = True
        if is_nonstandard:
            dates.normalise(self)
        if self.time_zone is not None and self.time_zone not in time_zones.NAMES:
            dates.report_nonstandard_zone(self)

    @property
    @depends_on("date_time", "with_offset")
    def local(self) -> datetime:
        """The local date-time; with an offset where one was sent."""
        return datetime.fromisoformat(self.date_time or self.with_offset)


class User(AllOptional, frozen=True, kw_only=True):
    """The user of an activity."""

    user_name: Text | None = None
    email_address: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None


class MarketingConsent(AllOptional, frozen=True, kw_only=True):
    """The marketing consent of an activity."""

    text: Text | None = None


class Service(Record, frozen=True, kw_only=True):
    """Snapshot of a service."""

    id: Id
    name: Text | None = None


class Staff(Record, frozen=True, kw_only=True):
    """Snapshot of a member of staff."""

    id: Id
    first_name: Text | None = None
    last_name: Text | None = None


class AppointmentSnapshot(Record, frozen=True, kw_only=True):
    """Snapshot of an appointment, with the previous values of an update."""

    appointment_id: Id = field(name="id")
    start: ZonedDateTime | None = None
    previous_start: ZonedDateTime | None = None
    end: ZonedDateTime | None = None
    previous_end: ZonedDateTime | None = None
    service: Service | None = None
    previous_service: Service | None = None
    staff: Staff | None = None
    previous_staff: Staff | None = None
    notes: Text | None = None
    previous_notes: Text | None = None
    status: AppointmentStatus | None = None
    previous_status: AppointmentStatus | None = None
    self_link: Link | None = None

    @property
    @depends_on("self_link")
    def company_id(self) -> str | None:
        """The company of the appointment, where its link has one."""
        return links.company_id(self.self_link)


class NoteSnapshot(Record, frozen=True, kw_only=True):
    """Snapshot of a note or of a consent, with the previous text of an update."""

    note_id: Id = field(name="id")
    body: Text | None = None
    previous_body: Text | None = None
    self_link: Link | None = None


class Form(Record, frozen=True, kw_only=True):
    """Snapshot of a form."""

    id: Id
    name: Text | None = None


class _MisprintedFormName(AllOptional, frozen=True, kw_only=True):
    """A form's name where the specification misprints it."""

    name: Text | None = None


class FormResult(Record, frozen=True, kw_only=True):
    """Snapshot of a form result."""

    id: Id
    sent_form: Form | None = field(name="form", default=None)
    misprinted_name: _MisprintedFormName | Text | None = field(name="name", default=None)
    self_link: Link | None = None

    @depends_on("id", "misprinted_name")
    def __post_init__(self) -> None:
        """Report a name in place of the object that the specification prints. Raises nothing."""
        if isinstance(self.misprinted_name, (str, int, float)):
            report_surprise(ODD_VALUE, self.id)

    @property
    @depends_on("sent_form", "misprinted_name", "self_link")
    def form(self) -> Form | Unreadable | None:
        """The form; its name may be where the specification misprints it, `formResult.name.name`.

        Where nothing else of the form was sent, the link identifies the form.
        """
        name = self.misprinted_name
        if isinstance(name, _MisprintedFormName):
            name = name.name
        if name is None or name == "":
            return self.sent_form
        match self.sent_form:
            case Form(name=None | "") as form:
                return structs.replace(form, name=name)
            case None:
                id_ = links.form_id(self.self_link)
                return UNREADABLE if id_ is None else Form(id=id_, name=name)
        return self.sent_form

    @property
    @depends_on("sent_form", "self_link")
    def form_id(self) -> str | None:
        """The form of the result, where the form or the link has its id."""
        form = self.sent_form
        return str(form.id) if isinstance(form, Form) else links.form_id(self.self_link)


class EmailNotification(AllOptional, frozen=True, kw_only=True):
    """Snapshot of an e-mail notification."""

    subject: Text | None = None
    body: Text | None = None
    self_link: Link | None = None


class TextMessageNotification(AllOptional, frozen=True, kw_only=True):
    """Snapshot of a text message notification."""

    body: Text | None = None
    self_link: Link | None = None


class Conference(Record, frozen=True, kw_only=True):
    """Snapshot of a conference."""

    id: Id
    title: Text | None = None
    sent_capacity: Count | Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]{0,8})\Z")] | None = field(
        name="capacity", default=None
    )

    @property
    @depends_on("sent_capacity")
    def capacity(self) -> int | Unreadable | None:
        """The capacity: documented as text, a number in practice."""
        sent = self.sent_capacity
        return int(sent) if isinstance(sent, str) else sent


class ConferenceSession(Record, frozen=True, kw_only=True):
    """Snapshot of a session of a conference."""

    id: Id
    start: ZonedDateTime | None = None
    end: ZonedDateTime | None = None


class ConferenceRegistrationSnapshot(Record, frozen=True, kw_only=True):
    """Snapshot of a registration for a conference."""

    registration_id: Id = field(name="id")
    number_of_seats: Count | None = None
    conference: Conference | None = None
    session: ConferenceSession | None = None
    source: Text | None = None
    source_type: RegistrationSourceType | None = None
    status: RegistrationStatus | None = None
    cancel_reason: Text | None = None
    self_link: Link | None = None

    @property
    @depends_on("conference")
    def conference_id(self) -> str | None:
        """The conference of the registration, where it is readable."""
        return str(self.conference.id) if isinstance(self.conference, Conference) else None

    @property
    @depends_on("session")
    def session_id(self) -> str | None:
        """The session of the registration, where it is readable."""
        return str(self.session.id) if isinstance(self.session, ConferenceSession) else None


class Activity(Record, frozen=True, kw_only=True):
    """The fields of every activity."""

    kind: ClassVar[ActivityKind]

    id: Id
    kind_raw: Text = field(name="type")
    date: ZonedDateTime | None = None
    event: ActivityEvent | None = None
    user: User | None = None
    sent_updated_attributes: BoundedList[NonEmptyText] | None = field(
        name="updatedAttributes", default=None
    )
    marketing_consent: MarketingConsent | None = None


class AppointmentActivity(Activity, frozen=True, kw_only=True):
    """Activity of an appointment."""

    kind = ActivityKind.APPOINTMENT
    appointment: AppointmentSnapshot | None = None


class NoteActivity(Activity, frozen=True, kw_only=True):
    """Activity of a note."""

    kind = ActivityKind.NOTE
    note: NoteSnapshot | None = None


class ConsentActivity(Activity, frozen=True, kw_only=True):
    """Activity of a consent, which is sent as a note."""

    kind = ActivityKind.CONSENT
    note: NoteSnapshot | None = None


class FormResultActivity(Activity, frozen=True, kw_only=True):
    """Activity of a form result."""

    kind = ActivityKind.FORM_RESULT
    form_result: FormResult | None = None


class EmailNotificationActivity(Activity, frozen=True, kw_only=True):
    """Activity of an e-mail notification."""

    kind = ActivityKind.EMAIL_NOTIFICATION
    email_notification: EmailNotification | None = None


class TextMessageNotificationActivity(Activity, frozen=True, kw_only=True):
    """Activity of a text message notification."""

    kind = ActivityKind.TEXT_MESSAGE_NOTIFICATION
    text_message_notification: TextMessageNotification | None = None


class ConferenceRegistrationActivity(Activity, frozen=True, kw_only=True):
    """Activity of a registration for a conference."""

    kind = ActivityKind.CONFERENCE_REGISTRATION
    sent_registration: ConferenceRegistrationSnapshot | None = field(
        name="conferenceRegistration", default=None
    )
    no_misprint: None = field(name="aconferenceRegistration", default=None)

    @property
    @depends_on("sent_registration", "no_misprint")
    def conference_registration(self) -> ConferenceRegistrationSnapshot | Unreadable | None:
        """The registration; a value under the misprinted key is merged into it, see `MISPRINTS`."""
        return self.sent_registration


class UnknownActivity(Activity, frozen=True, kw_only=True):
    """Activity of a kind that is not known yet; `payload` is the whole item as sent."""

    kind = ActivityKind.UNKNOWN
    payload: Raw = Raw(b"null")


MISPRINTS: Mapping[str, str] = {"aconferenceRegistration": "conferenceRegistration"}
"""Keys of activities that one row of the specification misprints, and the keys used elsewhere.

A record with a misprinted key does not fit its declaration, so it is decoded leniently.
"""

KINDS: Mapping[str, type[Activity]] = {
    record.kind.value: record
    for record in (
        AppointmentActivity,
        NoteActivity,
        ConsentActivity,
        FormResultActivity,
        EmailNotificationActivity,
        TextMessageNotificationActivity,
        ConferenceRegistrationActivity,
    )
}
"""The record of each known kind of activity, by the upstream's `type`."""

"""What the upstream sends, as msgspec Structs: the one declaration of every field.

Names are those of the GraphQL schema; where the upstream's differ, `name=` says so. Without a field that
has no default, the whole object cannot be shown; all others may be missing or null (upstream contract, 3.5).
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
    """Stands in a record where the upstream sent something that does not fit the declaration."""

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE = Unreadable()


class Record(Struct, frozen=True, kw_only=True, rename="camel"):
    """One JSON object of the upstream. Unknown keys are ignored."""


class AllOptional(Record, frozen=True, kw_only=True):
    """An object that may lack any of its keys. One that lacks all of them says nothing."""

    def __post_init__(self) -> None:
        """Raises `EmptyObject`. It names no sources: whether all are null, only all of them tell."""
        for name in self.__struct_fields__:
            if getattr(self, name) is not None:
                return
        raise EmptyObject


class ZonedDateTime(Record, frozen=True, kw_only=True):
    """A date-time and the name of its zone (upstream contract, 4).

    Attributes:
        date_time: The local date-time, as `dates.written` has it; empty where an offset was sent.
        with_offset: The date-time with that offset, likewise. The other key counts where the declared one is empty.
        time_zone: The name of the zone.
    """

    date_time: str = ""
    with_offset: str = field(name="datetime", default="")
    time_zone: Text | None = None

    @depends_on("date_time", "with_offset", "time_zone")
    def __post_init__(self) -> None:
        """Raises ValueError for what is no date-time: `EmptyObject` without one, whatever the zone."""
        sent = self.date_time
        try:
            datetime.fromisoformat(sent)  # refuses 30 February
            is_nonstandard = len(sent) != 19 or sent[4::3] != "--T::"  # YYYY-MM-DDTHH:MM:SS
        except (TypeError, ValueError):  # the first where it is `UNREADABLE`
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
    user_name: Text | None = None
    email_address: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None


class MarketingConsent(AllOptional, frozen=True, kw_only=True):
    text: Text | None = None


class Service(Record, frozen=True, kw_only=True):
    id: Id
    name: Text | None = None


class Staff(Record, frozen=True, kw_only=True):
    id: Id
    first_name: Text | None = None
    last_name: Text | None = None


class AppointmentSnapshot(Record, frozen=True, kw_only=True):
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
        """The company that it is with, where its link says so."""
        return links.company_id(self.self_link)


class NoteSnapshot(Record, frozen=True, kw_only=True):
    note_id: Id = field(name="id")
    body: Text | None = None
    previous_body: Text | None = None
    self_link: Link | None = None


class Form(Record, frozen=True, kw_only=True):
    id: Id
    name: Text | None = None


class _MisprintedFormName(AllOptional, frozen=True, kw_only=True):
    name: Text | None = None


class FormResult(Record, frozen=True, kw_only=True):
    id: Id
    sent_form: Form | None = field(name="form", default=None)
    misprinted_name: _MisprintedFormName | Text | None = field(name="name", default=None)
    self_link: Link | None = None

    @depends_on("id", "misprinted_name")
    def __post_init__(self) -> None:
        """Raises nothing: it notes a name that stands for the object that the specification prints."""
        if isinstance(self.misprinted_name, (str, int, float)):
            report_surprise(ODD_VALUE, self.id)

    @property
    @depends_on("sent_form", "misprinted_name", "self_link")
    def form(self) -> Form | Unreadable | None:
        """The form; its name may stand where the specification misprints it, `formResult.name.name`.

        Where nothing else is sent of it, the link says which form that is the name of.
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
        """The form that this is a result of, where the form or the link says so."""
        form = self.sent_form
        return str(form.id) if isinstance(form, Form) else links.form_id(self.self_link)


class EmailNotification(AllOptional, frozen=True, kw_only=True):
    subject: Text | None = None
    body: Text | None = None
    self_link: Link | None = None


class TextMessageNotification(AllOptional, frozen=True, kw_only=True):
    body: Text | None = None
    self_link: Link | None = None


class Conference(Record, frozen=True, kw_only=True):
    id: Id
    title: Text | None = None
    sent_capacity: Count | Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]{0,8})\Z")] | None = field(
        name="capacity", default=None
    )

    @property
    @depends_on("sent_capacity")
    def capacity(self) -> int | Unreadable | None:
        """Documented as text, a number in practice."""
        sent = self.sent_capacity
        return int(sent) if isinstance(sent, str) else sent


class ConferenceSession(Record, frozen=True, kw_only=True):
    id: Id
    start: ZonedDateTime | None = None
    end: ZonedDateTime | None = None


class ConferenceRegistrationSnapshot(Record, frozen=True, kw_only=True):
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
        """The conference that it is for, where that can be read."""
        return str(self.conference.id) if isinstance(self.conference, Conference) else None

    @property
    @depends_on("session")
    def session_id(self) -> str | None:
        """The session that it is for, where that can be read."""
        return str(self.session.id) if isinstance(self.session, ConferenceSession) else None


class Activity(Record, frozen=True, kw_only=True):
    """What every activity carries."""

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
    kind = ActivityKind.APPOINTMENT
    appointment: AppointmentSnapshot | None = None


class NoteActivity(Activity, frozen=True, kw_only=True):
    kind = ActivityKind.NOTE
    note: NoteSnapshot | None = None


class ConsentActivity(Activity, frozen=True, kw_only=True):
    kind = ActivityKind.CONSENT
    note: NoteSnapshot | None = None


class FormResultActivity(Activity, frozen=True, kw_only=True):
    kind = ActivityKind.FORM_RESULT
    form_result: FormResult | None = None


class EmailNotificationActivity(Activity, frozen=True, kw_only=True):
    kind = ActivityKind.EMAIL_NOTIFICATION
    email_notification: EmailNotification | None = None


class TextMessageNotificationActivity(Activity, frozen=True, kw_only=True):
    kind = ActivityKind.TEXT_MESSAGE_NOTIFICATION
    text_message_notification: TextMessageNotification | None = None


class ConferenceRegistrationActivity(Activity, frozen=True, kw_only=True):
    kind = ActivityKind.CONFERENCE_REGISTRATION
    sent_registration: ConferenceRegistrationSnapshot | None = field(
        name="conferenceRegistration", default=None
    )
    no_misprint: None = field(name="aconferenceRegistration", default=None)

    @property
    @depends_on("sent_registration", "no_misprint")
    def conference_registration(self) -> ConferenceRegistrationSnapshot | Unreadable | None:
        """The registration: what stands under the misprinted key is read with it, see `MISPRINTS`."""
        return self.sent_registration


class UnknownActivity(Activity, frozen=True, kw_only=True):
    """An activity of a kind that did not exist when this was written; `payload` is all of it, as sent."""

    kind = ActivityKind.UNKNOWN
    payload: Raw = Raw(b"null")


MISPRINTS: Mapping[str, str] = {"aconferenceRegistration": "conferenceRegistration"}
"""Keys of activities as one row of the specification prints them, and what they are called elsewhere.

A record that has such a key does not fit its declaration, so it is read leniently.
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

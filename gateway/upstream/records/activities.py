"""Activity records: the items of timelines as msgspec Structs, the one declaration of every field.

Names are those of the GraphQL schema; where the upstream's differ, `name=` declares them. An object that
lacks a field without a default cannot be decoded; all other fields may be missing or null
(docs/rest-mapping.md, "Missing and blank values"). A snapshot has no field without a default: where the upstream sends no id, only the id is missing.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from msgspec import UNSET, Raw, Struct, field

from gateway.config import time_zones
from gateway.upstream.records import dates, links
from gateway.upstream.records.enums import (
    ActivityEvent,
    ActivityKind,
    AppointmentStatus,
    MemberByWord,
    RegistrationSourceType,
    RegistrationStatus,
    UpstreamEnum,
)
from gateway.upstream.records.field_types import (
    BoundedList,
    Count,
    EmptyObject,
    Id,
    Link,
    NonEmptyText,
    Text,
    Word,
    depends_on,
)
from gateway.upstream.surprises import ODD_VALUE, report_surprise


class Unreadable:
    """Marker in a record for an upstream value that does not fit the declaration."""

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE = Unreadable()

_EMPTY_VALUES = (None, "")

_NO_ZONE: frozenset[object] = frozenset({None, UNSET})

_WHOLE_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]{0,9}))(?:\.0+)?")


_E = TypeVar("_E", bound=UpstreamEnum)
Members = Mapping[object, _E | Unreadable | None]
"""The members of an enum by the words of a record's field."""

EVENTS: Members[ActivityEvent] = MemberByWord(ActivityEvent, "event")
APPOINTMENT_STATUSES: Members[AppointmentStatus] = MemberByWord(
    AppointmentStatus, "appointment.status"
)
PREVIOUS_APPOINTMENT_STATUSES: Members[AppointmentStatus] = MemberByWord(
    AppointmentStatus, "appointment.previousStatus"
)
REGISTRATION_STATUSES: Members[RegistrationStatus] = MemberByWord(
    RegistrationStatus, "conferenceRegistration.status"
)
REGISTRATION_SOURCE_TYPES: Members[RegistrationSourceType] = MemberByWord(
    RegistrationSourceType, "conferenceRegistration.sourceType"
)


class Record(Struct, frozen=True, kw_only=True, rename="camel"):
    """Record of one JSON object of the upstream. Unknown keys are ignored.

    Attributes:
        inner_id_names: The attributes that are ids by which the objects inside the record are reached.
    """

    inner_id_names: ClassVar[tuple[str, ...]] = ()


class AllOptional(Record, frozen=True, kw_only=True):
    """Record of an object that may lack any of its keys. An object that lacks all of them is empty."""

    def __post_init__(self) -> None:
        """Raise `EmptyObject` where all fields are null. No `depends_on`: the check needs every field."""
        for name in self.__struct_fields__:
            if getattr(self, name) is not None:
                return
        raise EmptyObject


class Snapshot(AllOptional, frozen=True, kw_only=True):
    """Snapshot of an object that the upstream knows by an id. One of empty texts alone is empty, too."""

    def __post_init__(self) -> None:
        """Raise `EmptyObject` where all fields are null or empty texts; as `AllOptional`, without `depends_on`."""
        for name in self.__struct_fields__:
            if getattr(self, name) not in _EMPTY_VALUES:
                return
        raise EmptyObject


class UncheckedDateTime(Record, frozen=True, kw_only=True, gc=False):
    """A date-time and the name of its time zone, without the check of a `ZonedDateTime`.

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

    @property
    @depends_on("date_time", "with_offset")
    def local(self) -> datetime:
        """The local date-time; with an offset where one was sent."""
        return datetime.fromisoformat(self.date_time or self.with_offset)


class ZonedDateTime(UncheckedDateTime, frozen=True, kw_only=True):
    """A date-time and the name of its time zone, checked.

    Attributes:
        unchecked_record: The record without the check, for dates that are checked together.
        unset_if_missing: The attributes that are `UNSET` before the check where the upstream did not send them.
    """

    unchecked_record: ClassVar[type[UncheckedDateTime]] = UncheckedDateTime
    unset_if_missing: ClassVar[tuple[str, ...]] = ("with_offset", "lower_case_zone")

    @depends_on("date_time", "with_offset", "time_zone", "lower_case_zone")
    def __post_init__(self) -> None:
        """Raise ValueError for an invalid date-time: `EmptyObject` where there is none, whatever the zone."""
        sent = self.date_time
        try:
            datetime.fromisoformat(sent)  # refuses 30 February
            is_nonstandard = (
                len(sent) != 19
                or sent[4::3] != "--T::"  # YYYY-MM-DDTHH:MM:SS
                or self.lower_case_zone not in _NO_ZONE
            )
        except (TypeError, ValueError):  # TypeError for `UNREADABLE`
            is_nonstandard = True
        if is_nonstandard:
            dates.normalise(self)
        if self.time_zone is not None and self.time_zone not in time_zones.NAMES:
            dates.report_nonstandard_zone(self)

    @staticmethod
    def pass_check(unchecked: Sequence[UncheckedDateTime]) -> bool:
        """Whether each of these date-times passes the check unchanged, and none of them is reported."""
        return (
            dates.local_times([each.date_time for each in unchecked]) is not None
            and {each.lower_case_zone for each in unchecked} <= _NO_ZONE
            and {each.time_zone for each in unchecked} - _NO_ZONE <= time_zones.NAMES
        )


class User(AllOptional, frozen=True, kw_only=True):
    """The user of an activity."""

    user_name: Text | None = None
    email_address: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None


class MarketingConsent(AllOptional, frozen=True, kw_only=True):
    """The marketing consent of an activity."""

    text: Text | None = None


class ServiceSnapshot(Snapshot, frozen=True, kw_only=True):
    """Snapshot of a service."""

    service_id: Id | None = field(name="id", default=None)
    name: Text | None = None


class StaffSnapshot(Snapshot, frozen=True, kw_only=True):
    """Snapshot of a member of staff."""

    staff_id: Id | None = field(name="id", default=None)
    first_name: Text | None = None
    last_name: Text | None = None


class CompanySnapshot(Record, frozen=True, kw_only=True):
    """The company that the link of an appointment names. Not a JSON object of the upstream."""

    company_id: str


class AppointmentSnapshot(Snapshot, frozen=True, kw_only=True):
    """Snapshot of an appointment, with the previous values of an update."""

    inner_id_names: ClassVar[tuple[str, ...]] = ("company_id",)

    appointment_id: Id | None = field(name="id", default=None)
    start: ZonedDateTime | None = None
    previous_start: ZonedDateTime | None = None
    end: ZonedDateTime | None = None
    previous_end: ZonedDateTime | None = None
    service: ServiceSnapshot | None = None
    previous_service: ServiceSnapshot | None = None
    staff: StaffSnapshot | None = None
    previous_staff: StaffSnapshot | None = None
    notes: Text | None = None
    previous_notes: Text | None = None
    status_raw: Word | None = field(name="status", default=None)
    previous_status_raw: Word | None = field(name="previousStatus", default=None)
    self_link: Link | None = None

    @property
    @depends_on("status_raw")
    def status(self) -> AppointmentStatus | Unreadable | None:
        return APPOINTMENT_STATUSES[self.status_raw]

    @property
    @depends_on("previous_status_raw")
    def previous_status(self) -> AppointmentStatus | Unreadable | None:
        return PREVIOUS_APPOINTMENT_STATUSES[self.previous_status_raw]

    @property
    @depends_on("self_link")
    def company_id(self) -> str | None:
        """The company of the appointment, where its link has one."""
        return links.company_id(self.self_link)

    @property
    @depends_on("self_link")
    def company(self) -> CompanySnapshot | Unreadable | None:
        """The company of the appointment, where its link has one."""
        link: Link | Unreadable | None = self.self_link
        if isinstance(link, Unreadable):
            return link
        id_ = links.company_id(link)
        return None if id_ is None else CompanySnapshot(company_id=id_)


class NoteSnapshot(Snapshot, frozen=True, kw_only=True):
    """Snapshot of a note or of a consent, with the previous text of an update."""

    note_id: Id | None = field(name="id", default=None)
    body: Text | None = None
    previous_body: Text | None = None
    self_link: Link | None = None


class FormSnapshot(Snapshot, frozen=True, kw_only=True):
    """Snapshot of a form."""

    form_id: Id | None = field(name="id", default=None)
    name: Text | None = None


class _MisprintedFormName(Snapshot, frozen=True, kw_only=True):
    """A form's name where the specification misprints it."""

    name: Text | None = None


class FormResultSnapshot(Record, frozen=True, kw_only=True):
    """Snapshot of a form result."""

    form_result_id: Id | None = field(name="id", default=None)
    sent_form: FormSnapshot | None = field(name="form", default=None)
    misprinted_name: _MisprintedFormName | Text | None = field(name="name", default=None)
    self_link: Link | None = None

    @depends_on("form_result_id", "sent_form", "misprinted_name", "self_link")
    def __post_init__(self) -> None:
        """Raise `EmptyObject` where nothing was sent; report a name in place of an object with a name."""
        if self.misprinted_name in _EMPTY_VALUES:
            link = self.self_link
            if self.form_result_id is None and self.sent_form is None and link in _EMPTY_VALUES:
                raise EmptyObject
        elif isinstance(self.misprinted_name, (str, int, float)):
            report_surprise(ODD_VALUE, self.form_result_id)

    @staticmethod
    def pass_check(unchecked: Sequence["FormResultSnapshot"]) -> bool:
        """Whether each of these results has an id, and its name where the name belongs."""
        return all(
            each.form_result_id is not None and each.misprinted_name in _EMPTY_VALUES
            for each in unchecked
        )

    @property
    @depends_on("sent_form", "misprinted_name", "self_link")
    def form(self) -> FormSnapshot | Unreadable | None:
        """The form; its name may be where the specification misprints it, `formResult.name.name`.

        The link identifies a form that was sent without its id.
        """
        form: FormSnapshot | Unreadable | None = self.sent_form
        name: Any = self.misprinted_name
        if isinstance(name, _MisprintedFormName):
            name = name.name
        if isinstance(form, Unreadable) or (form is None and name in {None, ""}):
            return form
        if form is not None and form.form_id is not None and name is None:
            return form
        id_, own_name = (None, None) if form is None else (form.form_id, form.name)
        if id_ is None:
            id_ = links.form_id(self.self_link)
        return FormSnapshot(
            form_id=id_, name=name or own_name if own_name in {None, ""} else own_name
        )

    @property
    @depends_on("sent_form", "self_link")
    def form_id(self) -> str | Unreadable | None:
        """The form of the result, where the form or the link has its id."""
        form = self.sent_form
        if isinstance(form, FormSnapshot) and form.form_id is not None:
            return form.form_id if isinstance(form.form_id, Unreadable) else str(form.form_id)
        return links.form_id(self.self_link)


class EmailNotification(AllOptional, frozen=True, kw_only=True):
    """Snapshot of an e-mail notification."""

    subject: Text | None = None
    body: Text | None = None
    self_link: Link | None = None


class TextMessageNotification(AllOptional, frozen=True, kw_only=True):
    """Snapshot of a text message notification."""

    body: Text | None = None
    self_link: Link | None = None


class ConferenceSnapshot(Snapshot, frozen=True, kw_only=True):
    """Snapshot of a conference."""

    conference_id: Id | None = field(name="id", default=None)
    title: Text | None = None
    capacity_raw: Text | None = field(name="capacity", default=None)

    @property
    @depends_on("capacity_raw")
    def capacity(self) -> int | Unreadable | None:
        """The capacity, which is documented as text: null where the text is no number of GraphQL's `Int`."""
        sent = self.capacity_raw
        if sent is None or isinstance(sent, Unreadable):
            return sent
        match = _WHOLE_NUMBER.fullmatch(str(sent).strip())
        number = int(match[1]) if match else None
        return number if number is not None and -(2**31) <= number < 2**31 else None


class ConferenceSessionSnapshot(Snapshot, frozen=True, kw_only=True):
    """Snapshot of a session of a conference."""

    session_id: Id | None = field(name="id", default=None)
    start: ZonedDateTime | None = None
    end: ZonedDateTime | None = None


class ConferenceRegistrationSnapshot(Snapshot, frozen=True, kw_only=True):
    """Snapshot of a registration for a conference."""

    inner_id_names: ClassVar[tuple[str, ...]] = ("conference_id",)

    registration_id: Id | None = field(name="id", default=None)
    number_of_seats: Count | None = None
    conference: ConferenceSnapshot | None = None
    session: ConferenceSessionSnapshot | None = None
    source: Text | None = None
    source_type_raw: Word | None = field(name="sourceType", default=None)
    status_raw: Word | None = field(name="status", default=None)
    cancel_reason: Text | None = None
    self_link: Link | None = None

    @property
    @depends_on("source_type_raw")
    def source_type(self) -> RegistrationSourceType | Unreadable | None:
        return REGISTRATION_SOURCE_TYPES[self.source_type_raw]

    @property
    @depends_on("status_raw")
    def status(self) -> RegistrationStatus | Unreadable | None:
        return REGISTRATION_STATUSES[self.status_raw]

    @property
    @depends_on("conference")
    def conference_id(self) -> str | Unreadable | None:
        """The conference of the registration, where it is sent."""
        return _id_of(self.conference, "conference_id")

    @property
    @depends_on("session")
    def session_id(self) -> str | Unreadable | None:
        """The session of the registration, where it is sent."""
        return _id_of(self.session, "session_id")


def _id_of(snapshot: Record | Unreadable | None, name: str) -> str | Unreadable | None:
    """The id of a snapshot; unreadable where the id or the snapshot is."""
    id_: Any = getattr(snapshot, name, snapshot)
    return str(id_) if isinstance(id_, int | str) else id_


class Activity(Record, frozen=True, kw_only=True):
    """The fields of every activity."""

    kind: ClassVar[ActivityKind]

    id: Id
    kind_raw: Text = field(name="type")
    date: ZonedDateTime | None = None
    event_raw: Word | None = field(name="event", default=None)
    user: User | None = None
    sent_updated_attributes: BoundedList[NonEmptyText] | None = field(
        name="updatedAttributes", default=None
    )
    marketing_consent: MarketingConsent | None = None

    @property
    @depends_on("event_raw")
    def event(self) -> ActivityEvent | Unreadable | None:
        return EVENTS[self.event_raw]


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
    form_result: FormResultSnapshot | None = None


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
    conference_registration: ConferenceRegistrationSnapshot | None = None
    no_misprint: None = field(name="aconferenceRegistration", default=None)


class UnknownActivity(Activity, frozen=True, kw_only=True):
    """Activity of a kind that is not known yet; `payload` is the whole item as sent."""

    kind = ActivityKind.UNKNOWN
    payload: Raw = Raw(b"null")


MISPRINTS: Mapping[str, str] = {"aconferenceRegistration": "conferenceRegistration"}
"""Keys of activities that one row of the specification misprints, and the keys used elsewhere.

A record with a misprinted key does not fit its declaration, so it is decoded leniently: the two values are merged.
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

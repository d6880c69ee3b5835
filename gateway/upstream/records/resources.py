"""Resource records: the entities that activities refer to, in their current state, as msgspec Structs.

As in `activities`, names are those of the GraphQL schema, and an object that lacks a field without a default
cannot be decoded. docs/rest-mapping.md lists the keys that have other names in the schema.
"""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, field

from gateway.upstream.records.activities import (
    UNREADABLE,
    AllOptional,
    Members,
    Record,
    Unreadable,
    ZonedDateTime,
)
from gateway.upstream.records.enums import (
    AppointmentStatus,
    FormResultStatus,
    MemberByWord,
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
    StrictText,
    Text,
    Word,
)
from gateway.upstream.surprises import suppress_surprises

APPOINTMENT_STATUSES: Members[AppointmentStatus] = MemberByWord(AppointmentStatus)
REGISTRATION_STATUSES: Members[RegistrationStatus] = MemberByWord(RegistrationStatus)
REGISTRATION_SOURCE_TYPES: Members[RegistrationSourceType] = MemberByWord(RegistrationSourceType)
FORM_RESULT_STATUSES: Members[FormResultStatus] = MemberByWord(FormResultStatus)
"""The words of entities are evaluated during an operation, which does not know the path they are from: unknown
ones are only counted where a response is sampled."""

Amount = float
"""A number in the range of GraphQL's Float."""


class Picture(AllOptional, frozen=True, kw_only=True):
    """A picture."""

    url: Link | None = None


class HasPicture(Record, frozen=True, kw_only=True):
    """A resource that may have a picture."""

    picture: Picture | None = None

    @property
    def picture_url(self) -> str | Unreadable | None:
        return self.picture.url if isinstance(self.picture, Picture) else self.picture


class Address(AllOptional, frozen=True, kw_only=True):
    """A postal address."""

    street: Text | None = None
    additional_street: Text | None = field(name="otherStreet", default=None)
    zip_code: Text | None = None
    state: Text | None = None
    city: Text | None = None
    country: Text | None = None


class CompanyReference(Record, frozen=True, kw_only=True):
    """A company as other resources refer to it."""

    id: Id
    name: Text | None = None


class StaffReference(Record, frozen=True, kw_only=True):
    """A member of staff as an appointment refers to them."""

    id: Id
    first_name: Text | None = None
    last_name: Text | None = None


class ServiceReference(Record, frozen=True, kw_only=True):
    """A service as an appointment refers to it."""

    id: Id
    name: Text | None = None


class FormReference(Record, frozen=True, kw_only=True):
    """A form as its results refer to it."""

    id: Id


class ClientReference(Record, frozen=True, kw_only=True):
    """A client as other resources refer to them."""

    inner_id_names: ClassVar[tuple[str, ...]] = ("client_id",)

    id: Id

    @property
    def client_id(self) -> str:
        return str(self.id)


class RequestedClient(ClientReference, frozen=True, kw_only=True):
    """A client referenced by the id that the caller sent, not one the upstream returned.

    Attributes:
        argument: The argument that has the id.
    """

    inner_id_names: ClassVar[tuple[str, ...]] = ("client_id", "client_argument")

    argument: str

    @property
    def client_argument(self) -> str:
        """The argument, as activities of the client inherit it."""
        return self.argument


class Company(HasPicture, frozen=True, kw_only=True):
    """Entity of a company."""

    id: Id
    name: Text | None = None
    time_zone: Text | None = None
    email_address: Text | None = field(name="email", default=None)
    phone: Text | None = None
    currency: Text | None = None
    address: Address | None = None
    website_url: Link | None = field(name="websiteLink", default=None)


class Staff(HasPicture, frozen=True, kw_only=True):
    """Entity of a member of staff."""

    id: Id
    first_name: Text | None = None
    last_name: Text | None = None
    email_address: Text | None = field(name="email", default=None)
    phone: Text | None = None
    other_phone: Text | None = None
    title: Text | None = None
    gender: Text | None = None
    color: Text | None = None
    description: Text | None = None
    role: Text | None = None
    external_id: NonEmptyText | None = None


class ServicePrice(Record, frozen=True, kw_only=True):
    """The price of a service, whose currency is that of its company. Not a JSON object of the upstream."""

    amount: Amount


class Service(HasPicture, frozen=True, kw_only=True):
    """Entity of a service, which can be booked."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    duration_minutes: Count | None = field(name="duration", default=None)
    buffer_minutes: Count | None = field(name="bufferDuration", default=None)
    capacity: Count | None = None
    sent_price: Amount | None = field(name="price", default=None)
    is_payable: bool | None = field(name="payable", default=None)
    color: Text | None = None
    external_id: NonEmptyText | None = None

    @property
    def price(self) -> ServicePrice | Unreadable | None:
        amount = self.sent_price
        return ServicePrice(amount=amount) if isinstance(amount, float | int) else amount


class CustomStatus(AllOptional, frozen=True, kw_only=True):
    """A status of appointments that a company has defined."""

    custom_status_id: Id | None = field(name="id", default=None)
    name: Text | None = None


class HistoryUser(AllOptional, frozen=True, kw_only=True):
    """The user of an entry in an appointment's history."""

    user_name: Text | None = None
    email_address: Text | None = field(name="email", default=None)
    first_name: Text | None = None
    last_name: Text | None = None


class AppointmentHistoryEntry(AllOptional, frozen=True, kw_only=True):
    """An entry in an appointment's history."""

    text: Text | None = None
    date: ZonedDateTime | None = None
    source: Text | None = None
    user: HistoryUser | None = None


class Money(AllOptional, frozen=True, kw_only=True):
    """An amount and its currency."""

    amount: Amount | None = None
    currency: Text | None = None


class OnlineMeeting(AllOptional, frozen=True, kw_only=True):
    """The online meeting of an appointment."""

    provider: Text | None = None
    video_url: Link | None = field(name="videoLink", default=None)


class Appointment(Record, frozen=True, kw_only=True):
    """Entity of an appointment."""

    inner_id_names: ClassVar[tuple[str, ...]] = ("company_id", "client_id")

    id: Id
    reference: Text | None = None
    company: CompanyReference | None = None
    service: ServiceReference | None = None
    staff: StaffReference | None = None
    client: ClientReference | None = None
    start: ZonedDateTime | None = None
    end: ZonedDateTime | None = None
    created_at: ZonedDateTime | None = field(name="created", default=None)
    status_raw: Word | None = field(name="status", default=None)
    custom_status: CustomStatus | None = None
    notes: Text | None = None
    history: BoundedList[AppointmentHistoryEntry] | None = None
    source: Text | None = None
    is_paid: bool | None = field(name="paid", default=None)
    sent_price: Money | Amount | None = field(name="price", default=None)
    online_meeting: OnlineMeeting | None = None
    location_text: Text | None = field(name="location", default=None)
    reschedule_url: Link | None = field(name="rescheduleLink", default=None)

    @property
    def status(self) -> AppointmentStatus | Unreadable | None:
        return APPOINTMENT_STATUSES[self.status_raw]

    @property
    def company_id(self) -> str | None:
        """The company of the appointment, where it is readable."""
        return str(self.company.id) if isinstance(self.company, CompanyReference) else None

    @property
    def client_id(self) -> str | None:
        """The client of the appointment, where it is readable."""
        return str(self.client.id) if isinstance(self.client, ClientReference) else None

    @property
    def price(self) -> Money | Unreadable | None:
        """An amount and its currency; older versions sent the amount alone."""
        if isinstance(self.sent_price, float):
            return Money(amount=self.sent_price)
        return self.sent_price


class NoteAuthor(AllOptional, frozen=True, kw_only=True):
    """The author of a note."""

    email_address: Text | None = field(name="email", default=None)
    first_name: Text | None = None
    last_name: Text | None = None


class Note(Record, frozen=True, kw_only=True):
    """Entity of a note."""

    id: Id
    body: Text | None = field(name="html", default=None)
    author: NoteAuthor | None = field(name="writer", default=None)
    date: ZonedDateTime | None = None
    is_contact_by_client: bool | None = field(name="contactedByClient", default=None)


class EmailAddress(AllOptional, frozen=True, kw_only=True):
    """An e-mail address of a client."""

    email_address: Text | None = field(name="email", default=None)
    is_primary: bool | None = field(name="primary", default=None)


class PhoneNumber(AllOptional, frozen=True, kw_only=True):
    """A phone number of a client."""

    number: Text | None = None
    is_primary: bool | None = field(name="primary", default=None)
    is_mobile: bool | None = field(name="mobile", default=None)


class Consent(AllOptional, frozen=True, kw_only=True):
    """A consent of a client."""

    sent_date: ZonedDateTime | None = field(name="date", default=None)
    date_time: ZonedDateTime | Annotated[str, Meta(min_length=1)] | None = None
    lower_case: ZonedDateTime | Annotated[str, Meta(min_length=1)] | None = field(
        name="datetime", default=None
    )
    time_zone: Text | None = None
    lower_case_zone: Text | None = field(name="timezone", default=None)
    sent_text: Text | BoundedList[Text] | None = field(name="text", default=None)

    def __post_init__(self) -> None:
        """Raise `EmptyObject` where there is neither a date nor a text; report surprises of the date."""
        if self._effective_date() is None and self.sent_text is None:
            raise EmptyObject

    @property
    def date(self) -> ZonedDateTime | Unreadable | None:
        """When the consent was given; in version 2.0, the keys of the date are in the consent itself."""
        with suppress_surprises():
            return self._effective_date()

    def _effective_date(self) -> ZonedDateTime | Unreadable | None:
        if self.sent_date is not None:
            return self.sent_date
        is_lower_case = self.date_time is None
        sent = self.lower_case if is_lower_case else self.date_time
        if not isinstance(sent, str):
            return sent
        try:
            return ZonedDateTime(
                date_time="" if is_lower_case else sent,
                with_offset=sent if is_lower_case else "",
                time_zone=self.time_zone,
                lower_case_zone=self.lower_case_zone,
            )
        except ValueError:
            return UNREADABLE

    @property
    def text(self) -> str | Unreadable | None:
        """The text of the consent; a list in the documentation's sample, perhaps by misprint."""
        match self.sent_text:
            case None | Unreadable() as missing:
                return missing
            case list(lines):
                if any(isinstance(line, Unreadable) for line in lines):
                    return UNREADABLE
                return "\n".join(str(line) for line in lines)
            case text:
                return str(text)


class Client(HasPicture, frozen=True, kw_only=True):
    """Entity of a client."""

    id: Id
    first_name: Text | None = None
    last_name: Text | None = None
    email_addresses: BoundedList[EmailAddress] | None = None
    phone_numbers: BoundedList[PhoneNumber] | None = None
    gender: Text | None = None
    time_zone: Text | None = None
    language: Text | None = None
    description: Text | None = None
    address: Address | None = None
    company_name: Text | None = None
    job_title: Text | None = None
    birth_date: NonEmptyText | None = None
    external_id: NonEmptyText | None = None
    companies: BoundedList[CompanyReference] | None = None
    explicit_consent: Consent | None = None
    marketing_consent: Consent | None = None


class FormValue(AllOptional, frozen=True, kw_only=True):
    """One of several values of a form item, such as a ticked box; it may have values of its own."""

    name: Text | None = None
    value: Text | None = None
    values: "BoundedList[FormValue] | None" = None


class FormItem(AllOptional, frozen=True, kw_only=True):
    """A question, or a section of questions."""

    id: Id | None = None
    type: Text | None = None
    title: Text | None = None
    value: Text | bool | None = None
    values: BoundedList[FormValue] | None = None
    file_name: Text | None = None
    zoned_date_time: ZonedDateTime | None = None
    sub_item: "BoundedList[FormItem] | None" = None


class FormResult(Record, frozen=True, kw_only=True):
    """Entity of a form result."""

    id: Id
    form_id: Id | None = field(name="form", default=None)
    submitted_at_raw: NonEmptyText | None = field(name="date", default=None)
    status_raw: Word | None = field(name="currentStatus", default=None)
    result: BoundedList[FormItem] | StrictText | None = None

    @property
    def form(self) -> FormReference | Unreadable | None:
        """The form of the result, of which only the id is sent."""
        id_ = self.form_id
        return FormReference(id=id_) if isinstance(id_, int | str) else id_

    @property
    def status(self) -> FormResultStatus | Unreadable | None:
        return FORM_RESULT_STATUSES[self.status_raw]


class Form(Record, frozen=True, kw_only=True):
    """Entity of a form."""

    id: Id
    name: Text | None = None
    title: Text | None = None


class Geolocation(AllOptional, frozen=True, kw_only=True):
    """Latitude and longitude."""

    lat: Amount | None = None
    lng: Amount | None = None


class ConferenceLocation(AllOptional, frozen=True, kw_only=True):
    """The location of a conference."""

    type: Text | None = None
    text: Text | None = None
    street: Text | None = None
    additional_street: Text | None = None
    zip_code: Text | None = None
    city: Text | None = None
    state: Text | None = None
    country: Text | None = None
    geolocation: Geolocation | None = None

    @property
    def latitude(self) -> float | Unreadable | None:
        return _coordinate(self.geolocation, "lat")

    @property
    def longitude(self) -> float | Unreadable | None:
        return _coordinate(self.geolocation, "lng")


def _coordinate(
    geolocation: Geolocation | Unreadable | None, name: str
) -> float | Unreadable | None:
    return getattr(geolocation, name) if isinstance(geolocation, Geolocation) else geolocation


class Tag(AllOptional, frozen=True, kw_only=True):
    """A tag of a conference."""

    text: Text | None = None


class Conference(HasPicture, frozen=True, kw_only=True):
    """Entity of a conference."""

    id: Id
    title: Text | None = None
    capacity: Count | None = None
    description: Text | None = None
    duration_minutes: Count | None = field(name="duration", default=None)
    location: ConferenceLocation | None = None
    web_url: Link | None = field(name="webLink", default=None)
    code: Text | None = None
    sent_tags: BoundedList[Tag] | None = field(name="tags", default=None)

    @property
    def tags(self) -> list[Text | Unreadable] | Unreadable | None:
        """The texts of the tags."""
        if not isinstance(self.sent_tags, list):
            return self.sent_tags
        texts: list[Any] = [getattr(tag, "text", tag) for tag in self.sent_tags]
        return texts


class ConferenceSession(Record, frozen=True, kw_only=True):
    """Entity of a session of a conference."""

    id: Id
    start: ZonedDateTime | None = None
    end: ZonedDateTime | None = None
    status: Text | None = None
    web_url: Link | None = field(name="webLink", default=None)


class ConferenceRegistration(Record, frozen=True, kw_only=True):
    """Entity of a registration for a conference."""

    id: Id
    client: ClientReference | None = None
    status_raw: Word | None = field(name="status", default=None)
    number_of_seats: Count | None = field(name="seats", default=None)
    registered_at: ZonedDateTime | None = field(name="registered", default=None)
    source: Text | None = None
    source_type_raw: Word | None = field(name="sourceType", default=None)
    cancel_reason: Text | None = None
    cancel_source: Text | None = None
    cancelled_at: ZonedDateTime | None = field(name="cancelled", default=None)
    web_url: Link | None = field(name="webLink", default=None)

    @property
    def status(self) -> RegistrationStatus | Unreadable | None:
        return REGISTRATION_STATUSES[self.status_raw]

    @property
    def source_type(self) -> RegistrationSourceType | Unreadable | None:
        return REGISTRATION_SOURCE_TYPES[self.source_type_raw]

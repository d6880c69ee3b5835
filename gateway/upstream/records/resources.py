"""Resource records: the entities that activities refer to, in their current state, as msgspec Structs.

As in `activities`, names are those of the GraphQL schema, and an object that lacks a field without a default
cannot be decoded. Sources: upstream contract, sections 5 (notes), 6 (scheduling) and 10 (clients).
"""

from typing import Annotated, Any

from msgspec import Meta, field

from gateway.upstream.records import activities
from gateway.upstream.records.activities import AllOptional, Record, Unreadable, ZonedDateTime
from gateway.upstream.records.enums import (
    AppointmentStatus,
    FormResultStatus,
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
)
from gateway.upstream.surprises import suppress_surprises

Amount = float
"""A number in the range of GraphQL's Float."""


class Picture(AllOptional, frozen=True, kw_only=True):
    """A picture."""

    url: Link | None = None


class HasPicture(Record, frozen=True, kw_only=True):
    """A resource that may have a picture."""

    picture: Picture | None = None

    @property
    def picture_url(self) -> str | activities.Unreadable | None:
        return self.picture.url if isinstance(self.picture, Picture) else self.picture


class Address(AllOptional, frozen=True, kw_only=True):
    """A postal address."""

    street: Text | None = None
    other_street: Text | None = None
    zip_code: Text | None = None
    state: Text | None = None
    city: Text | None = None
    country: Text | None = None


class CompanyReference(Record, frozen=True, kw_only=True):
    """A company as other resources refer to it."""

    id: Id
    name: Text | None = None


class ClientReference(Record, frozen=True, kw_only=True):
    """A client as other resources refer to them."""

    id: Id

    @property
    def client_id(self) -> str:
        return str(self.id)


class RequestedClient(ClientReference, frozen=True, kw_only=True):
    """A client referenced by the id that the caller sent, not one the upstream returned."""

    @property
    def requested_id(self) -> str:
        return str(self.id)


class Company(HasPicture, frozen=True, kw_only=True):
    """Entity of a company."""

    id: Id
    name: Text | None = None
    time_zone: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    currency: Text | None = None
    address: Address | None = None
    website_link: Link | None = None


class Staff(HasPicture, frozen=True, kw_only=True):
    """Entity of a member of staff."""

    id: Id
    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    other_phone: Text | None = None
    title: Text | None = None
    gender: Text | None = None
    color: Text | None = None
    description: Text | None = None
    role: Text | None = None
    external_id: NonEmptyText | None = None


class Service(HasPicture, frozen=True, kw_only=True):
    """Entity of a service, which can be booked."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    duration: Count | None = None
    buffer_duration: Count | None = None
    capacity: Count | None = None
    price: Amount | None = None
    payable: bool | None = None
    color: Text | None = None
    external_id: NonEmptyText | None = None


class CustomStatus(Record, frozen=True, kw_only=True):
    """A status of appointments that a company has defined."""

    id: Id
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
    video_link: Link | None = None


class Appointment(Record, frozen=True, kw_only=True):
    """Entity of an appointment."""

    id: Id
    reference: Text | None = None
    company: CompanyReference | None = None
    service: activities.Service | None = None
    staff: activities.Staff | None = None
    client: ClientReference | None = None
    start: ZonedDateTime | None = None
    end: ZonedDateTime | None = None
    created: ZonedDateTime | None = None
    status: AppointmentStatus | None = None
    custom_status: CustomStatus | None = None
    notes: Text | None = None
    history: BoundedList[AppointmentHistoryEntry] | None = None
    source: Text | None = None
    paid: bool | None = None
    sent_price: Money | Amount | None = field(name="price", default=None)
    online_meeting: OnlineMeeting | None = None
    location: Text | None = None
    reschedule_link: Link | None = None

    @property
    def company_id(self) -> str | None:
        """The company of the appointment, where it is readable."""
        return str(self.company.id) if isinstance(self.company, CompanyReference) else None

    @property
    def client_id(self) -> str | None:
        """The client of the appointment, where it is readable."""
        return str(self.client.id) if isinstance(self.client, ClientReference) else None

    @property
    def price(self) -> Money | activities.Unreadable | None:
        """An amount and its currency; older versions sent the amount alone."""
        if isinstance(self.sent_price, float):
            return Money(amount=self.sent_price)
        return self.sent_price


class NoteWriter(AllOptional, frozen=True, kw_only=True):
    """The author of a note."""

    email_address: Text | None = field(name="email", default=None)
    first_name: Text | None = None
    last_name: Text | None = None


class Note(Record, frozen=True, kw_only=True):
    """Entity of a note."""

    id: Id
    html: Text | None = None
    writer: NoteWriter | None = None
    date: ZonedDateTime | None = None
    contacted_by_client: bool | None = None


class EmailAddress(AllOptional, frozen=True, kw_only=True):
    """An e-mail address of a client."""

    email: Text | None = None
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
    def date(self) -> ZonedDateTime | activities.Unreadable | None:
        """When the consent was given; in version 2.0, the keys of the date are in the consent itself."""
        with suppress_surprises():
            return self._effective_date()

    def _effective_date(self) -> ZonedDateTime | activities.Unreadable | None:
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
            return activities.UNREADABLE

    @property
    def text(self) -> str | activities.Unreadable | None:
        """The text of the consent; a list in the documentation's sample, perhaps by misprint."""
        match self.sent_text:
            case None | activities.Unreadable() as missing:
                return missing
            case list(lines):
                if any(isinstance(line, activities.Unreadable) for line in lines):
                    return activities.UNREADABLE
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
    date: NonEmptyText | None = None
    current_status: FormResultStatus | None = None
    result: BoundedList[FormItem] | StrictText | None = None


class Form(Record, frozen=True, kw_only=True):
    """Entity of a form."""

    id: Id
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
    duration: Count | None = None
    location: ConferenceLocation | None = None
    web_link: Link | None = None
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
    status: Text | None = None
    web_link: Link | None = None


class ConferenceRegistration(Record, frozen=True, kw_only=True):
    """Entity of a registration for a conference."""

    id: Id
    client: ClientReference | None = None
    status: RegistrationStatus | None = None
    seats: Count | None = None
    registered: ZonedDateTime | None = None
    source: Text | None = None
    source_type: RegistrationSourceType | None = None
    cancel_reason: Text | None = None
    cancel_source: Text | None = None
    cancelled: ZonedDateTime | None = None
    web_link: Link | None = None

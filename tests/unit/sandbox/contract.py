"""The paths and entities of the upstream contract, to see that what the sandbox sends can be read."""

from typing import Annotated, Any, TypeVar

import httpx
import msgspec
from msgspec import Meta, Struct, field

from gateway.sandbox.fixtures.entities import Json

ACTIVITIES = "/api/2.3/activities"
SCHEDULING = "/api/2.1/scheduling/companies"
STAFF_OF_COMPANY = f"{SCHEDULING}/{{companyId}}/staff"
CONFERENCES = "/conferences/api/1.0/conferences"

Id = int | str
Text = str | None
Local = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")]


class Zoned(Struct, rename="camel"):
    date_time: Local
    time_zone: Text = None


class Picture(Struct, rename="camel"):
    url: str
    mime_type: str


class Named(Struct, rename="camel"):
    id: Id
    name: str


class Address(Struct, rename="camel"):
    street: Text = None
    other_street: Text = None
    zip_code: int | str | None = None
    state: Text = None
    city: Text = None
    country: Text = None


class Company(Struct, rename="camel"):
    id: Id
    name: str
    time_zone: Text = None
    email: Text = None
    phone: Text = None
    address: Address | None = None
    currency: Text = None
    website_link: Text = None
    picture: Picture | None = None
    deleted: bool = False


class Staff(Struct, rename="camel"):
    id: Id
    first_name: str
    last_name: str
    email: Text = None
    phone: Text = None
    other_phone: Text = None
    title: Text = None
    gender: Text = None
    color: Text = None
    description: Text = None
    picture: Picture | None = None
    role: Text = None
    external_id: Text = None
    updated: Zoned | None = None


class Service(Struct, rename="camel"):
    id: Id
    name: str
    description: Text = None
    duration: int | None = None
    buffer_duration: int | None = None
    capacity: int | None = None
    price: float | None = None
    payable: bool | None = None
    color: Text = None
    picture: Picture | None = None
    external_id: Text = None


class Person(Struct, rename="camel"):
    id: Id
    first_name: str
    last_name: str


class User(Struct, rename="camel"):
    first_name: str
    last_name: str
    email: str
    user_name: str


class HistoryEntry(Struct, rename="camel"):
    text: str
    date: Zoned
    source: str
    type: str
    user: User | None


class Money(Struct, rename="camel"):
    amount: float
    currency: Text


class Meeting(Struct, rename="camel"):
    provider: str
    video_link: str


class Choice(Struct, rename="camel"):
    id: Id
    name: str
    value: str
    values: list["Choice"] = []


class FormItem(Struct, rename="camel"):
    id: Id
    type: str
    title: str
    value: int | str | None = None
    values: list[Choice] = []
    file_name: Text = None
    zoned_date_time: Zoned | None = None
    sub_item: list["FormItem"] = []


class Appointment(Struct, rename="camel"):
    id: Id
    reference: str
    company: Named
    service: Named
    staff: Person
    client: Person
    start: Zoned
    end: Zoned
    created: Zoned
    status: str
    price: Money | float
    paid: bool
    reschedule_link: str
    service_resource: list[Named] = field(name="service-resource")
    meta_event: bool = field(name="meta-event")
    source: Text = None
    custom_status: Named | None = None
    notes: Text = None
    history: list[HistoryEntry] = []
    online_meeting: Meeting | None = None
    location: Text = None
    form: list[FormItem] = []


class Writer(Struct, rename="camel"):
    email: str
    first_name: str
    last_name: str


class Note(Struct, rename="camel"):
    id: Id
    client_id: Id
    html: str
    date: Zoned
    writer: Writer
    self_link: str
    contacted_by_client: bool | None = None


class Form(Struct, rename="camel"):
    id: Id
    name: str
    fields: list[FormItem]
    title: Text = None
    picture: Picture | None = None


class FormResult(Struct, rename="camel"):
    id: Id
    form: Id
    client: Id
    ip_address: str
    date: str
    current_status: str
    result: list[FormItem]
    route: Json | None = None


class Tag(Struct, rename="camel"):
    id: Id
    text: str


class Geolocation(Struct, rename="camel"):
    lat: float
    lng: float


class Location(Struct, rename="camel"):
    type: str
    text: Text = None
    street: Text = None
    geolocation: Geolocation | None = None


class Conference(Struct, rename="camel"):
    id: Id
    title: str
    capacity: int
    duration: int
    location: Location
    web_link: str
    code: str
    tags: list[Tag]
    picture: Picture | None = None


class Session(Struct, rename="camel", forbid_unknown_fields=True):
    id: Id
    start: Zoned
    status: str
    cipher_id: str
    web_link: str


class Registration(Struct, rename="camel"):
    id: Id
    client: Person
    status: str
    seats: int
    registered: Zoned
    source: str
    source_type: str
    form: list[FormItem]
    web_link: str
    cancel_reason: Text = None
    cancel_source: Text = None
    cancelled: Zoned | None = None


class Email(Struct, rename="camel"):
    email: str
    primary: bool


class Phone(Struct, rename="camel"):
    number: str
    primary: bool
    mobile: bool


class Consent(Struct, rename="camel"):
    date: Zoned
    text: str | list[str]


class Client(Struct, rename="camel"):
    id: Id
    first_name: str
    last_name: str
    email_addresses: list[Email]
    phone_numbers: list[Phone]
    gender: str
    time_zone: str
    language: str
    address: Address
    companies: list[Named]
    birth_date: Text = None
    picture: Picture | None = None
    explicit_consent: Consent | None = None
    marketing_consent: Consent | None = None


Read = TypeVar("Read")


async def one(rest: httpx.AsyncClient, path: str, type_: type[Read], **query: str) -> Read:
    answer = await rest.get(path, params=query)
    assert answer.status_code == 200, path
    return msgspec.json.decode(answer.content, type=type_)


async def many(rest: httpx.AsyncClient, path: str, type_: type[Read], **query: str) -> list[Read]:
    listed = await one(rest, path, dict[str, Any], **query)
    assert listed.keys() == {"items"}
    return [msgspec.convert(item, type_) for item in listed["items"]]


async def is_refused(rest: httpx.AsyncClient, path: str, status: int = 404, **query: str) -> bool:
    answer = await rest.get(path, params=query)
    error: Json = answer.json()["error"]
    return bool(answer.status_code == status == error["code"])


async def activities(rest: httpx.AsyncClient, client_id: str, kind: str) -> list[Json]:
    query = {"clientId": client_id, "type": kind}
    items: list[Json] = (await rest.get(ACTIVITIES, params=query)).json()["items"]
    return items

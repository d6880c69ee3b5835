"""What a resource may be: the keys that the sandbox sends, and their types."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, convert, field

from gateway.sandbox.changes.zoned_time import ZonedTime
from gateway.sandbox.endpoints.appointments import ALL_COMPANIES_ID
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.routes import (
    CLIENT_PATH,
    COMPANIES_PATH,
    CONFERENCE_PATH,
    FORMS_PATH,
    NOTE_PATH,
    SESSIONS_PATH,
    match_route,
)

Id = int | str
Text = str | None
Flag = bool | None
Object = dict[str, Any] | None
Objects = list[dict[str, Any]] | None
Time = ZonedTime | None


class Resource(Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """A resource. Only its id is required, and that may come from the path."""

    id: Id


class Client(Resource):
    """A client."""

    first_name: Text = None
    last_name: Text = None
    email_addresses: Objects = None
    phone_numbers: Objects = None
    gender: Text = None
    time_zone: Text = None
    language: Text = None
    description: Text = None
    picture: Object = None
    address: Object = None
    extended_properties: Object = None
    external_id: Text = None
    company_name: Text = None
    title: Text = None
    job_title: Text = None
    web_site_link: Text = None
    additional_addresses: Objects = None
    relationship: Objects = None
    birth_date: Text = None
    additional_fields: Objects = None
    explicit_consent: Object = None
    marketing_consent: Object = None
    companies: Objects = None
    marketing_optins: Object = None


class Note(Resource):
    """A note or a consent."""

    client_id: Id | None = None
    html: Text = None
    date: Time = None
    writer: Object = None
    self_link: Text = None
    contacted_by_client: Flag = None


class Company(Resource):
    """A company."""

    name: Text = None
    time_zone: Text = None
    email: Text = None
    phone: Text = None
    address: Object = None
    description: Text = None
    geolocation: Object = None
    picture: Object = None
    photo: Object = None
    working_hours: Objects = None
    currency: Text = None
    vacations: Objects = None
    website_link: Text = None
    scheduled_items: Text = None
    created: Time = None
    updated: Time = None
    external_id: Text = None
    social_medias: Object = None
    extended_properties: Object = None
    deleted: Flag = None


class Staff(Resource):
    """A member of a company's staff."""

    first_name: Text = None
    last_name: Text = None
    gender: Text = None
    title: Text = None
    email: Text = None
    phone: Text = None
    other_phone: Text = None
    color: Text = None
    description: Text = None
    picture: Object = None
    working_hours: Objects = None
    services: Objects = None
    vacations: Objects = None
    available_for_widget: Flag = None
    role: Text = None
    updated: Time = None
    external_id: Text = None
    additional_fields: Objects = None


class Service(Resource):
    """A service of a company."""

    name: Text = None
    capacity: int | None = None
    duration: int | None = None
    buffer_duration: int | None = None
    preparation_duration: int | None = None
    price: float | None = None
    payable: Flag = None
    color: Text = None
    description: Text = None
    picture: Object = None
    staff: Objects = None
    resource: Objects = None
    i18n: Object = None
    availability: Text = None
    allow_booking_iteration: Flag = None
    external_id: Text = None
    locations: list[str] | None = None
    waiting_list: Flag = None
    extended_properties: Object = None


class Appointment(Resource):
    """An appointment."""

    reference: Text = None
    company: Object = None
    service: Object = None
    resource: Object = None
    staff: Object = None
    client: Object = None
    start: Time = None
    end: Time = None
    created: Time = None
    status: Text = None
    custom_status: Object = None
    notes: Text = None
    history: Objects = None
    service_resource: Objects = field(default=None, name="service-resource")
    meta_event: Flag = field(default=None, name="meta-event")
    type: Text = None
    paid: Flag = None
    add_to_waiting_list: Flag = None
    source: Text = None
    iteration_count: int | None = None
    synchronization: Object = None
    reschedule_link: Text = None
    online_meeting: Object = None
    encrypted_id: Text = None
    price: dict[str, Any] | float | None = None
    location: Text = None
    extended_properties: Object = None
    form: Objects = None


class Form(Resource):
    """A form."""

    name: Text = None
    title: Text = None
    submit_message: Text = None
    fields: Objects = None
    follow_up: Flag = None
    email_notifications: Flag = None
    email_notifications_addresses: list[str] | None = None
    client_email_notifications: Flag = None
    finalize_later: Flag = None
    use_account_consent: Flag = None
    picture: Object = None


class FormResult(Resource):
    """A form result: the form and the client are bare ids, the date is a text."""

    form: Id | None = None
    client: Id | None = None
    ip_address: Text = None
    date: Text = None
    current_status: Text = None
    result: Objects = None
    route: Object = None


class Conference(Resource):
    """A conference."""

    title: Text = None
    description: Text = None
    external_id: Text = None
    picture: Object = None
    location: Object = None
    capacity: int | None = None
    duration: int | None = None
    web_link: Text = None
    code: Text = None
    tags: Objects = None
    form: Object = None
    availability: Text = None
    registration_rules: Object = None
    cipher_id: Text = None


class Session(Resource):
    """A session of a conference."""

    start: Time = None
    status: Text = None
    cipher_id: Text = None
    web_link: Text = None


class Registration(Resource):
    """A registration for a session."""

    client: Object = None
    status: Text = None
    seats: int | None = None
    registered: Time = None
    cipher_id: Text = None
    source: Text = None
    source_type: Text = None
    form: Objects = None
    web_link: Text = None
    cancel_reason: Text = None
    cancel_source: Text = None
    cancelled: Time = None


FORMAT_BY_TEMPLATE: Mapping[str, type[Resource]] = {
    CLIENT_PATH: Client,
    NOTE_PATH: Note,
    COMPANIES_PATH + "/{companyId}": Company,
    COMPANIES_PATH + "/{companyId}/staff/{staffId}": Staff,
    COMPANIES_PATH + "/{companyId}/services/{serviceId}": Service,
    COMPANIES_PATH + "/{companyId}/appointments/{appointmentId}": Appointment,
    FORMS_PATH + "/{formId}": Form,
    FORMS_PATH + "/{formId}/results/{resultId}": FormResult,
    CONFERENCE_PATH: Conference,
    SESSIONS_PATH + "/{sessionId}": Session,
    SESSIONS_PATH + "/{sessionId}/registrations/{registrationId}": Registration,
}
"""The formats of all resources that can be changed, by the template of their path."""


def template_of_resource(path: str) -> str:
    """The template of a resource's path.

    Raises:
        ValueError: The path is not that of one resource.
    """
    template, ids = match_route(path)
    if template not in FORMAT_BY_TEMPLATE:
        raise ValueError("This is not the path of a resource")
    if ids.get("companyId") == ALL_COMPANIES_ID:
        raise ValueError("The path must have the id of one company")
    return template


def with_id(content: Json, id_: str) -> Json:
    """The content with its id, which is that in the path.

    Raises:
        ValueError: The content has another one.
    """
    if str(content.get("id", id_)) != id_:
        raise ValueError(f"`id` must be {id_}, as in the path")
    return {**content, "id": content.get("id", id_)}


def check_resource(template: str, content: Json) -> None:
    """Check a resource.

    Raises:
        ValidationError: The content is no such resource; the message names the key.
    """
    convert(content, FORMAT_BY_TEMPLATE[template])

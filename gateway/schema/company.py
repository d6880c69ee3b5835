"""The companies of the business, and the services that companies offer."""

from functools import partial

import strawberry

from gateway.schema.resolvers import is_type_of_records, loaded_field
from gateway.schema.scalars import URL, Address, TimeZone
from gateway.upstream.records import activities, resources
from gateway.upstream.session import UpstreamSession

_company_field = partial(loaded_field, UpstreamSession.company, ("id",))
_service_field = partial(loaded_field, UpstreamSession.service, ("company_id", "id"))


@strawberry.type(
    description=(
        "A company: a place of the business that has staff and services. Its name comes with what "
        "it was reached through; the first other field costs one call."
    )
)
class Company:
    is_type_of = is_type_of_records(resources.CompanyReference, resources.Company)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this company.")
    name: str | None = strawberry.field(description="The name.")
    time_zone: str | None = _company_field(
        "time_zone", TimeZone | None, description="The zone that the company works in."
    )
    email: str | None = _company_field("email", str | None, description="The e-mail address.")
    phone: str | None = _company_field("phone", str | None, description="The phone number.")
    currency: str | None = _company_field(
        "currency", str | None, description="The currency of prices, such as `EUR`."
    )
    address: Address | None = _company_field(
        "address", Address | None, description="Where the company is."
    )
    website_link: str | None = _company_field(
        "website_link", URL | None, description="The company's web site."
    )
    picture_url: str | None = _company_field(
        "picture_url", URL | None, description="Where a picture of the company is."
    )


@strawberry.type(
    description=(
        "A service that appointments are made for. Its name comes with what it was reached "
        "through; the first other field costs one call for all services of the company. Those "
        "fields are null where the service is no longer there."
    )
)
class Service:
    is_type_of = is_type_of_records(activities.Service, resources.Service)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this service.")
    name: str | None = strawberry.field(
        description="The name, as recorded where this was reached through."
    )
    description: str | None = _service_field(
        "description", str | None, description="What the business says of it."
    )
    duration: int | None = _service_field(
        "duration", int | None, description="How long it takes, in minutes."
    )
    buffer_duration: int | None = _service_field(
        "buffer_duration",
        int | None,
        description="How long nothing else is booked around it, in minutes.",
    )
    capacity: int | None = _service_field(
        "capacity", int | None, description="How many clients can book the same time."
    )
    price: float | None = _service_field(
        "price", float | None, description="The price, in the company's currency."
    )
    payable: bool | None = _service_field(
        "payable", bool | None, description="Whether it is paid when it is booked."
    )
    color: str | None = _service_field(
        "color", str | None, description="The colour in calendars, such as `#EFEFEF`."
    )
    picture_url: str | None = _service_field(
        "picture_url", URL | None, description="Where a picture of it is."
    )
    external_id: str | None = _service_field(
        "external_id", str | None, description="The id in another system."
    )

"""The business: its companies and the services they give."""

from functools import partial

import strawberry

from gateway.schema.resolvers import looked_up, recorded_as
from gateway.schema.scalars import URL, Address, TimeZone
from gateway.upstream.records import activities, resources
from gateway.upstream.session import Session

_of_company = partial(looked_up, Session.company, ("id",))
_of_service = partial(looked_up, Session.service, ("company_id", "id"))


@strawberry.type(
    description=(
        "A company: a place of the business that has staff and services. Its name comes with what "
        "it was reached through; the first other field costs one call."
    )
)
class Company:
    is_type_of = recorded_as(resources.CompanyReference, resources.Company)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this company.")
    name: str | None = strawberry.field(description="The name.")
    time_zone: str | None = _of_company(
        "time_zone", TimeZone | None, description="The zone that the company works in."
    )
    email: str | None = _of_company("email", str | None, description="The e-mail address.")
    phone: str | None = _of_company("phone", str | None, description="The phone number.")
    currency: str | None = _of_company(
        "currency", str | None, description="The currency of prices, such as `EUR`."
    )
    address: Address | None = _of_company(
        "address", Address | None, description="Where the company is."
    )
    website_link: str | None = _of_company(
        "website_link", URL | None, description="The company's web site."
    )
    picture_url: str | None = _of_company(
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
    is_type_of = recorded_as(activities.Service, resources.Service)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this service.")
    name: str | None = strawberry.field(
        description="The name, as recorded where this was reached through."
    )
    description: str | None = _of_service(
        "description", str | None, description="What the business says of it."
    )
    duration: int | None = _of_service(
        "duration", int | None, description="How long it takes, in minutes."
    )
    buffer_duration: int | None = _of_service(
        "buffer_duration",
        int | None,
        description="How long nothing else is booked around it, in minutes.",
    )
    capacity: int | None = _of_service(
        "capacity", int | None, description="How many clients can book the same time."
    )
    price: float | None = _of_service(
        "price", float | None, description="The price, in the company's currency."
    )
    payable: bool | None = _of_service(
        "payable", bool | None, description="Whether it is paid when it is booked."
    )
    color: str | None = _of_service(
        "color", str | None, description="The colour in calendars, such as `#EFEFEF`."
    )
    picture_url: str | None = _of_service(
        "picture_url", URL | None, description="Where a picture of it is."
    )
    external_id: str | None = _of_service(
        "external_id", str | None, description="The id in another system."
    )

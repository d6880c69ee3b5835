"""The business: its companies and the services they give."""

from collections.abc import Awaitable

import strawberry

from gateway.schema.reading import Reached, looked_up, recorded_as
from gateway.schema.values import URL, Address, TimeZone
from gateway.upstream import entities, records
from gateway.upstream.session import Session


def _company(
    session: Session, reached: Reached[entities.CompanyReference]
) -> Awaitable[entities.Company | None]:
    return session.company(str(reached.record.id))


def _service(
    session: Session, reached: Reached[records.Service]
) -> Awaitable[entities.Service | None]:
    return session.service(reached.company_id, str(reached.record.id))


@strawberry.type(
    description=(
        "A company: a place of the business that has staff and services. Its name comes with what "
        "it was reached through; the first other field costs one call."
    )
)
class Company:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this company.")
    name: str | None = strawberry.field(description="The name.")
    time_zone: str | None = looked_up(
        _company, "time_zone", TimeZone | None, description="The zone that the company works in."
    )
    email: str | None = looked_up(_company, "email", str | None, description="The e-mail address.")
    phone: str | None = looked_up(_company, "phone", str | None, description="The phone number.")
    currency: str | None = looked_up(
        _company, "currency", str | None, description="The currency of prices, such as `EUR`."
    )
    address: Address | None = looked_up(
        _company, "address", Address | None, description="Where the company is."
    )
    website_link: str | None = looked_up(
        _company, "website_link", URL | None, description="The company's web site."
    )
    picture_url: str | None = looked_up(
        _company, "picture_url", URL | None, description="Where a picture of the company is."
    )


@strawberry.type(
    description=(
        "A service that appointments are made for. Its name comes with what it was reached "
        "through; the first other field costs one call for all services of the company. Those "
        "fields are null where the service is no longer there."
    )
)
class Service:
    is_type_of = recorded_as(records.Service)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this service.")
    name: str | None = strawberry.field(
        description="The name, as recorded where this was reached through."
    )
    description: str | None = looked_up(
        _service, "description", str | None, description="What the business says of it."
    )
    duration: int | None = looked_up(
        _service, "duration", int | None, description="How long it takes, in minutes."
    )
    buffer_duration: int | None = looked_up(
        _service,
        "buffer_duration",
        int | None,
        description="How long nothing else is booked around it, in minutes.",
    )
    capacity: int | None = looked_up(
        _service, "capacity", int | None, description="How many clients can book the same time."
    )
    price: float | None = looked_up(
        _service, "price", float | None, description="The price, in the company's currency."
    )
    payable: bool | None = looked_up(
        _service, "payable", bool | None, description="Whether it is paid when it is booked."
    )
    color: str | None = looked_up(
        _service, "color", str | None, description="The colour in calendars, such as `#EFEFEF`."
    )
    picture_url: str | None = looked_up(
        _service, "picture_url", URL | None, description="Where a picture of it is."
    )
    external_id: str | None = looked_up(
        _service, "external_id", str | None, description="The id in another system."
    )

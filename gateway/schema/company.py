"""The companies of the business, and the services that companies offer: recorded and today."""

from collections.abc import Awaitable
from functools import partial

import strawberry

from gateway.engine.resolvers import AttributeField, LoadedField
from gateway.schema.context import Context
from gateway.schema.resolvers import (
    build_loaded_field,
    current_field,
    is_type_of_records,
    load_function,
    loaded_field,
)
from gateway.schema.scalars import URL, Address, TimeZone
from gateway.upstream.endpoints import COMPANY, SERVICE
from gateway.upstream.records import activities, resources

_company_field = partial(loaded_field, COMPANY)
_service_field = partial(loaded_field, SERVICE)


@strawberry.type(
    description=(
        "A company as the entity is today: a place of the business that has staff and services. The name costs "
        "nothing inside an `Appointment` or a `ClientProfile`; each other field needs one read of the company."
    )
)
class Company:
    is_type_of = is_type_of_records(resources.CompanyReference, resources.Company)

    id: strawberry.ID = strawberry.field(description="The upstream's id of the company.")
    name: str | None = strawberry.field(
        description="The name of the company. Null where the upstream sends none."
    )
    time_zone: str | None = _company_field(
        "time_zone",
        TimeZone | None,
        description=(
            "The time zone in which the company works. Null where the upstream sends none or the company no "
            "longer exists. Costs the read of the company."
        ),
    )
    email_address: str | None = _company_field(
        "email_address",
        str | None,
        description=(
            "The e-mail address of the company. Null where the upstream sends none or the company no longer "
            "exists. Costs the read of the company."
        ),
    )
    phone: str | None = _company_field(
        "phone",
        str | None,
        description=(
            "The phone number of the company. Null where the upstream sends none or the company no longer "
            "exists. Costs the read of the company."
        ),
    )
    currency: str | None = _company_field(
        "currency",
        str | None,
        description=(
            "The currency of the company's prices, such as `EUR`. Null where the upstream sends none or the "
            "company no longer exists. Costs the read of the company."
        ),
    )
    address: Address | None = _company_field(
        "address",
        Address | None,
        description=(
            "The postal address of the company. Null where the upstream sends none or the company no longer "
            "exists. Costs the read of the company."
        ),
    )
    website_url: str | None = _company_field(
        "website_url",
        URL | None,
        description=(
            "The address of the company's web site. Null where the upstream sends none or the company no longer "
            "exists. Costs the read of the company."
        ),
    )
    picture_url: str | None = _company_field(
        "picture_url",
        URL | None,
        description=(
            "The address of a picture of the company. Null where the upstream sends none or the company no "
            "longer exists. Costs the read of the company."
        ),
    )


@strawberry.type(
    description=(
        "The company of an appointment as an activity recorded it: the appointment's link names the company, "
        "and nothing else of it was recorded."
    )
)
class CompanySnapshot:
    company_id: strawberry.ID | None = strawberry.field(
        description=(
            "The upstream's id of the company, read out of the appointment's link. Where the link has none, "
            "`AppointmentSnapshot.company` is null."
        )
    )
    current: Company | None = current_field(
        COMPANY,
        Company | None,
        description=(
            "The company as the entity is today. Null where the company no longer exists. Costs the read of the "
            "company."
        ),
    )


def _load_company_of_price(
    context: Context, company_id: str | None
) -> Awaitable[resources.Company | None]:
    return load_function(COMPANY)(context, company_id or context.settings.company_id)


@strawberry.type(description="An amount of money.")
class Money:
    amount: float | None = strawberry.field(
        description="The amount in the main unit of the currency. Null where the upstream sends none."
    )
    currency: str | None = build_loaded_field(
        LoadedField(
            _load_company_of_price, ("company_id",), AttributeField("currency"), resources.Money
        ),
        str | None,
        description=(
            "The currency of the amount, such as `EUR`. Null where the upstream sends none. Free in the price of "
            "an appointment; in the price of a service it costs the read of the company, whose currency it is."
        ),
    )


@strawberry.type(
    description=(
        "A service as the entity is today: something for which clients make appointments. The name costs "
        "nothing inside an `Appointment`; each other field needs the list of the company's services, which is "
        "read once for all services of the company."
    )
)
class Service:
    is_type_of = is_type_of_records(resources.ServiceReference, resources.Service)

    id: strawberry.ID = strawberry.field(description="The upstream's id of the service.")
    name: str | None = strawberry.field(
        description="The name of the service. Null where the upstream sends none."
    )
    description: str | None = _service_field(
        "description",
        str | None,
        description=(
            "The description of the service by the business. Null where the upstream sends none or the service "
            "no longer exists. Costs the read of the company's services."
        ),
    )
    duration_minutes: int | None = _service_field(
        "duration_minutes",
        int | None,
        description=(
            "The duration of an appointment for the service, in minutes. Null where the upstream sends none or "
            "the service no longer exists. Costs the read of the company's services."
        ),
    )
    buffer_minutes: int | None = _service_field(
        "buffer_minutes",
        int | None,
        description=(
            "The time around an appointment for the service in which nothing else is booked, in minutes. Null "
            "where the upstream sends none or the service no longer exists. Costs the read of the company's "
            "services."
        ),
    )
    capacity: int | None = _service_field(
        "capacity",
        int | None,
        description=(
            "The number of clients who can book the service at the same time. Null where the upstream sends "
            "none or the service no longer exists. Costs the read of the company's services."
        ),
    )
    price: Money | None = _service_field(
        "price",
        Money | None,
        description=(
            "The price of the service, in the currency of the company. Null where the upstream sends none or the "
            "service no longer exists. Costs the read of the company's services; `Money.currency` costs the "
            "read of the company."
        ),
    )
    is_payable: bool | None = _service_field(
        "is_payable",
        bool | None,
        description=(
            "Whether clients pay for the service when they book it. Null where the upstream does not tell or "
            "the service no longer exists. Costs the read of the company's services."
        ),
    )
    color: str | None = _service_field(
        "color",
        str | None,
        description=(
            "The colour of the service in calendars, such as `#EFEFEF`. Null where the upstream sends none or "
            "the service no longer exists. Costs the read of the company's services."
        ),
    )
    picture_url: str | None = _service_field(
        "picture_url",
        URL | None,
        description=(
            "The address of a picture of the service. Null where the upstream sends none or the service no "
            "longer exists. Costs the read of the company's services."
        ),
    )
    external_id: str | None = _service_field(
        "external_id",
        str | None,
        description=(
            "The id of the service in another system of the business. Null where the upstream sends none or the "
            "service no longer exists. Costs the read of the company's services."
        ),
    )


@strawberry.type(
    description=(
        "A service as an activity recorded it. A snapshot has no `id`, so that caches never merge a recorded "
        "name into today's entity, which is `current`."
    )
)
class ServiceSnapshot:
    is_type_of = is_type_of_records(activities.ServiceSnapshot)

    service_id: strawberry.ID | None = strawberry.field(
        description="The upstream's id of the service. Null where the activity did not record the id."
    )
    name: str | None = strawberry.field(
        description=(
            "The name of the service when the activity was recorded. Null where the activity did not record it."
        )
    )
    current: Service | None = current_field(
        SERVICE,
        Service | None,
        description=(
            "The service as the entity is today. Null where the service no longer exists or the activity did "
            "not record the id. Costs the read of the company's services, one for all services of the company; "
            "an error with the code `COMPANY_UNKNOWN` where nothing tells the company."
        ),
    )

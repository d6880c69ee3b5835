"""The client: the timeline of activities, and the profile."""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import strawberry

from gateway.engine.resolvers import Node
from gateway.schema.arguments import (
    After,
    AppointmentId,
    Before,
    Events,
    First,
    From,
    Kinds,
    Last,
    Sort,
    To,
    argument,
    argument_set,
)
from gateway.schema.company import Company
from gateway.schema.context import Info
from gateway.schema.enums import SortOrder
from gateway.schema.filters import TimelineFilter
from gateway.schema.pagination import PagingArguments
from gateway.schema.resolvers import (
    as_async_resolver,
    entity_field,
    is_type_of_records,
    resolver_metadata,
)
from gateway.schema.scalars import URL, Address, TimeZone, ZonedDateTime
from gateway.schema.timeline import (
    ACTIVITIES,
    PendingTimeline,
    load_timeline_page,
    with_full_records,
)
from gateway.upstream.records import resources
from gateway.upstream.session import UpstreamSession

_TIMELINE_TYPE: Any = (
    Annotated["ActivityConnection", strawberry.lazy("gateway.schema.connection")] | None  # noqa: F821
)
"""Lazy, since the types are cyclic: a timeline has appointments, and these have clients and timelines."""

_TIMELINE_DESCRIPTION = (
    "A client's activities in order of their instants, those without one last; of one instant, "
    "ids that consist of digits come first, by value, then all others, as text. The upstream "
    "is asked once for all timelines of a client in one operation, whatever their arguments, but "
    "for `appointmentId`. Null, with an error, where the upstream gives no answer."
)


def timeline_field(
    resolve: Callable[..., PendingTimeline],
    *,
    description: str = _TIMELINE_DESCRIPTION,
    **field_options: Any,
) -> Any:
    """A field whose value is a page of a timeline; `field_options` guard the field as in `loaded_field`."""

    @wraps(resolve)
    def resolver(*args: Any, **kwargs: Any) -> Any:
        return with_full_records(resolve(*args, **kwargs))

    return strawberry.field(
        resolver=as_async_resolver(resolver) if field_options else resolver,
        graphql_type=_TIMELINE_TYPE,
        description=description,
        metadata=resolver_metadata(resolve, items=ACTIVITIES),
        **field_options,
    )


def activities_of_client(  # noqa: PLR0913, PLR0917 - one parameter per GraphQL argument
    root: strawberry.Parent[Node[resources.ClientReference]],
    info: Info,
    kinds: Kinds = strawberry.UNSET,
    events: Events = strawberry.UNSET,
    appointment_id: AppointmentId = strawberry.UNSET,
    from_: From = strawberry.UNSET,
    to: To = strawberry.UNSET,
    sort: Sort = SortOrder.ASC,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> PendingTimeline:
    timeline_filter = TimelineFilter(
        client_id=str(root.value.id),
        kinds=argument_set(kinds),
        events=argument_set(events),
        appointment_id=argument(appointment_id),
        since=argument(from_),
        until=argument(to),
        sort=sort or SortOrder.ASC,
    )
    paging = PagingArguments(argument(first), argument(after), argument(last), argument(before))
    client = Node(root.value)  # no parent: activities do not depend on the path to the client
    return load_timeline_page(client, info, timeline_filter, paging)


@strawberry.type(description="An e-mail address of a client.")
class EmailAddress:
    email: str | None = strawberry.field(description="The address.")
    is_primary: bool | None = strawberry.field(description="Whether it is the one to use first.")


@strawberry.type(description="A phone number of a client.")
class PhoneNumber:
    number: str | None = strawberry.field(description="The number, as it was entered.")
    is_primary: bool | None = strawberry.field(description="Whether it is the one to use first.")
    is_mobile: bool | None = strawberry.field(description="Whether it takes text messages.")


@strawberry.type(description="A consent that a client gave.")
class Consent:
    date: ZonedDateTime | None = strawberry.field(description="When it was given.")
    text: str | None = strawberry.field(description="What was consented to.")


@strawberry.type(description="Who a client is, as far as the business knows.")
class ClientProfile:
    first_name: str | None = strawberry.field(description="The first name.")
    last_name: str | None = strawberry.field(description="The last name.")
    email_addresses: list[EmailAddress] | None = strawberry.field(
        description="The e-mail addresses."
    )
    phone_numbers: list[PhoneNumber] | None = strawberry.field(description="The phone numbers.")
    gender: str | None = strawberry.field(
        description="The gender: `male`, `female` or `undefined`."
    )
    time_zone: TimeZone | None = strawberry.field(description="The zone that the client lives in.")
    language: str | None = strawberry.field(
        description="The language to address the client in, such as `fr`."
    )
    description: str | None = strawberry.field(description="What the business notes of the client.")
    picture_url: URL | None = strawberry.field(description="Where a picture of the client is.")
    address: Address | None = strawberry.field(description="Where the client lives.")
    company_name: str | None = strawberry.field(description="The company that the client is with.")
    job_title: str | None = strawberry.field(description="What the client does there.")
    birth_date: str | None = strawberry.field(
        description="The date of birth, as sent: the upstream does not document its form."
    )
    external_id: str | None = strawberry.field(description="The id in another system.")
    companies: list[Company] | None = strawberry.field(
        description="The companies of the business that the client belongs to."
    )
    explicit_consent: Consent | None = strawberry.field(
        description="The last consent to keep the client's data."
    )
    marketing_consent: Consent | None = strawberry.field(
        description="The last consent to receive marketing."
    )


@strawberry.type(description="A client: somebody who makes appointments with the business.")
class Client:
    is_type_of = is_type_of_records(resources.ClientReference, resources.RequestedClient)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this client.")
    activities: Any = timeline_field(activities_of_client)
    profile: ClientProfile | None = entity_field(
        UpstreamSession.client,
        ("id", "requested_id"),
        ClientProfile | None,
        description="Who this is, for one call; null where the upstream does not know this client.",
    )

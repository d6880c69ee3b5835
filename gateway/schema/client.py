"""The client: the timeline of activities, and the profile."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any

import strawberry

from gateway.engine.resolvers import Node
from gateway.errors import InvalidArgument
from gateway.schema.arguments import (
    After,
    Around,
    Before,
    Filter,
    First,
    FirstThreads,
    Last,
    LastThreads,
    Phases,
    Sort,
    SortThreads,
    StartingAt,
    paging_arguments,
)
from gateway.schema.company import Company
from gateway.schema.context import Context, Info
from gateway.schema.enums import SortOrder
from gateway.schema.filters import TimelineFilter
from gateway.schema.resolvers import (
    as_async_resolver,
    entity_field,
    is_type_of_records,
    load_function,
    resolver_metadata,
)
from gateway.schema.scalars import URL, Address, TimeZone, ZonedDateTime
from gateway.schema.thread_page import RawThreads, ThreadSelection, load_threads_page
from gateway.schema.timeline import (
    ACTIVITIES,
    PendingPage,
    PendingTimeline,
    load_timeline_page,
    with_full_records,
)
from gateway.upstream.endpoints import CLIENT
from gateway.upstream.records import links, resources

_TIMELINE_TYPE: Any = (
    Annotated["ActivityConnection", strawberry.lazy("gateway.schema.connection")] | None  # noqa: F821
)
"""Lazy, since the types are cyclic: a timeline has activities, and these have clients and timelines."""

_THREADS_TYPE: Any = (
    Annotated["AppointmentThreadConnection", strawberry.lazy("gateway.schema.thread_connection")]  # noqa: F821
    | None
)

_TIMELINE_DESCRIPTION = (
    "A page of the client's timeline: activities in the order of their instants, those without an instant last. "
    "At one instant, ids that consist of digits come first, by value, then all other ids, as text. A page has 50 "
    "activities by default and at most 100, unless the gateway is set otherwise. All timelines of one client in "
    "an operation cost one upstream call, and one more for each distinct `filter.appointmentId`. Null, with an "
    "error, where the upstream sends no timeline."
)


def timeline_field(
    resolve: Callable[..., PendingPage[Any]],
    *,
    graphql_type: object = _TIMELINE_TYPE,
    description: str = _TIMELINE_DESCRIPTION,
    **field_options: Any,
) -> Any:
    """A field whose value is a page of a timeline, or of what is made of one.

    `field_options` guard the field as in `loaded_field`.
    """

    @wraps(resolve)
    def resolver(*args: Any, **kwargs: Any) -> Any:
        return with_full_records(resolve(*args, **kwargs))

    return strawberry.field(
        resolver=as_async_resolver(resolver) if field_options else resolver,
        graphql_type=graphql_type,
        description=description,
        metadata=resolver_metadata(resolve, items=ACTIVITIES, reads=True),
        **field_options,
    )


def activities_of_client(  # noqa: PLR0913, PLR0917 - one parameter per GraphQL argument
    root: strawberry.Parent[Node[resources.ClientReference]],
    info: Info,
    filter: Filter = strawberry.UNSET,  # noqa: A002
    sort: Sort = SortOrder.ASC,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
    around: Around = strawberry.UNSET,
    starting_at: StartingAt = strawberry.UNSET,
) -> PendingTimeline:
    timeline_filter = TimelineFilter.of(root.value, filter, sort)
    paging = paging_arguments(first, after, last, before, around, starting_at)
    client = Node(root.value)  # without ids: activities do not depend on what led to the client
    return load_timeline_page(client, info, timeline_filter, paging)


def appointment_threads_of_client(  # noqa: PLR0913, PLR0917 - one parameter per GraphQL argument
    root: strawberry.Parent[Node[resources.ClientReference]],
    info: Info,
    phases: Phases = strawberry.UNSET,
    sort: SortThreads = SortOrder.ASC,
    first: FirstThreads = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: LastThreads = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> PendingPage[RawThreads]:
    selection = ThreadSelection.of(root.value, phases, sort)
    paging = paging_arguments(first, after, last, before)
    client = Node(root.value)  # without ids, as for activities
    return load_threads_page(client, info, selection, paging)


def timeline_client(client_id: str, argument: str | None) -> resources.ClientReference:
    """The client of the timeline to which an activity belongs; `argument` is that of a `RequestedClient`."""
    if argument is None:
        return resources.ClientReference(id=client_id)
    return resources.RequestedClient(id=client_id, argument=argument)


def _load_profile(
    context: Context, client_id: str, argument: str | None
) -> Awaitable[resources.Client | None]:
    """Load a client. An invalid id is the caller's error where the caller sent it, else the upstream's."""
    if argument is not None and not links.is_id(client_id):
        raise InvalidArgument(f"`{argument}` is not the id of a client.", argument=argument)
    return load_function(CLIENT)(context, client_id)


@strawberry.type(description="An e-mail address of a client.")
class EmailAddress:
    email_address: str | None = strawberry.field(
        description="The e-mail address as it was entered. Null where the upstream sends none."
    )
    is_primary: bool | None = strawberry.field(
        description=(
            "Whether the address is the client's primary one. Null where the upstream does not tell."
        )
    )


@strawberry.type(description="A phone number of a client.")
class PhoneNumber:
    number: str | None = strawberry.field(
        description="The phone number as it was entered. Null where the upstream sends none."
    )
    is_primary: bool | None = strawberry.field(
        description="Whether the number is the client's primary one. Null where the upstream does not tell."
    )
    is_mobile: bool | None = strawberry.field(
        description=(
            "Whether the number belongs to a mobile phone, which receives text messages. Null where the "
            "upstream does not tell."
        )
    )


@strawberry.type(description="A consent of a client.")
class Consent:
    date: ZonedDateTime | None = strawberry.field(
        description="The date and time of the consent. Null where the upstream sends none."
    )
    text: str | None = strawberry.field(
        description="The text to which the client consented. Null where the upstream sends none."
    )


@strawberry.type(description="The personal data of a client as the business has recorded them.")
class ClientProfile:
    first_name: str | None = strawberry.field(
        description="The first name of the client. Null where the upstream sends none."
    )
    last_name: str | None = strawberry.field(
        description="The last name of the client. Null where the upstream sends none."
    )
    email_addresses: list[EmailAddress] | None = strawberry.field(
        description="The e-mail addresses of the client. Null where the upstream sends none."
    )
    phone_numbers: list[PhoneNumber] | None = strawberry.field(
        description="The phone numbers of the client. Null where the upstream sends none."
    )
    gender: str | None = strawberry.field(
        description=(
            "The gender of the client: `male`, `female` or `undefined`. Null where the upstream sends none."
        )
    )
    time_zone: TimeZone | None = strawberry.field(
        description="The time zone of the client. Null where the upstream sends none."
    )
    language: str | None = strawberry.field(
        description=(
            "The language in which the business addresses the client, such as `fr`. Null where the upstream "
            "sends none."
        )
    )
    description: str | None = strawberry.field(
        description="The notes of the business about the client. Null where the upstream sends none."
    )
    picture_url: URL | None = strawberry.field(
        description="The address of a picture of the client. Null where the upstream sends none."
    )
    address: Address | None = strawberry.field(
        description="The postal address of the client. Null where the upstream sends none."
    )
    company_name: str | None = strawberry.field(
        description="The name of the company for which the client works. Null where the upstream sends none."
    )
    job_title: str | None = strawberry.field(
        description="The job title of the client. Null where the upstream sends none."
    )
    birth_date: str | None = strawberry.field(
        description=(
            "The date of birth of the client, as sent: the upstream does not document its format. Null where the "
            "upstream sends none."
        )
    )
    external_id: str | None = strawberry.field(
        description=(
            "The id of the client in another system of the business. Null where the upstream sends none."
        )
    )
    companies: list[Company] | None = strawberry.field(
        description=(
            "The companies of the business to which the client belongs. Null where the upstream sends none."
        )
    )
    explicit_consent: Consent | None = strawberry.field(
        description=(
            "The last consent of the client to the storage of personal data. Null where the upstream sends none."
        )
    )
    marketing_consent: Consent | None = strawberry.field(
        description="The last consent of the client to marketing. Null where the upstream sends none."
    )


@strawberry.type(
    description=(
        "A client: a customer of the business, with a timeline of activities. The object itself costs nothing "
        "and does not prove that the upstream knows the client."
    )
)
class Client:
    is_type_of = is_type_of_records(resources.ClientReference, resources.RequestedClient)

    id: strawberry.ID = strawberry.field(description="The upstream's id of the client.")
    activities: Any = timeline_field(activities_of_client)
    appointment_threads: Any = timeline_field(
        appointment_threads_of_client,
        graphql_type=_THREADS_TYPE,
        description=(
            "A page of the client's appointment threads: one for each appointment that the timeline names, in the "
            "order of the starts, those without a known instant last. A page has 50 threads by default and at most "
            "100, unless the gateway is set otherwise. Costs the upstream call of the timeline, which all timelines "
            "of the client in an operation share. Null, with an error, where the upstream sends no timeline."
        ),
    )
    profile: ClientProfile | None = entity_field(
        _load_profile,
        ("id", "argument"),  # its own argument, not that of a client around it
        ClientProfile | None,
        description=(
            "The personal data of the client. Null where the upstream does not know the client. Costs one read "
            "for each distinct client."
        ),
    )

"""The root query type."""

from collections.abc import Awaitable
from typing import Annotated, Any

import strawberry

from gateway.engine.resolvers import MappedResult, Node
from gateway.errors import InvalidArgument
from gateway.schema.appointment import Appointment
from gateway.schema.arguments import (
    After,
    Around,
    Before,
    Filter,
    First,
    Last,
    Sort,
    StartingAt,
    paging_arguments,
    value_or_none,
)
from gateway.schema.client import Client, timeline_field
from gateway.schema.context import Info
from gateway.schema.enums import SortOrder
from gateway.schema.filters import TimelineFilter, require_id
from gateway.schema.resolvers import resolver_metadata
from gateway.schema.timeline import PendingTimeline, load_timeline_page
from gateway.upstream.endpoints import APPOINTMENT
from gateway.upstream.records import links, resources

_ClientId = Annotated[
    strawberry.ID, strawberry.argument(description="The upstream's id of the client.")
]


def client_node(client_id: str, argument: str) -> Node[resources.RequestedClient]:
    """The node of a client of which only the id is known, which the caller sent as `argument`.

    Raises:
        InvalidArgument: The id is blank.
    """
    require_id(client_id, argument)
    return Node(resources.RequestedClient(id=client_id, argument=argument))


def resolve_activities(  # noqa: PLR0913, PLR0917 - one parameter per GraphQL argument
    info: Info,
    client_id: _ClientId,
    filter: Filter = strawberry.UNSET,  # noqa: A002
    sort: Sort = SortOrder.ASC,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
    around: Around = strawberry.UNSET,
    starting_at: StartingAt = strawberry.UNSET,
) -> PendingTimeline:
    client = client_node(client_id, "clientId")
    timeline_filter = TimelineFilter.of(client.value, filter, sort)
    paging = paging_arguments(first, after, last, before, around, starting_at)
    return load_timeline_page(client, info, timeline_filter, paging)


def resolve_client(id: _ClientId) -> Node[resources.RequestedClient]:  # noqa: A002
    return client_node(id, "id")


def resolve_clients(
    info: Info,
    ids: Annotated[
        list[strawberry.ID],
        strawberry.argument(
            description="The upstream's ids of the clients; at most 20 unless the gateway is set otherwise."
        ),
    ],
) -> list[Node[resources.RequestedClient]]:
    max_clients = info.context.settings.max_clients
    if len(ids) > max_clients:
        raise InvalidArgument(
            f"At most {max_clients} clients can be requested at once.", argument="ids"
        )
    return [client_node(id_, "ids") for id_ in ids]


def resolve_appointment(
    info: Info,
    id: Annotated[  # noqa: A002
        strawberry.ID, strawberry.argument(description="The upstream's id of the appointment.")
    ],
    company_id: Annotated[
        strawberry.ID | None,
        strawberry.argument(
            description=(
                "The upstream's id of the company of the appointment. The company that the gateway is set to "
                "where absent."
            )
        ),
    ] = strawberry.UNSET,
) -> Awaitable[Node[resources.Appointment] | None]:
    company_id = value_or_none(company_id)
    for argument, id_ in (("id", id), ("companyId", company_id)):
        if id_ is not None and not links.is_id(id_):
            require_id(id_, argument)
            raise InvalidArgument(f"`{argument}` is not an id.", argument=argument)
    load = info.context.session.load(APPOINTMENT, company_id, id, None)
    ids = {} if company_id is None else {"company_id": company_id}

    def build(appointment: resources.Appointment | None) -> Node[resources.Appointment] | None:
        # The upstream also finds appointments by their references, which are not ids.
        return None if appointment is None or str(appointment.id) != id else Node(appointment, ids)

    return MappedResult(load, build)


QUERY_DESCRIPTION = "The root type of all queries."


@strawberry.type(description=QUERY_DESCRIPTION)
class Query:
    activities: Any = timeline_field(resolve_activities)
    client: Any = strawberry.field(
        resolver=resolve_client,
        graphql_type=Client,
        metadata=resolver_metadata(resolve_client),
        description=(
            "The client with an id. The field costs nothing and does not check whether the upstream knows the "
            "client."
        ),
    )
    clients: Any = strawberry.field(
        resolver=resolve_clients,
        graphql_type=list[Client],
        metadata=resolver_metadata(resolve_clients),
        description=(
            "The clients with some ids, in the order of the ids. Where the upstream does not know a client, only "
            "the timeline of this client is null, with an error."
        ),
    )
    appointment: Any = strawberry.field(
        resolver=resolve_appointment,
        graphql_type=Appointment | None,
        metadata=resolver_metadata(resolve_appointment, reads=True),
        description=(
            "The appointment with an id, as the entity is today. Null where no appointment of the company has the "
            "id; an error with the code `COMPANY_UNKNOWN` where nothing tells the company. Costs one read."
        ),
    )

"""The root query type."""

from typing import Annotated, Any

import strawberry

from gateway.engine.resolvers import Node
from gateway.errors import InvalidArgument
from gateway.schema.arguments import (
    After,
    AppointmentId,
    Before,
    ClientId,
    Events,
    First,
    From,
    Kinds,
    Last,
    Sort,
    To,
)
from gateway.schema.client import Client, activities_of_client, timeline_field
from gateway.schema.context import Info
from gateway.schema.enums import SortOrder
from gateway.schema.resolvers import resolver_metadata
from gateway.schema.timeline import PendingTimeline
from gateway.upstream.records.resources import RequestedClient


def client_node(client_id: str) -> Node[RequestedClient]:
    """The node of a client of which only the id is known."""
    return Node(RequestedClient(id=client_id))


def resolve_activities(  # noqa: PLR0913, PLR0917 - one parameter per GraphQL argument
    info: Info,
    client_id: ClientId,
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
    return activities_of_client(
        client_node(client_id),
        info,
        kinds=kinds,
        events=events,
        appointment_id=appointment_id,
        from_=from_,
        to=to,
        sort=sort,
        first=first,
        after=after,
        last=last,
        before=before,
    )


def resolve_client(
    id: Annotated[strawberry.ID, strawberry.argument(description="The client's id.")],  # noqa: A002
) -> Node[RequestedClient]:
    return client_node(id)


def resolve_clients(
    info: Info,
    ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids of the clients.")],
) -> list[Node[RequestedClient]]:
    max_clients = info.context.settings.max_clients
    if len(ids) > max_clients:
        raise InvalidArgument(f"At most {max_clients} clients can be requested at once.")
    return [client_node(id_) for id_ in ids]


QUERY_DESCRIPTION = "Where every query starts."


@strawberry.type(description=QUERY_DESCRIPTION)
class Query:
    activities: Any = timeline_field(resolve_activities)
    client: Any = strawberry.field(
        resolver=resolve_client,
        graphql_type=Client,
        metadata=resolver_metadata(resolve_client),
        description="One client. Costs nothing by itself, and does not check that there is one.",
    )
    clients: Any = strawberry.field(
        resolver=resolve_clients,
        graphql_type=list[Client],
        metadata=resolver_metadata(resolve_clients),
        description=(
            "Several clients, in the order asked, up to a number that the gateway sets. One that "
            "the upstream does not know costs its own timeline only."
        ),
    )

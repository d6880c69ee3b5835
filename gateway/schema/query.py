"""Root Query."""

from typing import Annotated, Any

import strawberry

from gateway.errors import InputRefused
from gateway.operations.fields import Reached
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
from gateway.schema.client import ARGUMENTS, Client, activities_of_client, timeline_field
from gateway.schema.context import Info
from gateway.schema.reading import resolved
from gateway.schema.timeline import Page
from gateway.schema.words import SortOrder
from gateway.upstream.entities import AskedClient


def reached(client_id: str) -> Reached[AskedClient]:
    """A client of whom nothing is known but the id."""
    return Reached(AskedClient(id=client_id))


def activities(  # noqa: PLR0913, PLR0917 - one parameter per GraphQL argument
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
) -> Page:
    return activities_of_client(
        reached(client_id),
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


def client(
    id: Annotated[strawberry.ID, strawberry.argument(description="The client's id.")],  # noqa: A002
) -> Reached[AskedClient]:
    return reached(id)


def clients(
    info: Info,
    ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids of the clients.")],
) -> list[Reached[AskedClient]]:
    most = info.context.settings.max_clients
    if len(ids) > most:
        raise InputRefused(f"At most {most} clients can be asked for at once.")
    return [reached(id_) for id_ in ids]


@strawberry.type(description="Where every query starts.")
class Query:
    activities: Any = timeline_field(activities, arguments={"clientId": "client_id", **ARGUMENTS})
    client: Any = strawberry.field(
        resolver=client,
        graphql_type=Client,
        metadata=resolved(client, arguments={"id": "id"}),
        description="One client. Costs nothing by itself, and does not check that there is one.",
    )
    clients: Any = strawberry.field(
        resolver=clients,
        graphql_type=list[Client],
        metadata=resolved(clients, arguments={"ids": "ids"}),
        description=(
            "Several clients, in the order asked, up to a number that the gateway sets. One that "
            "the upstream does not know costs its own timeline only."
        ),
    )

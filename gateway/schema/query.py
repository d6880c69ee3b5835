"""Root Query."""

from collections.abc import Callable
from inspect import Signature, signature
from typing import Annotated, Any, TypeVar

import strawberry

from gateway.engine.resolvers import Reached
from gateway.errors import InputRefused
from gateway.schema.arguments import ClientId
from gateway.schema.client import Client, activities_of_client, timeline_field
from gateway.schema.context import Info
from gateway.schema.resolvers import resolved
from gateway.upstream.records.resources import AskedClient

_T = TypeVar("_T")


def reached(client_id: str) -> Reached[AskedClient]:
    """A client of whom nothing is known but the id."""
    return Reached(AskedClient(id=client_id))


def of_client(resolve: Callable[..., _T]) -> Callable[..., _T]:
    """A resolver of a client's field, made one that takes the client's id before its arguments."""

    def resolver(info: Info, client_id: ClientId, **given: Any) -> _T:
        return resolve(reached(client_id), info, **given)

    _root, info, *arguments = signature(resolve).parameters.values()
    _, client_id, _ = signature(resolver).parameters.values()
    resolver.__signature__ = Signature([info, client_id, *arguments])  # type: ignore[attr-defined]
    return resolver


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


DESCRIPTION = "Where every query starts."


@strawberry.type(description=DESCRIPTION)
class Query:
    activities: Any = timeline_field(of_client(activities_of_client))
    client: Any = strawberry.field(
        resolver=client,
        graphql_type=Client,
        metadata=resolved(client),
        description="One client. Costs nothing by itself, and does not check that there is one.",
    )
    clients: Any = strawberry.field(
        resolver=clients,
        graphql_type=list[Client],
        metadata=resolved(clients),
        description=(
            "Several clients, in the order asked, up to a number that the gateway sets. One that "
            "the upstream does not know costs its own timeline only."
        ),
    )

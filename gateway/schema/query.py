"""The root query type."""

from collections.abc import Callable
from inspect import Signature, signature
from typing import Annotated, Any, TypeVar

import strawberry

from gateway.engine.resolvers import Node
from gateway.errors import InvalidArgument
from gateway.schema.arguments import ClientId
from gateway.schema.client import Client, activities_of_client, timeline_field
from gateway.schema.context import Info
from gateway.schema.resolvers import resolver_metadata
from gateway.upstream.records.resources import RequestedClient

_T = TypeVar("_T")


def client_node(client_id: str) -> Node[RequestedClient]:
    """The node of a client of which only the id is known."""
    return Node(RequestedClient(id=client_id))


def of_client(resolve: Callable[..., _T]) -> Callable[..., _T]:
    """Adapt a resolver of a client's field: the client's id becomes an argument, before the others."""

    def resolver(info: Info, client_id: ClientId, **given: Any) -> _T:
        return resolve(client_node(client_id), info, **given)

    _root, info, *arguments = signature(resolve).parameters.values()
    _, client_id, _ = signature(resolver).parameters.values()
    resolver.__signature__ = Signature([info, client_id, *arguments])  # type: ignore[attr-defined]
    return resolver


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
    activities: Any = timeline_field(of_client(activities_of_client))
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

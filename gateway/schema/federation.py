"""Apollo Federation 2: the schema as a subgraph, whose entities a router requests by id.

Source: Apollo Federation's subgraph specification.
"""

import re
from collections.abc import Awaitable, Mapping
from typing import Annotated, Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from gateway.engine.resolvers import Node
from gateway.errors import InvalidArgument
from gateway.schema.appointment import Appointment
from gateway.schema.client import Client
from gateway.schema.company import Company, Service
from gateway.schema.conference import Conference
from gateway.schema.context import Info
from gateway.schema.people import Staff
from gateway.schema.query import QUERY_DESCRIPTION, Query, client_node
from gateway.schema.resolvers import LoadFunction, resolver_metadata
from gateway.upstream.records import links
from gateway.upstream.session import UpstreamSession

_LINK_DIRECTIVE = """\
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])

"""

EntityRef = Node[Any] | None
"""The entity of a representation; None where the entity no longer exists."""

_ENTITY_LOADS: Mapping[str, LoadFunction] = {
    "Appointment": lambda session, id_: session.appointment(None, id_, None),
    "Company": UpstreamSession.company,
    "Conference": UpstreamSession.conference,
    "Service": lambda session, id_: session.service(None, id_),
    "Staff": lambda session, id_: session.staff(None, id_),
}
"""The loads of entities by id alone. A client is not loaded, as in `client(id:)`."""

_TYPE_DIRECTIVES = {
    **dict.fromkeys(("Client", *_ENTITY_LOADS), '@key(fields: "id")'),
    "PageInfo": "@shareable",
}
"""`PageInfo` is shareable, since routers merge types by name and every subgraph with pages has this type."""

Representation = NewType("Representation", object)

SCALARS: Mapping[object, ScalarDefinition] = {
    Representation: strawberry.scalar(
        name="_Any", description="A representation: the `__typename` and the `id` of an entity."
    )
}

_Entity = Annotated[
    Appointment | Client | Company | Conference | Service | Staff,
    strawberry.union("_Entity", description="Whatever a router can ask for by its id."),
]


@strawberry.type(name="_Service", description="This subgraph, as routers see it.")
class Subgraph:
    sdl: str = strawberry.field(
        description="The schema with the directives of federation, to be composed with others."
    )


def subgraph_sdl(text: str) -> str:
    """The subgraph schema for a printed schema, with the keys by which other subgraphs refer to its types."""
    for name, directive in _TYPE_DIRECTIVES.items():
        text, count = re.subn(
            rf"^(type {name}(?: implements [^{{\n]+)?) \{{$",
            rf"\1 {directive} {{",
            text,
            flags=re.MULTILINE,
        )
        if count != 1:
            raise LookupError(
                f"The schema has no definition of the type {name} to add {directive} to."
            )
    return _LINK_DIRECTIVE + text


def resolve_entities(
    info: Info,
    representations: Annotated[
        list[Representation],
        strawberry.argument(description="The types and ids of the entities wanted."),
    ],
) -> list[EntityRef | Awaitable[EntityRef] | Exception]:
    """Resolve `_entities`, each entity independently: a slow or failed entity does not affect the others."""
    max_representations = info.context.settings.max_representations
    if len(representations) > max_representations:
        raise InvalidArgument(f"At most {max_representations} entities can be requested at once.")
    return [_resolve_entity(info.context.session, each) for each in representations]


def _resolve_entity(
    session: UpstreamSession, representation: object
) -> EntityRef | Awaitable[EntityRef] | Exception:
    match representation:
        case {"__typename": str(name), "id": str() | int() as key} if not isinstance(key, bool):
            id_ = str(key)
            if name == "Client":
                return client_node(id_)
            if name in _ENTITY_LOADS and links.is_id(id_):
                return _load_entity(session, _ENTITY_LOADS[name], id_)
    return InvalidArgument("Unknown entity type or invalid id.")


async def _load_entity(session: UpstreamSession, load: LoadFunction, id_: str) -> EntityRef:
    entity = await load(session, id_)
    # The upstream also finds entities by other identifiers, such as references, which are not ids.
    return Node(entity) if entity is not None and str(entity.id) == id_ else None


def subgraph_query(schema_text: str) -> type:
    """The root query type of a subgraph, given the printed schema without federation."""
    text = subgraph_sdl(schema_text)

    def resolve_service(info: Info) -> Node[Subgraph]:
        if not info.context.settings.introspection:
            raise InvalidArgument("Introspection is disabled.")
        return Node(Subgraph(sdl=text))

    @strawberry.type(name="Query", description=QUERY_DESCRIPTION)
    class SubgraphQuery(Query):
        entities: Any = strawberry.field(
            name="_entities",
            resolver=resolve_entities,
            graphql_type=list[_Entity | None],
            metadata=resolver_metadata(resolve_entities),
            description="Entities by their ids, in the order asked. This is for routers.",
        )
        service: Any = strawberry.field(
            name="_service",
            resolver=resolve_service,
            graphql_type=Subgraph,
            metadata=resolver_metadata(resolve_service),
            description="What is to be composed. This is for routers.",
        )

    return SubgraphQuery

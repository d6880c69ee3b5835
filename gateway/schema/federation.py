"""Apollo Federation 2: the schema as a subgraph, whose entities a router requests by id.

Source: Apollo Federation's subgraph specification.
"""

import re
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Annotated, Any, NewType, Union

import strawberry
from strawberry.types.scalar import ScalarDefinition

from gateway.engine.resolvers import MappedResult, Node
from gateway.errors import InvalidArgument
from gateway.schema.appointment import Appointment
from gateway.schema.client import Client
from gateway.schema.company import Company, Service
from gateway.schema.conference import Conference
from gateway.schema.context import Info
from gateway.schema.form import Form
from gateway.schema.messages import Note
from gateway.schema.people import Staff
from gateway.schema.query import QUERY_DESCRIPTION, Query, client_node
from gateway.schema.resolvers import resolver_metadata
from gateway.upstream import endpoints
from gateway.upstream.endpoints import Endpoint
from gateway.upstream.records import links
from gateway.upstream.session import UpstreamSession

_LINK_DIRECTIVE = """\
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])

"""

EntityRef = Node[Any] | None
"""The entity of a representation; None where the entity no longer exists."""

_ENDPOINTS: Mapping[type, Endpoint[Any]] = {
    Appointment: endpoints.APPOINTMENT,
    Company: endpoints.COMPANY,
    Conference: endpoints.CONFERENCE,
    Form: endpoints.FORM,
    Note: endpoints.NOTE,
    Service: endpoints.SERVICE,
    Staff: endpoints.STAFF,
}
"""The endpoints of entities that their id identifies, with the configured company where one is needed.

A client is not loaded, as in `client(id:)`.
"""


def _require_type_checks() -> None:
    """Require of each entity that the union `_Entity` can tell its values.

    Raises:
        TypeError: An entity has no `is_type_of` for the record of its endpoint.
    """
    for type_, endpoint in _ENDPOINTS.items():
        if endpoint.record not in getattr(getattr(type_, "is_type_of", None), "record_types", ()):
            record = endpoint.record.__name__
            raise TypeError(f"{type_.__name__} needs `is_type_of_records({record})`.")


_require_type_checks()

_ENDPOINT_BY_NAME = {type_.__name__: endpoint for type_, endpoint in _ENDPOINTS.items()}

_TYPE_DIRECTIVES = {
    **dict.fromkeys(sorted(("Client", *_ENDPOINT_BY_NAME)), '@key(fields: "id")'),
    "PageInfo": "@shareable",
}
"""`PageInfo` is shareable, since routers merge types by name and every subgraph with pages has this type."""

Representation = NewType("Representation", object)

SCALARS: Mapping[object, ScalarDefinition] = {
    Representation: strawberry.scalar(
        name="_Any", description="The representation of an entity: its `__typename` and its `id`."
    )
}

_ENTITIES: Any = Union[(Client, *_ENDPOINTS)]

_Entity = Annotated[
    _ENTITIES,
    strawberry.union(
        "_Entity", description="An entity that a federation router requests by its id."
    ),
]


@strawberry.type(name="_Service", description="The subgraph, as federation routers see it.")
class Subgraph:
    sdl: str = strawberry.field(
        description="The schema in SDL with the directives of federation, for the composition with others."
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
        strawberry.argument(description="The types and ids of the requested entities."),
    ],
) -> list[EntityRef | Awaitable[EntityRef] | Exception]:
    """Resolve `_entities`, each entity independently: a slow or failed entity does not affect the others."""
    max_representations = info.context.settings.max_representations
    if len(representations) > max_representations:
        raise InvalidArgument(
            f"At most {max_representations} entities can be requested at once.",
            argument="representations",
        )
    return [_resolve_entity(info.context.session, each) for each in representations]


def _resolve_entity(
    session: UpstreamSession, representation: object
) -> EntityRef | Awaitable[EntityRef] | Exception:
    match representation:
        case {"__typename": str(name), "id": str() | int() as key} if not isinstance(key, bool):
            id_ = str(key)
            if name == Client.__name__ and id_.strip():
                return client_node(id_, "representations")
            if name in _ENDPOINT_BY_NAME and links.is_id(id_):
                endpoint = _ENDPOINT_BY_NAME[name]
                ids = {endpoint.own_id: id_}
                load = session.load(endpoint, *map(ids.get, endpoint.ids))
                return MappedResult(load, partial(_entity_node, id_))
    return InvalidArgument("Unknown entity type or invalid id.", argument="representations")


def _entity_node(id_: str, entity: Any) -> EntityRef:
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
            description=(
                "The entities of some representations, in their order, for federation routers. Null where the "
                "entity no longer exists. Costs a read for each entity, and one for all staff or services."
            ),
        )
        service: Any = strawberry.field(
            name="_service",
            resolver=resolve_service,
            graphql_type=Subgraph,
            metadata=resolver_metadata(resolve_service),
            description="The subgraph, for the composition by federation routers.",
        )

    return SubgraphQuery

"""The schema as one of several: a subgraph of Apollo Federation 2, whose entities a router asks for by id.

Source: Apollo Federation's subgraph specification.
"""

from collections.abc import Awaitable, Mapping
from typing import Annotated, Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from gateway.engine.resolvers import Reached
from gateway.errors import InputRefused
from gateway.schema.appointment import Appointment
from gateway.schema.client import Client
from gateway.schema.company import Company, Service
from gateway.schema.conference import Conference
from gateway.schema.context import Info
from gateway.schema.people import Staff
from gateway.schema.query import DESCRIPTION, Query, reached
from gateway.schema.resolvers import Load, resolved
from gateway.upstream.records import links
from gateway.upstream.session import Session

_LINK = """\
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])

"""

Referred = Reached[Any] | None
"""An entity that a router refers to; None where it is no more."""

_LOADS: Mapping[str, Load] = {
    "Appointment": lambda session, id_: session.appointment(None, id_, None),
    "Company": Session.company,
    "Conference": Session.conference,
    "Service": lambda session, id_: session.service(None, id_),
    "Staff": lambda session, id_: session.staff(None, id_),
}
"""How entities are found of which only the id is known. A client is not looked for: as in `client(id:)`."""

_DIRECTIVES = {
    **dict.fromkeys(("Client", *_LOADS), '@key(fields: "id")'),
    "PageInfo": "@shareable",
}
"""Whatever has pages has a `PageInfo`, and routers merge types by their names: so it is shareable."""

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


def sdl(printed: str) -> str:
    """The schema, as it is printed, as a subgraph: with the keys by which others may refer to its types."""
    for name, directive in _DIRECTIVES.items():
        printed = printed.replace(f"\ntype {name} {{", f"\ntype {name} {directive} {{")
    return _LINK + printed


def referred(
    info: Info,
    representations: Annotated[
        list[Representation],
        strawberry.argument(description="The types and ids of the entities wanted."),
    ],
) -> list[Referred | Awaitable[Referred] | Exception]:
    """Each entity by itself: one that comes late holds up no other, and one that fails costs no other."""
    most = info.context.settings.max_representations
    if len(representations) > most:
        raise InputRefused(f"At most {most} entities can be asked for at once.")
    return [_referred(info.context.session, each) for each in representations]


def _referred(
    session: Session, representation: object
) -> Referred | Awaitable[Referred] | Exception:
    match representation:
        case {"__typename": str(name), "id": str() | int() as key} if not isinstance(key, bool):
            id_ = str(key)
            if name == "Client":
                return reached(id_)
            if name in _LOADS and links.is_id(id_):
                return _loaded(session, _LOADS[name], id_)
    return InputRefused("This is no entity of this subgraph, or not its id.")


async def _loaded(session: Session, load: Load, id_: str) -> Referred:
    found = await load(session, id_)
    # The upstream knows things by other words too, but these are not their ids.
    return Reached(found) if found is not None and str(found.id) == id_ else None


def query(printed: str) -> type:
    """Root Query of a subgraph, given the schema without federation, as it is printed."""
    text = sdl(printed)

    def subgraph(info: Info) -> Reached[Subgraph]:
        if not info.context.settings.introspection:
            raise InputRefused("The schema is not shown here.")
        return Reached(Subgraph(sdl=text))

    @strawberry.type(name="Query", description=DESCRIPTION)
    class SubgraphQuery(Query):
        entities: Any = strawberry.field(
            name="_entities",
            resolver=referred,
            graphql_type=list[_Entity | None],
            metadata=resolved(referred),
            description="Entities by their ids, in the order asked. This is for routers.",
        )
        service: Any = strawberry.field(
            name="_service",
            resolver=subgraph,
            graphql_type=Subgraph,
            metadata=resolved(subgraph),
            description="What is to be composed. This is for routers.",
        )

    return SubgraphQuery

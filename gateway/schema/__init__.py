"""What callers see: the schema, built once from an explicit list of types. Knows Strawberry."""

from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from gateway.schema import federation
from gateway.schema.activity import KINDS
from gateway.schema.query import Query
from gateway.schema.resolvers import read
from gateway.schema.scalars import SCALARS
from gateway.schema.strawberry_fields import install
from gateway.schema.supported_features import refuse_unsupported


@cache
def schema(*, federated: bool = False) -> GraphQLSchema:
    """The schema as graphql-core knows it: Strawberry compiles it, `operations` executes it.

    Args:
        federated: Whether it is a subgraph, so that routers can ask for its entities.
    """
    return served(_compiled(federation.query(printed()) if federated else Query))


@cache
def printed(*, federated: bool = False) -> str:
    """The schema as text: what `schema.graphql` holds, or what is composed with other subgraphs."""
    text = _compiled(Query).as_str() + "\n"
    return federation.sdl(text) if federated else text


def compiled(query: type, **given: Any) -> strawberry.Schema:
    """A schema with the scalars of this one, whose plain fields read records.

    Args:
        query: Its root.
        given: What else `strawberry.Schema` takes.
    """
    scalars = {**SCALARS, **federation.SCALARS}
    config = StrawberryConfig(default_resolver=read, scalar_map=scalars)
    return strawberry.Schema(query=query, **{"types": KINDS, "config": config, **given})


def served(made: strawberry.Schema) -> GraphQLSchema:
    """A schema that Strawberry made, as graphql-core knows it, so that all it declares holds.

    Raises:
        SchemaRefused: It declares what cannot hold here.
    """
    refuse_unsupported(made)
    known = made._schema  # noqa: SLF001 - Strawberry offers no public way to it
    install(known, directives=bool(made.directives))
    return known


@cache
def _compiled(query: type) -> strawberry.Schema:
    return compiled(query)

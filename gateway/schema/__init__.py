"""What callers see: the schema, built once from an explicit list of types. Knows Strawberry."""

from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from gateway.schema import federation
from gateway.schema.activity import KINDS
from gateway.schema.query import Query
from gateway.schema.resolvers import resolve_attribute
from gateway.schema.scalars import SCALARS
from gateway.schema.strawberry_fields import adapt_resolvers
from gateway.schema.supported_features import require_supported


@cache
def schema(*, federated: bool = False) -> GraphQLSchema:
    """The schema as graphql-core knows it: Strawberry compiles it, `operations` executes it.

    Args:
        federated: Whether it is a subgraph, so that routers can ask for its entities.
    """
    return executable_schema(
        _strawberry_schema(federation.subgraph_query(schema_sdl()) if federated else Query)
    )


@cache
def schema_sdl(*, federated: bool = False) -> str:
    """The schema as text: what `schema.graphql` holds, or what is composed with other subgraphs."""
    sdl = _strawberry_schema(Query).as_str() + "\n"
    return federation.subgraph_sdl(sdl) if federated else sdl


def build_strawberry_schema(query: type, **options: Any) -> strawberry.Schema:
    """A schema with the scalars of this one, whose plain fields read records.

    Args:
        query: Its root.
        options: What else `strawberry.Schema` takes.
    """
    scalars = {**SCALARS, **federation.SCALARS}
    config = StrawberryConfig(default_resolver=resolve_attribute, scalar_map=scalars)
    return strawberry.Schema(query=query, **{"types": KINDS, "config": config, **options})


def executable_schema(strawberry_schema: strawberry.Schema) -> GraphQLSchema:
    """A schema that Strawberry made, as graphql-core knows it, so that all it declares holds.

    Raises:
        SchemaRefused: It declares what cannot hold here.
    """
    require_supported(strawberry_schema)
    graphql_schema = strawberry_schema._schema  # noqa: SLF001 - Strawberry offers no public way to it
    adapt_resolvers(graphql_schema, has_directives=bool(strawberry_schema.directives))
    return graphql_schema


@cache
def _strawberry_schema(query: type) -> strawberry.Schema:
    return build_strawberry_schema(query)

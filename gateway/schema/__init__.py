"""The GraphQL schema that callers see, built once from an explicit list of types.

Only this package imports Strawberry.
"""

from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from gateway.schema import federation
from gateway.schema.activity import KINDS
from gateway.schema.query import Query
from gateway.schema.resolver_adapters import adapt_resolvers
from gateway.schema.resolvers import resolve_attribute
from gateway.schema.scalars import SCALARS
from gateway.schema.supported_features import require_supported


@cache
def build_schema(*, federated: bool = False) -> GraphQLSchema:
    """The executable graphql-core schema: Strawberry builds it, `gateway.engine` executes operations on it.

    Args:
        federated: Whether the schema is a federation subgraph, whose entities routers can request.
    """
    return executable_schema(
        _strawberry_schema(federation.subgraph_query(schema_sdl()) if federated else Query)
    )


@cache
def schema_sdl(*, federated: bool = False) -> str:
    """The schema in SDL: the content of `schema.graphql`, or the subgraph schema for composition."""
    sdl = _strawberry_schema(Query).as_str() + "\n"
    return federation.subgraph_sdl(sdl) if federated else sdl


def build_strawberry_schema(query: type, **options: Any) -> strawberry.Schema:
    """A Strawberry schema with the gateway's scalars and the default resolver that reads records.

    Args:
        query: The root query type.
        options: Further keyword arguments of `strawberry.Schema`.
    """
    scalars = {**SCALARS, **federation.SCALARS}
    config = StrawberryConfig(default_resolver=resolve_attribute, scalar_map=scalars)
    return strawberry.Schema(query=query, **{"types": KINDS, "config": config, **options})


def executable_schema(strawberry_schema: strawberry.Schema) -> GraphQLSchema:
    """The graphql-core schema of a Strawberry schema, with resolvers adapted to the engine's nodes.

    Raises:
        UnsupportedSchema: The schema declares a feature that would have no effect in this gateway.
    """
    require_supported(strawberry_schema)
    graphql_schema = strawberry_schema._schema  # noqa: SLF001 - Strawberry has no public access to it
    adapt_resolvers(graphql_schema, has_directives=bool(strawberry_schema.directives))
    return graphql_schema


@cache
def _strawberry_schema(query: type) -> strawberry.Schema:
    return build_strawberry_schema(query)

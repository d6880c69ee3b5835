"""What callers see: the schema, built once from an explicit list of types. Knows Strawberry."""

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from gateway.schema.activity import KINDS
from gateway.schema.query import Query
from gateway.schema.reading import read
from gateway.schema.values import SCALARS

_SCHEMA = strawberry.Schema(
    query=Query,
    types=KINDS,
    config=StrawberryConfig(default_resolver=read, scalar_map=SCALARS),
)


def schema() -> GraphQLSchema:
    """The schema as graphql-core knows it: Strawberry compiles it, `operations` executes it."""
    return _SCHEMA._schema  # noqa: SLF001 - Strawberry offers no public way to it


def printed() -> str:
    """The schema as text: what `schema.graphql` holds."""
    return _SCHEMA.as_str() + "\n"

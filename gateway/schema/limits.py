"""How large operations on this schema may be: which fields take a read, which lists are how long."""

from collections.abc import Iterator

from graphql import GraphQLSchema

from gateway.operations.cost import AsListed, Length
from gateway.operations.fields import Fields, Loaded, Resolved
from gateway.operations.limits import Limits
from gateway.operations.weights import FieldName, Weight, weights
from gateway.settings import Settings

_READ = 10
"""What a field costs that may need a read, whether or not other fields need the same one."""


def limits(schema: GraphQLSchema, fields: Fields, settings: Settings) -> Limits:
    """The limits of operations on this schema.

    Args:
        schema: The schema.
        fields: How its fields are read.
        settings: How much is allowed; how long pages and lists of clients are, and may be.
    """
    return Limits(
        characters=settings.max_characters,
        tokens=settings.max_tokens,
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        alias_characters=settings.max_alias_characters,
        root_fields=settings.max_root_fields,
        duplicate_fields=settings.max_duplicate_fields,
        comparisons=settings.max_comparisons,
        cost=settings.max_cost,
        weights=weights(schema, dict(_said(fields, settings))),
    )


def _said(fields: Fields, settings: Settings) -> Iterator[tuple[FieldName, Weight]]:
    page = Length(("first", "last"), settings.default_page_size, settings.max_page_size)
    for name, reading in fields.readings.items():
        if isinstance(reading, Resolved) and reading.items is not None:
            yield name, Weight(_READ, page=page)
        elif isinstance(reading, Loaded):
            yield name, Weight(_READ)
    yield ("ActivityConnection", "nodes"), Weight(is_paged=True)
    yield ("ActivityConnection", "edges"), Weight(is_paged=True)
    ids = AsListed(("ids",), usually=settings.max_clients, most=settings.max_clients)
    yield ("Query", "clients"), Weight(times=ids)
    most = settings.max_representations
    yield (
        ("Query", "_entities"),
        Weight(each=_READ, times=AsListed(("representations",), usually=most, most=most)),
    )

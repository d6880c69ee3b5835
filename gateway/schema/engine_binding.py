"""How the fields of this schema are read, for those who plan operations on it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_input_object_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from gateway.config.settings import Settings
from gateway.engine.complexity.cost import AsListed, FieldName, Length, Weight, weights
from gateway.engine.complexity.limits import Limits
from gateway.engine.resolvers import Fields, Loaded, Place, Plain, Reached, Reading, Resolved
from gateway.schema.resolvers import READING
from gateway.upstream.records.activities import Unreadable

_DECLARED = GraphQLCoreConverter.DEFINITION_BACKREF


def fields(schema: GraphQLSchema) -> Fields:
    """A table of what the declaration of each type says of its fields."""
    readings: dict[tuple[str, str], Reading] = {}
    guarded: set[tuple[str, str]] = set()
    classes: dict[str, tuple[type, ...]] = {}
    for type_ in schema.type_map.values():
        declared = type_.extensions.get(_DECLARED)
        if isinstance(type_, GraphQLObjectType) and isinstance(
            declared, StrawberryObjectDefinition
        ):
            classes[type_.name] = getattr(declared.is_type_of, "kinds", (declared.origin,))
            readings |= _readings(type_)
            guarded |= {
                (type_.name, name) for name, field in type_.fields.items() if _is_guarded(field)
            }
    return Fields(readings, classes, Unreadable, guarded)


def _readings(type_: GraphQLObjectType) -> Mapping[tuple[str, str], Reading]:
    """Without those of which only the resolver knows."""
    return {
        (type_.name, name): reading
        for name, field in type_.fields.items()
        if (reading := _reading(field))
    }


def _reading(field: GraphQLField) -> Reading | None:
    declared: StrawberryField = field.extensions[_DECLARED]
    reading: Reading | None = declared.metadata.get(READING)
    if isinstance(reading, Resolved):
        return reading._replace(resolve=_by_graphql_names(reading.resolve, field))
    if reading is None and declared.base_resolver is None:
        return Plain(declared.python_name)
    return reading


def _is_guarded(field: GraphQLField) -> bool:
    """Whether Strawberry does more for a field than to call its resolver with what graphql-core gives."""
    declared: StrawberryField = field.extensions[_DECLARED]
    return (
        bool(declared.extensions)  # permissions among them
        or type(declared) is not StrawberryField
        or any(is_input_object_type(get_named_type(each.type)) for each in field.args.values())
    )


def _by_graphql_names(resolve: Callable[..., Any], field: GraphQLField) -> Callable[..., Any]:
    """A resolver that takes its arguments by the names that callers know."""
    names = {name: each.extensions[_DECLARED].python_name for name, each in field.args.items()}

    def by_graphql_names(root: Reached[Any] | None, info: Place, /, **given: Any) -> Any:
        return resolve(root, info, **{names[name]: value for name, value in given.items()})

    return by_graphql_names


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

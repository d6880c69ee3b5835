"""How the fields of this schema are read, for those who plan operations on it."""

from collections.abc import Callable, Mapping
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

from gateway.operations.fields import Fields, Place, Plain, Reached, Reading, Resolved
from gateway.schema.reading import READING
from gateway.upstream.records import Unreadable

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

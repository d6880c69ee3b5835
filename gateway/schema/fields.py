"""How the fields of this schema are read, for those who plan operations on it."""

from collections.abc import Mapping

from graphql import GraphQLObjectType, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from gateway.operations.fields import Fields, Plain, Reading
from gateway.schema.reading import READING
from gateway.upstream.records import Unreadable

_DECLARED = GraphQLCoreConverter.DEFINITION_BACKREF


def fields(schema: GraphQLSchema) -> Fields:
    """A table of what the declaration of each type says of its fields."""
    readings: dict[tuple[str, str], Reading] = {}
    classes: dict[str, tuple[type, ...]] = {}
    for type_ in schema.type_map.values():
        declared = type_.extensions.get(_DECLARED)
        if isinstance(type_, GraphQLObjectType) and isinstance(
            declared, StrawberryObjectDefinition
        ):
            classes[type_.name] = getattr(declared.is_type_of, "kinds", (declared.origin,))
            readings |= _readings(type_)
    return Fields(readings, classes, Unreadable)


def _readings(type_: GraphQLObjectType) -> Mapping[tuple[str, str], Reading]:
    """Without those of which only the resolver knows."""
    return {
        (type_.name, name): reading
        for name, field in type_.fields.items()
        if (reading := _reading(field.extensions[_DECLARED]))
    }


def _reading(field: StrawberryField) -> Reading | None:
    if READING in field.metadata:
        reading: Reading = field.metadata[READING]
        return reading
    return None if field.base_resolver else Plain(field.python_name)

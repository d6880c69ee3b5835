"""The binding of this schema to the engine: the sources of the fields, the limits and the field costs."""

from collections.abc import Callable, Iterator, Mapping
from inspect import signature
from typing import Any, NamedTuple, Self

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_input_object_type,
)
from strawberry import Schema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from gateway.config.settings import Settings
from gateway.engine.complexity.cost import (
    FieldCoordinates,
    FieldCost,
    ListSize,
    SizedByArgument,
    build_field_costs,
)
from gateway.engine.complexity.limits import Limits
from gateway.engine.resolvers import (
    AttributeField,
    FieldSource,
    FieldSources,
    LoadedField,
    Node,
    ResolveInfo,
    ResolverField,
)
from gateway.schema.resolvers import FIELD_SOURCE_KEY
from gateway.upstream.records.activities import Unreadable

_DEFINITION_KEY = GraphQLCoreConverter.DEFINITION_BACKREF


def bind_fields(schema: GraphQLSchema) -> FieldSources:
    """The table of field sources, built from the declarations of the types."""
    convert = _InputConverter.of(schema)
    sources: dict[tuple[str, str], FieldSource] = {}
    guarded: set[tuple[str, str]] = set()
    classes: dict[str, tuple[type, ...]] = {}
    for type_ in schema.type_map.values():
        definition = type_.extensions.get(_DEFINITION_KEY)
        if isinstance(type_, GraphQLObjectType) and isinstance(
            definition, StrawberryObjectDefinition
        ):
            classes[type_.name] = getattr(
                definition.is_type_of, "record_types", (definition.origin,)
            )
            sources |= _field_sources(type_, convert)
            guarded |= {
                (type_.name, name)
                for name, field in type_.fields.items()
                if _requires_strawberry(field)
            }
    return FieldSources(sources, classes, Unreadable, guarded)


def _field_sources(
    type_: GraphQLObjectType, convert: "_InputConverter"
) -> Mapping[tuple[str, str], FieldSource]:
    """The sources of a type's fields, without fields that only Strawberry's resolver can resolve."""
    return {
        (type_.name, name): source
        for name, field in type_.fields.items()
        if (source := _field_source(field, convert))
    }


def _field_source(field: GraphQLField, convert: "_InputConverter") -> FieldSource | None:
    definition: StrawberryField = field.extensions[_DEFINITION_KEY]
    source: FieldSource | None = definition.metadata.get(FIELD_SOURCE_KEY)
    if isinstance(source, ResolverField):
        return source._replace(resolve=_engine_resolver(source.resolve, field, convert))
    if source is None and definition.base_resolver is None:
        return AttributeField(definition.python_name)
    return source


def _requires_strawberry(field: GraphQLField) -> bool:
    """Whether Strawberry does more for a field than call its resolver with graphql-core's arguments."""
    definition: StrawberryField = field.extensions[_DEFINITION_KEY]
    return (
        bool(definition.extensions)  # permissions among them
        or type(definition) is not StrawberryField
    )


class _InputConverter(NamedTuple):
    """Converts input objects, which graphql-core coerces to dicts, to the classes that declare them."""

    scalar_registry: Mapping[object, Any]
    config: StrawberryConfig

    @classmethod
    def of(cls, schema: GraphQLSchema) -> Self:
        strawberry_schema: Schema = schema.extensions[_DEFINITION_KEY]
        return cls(strawberry_schema.schema_converter.scalar_registry, strawberry_schema.config)

    def convert(self, value: Any, argument: StrawberryArgument) -> Any:
        return convert_argument(value, argument.type, self.scalar_registry, self.config)


def _engine_resolver(
    resolve: Callable[..., Any], field: GraphQLField, convert: _InputConverter
) -> Callable[..., Any]:
    """A resolver as the engine calls it: with the parent object, the info and the arguments by their GraphQL names.

    It is made once for each field. The resolver gets `root` and `info` only where it has a parameter of that name.
    """
    python_names = {
        name: each.extensions[_DEFINITION_KEY].python_name for name, each in field.args.items()
    }
    input_objects = {
        name: each.extensions[_DEFINITION_KEY]
        for name, each in field.args.items()
        if is_input_object_type(get_named_type(each.type))
    }
    parameters = signature(resolve).parameters
    takes_root, takes_info = "root" in parameters, "info" in parameters

    def call_with_graphql_arguments(
        root: Node[Any] | None, info: ResolveInfo, /, **arguments: Any
    ) -> Any:
        values = {python_names[name]: value for name, value in arguments.items()}
        for name, argument in input_objects.items():
            if name in arguments:
                values[python_names[name]] = convert.convert(arguments[name], argument)
        if takes_root:
            values["root"] = root
        if takes_info:
            values["info"] = info
        return resolve(**values)

    return call_with_graphql_arguments


_READ_COST = 10
"""The cost of a field that may need a read, whether or not other fields need the same read."""


def operation_limits(schema: GraphQLSchema, fields: FieldSources, settings: Settings) -> Limits:
    """The limits of operations on this schema.

    Args:
        schema: The schema.
        fields: The sources of the schema's fields.
        settings: The allowed values, and the default and maximum sizes of pages and of lists of clients.
    """
    return Limits(
        characters=settings.max_document_characters,
        tokens=settings.max_tokens,
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        alias_characters=settings.max_alias_characters,
        root_fields=settings.max_root_fields,
        duplicate_fields=settings.max_duplicate_fields,
        comparisons=settings.max_field_comparisons,
        cost=settings.max_cost,
        field_costs=build_field_costs(schema, dict(_declared_costs(fields, settings))),
    )


def _declared_costs(
    fields: FieldSources, settings: Settings
) -> Iterator[tuple[FieldCoordinates, FieldCost]]:
    page_size = ListSize(("first", "last"), settings.default_page_size, settings.max_page_size)
    for name, source in fields.source_by_field.items():
        if isinstance(source, ResolverField) and source.items is not None:
            yield name, FieldCost(_READ_COST, page_multiplier=page_size)
        elif isinstance(source, LoadedField) or (
            isinstance(source, ResolverField) and source.reads
        ):
            yield name, FieldCost(_READ_COST)
    yield ("ActivityConnection", "nodes"), FieldCost(is_paginated=True)
    yield ("ActivityConnection", "edges"), FieldCost(is_paginated=True)
    id_count = SizedByArgument(("ids",), default=settings.max_clients, maximum=settings.max_clients)
    yield ("Query", "clients"), FieldCost(multiplier=id_count)
    max_representations = settings.max_representations
    yield (
        ("Query", "_entities"),
        FieldCost(
            per_item=_READ_COST,
            multiplier=SizedByArgument(
                ("representations",), default=max_representations, maximum=max_representations
            ),
        ),
    )

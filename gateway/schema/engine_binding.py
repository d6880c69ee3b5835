"""Binds this schema to the engine: how each field is resolved, what it costs, and the limits of operations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING
from functools import cache, partial
from inspect import signature
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
)
from strawberry import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from gateway.config.settings import Settings
from gateway.engine.complexity.cost import (
    FieldCoordinates,
    FieldCost,
    FieldCosts,
    ListSize,
    SizedByArgument,
    build_field_costs,
)
from gateway.engine.complexity.limits import Limits
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    FieldSource,
    FieldSources,
    LoadedField,
    Node,
    ResolveInfo,
    ResolverField,
)
from gateway.schema.action import ActivityAction
from gateway.schema.counts import MAX_USERS
from gateway.schema.enums import ActivityKind
from gateway.schema.resolvers import FIELD_SOURCE_KEY
from gateway.upstream.records.activities import Unreadable

_DEFINITION_KEY = GraphQLCoreConverter.DEFINITION_BACKREF


@cache
def bind_fields(schema: GraphQLSchema) -> FieldSources:
    """The table of field sources, built once for each schema from the declarations of the types."""
    converters = _InputConverters(schema)
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
            sources |= _field_sources(type_, converters)
            guarded |= {
                (type_.name, name)
                for name, field in type_.fields.items()
                if _requires_strawberry(field)
            }
    return FieldSources(sources, classes, Unreadable, guarded)


def _field_sources(
    type_: GraphQLObjectType, converters: "_InputConverters"
) -> Mapping[tuple[str, str], FieldSource]:
    """The sources of a type's fields, without fields that only Strawberry's resolver can resolve."""
    return {
        (type_.name, name): source
        for name, field in type_.fields.items()
        if (source := _field_source(field, converters))
    }


def _field_source(field: GraphQLField, converters: "_InputConverters") -> FieldSource | None:
    definition: StrawberryField = field.extensions[_DEFINITION_KEY]
    source: FieldSource | None = definition.metadata.get(FIELD_SOURCE_KEY)
    if isinstance(source, ResolverField):
        return source._replace(resolve=_engine_resolver(source.resolve, field, converters))
    if isinstance(source, ComputedField) and field.args:
        return source._replace(
            bind_arguments=_argument_binder(source.function, _ArgumentConverter(field, converters))
        )
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


_Converter = Callable[[Any], Any]


class _InputConverters:
    """The converters of input objects, which graphql-core coerces to dicts, to the classes that declare them."""

    def __init__(self, schema: GraphQLSchema) -> None:
        strawberry_schema: Schema = schema.extensions[_DEFINITION_KEY]
        self._scalars: Mapping[object, Any] = strawberry_schema.schema_converter.scalar_registry
        self._config = strawberry_schema.config
        self._converter_by_type: dict[str, _Converter] = {}

    def of(self, type_: GraphQLInputType) -> _Converter | None:
        """The converter for coerced values of a type; None for a scalar or an enum."""
        nullable = get_nullable_type(type_)
        if is_list_type(nullable):
            return partial(_convert_list, self.of(nullable.of_type))
        if not is_input_object_type(nullable):
            return None
        if nullable.name not in self._converter_by_type:
            self._converter_by_type[nullable.name] = self._object_converter(nullable)
        return self._converter_by_type[nullable.name]

    def _object_converter(self, type_: GraphQLInputObjectType) -> _Converter:
        definition: StrawberryObjectDefinition = type_.extensions[_DEFINITION_KEY]
        if definition.from_input is not None:
            return partial(
                convert_argument,
                type_=definition.origin,
                scalar_registry=self._scalars,
                config=self._config,
            )
        converter = _ObjectConverter(definition)
        self._converter_by_type[type_.name] = converter  # for a field of the same type
        converter.fields = [
            (name, field.extensions[_DEFINITION_KEY].python_name, self.of(field.type))
            for name, field in type_.fields.items()
        ]
        return converter


class _ObjectConverter:
    """Converts the dict of an input object to an instance of the class that declares it.

    Attributes:
        fields: The GraphQL name, the Python name and the converter of each field.
    """

    def __init__(self, definition: StrawberryObjectDefinition) -> None:
        self.fields: Sequence[tuple[str, str, _Converter | None]] = ()
        self._class = definition.origin
        self._absent_values = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }

    def __call__(self, value: Mapping[str, Any] | None) -> Any:
        if value is None:
            return None
        members: dict[str, Any] = {**self._absent_values}
        for name, python_name, convert in self.fields:
            if name in value:
                members[python_name] = value[name] if convert is None else convert(value[name])
        return self._class(**members)


def _convert_list(
    convert_item: _Converter | None, values: Iterable[Any] | None
) -> list[Any] | None:
    """A list of its own for each resolver: the coerced values are shared, those of defaults by all requests."""
    if values is None:
        return None
    return list(values) if convert_item is None else [convert_item(each) for each in values]


class _ArgumentConverter:
    """Converts the coerced arguments of a field by GraphQL name to those that its resolver takes."""

    def __init__(self, field: GraphQLField, converters: _InputConverters) -> None:
        self._python_names = {
            name: each.extensions[_DEFINITION_KEY].python_name for name, each in field.args.items()
        }
        self._converter_by_name = {
            self._python_names[name]: converter
            for name, each in field.args.items()
            if (converter := converters.of(each.type))
        }

    def __call__(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        values = {self._python_names[name]: value for name, value in arguments.items()}
        for name, convert in self._converter_by_name.items():
            if name in values:
                values[name] = convert(values[name])
        return values


def _argument_binder(
    function: Callable[..., Any], convert_arguments: _ArgumentConverter
) -> Callable[..., Callable[[Any, Any], Any]]:
    """A function that binds the arguments of a computed field, given by their GraphQL names."""

    def bind_arguments(**arguments: Any) -> Callable[[Any, Any], Any]:
        return partial(function, **convert_arguments(arguments))

    return bind_arguments


def _engine_resolver(
    resolve: Callable[..., Any], field: GraphQLField, converters: _InputConverters
) -> Callable[..., Any]:
    """A resolver as the engine calls it: with the parent object, the info and the arguments by their GraphQL names.

    It is made once for each field. The resolver gets `root` and `info` only where it has a parameter of that name.
    """
    convert_arguments = _ArgumentConverter(field, converters)
    parameters = signature(resolve).parameters
    takes_root, takes_info = "root" in parameters, "info" in parameters

    def call_with_graphql_arguments(
        root: Node[Any] | None, info: ResolveInfo, /, **arguments: Any
    ) -> Any:
        values = convert_arguments(arguments)
        if takes_root:
            values["root"] = root
        if takes_info:
            values["info"] = info
        return resolve(**values)

    return call_with_graphql_arguments


_READ_COST = 10
"""The cost of a field that may need a read, whether or not other fields need the same read."""

_COUNTS_COST = 10
"""The cost of counts, for which all activities of the timeline are decoded."""

_COUNT_SIZES = {
    "kinds": len(ActivityKind),
    "actions": len(ActivityAction),
    "users": MAX_USERS,
    "days": 100,
}
"""The assumed sizes of the lists of counts: the largest, and for days what a timeline usually has."""


def operation_limits(schema: GraphQLSchema, settings: Settings) -> Limits:
    """The limits of operations on this schema.

    Args:
        schema: The schema.
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
        field_costs=_field_costs(
            schema,
            page_size=ListSize(
                ("first", "last"), settings.default_page_size, settings.max_page_size
            ),
            max_clients=settings.max_clients,
            max_representations=settings.max_representations,
        ),
    )


@cache
def _field_costs(
    schema: GraphQLSchema, *, page_size: ListSize, max_clients: int, max_representations: int
) -> FieldCosts:
    """The costs of the fields, computed once for each schema and these settings."""
    declared_costs: dict[FieldCoordinates, FieldCost] = {}
    for name, source in bind_fields(schema).source_by_field.items():
        if isinstance(source, ResolverField) and source.items is not None:
            declared_costs[name] = FieldCost(_READ_COST, page_multiplier=page_size)
        elif isinstance(source, LoadedField) or (
            isinstance(source, ResolverField) and source.reads
        ):
            declared_costs[name] = FieldCost(_READ_COST)
    for connection in ("ActivityConnection", "AppointmentThreadConnection"):
        declared_costs[connection, "nodes"] = FieldCost(is_paginated=True)
        declared_costs[connection, "edges"] = FieldCost(is_paginated=True)
    declared_costs["ActivityConnection", "counts"] = FieldCost(_COUNTS_COST)
    for count, size in _COUNT_SIZES.items():
        declared_costs["ActivityCounts", count] = FieldCost(multiplier=size)
    declared_costs["Query", "clients"] = FieldCost(
        multiplier=SizedByArgument(("ids",), default=max_clients, maximum=max_clients)
    )
    declared_costs["Query", "_entities"] = FieldCost(
        per_item=_READ_COST,
        multiplier=SizedByArgument(
            ("representations",), default=max_representations, maximum=max_representations
        ),
    )
    return build_field_costs(schema, declared_costs)

"""What a Strawberry schema may ask of this gateway: whatever else it has is refused when it is built."""

from collections.abc import Iterator
from typing import Any

from graphql import DirectiveLocation
from strawberry import Info, Schema
from strawberry.extensions import SchemaExtension
from strawberry.extensions.directives import DirectivesExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import (
    StrawberryContainer,
    StrawberryMaybe,
    StrawberryObjectDefinition,
)

from gateway.schema.resolvers import read


class SchemaRefused(TypeError):
    """A schema asks for what it would not get."""


def refuse_unsupported(schema: Schema) -> None:
    """Refuse a schema with anything that would be left out when operations on it are answered.

    Raises:
        SchemaRefused: Names each such thing.
    """
    problems = [*_of_schema(schema), *_of_config(schema.config)]
    for concrete in schema.schema_converter.type_map.values():
        if isinstance(concrete.definition, StrawberryObjectDefinition):
            problems += _of_type(concrete.definition)
    if problems:
        raise SchemaRefused("\n".join(["This schema cannot be served.", *problems]))


def _of_schema(schema: Schema) -> Iterator[str]:
    for extension in schema.get_extensions():
        if not isinstance(extension, DirectivesExtension):
            yield from _of_extension(extension)
    for handler in schema.exception_handlers:
        yield f"The exception handler {type(handler).__name__} would not run."
    if schema.execution_context_class is not StrawberryGraphQLCoreExecutionContext:
        yield f"The execution context {schema.execution_context_class.__name__} would not be used."
    if schema.subscription is not None:
        yield f"The subscriptions of {schema.subscription.__name__} would not be served."
    for directive in schema.directives:
        name = schema.config.name_converter.from_directive(directive)
        for location in {*directive.locations} - {DirectiveLocation.FIELD}:
            yield f"The directive @{name} would do nothing at {location.name}: only at FIELD."


def _of_extension(extension: SchemaExtension) -> Iterator[str]:
    name = type(extension).__name__
    hooks = [hook for hook in _HOOKS if _overrides(extension, hook)]
    for hook in hooks:
        yield f"The schema extension {name} would not run: {hook} {_HOOKS[hook]}"
    if not hooks:
        yield f"The schema extension {name} overrides nothing that could run."


def _overrides(extension: SchemaExtension, hook: str) -> bool:
    return getattr(type(extension), hook) is not getattr(SchemaExtension, hook)


_PREPARED = "stands around what is done once for all requests with the same document."
_EXECUTED = "stands around what Strawberry executes, and operations are executed without it."
_HOOKS = {
    "resolve": "stands around every field, so that plans could read none. Extensions of fields run.",
    "get_results": "adds to an answer that Strawberry makes, and answers are made without it.",
    "on_operation": _EXECUTED,
    "on_parse": _PREPARED,
    "on_validate": _PREPARED,
    "on_execute": _EXECUTED,
    "on_stream_result": "stands around results in parts, which are not served.",
}
"""What an extension may override, and why it would not hold here."""


def _of_config(config: StrawberryConfig) -> Iterator[str]:
    if config.default_resolver is not read:
        yield "StrawberryConfig.default_resolver must be gateway.schema.resolvers.read."
    if config.info_class is not Info:
        yield f"StrawberryConfig.info_class ({config.info_class.__name__}) would not be used by plans."
    for name in _UNUSED:
        if getattr(config, name):
            yield f"StrawberryConfig.{name} would not be used."


_UNUSED = (
    "disable_field_suggestions",
    "enable_experimental_incremental_execution",
    "batching_config",
)


def _of_type(type_: StrawberryObjectDefinition) -> Iterator[str]:
    if type_.is_input:
        yield from _of_input(type_)
        return
    if type_.resolve_type is not None:
        yield f"{type_.name}.resolve_type would not be used by plans: types know their values by `is_type_of`."
    if type_.is_type_of is not None and not hasattr(type_.is_type_of, "kinds"):
        yield f"{type_.name}.is_type_of would not be used by plans, but for one of `recorded_as`."
    for field in type_.fields:
        if field.is_subscription:
            yield f"{type_.name}.{field.python_name} is a subscription, which would not be served."
        for argument in field.arguments:
            if _is_maybe(argument):
                yield f"{type_.name}.{field.python_name}({argument.python_name}) is a Maybe: {_NO_RULE}"


def _of_input(type_: StrawberryObjectDefinition) -> Iterator[str]:
    if type_.is_one_of:
        yield f"{type_.name} is a OneOf input: {_NO_RULE}"
    for field in type_.fields:
        if _is_maybe(field):
            yield f"{type_.name}.{field.python_name} is a Maybe: {_NO_RULE}"


_NO_RULE = "Strawberry's own validation rules would not run."


def _is_maybe(declared: StrawberryArgument | Any) -> bool:
    held = declared.type
    while isinstance(held, StrawberryContainer):
        if isinstance(held, StrawberryMaybe):
            return True
        held = held.of_type
    return False

"""The features of Strawberry that this gateway supports.

A schema with other features is refused when it is built.
"""

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

from gateway.schema.resolvers import resolve_attribute


class UnsupportedSchema(TypeError):
    """A schema declares features that would have no effect."""


def require_supported(schema: Schema) -> None:
    """Refuse a schema with any feature that the execution of operations would ignore.

    Raises:
        UnsupportedSchema: Names each such feature.
    """
    problems = [*_schema_problems(schema), *_config_problems(schema.config)]
    for concrete in schema.schema_converter.type_map.values():
        if isinstance(concrete.definition, StrawberryObjectDefinition):
            problems += _type_problems(concrete.definition)
    if problems:
        raise UnsupportedSchema("\n".join(["This schema cannot be served.", *problems]))


def _schema_problems(schema: Schema) -> Iterator[str]:
    for extension in schema.get_extensions():
        if not isinstance(extension, DirectivesExtension):
            yield from _extension_problems(extension)
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


def _extension_problems(extension: SchemaExtension) -> Iterator[str]:
    name = type(extension).__name__
    hooks = [hook for hook in _HOOKS if _overrides(extension, hook)]
    for hook in hooks:
        yield f"The schema extension {name} would not run: {hook} {_HOOKS[hook]}"
    if not hooks:
        yield f"The schema extension {name} overrides no hook that could run."


def _overrides(extension: SchemaExtension, hook: str) -> bool:
    return getattr(type(extension), hook) is not getattr(SchemaExtension, hook)


_AROUND_PREPARATION = "wraps what is done once for all requests with the same document."
_AROUND_EXECUTION = "wraps execution by Strawberry, which executes no operation."
_HOOKS = {
    "resolve": "would have to run for every field, also in compiled queries.",
    "get_results": "extends Strawberry's response, which is not used.",
    "on_operation": _AROUND_EXECUTION,
    "on_parse": _AROUND_PREPARATION,
    "on_validate": _AROUND_PREPARATION,
    "on_execute": _AROUND_EXECUTION,
    "on_stream_result": "wraps incremental results, which are not served.",
}
"""The methods that an extension may override, and the reason why each would have no effect here."""


def _config_problems(config: StrawberryConfig) -> Iterator[str]:
    if config.default_resolver is not resolve_attribute:
        yield "StrawberryConfig.default_resolver must be gateway.schema.resolvers.resolve_attribute."
    if config.info_class is not Info:
        yield f"StrawberryConfig.info_class ({config.info_class.__name__}) would not be used by compiled queries."
    for name in _UNUSED_OPTIONS:
        if getattr(config, name):
            yield f"StrawberryConfig.{name} would not be used."


_UNUSED_OPTIONS = (
    "disable_field_suggestions",
    "enable_experimental_incremental_execution",
    "batching_config",
)


def _type_problems(type_: StrawberryObjectDefinition) -> Iterator[str]:
    if type_.is_input:
        yield from _input_problems(type_)
        return
    if type_.resolve_type is not None:
        yield f"{type_.name}.resolve_type would not be used by compiled queries: types know their values by `is_type_of`."
    if type_.is_type_of is not None and not hasattr(type_.is_type_of, "record_types"):
        yield f"{type_.name}.is_type_of would not be used by compiled queries; use `is_type_of_records`."
    for field in type_.fields:
        if field.is_subscription:
            yield f"{type_.name}.{field.python_name} is a subscription, which would not be served."
        for argument in field.arguments:
            if _is_maybe(argument):
                yield f"{type_.name}.{field.python_name}({argument.python_name}) is a Maybe: {_NO_VALIDATION_RULE}"


def _input_problems(type_: StrawberryObjectDefinition) -> Iterator[str]:
    if type_.is_one_of:
        yield f"{type_.name} is a OneOf input: {_NO_VALIDATION_RULE}"
    for field in type_.fields:
        if _is_maybe(field):
            yield f"{type_.name}.{field.python_name} is a Maybe: {_NO_VALIDATION_RULE}"


_NO_VALIDATION_RULE = "Strawberry's own validation rules would not run."


def _is_maybe(definition: StrawberryArgument | Any) -> bool:
    type_ = definition.type
    while isinstance(type_, StrawberryContainer):
        if isinstance(type_, StrawberryMaybe):
            return True
        type_ = type_.of_type
    return False

"""Adapters for fields that Strawberry itself resolves: methods, permissions, extensions and directives."""

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import isawaitable
from typing import Any, TypeAlias, get_args, get_origin

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    MiddlewareManager,
)
from strawberry.extensions.directives import SPECIFIED_DIRECTIVES, DirectivesExtension
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.utils.await_maybe import await_maybe

from gateway.engine.resolvers import MIDDLEWARE, Node
from gateway.errors import Forbidden, GatewayError
from gateway.schema.context import Info
from gateway.schema.resolvers import FIELD_SOURCE_KEY, NodeWrapper, as_node
from gateway.schema.views import ValueType, field_value_type, to_view

_DEFINITION_KEY = GraphQLCoreConverter.DEFINITION_BACKREF
_FORBIDDEN_MESSAGE = "The credentials do not give access to this resource."

_ResolveFunction = Callable[..., Any]
_ResolveInfo: TypeAlias = GraphQLResolveInfo[Any]


def adapt_resolvers(schema: GraphQLSchema, *, has_directives: bool) -> None:
    """Adapt the resolvers of a schema that Strawberry built, so that they receive the objects they expect.

    Methods, permissions and extensions receive a `View` of their object. A resolver receives the `Node`
    where it declares `strawberry.Parent[Node[...]]`.

    Args:
        schema: The schema; modified in place.
        has_directives: Whether documents may have directives that Strawberry executes.
    """
    for type_ in schema.type_map.values():
        definition = type_.extensions.get(_DEFINITION_KEY)
        if isinstance(type_, GraphQLObjectType) and isinstance(
            definition, StrawberryObjectDefinition
        ):
            if type_.is_type_of is not None and definition.is_type_of is not None:
                type_.is_type_of = partial(
                    _is_type_or_instance, type_.is_type_of, definition.origin
                )
            for field in type_.fields.values():
                _adapt_field(field, definition)
    if has_directives:
        schema.extensions[MIDDLEWARE] = MiddlewareManager(_DirectivesMiddleware())


def _is_type_or_instance(
    is_type_of: _ResolveFunction, origin: type, value: object, info: _ResolveInfo
) -> bool:
    """An `is_type_of` that also accepts instances of the class that declares the type, as methods return."""
    return is_type_of(value, info) or isinstance(value, origin)


def _adapt_field(field: GraphQLField, parent: StrawberryObjectDefinition) -> None:
    definition: StrawberryField = field.extensions[_DEFINITION_KEY]
    resolver, resolve = definition.base_resolver, field.resolve
    assert resolve is not None  # Strawberry sets a resolver for each field
    parameter = _node_parameter(resolver) if resolver else None
    get_result = partial(type(definition).get_result, definition)
    if parameter is not None:
        get_result = partial(_get_result_of_node, get_result, parameter)
        definition.get_result = get_result  # type: ignore[method-assign]
    if definition.extensions:
        value_type = field_value_type(definition)
        if resolver is not None and FIELD_SOURCE_KEY not in definition.metadata:
            value_type = ValueType(value_type.type_)  # extensions may convert the value to text
        definition.get_result = partial(_get_result_for_extensions, get_result, value_type)  # type: ignore[method-assign]
        for extension in definition.extensions:
            _expose_permission_errors(extension)
        field.resolve = partial(_resolve_with_extensions, resolve, parent)
    elif resolver is not None and parameter is None:
        field.resolve = partial(_resolve_with_view, resolve, parent)


def _node_parameter(resolver: StrawberryResolver[Any]) -> str | None:
    """The name of the resolver's parameter for the `Node` of the parent, if there is one."""
    parameter = resolver.parent_parameter
    annotation = resolver.strawberry_annotations[parameter] if parameter else None
    if parameter is None or annotation is None:
        return None
    [parent_type, *_] = get_args(annotation.annotation) or [None]
    return parameter.name if (get_origin(parent_type) or parent_type) is Node else None


def _get_result_of_node(
    get_result: _ResolveFunction,
    parameter: str,
    source: Any,
    *,
    kwargs: dict[str, Any],
    **options: Any,
) -> Any:
    return get_result(source, kwargs={**kwargs, parameter: as_node(kwargs[parameter])}, **options)


def _get_result_for_extensions(
    get_result: _ResolveFunction, value_type: ValueType, source: Any, *, info: Info, **options: Any
) -> Any:
    """The value that the extensions of a field receive: a view, as for methods."""
    value = get_result(source, info=info, **options)
    if not isawaitable(value):
        return to_view(value, value_type, info.context)

    async def view_later() -> Any:
        return to_view(await value, value_type, info.context)

    return view_later()


def _resolve_with_view(
    resolve: _ResolveFunction,
    parent: StrawberryObjectDefinition,
    source: Any,
    info: Any,
    /,
    **arguments: Any,
) -> Any:
    return resolve(_parent_view(source, parent, info), info, **arguments)


def _resolve_with_extensions(
    resolve: _ResolveFunction,
    parent: StrawberryObjectDefinition,
    source: Any,
    info: Any,
    /,
    **arguments: Any,
) -> Any:
    value = resolve(_parent_view(source, parent, info), info, **arguments)
    return _await_nested(value) if isawaitable(value) else value


def _parent_view(source: Any, parent: StrawberryObjectDefinition, info: _ResolveInfo) -> Any:
    """A view of a field's parent object.

    The concrete type is known here; an earlier view may have known only the interface.
    """
    node = as_node(source) if isinstance(source, NodeWrapper) else source
    return to_view(node, ValueType(parent), info.context)


async def _await_nested(value: Awaitable[Any]) -> Any:
    """The final value of an awaitable: an asynchronous extension may return a further awaitable."""
    result: Any = value
    while isawaitable(result):
        result = await result
    return result


def _expose_permission_errors(extension: object) -> None:
    if isinstance(extension, PermissionExtension):
        for permission in extension.permissions:
            if not isinstance(permission.on_unauthorized, _ForbiddenHandler):
                permission.on_unauthorized = _ForbiddenHandler(permission)  # type: ignore[method-assign]


class _ForbiddenHandler:
    """The `on_unauthorized` of a permission, whose errors become the public error `Forbidden`."""

    def __init__(self, permission: BasePermission) -> None:
        self._on_unauthorized = permission.on_unauthorized

    def __call__(self) -> Any:
        try:
            return self._on_unauthorized()
        except GatewayError:
            raise
        except Exception as error:
            details = getattr(error, "extensions", None)
            raise Forbidden(
                str(getattr(error, "message", error)) or _FORBIDDEN_MESSAGE, details=details
            ) from error


class _DirectivesMiddleware(DirectivesExtension):
    """Executes the directives of a field; fields without directives are resolved directly."""

    def resolve(  # type: ignore[override]  # GraphQL arguments may have any name
        self, _next: _ResolveFunction, root: Any, info: _ResolveInfo, /, *_: Any, **arguments: Any
    ) -> Any:
        names = {directive.name.value for directive in info.field_nodes[0].directives or ()}
        if names <= SPECIFIED_DIRECTIVES:
            return _next(root, info, **arguments)
        field = info.parent_type.fields.get(info.field_name)  # `__typename` has no definition
        value_type = field_value_type(field.extensions[_DEFINITION_KEY]) if field else ValueType()

        async def resolve_next(*_: Any) -> Any:
            return to_view(
                await await_maybe(_next(root, info, **arguments)), value_type, info.context
            )

        return super().resolve(resolve_next, root, info)

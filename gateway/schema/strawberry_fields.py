"""What Strawberry resolves by itself, made to hold here: methods, permissions, extensions and directives of fields."""

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

from gateway.engine.resolvers import MIDDLEWARE, Reached
from gateway.errors import Forbidden, GatewayError
from gateway.schema.context import Info
from gateway.schema.resolvers import READING, Seen, as_reached
from gateway.schema.strawberry_objects import Held, held_by, seen

_DECLARED = GraphQLCoreConverter.DEFINITION_BACKREF
_REFUSED = "These credentials do not give access to this."

_Resolve = Callable[..., Any]
_Info: TypeAlias = GraphQLResolveInfo[Any]


def install(schema: GraphQLSchema, *, directives: bool) -> None:
    """Give the resolvers of a schema, as Strawberry made it, the objects that they know.

    Methods, permissions and extensions get a view of their object. A resolver gets it as it was
    reached where it says so: `strawberry.Parent[Reached[...]]`.

    Args:
        schema: The schema; it is changed.
        directives: Whether documents may have directives that Strawberry runs.
    """
    for type_ in schema.type_map.values():
        declared = type_.extensions.get(_DECLARED)
        if isinstance(type_, GraphQLObjectType) and isinstance(
            declared, StrawberryObjectDefinition
        ):
            if type_.is_type_of is not None and declared.is_type_of is not None:
                type_.is_type_of = partial(_is_one, type_.is_type_of, declared.origin)
            for field in type_.fields.values():
                _install(field, declared)
    if directives:
        schema.extensions[MIDDLEWARE] = MiddlewareManager(_Directives())


def _is_one(is_type_of: _Resolve, origin: type, value: object, info: _Info) -> bool:
    """Also an object of the class that declares the type, as a method may make one."""
    return is_type_of(value, info) or isinstance(value, origin)


def _install(field: GraphQLField, parent: StrawberryObjectDefinition) -> None:
    declared: StrawberryField = field.extensions[_DECLARED]
    resolver, resolve = declared.base_resolver, field.resolve
    assert resolve is not None  # Strawberry gives one to each field
    parameter = _for_reached(resolver) if resolver else None
    get_result = partial(type(declared).get_result, declared)
    if parameter is not None:
        get_result = partial(_of_reached, get_result, parameter)
        declared.get_result = get_result  # type: ignore[method-assign]
    if declared.extensions:
        held = held_by(declared)
        if resolver is not None and READING not in declared.metadata:
            held = Held(held.type_)  # extensions may make a text of what it gives
        declared.get_result = partial(_for_extensions, get_result, held)  # type: ignore[method-assign]
        for extension in declared.extensions:
            _tell_refusals(extension)
        field.resolve = partial(_guarded, resolve, parent)
    elif resolver is not None and parameter is None:
        field.resolve = partial(_of_view, resolve, parent)


def _for_reached(resolver: StrawberryResolver[Any]) -> str | None:
    """The name of the parameter for an object as it was reached, if there is one."""
    parameter = resolver.parent_parameter
    annotation = resolver.strawberry_annotations[parameter] if parameter else None
    if parameter is None or annotation is None:
        return None
    [declared, *_] = get_args(annotation.annotation) or [None]
    return parameter.name if (get_origin(declared) or declared) is Reached else None


def _of_reached(
    get_result: _Resolve, name: str, source: Any, *, kwargs: dict[str, Any], **given: Any
) -> Any:
    return get_result(source, kwargs={**kwargs, name: as_reached(kwargs[name])}, **given)


def _for_extensions(
    get_result: _Resolve, held: Held, source: Any, *, info: Info, **given: Any
) -> Any:
    """What the extensions of a field get of it: the same as methods do."""
    value = get_result(source, info=info, **given)
    if not isawaitable(value):
        return seen(value, held, info.context)

    async def later() -> Any:
        return seen(await value, held, info.context)

    return later()


def _of_view(
    resolve: _Resolve, parent: StrawberryObjectDefinition, source: Any, info: Any, /, **given: Any
) -> Any:
    return resolve(_view(source, parent, info), info, **given)


def _guarded(
    resolve: _Resolve, parent: StrawberryObjectDefinition, source: Any, info: Any, /, **given: Any
) -> Any:
    value = resolve(_view(source, parent, info), info, **given)
    return _awaited(value) if isawaitable(value) else value


def _view(source: Any, parent: StrawberryObjectDefinition, info: _Info) -> Any:
    """What a field is of. Its type is known better here than where it was seen before, as an interface."""
    reached = as_reached(source) if isinstance(source, Seen) else source
    return seen(reached, Held(parent), info.context)


async def _awaited(value: Awaitable[Any]) -> Any:
    """What an awaitable leads to: an extension that waits may have waited for an awaitable only."""
    found: Any = value
    while isawaitable(found):
        found = await found
    return found


def _tell_refusals(extension: object) -> None:
    if isinstance(extension, PermissionExtension):
        for permission in extension.permissions:
            if not isinstance(permission.on_unauthorized, _Refusal):
                permission.on_unauthorized = _Refusal(permission)  # type: ignore[method-assign]


class _Refusal:
    """What a permission does where it is not given; what it raises is the caller's to know."""

    def __init__(self, permission: BasePermission) -> None:
        self._on_unauthorized = permission.on_unauthorized

    def __call__(self) -> Any:
        try:
            return self._on_unauthorized()
        except GatewayError:
            raise
        except Exception as error:
            told = getattr(error, "extensions", None)
            raise Forbidden(str(getattr(error, "message", error)) or _REFUSED, told=told) from error


class _Directives(DirectivesExtension):
    """Runs the directives of a field; fields without any are resolved as they are without it."""

    def resolve(  # type: ignore[override]  # arguments may have any name
        self, _next: _Resolve, root: Any, info: _Info, /, *_: Any, **given: Any
    ) -> Any:
        names = {directive.name.value for directive in info.field_nodes[0].directives or ()}
        if names <= SPECIFIED_DIRECTIVES:
            return _next(root, info, **given)
        field = info.parent_type.fields.get(info.field_name)  # none for __typename
        held = held_by(field.extensions[_DECLARED]) if field else Held()

        async def resolved(*_: Any) -> Any:
            return seen(await await_maybe(_next(root, info, **given)), held, info.context)

        return super().resolve(resolved, root, info)

"""How fields read records: one declaration each, which graphql-core and the plans both follow."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache, wraps
from inspect import isawaitable, signature
from typing import Any

import strawberry

from gateway.engine.resolvers import (
    Computed,
    Items,
    Loaded,
    NotPlain,
    Place,
    Plain,
    Reached,
    Resolved,
)
from gateway.errors import ContractBroken, GatewayError
from gateway.observability.event_loop import Steps, at_once, in_steps
from gateway.schema.context import Context, Info, is_unpaused
from gateway.schema.html_text import plain_text, plain_text_in_steps
from gateway.upstream.records import activities

CANNOT_BE_READ = "The upstream sent something that cannot be read here."

READING = "reading"
"""Where a field's metadata says how it is read. A field without it is a plain attribute."""


class Shown:
    """An object of this schema that is no record of the upstream, but leads to some."""


class LeftOut(NotPlain):
    """A field holds a value, but not all that the upstream sent could be read.

    Attributes:
        value: What the field holds.
        error: What is told of the rest.
    """

    def __init__(self, value: Any, error: GatewayError) -> None:
        super().__init__()
        self.value = value
        self.error = error


class TakesLong(NotPlain):
    """A field holds what takes long to compute.

    Attributes:
        steps: Computes it.
    """

    def __init__(self, steps: Steps[Any]) -> None:
        super().__init__()
        self.steps = steps


def readable(value: object) -> bool:
    """Whether the upstream sent what it should: false for what stands in the place of anything else."""
    return not isinstance(value, activities.Unreadable)


def read(source: object, name: str) -> Any:
    """The value of a plain field: of what was reached, or of an object by itself.

    Raises:
        ContractBroken: The upstream sent something that is not what it should be.
    """
    if isinstance(source, Seen):
        source = source.__reached__
    if isinstance(source, Reached):
        return _inside(source, _checked(getattr(source.value, name)))
    return _checked(getattr(source, name))


class Seen:
    """What was reached, in a form that a Strawberry method takes. It has no attribute of its own."""

    __slots__ = ("__reached__",)

    def __init__(self, source: Reached[Any]) -> None:
        self.__reached__ = source


def as_reached(source: Any) -> Reached[Any]:
    """What a method saw, as it was reached; an object by itself is reached through nothing."""
    if isinstance(source, Seen):
        return source.__reached__
    return source if isinstance(source, Reached) else Reached(source)


def _checked(value: object) -> object:
    """A list with an unreadable element is unreadable: what is left would pass for all there is."""
    if readable(value) and not (isinstance(value, list) and not all(map(readable, value))):
        return value
    raise ContractBroken(CANNOT_BE_READ)


def _inside(source: Reached[Any], value: object) -> object:
    """A value of an object, which objects in it are reached through."""
    match value:
        case activities.Record() | Shown():
            return source.to(value)
        case list():
            return [_inside(source, each) for each in value]
    return value


def text(record: object, name: str) -> str | None:
    """A text field of a record, also where the upstream sent a number; raises as `read` does."""
    value: Any = getattr(record, name)
    return value if value.__class__ is str or value is None else str(_checked(value))


def recorded_as(*kinds: type) -> Callable[[object, object], bool]:
    """An `is_type_of` for a type whose values are of some classes, which it names as `kinds`.

    Also those are named that derive from another one: plans tell values by their very classes.
    """

    def is_type_of(value: object, _info: object) -> bool:
        if isinstance(value, Seen):
            value = value.__reached__
        return isinstance(value, Reached) and isinstance(value.value, kinds)

    is_type_of.kinds = kinds  # type: ignore[attr-defined]
    return is_type_of


def computed(
    function: Callable[[Any, Context], Any],
    graphql_type: object,
    *,
    sources: tuple[str, ...],
    description: str,
    usually: str | None = None,
    may_last: bool = False,
    **guards: Any,
) -> Any:  # what strawberry.field returns
    """A field that is computed of its record.

    Args:
        function: Of the record and the context, the value; may raise what `read` does, or `LeftOut`.
        graphql_type: The type of the field.
        sources: The attributes of the record that the function reads.
        description: What callers read of it.
        usually: The attribute that the field simply is where that holds a text that is not empty.
        may_last: Whether the function may also raise `TakesLong`.
        guards: What stands around it: `permission_classes` and `extensions`, as Strawberry has them.
    """

    def resolve(root: strawberry.Parent[Reached[Any]], info: Info) -> Any:
        try:
            return _inside(root, function(root.value, info.context))
        except LeftOut as left_out:
            info.context.report(left_out.error, info)
            return _inside(root, left_out.value)
        except TakesLong as long:
            return in_steps(long.steps)

    return strawberry.field(
        resolver=waiting(resolve) if may_last and guards else resolve,
        graphql_type=graphql_type,
        description=description,
        metadata={READING: Computed(function, sources, usually)},
        **guards,
    )


def compute(source: Reached[Any], reading: Computed, context: Context) -> Any:
    """The value of a computed field, for those who take all of it or nothing.

    Raises:
        GatewayError: It cannot be computed, or something is left out of it.
    """
    try:
        return _inside(source, reading.function(source.value, context))
    except LeftOut as left_out:
        raise left_out.error from left_out
    except TakesLong as long:
        return at_once(long.steps)


def plain_text_of(name: str, *, description: str, **guards: Any) -> Any:
    """A field for the plain text of an HTML field."""

    def plain(record: object, context: Context) -> str | None:
        body = text(record, name)
        if body is None:
            return None
        if not is_unpaused(len(body)):
            raise TakesLong(plain_text_in_steps(body))
        return plain_text(body)

    return computed(
        plain, str | None, sources=(name,), description=description, may_last=True, **guards
    )


Load = Callable[..., Awaitable[Any]]
"""A method of the session: by ids, what a record stands for; None where it is no more."""


def looked_up(
    load: Load,
    ids: tuple[str, ...],
    of: str | Callable[[Any], Any],
    graphql_type: object,
    *,
    description: str,
    **guards: Any,
) -> Any:
    """A field of an entity that the embedded record does not carry.

    The first of them costs a read, further ones nothing. Null where the entity is no more.

    Args:
        load: How the entity is loaded.
        ids: The names of the ids that `load` takes.
        of: The attribute of the entity, or what to make of the entity.
        graphql_type: The type of the field.
        description: What callers read of it.
        guards: What stands around it: `permission_classes` and `extensions`, as Strawberry has them.
    """
    shown = Plain(of) if isinstance(of, str) else Computed(lambda found, _context: of(found), ())
    return _loaded(Loaded(_of_context(load), ids, shown), graphql_type, description, guards)


def entity(
    load: Load, ids: tuple[str, ...], graphql_type: object, *, description: str, **guards: Any
) -> Any:
    """A field that is an entity as a whole; guarded as `looked_up`. Null where it is no more."""
    return _loaded(Loaded(_of_context(load), ids, None), graphql_type, description, guards)


@cache
def _of_context(load: Load) -> Load:
    """The same function for the same load, so that who answers can tell equal loads."""

    def of_context(context: Context, *ids: str | None) -> Awaitable[Any]:
        return load(context.session, *ids)

    return of_context


def _loaded(
    reading: Loaded, graphql_type: object, description: str, guards: Mapping[str, Any]
) -> Any:
    def resolve(root: strawberry.Parent[Reached[Any]], info: Info) -> Any:
        load = reading.load(info.context, *map(root.nearest, reading.ids))
        return _found(load, root, reading, info.context)

    return strawberry.field(
        resolver=waiting(resolve) if guards else resolve,
        graphql_type=graphql_type,
        description=description,
        metadata={READING: reading},
        **guards,
    )


def waiting(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """A resolver that may give an awaitable, for Strawberry to see: what stands around it gets the value."""

    @wraps(resolve)
    async def waits(*args: Any, **kwargs: Any) -> Any:
        given = resolve(*args, **kwargs)
        return await given if isawaitable(given) else given

    return waits


async def _found(
    load: Awaitable[Any], root: Reached[Any], reading: Loaded, context: Context
) -> Any:
    """What a field shows of what is loaded. The load was enqueued before: see `Session`."""
    found = await load
    match reading.of:
        case _ if found is None:
            return None
        case None:
            return root.to(found)
        case Plain(attribute):
            return read(root.to(found), attribute)
        case Computed(function):
            return _inside(root.to(found), function(found, context))


def resolved(resolve: Callable[..., Any], *, items: Items | None = None) -> Mapping[str, Any]:
    """The metadata of a field with a resolver that plans may call as well.

    Args:
        resolve: The resolver; takes `root` and `info` where it names them, and the arguments, by
            its own names. Of `info` it may use what a `Place` has.
        items: What a list holds whose items are decoded by who answers.
    """
    takes = signature(resolve).parameters

    def by_name(root: Reached[Any] | None, info: Place, /, **given: Any) -> Any:
        own = {"root": root, "info": info}
        return resolve(**{name: own[name] for name in own if name in takes}, **given)

    return {READING: Resolved(by_name, items)}

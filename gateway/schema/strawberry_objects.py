"""Objects as Strawberry's methods and permissions see them: what they hold by its names, objects in them likewise."""

from collections.abc import Callable
from functools import cache, partial
from inspect import getattr_static
from typing import Any, NamedTuple, get_args, get_type_hints

import strawberry
from graphql import GraphQLID, GraphQLString
from strawberry.types.base import (
    StrawberryContainer,
    StrawberryObjectDefinition,
    get_object_definition,
)
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from gateway.engine.resolvers import Computed, Reached
from gateway.schema.context import Context
from gateway.schema.resolvers import READING, Seen, as_reached, compute, read

Type = StrawberryObjectDefinition | None
"""What is declared of an object's type, where it is known."""


class Held(NamedTuple):
    """What is declared of a value, or of the elements of a list.

    Attributes:
        type_: The type of the objects.
        text: How a value is shown as a text, where it is one: the upstream may have sent a number.
    """

    type_: Type = None
    text: Callable[[Any], Any] | None = None


class View(Seen):
    """An object with the attributes of what was reached: those that its type declares as fields, as fields show them.

    It has computed fields, too, and what its type's class has beside fields. An attribute that could not be
    read raises as a field does: see `read` and `compute`.
    """

    __slots__ = ("__context__", "__type__")

    def __init__(self, source: Reached[Any], type_: Type, context: Context) -> None:
        super().__init__(source)
        self.__type__ = type_
        self.__context__ = context

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python's own question, which no record answers
            raise AttributeError(name)
        reached, context = self.__reached__, self.__context__
        reading = _reading(_field(self.__type__, name))
        if isinstance(reading, Computed):
            value = compute(reached, reading, context)
        else:
            try:
                value = read(reached, name)
            except AttributeError:
                return _of_class(self, name)
        kind: Any = type(reached.value)
        return seen(value, _held(self.__type__, kind, name), context)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and as_reached(self).value == as_reached(other).value

    def __hash__(self) -> int:
        return hash(as_reached(self).value)

    def __repr__(self) -> str:
        return f"<a view of {type(as_reached(self).value).__name__}>"


def seen(value: Any, held: Held, context: Context) -> Any:
    """A value as methods see it, given what is declared of it."""
    if isinstance(value, Reached):
        return View(value, held.type_, context)
    if isinstance(value, list):
        return [seen(each, held, context) for each in value]
    return value if held.text is None or value is None else held.text(value)


def held_by(field: StrawberryField) -> Held:
    """What is declared of a field's value."""
    held: Any = field.type
    while isinstance(held, StrawberryContainer | LazyType):
        held = held.resolve_type() if isinstance(held, LazyType) else held.of_type
    if held is strawberry.ID:
        return Held(text=GraphQLID.serialize)
    if held is str:
        return Held(text=GraphQLString.serialize)
    is_text = getattr(held, "__supertype__", None) is str  # a scalar of its own
    return Held(text=str) if is_text else Held(get_object_definition(held))


def _of_class(view: View, name: str) -> Any:
    """A method, property or constant of the class of a view's type.

    Raises:
        AttributeError: There is none; or there is but a field, which the record should have, or which
            has to be loaded.
    """
    type_ = view.__type__
    field = _field(type_, name)
    if type_ is None or (field and (field.base_resolver is None or _reading(field) is not None)):
        raise AttributeError(f"{view!r} has no attribute {name!r}.")
    attribute = getattr_static(type_.origin, name)
    bind = getattr(type(attribute), "__get__", None)
    return attribute if bind is None else bind(attribute, view, type_.origin)


@cache
def _field(type_: Type, name: str) -> StrawberryField | None:
    return type_.get_field(name) if type_ else None


def _reading(field: StrawberryField | None) -> object:
    return field.metadata.get(READING) if field else None


@cache
def _held(type_: Type, kind: type, name: str) -> Held:
    """What is declared of an attribute of a view: by the field that shows it, else by the record's class."""
    field = _field(type_, name)
    held = held_by(field) if field else Held()
    if field and (field.base_resolver is None or isinstance(_reading(field), Computed)):
        return held
    return held._replace(text=partial(_as_recorded, kind, name))


def _as_recorded(kind: type, name: str, value: Any) -> Any:
    return str(value) if value.__class__ in {int, float} and _may_be_text(kind, name) else value


@cache
def _may_be_text(kind: type, name: str) -> bool:
    """Whether a class declares an attribute as a text, or as a number that may be sent for one."""
    attribute = getattr_static(kind, name, None)
    is_property = isinstance(attribute, property)
    hints = get_type_hints(attribute.fget if is_property else kind)
    return _names_text(hints.get("return" if is_property else name))


def _names_text(declared: Any) -> bool:
    return declared is str or any(map(_names_text, get_args(declared)))

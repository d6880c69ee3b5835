"""Objects as Strawberry's methods and permissions see them: what they hold by its names, objects in them likewise."""

from functools import cache
from inspect import getattr_static
from typing import Any

from strawberry.types.base import (
    StrawberryContainer,
    StrawberryObjectDefinition,
    get_object_definition,
)
from strawberry.types.lazy_type import LazyType

from gateway.operations.fields import Reached
from gateway.schema.reading import READING, Seen, as_reached, read

Type = StrawberryObjectDefinition | None
"""What is declared of an object's type, where it is known."""


class View(Seen):
    """An object whose attributes are those of what was reached, then what its type's class has beside fields.

    An attribute that could not be read raises as a field does: see `read`.
    """

    __slots__ = ("__type__",)

    def __init__(self, source: Reached[Any], type_: Type) -> None:
        super().__init__(source)
        self.__type__ = type_

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python's own question, which no record answers
            raise AttributeError(name)
        try:
            value = read(self, name)
        except AttributeError:
            return _of_class(self, name)
        return seen(value, _inside(self.__type__, name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and as_reached(self).value == as_reached(other).value

    def __hash__(self) -> int:
        return hash(as_reached(self).value)

    def __repr__(self) -> str:
        return f"<a view of {type(as_reached(self).value).__name__}>"


def seen(value: Any, type_: Type) -> Any:
    """A value as methods see it, given the type of the objects in it."""
    if isinstance(value, Reached):
        return View(value, type_)
    if isinstance(value, list):
        return [seen(each, type_) for each in value]
    return value


def _of_class(view: View, name: str) -> Any:
    """A method, property or constant of the class of a view's type.

    Raises:
        AttributeError: There is none; or there is but a field, which the record should have, or which
            takes more than an object to read.
    """
    type_ = view.__type__
    field = type_.get_field(name) if type_ else None
    if type_ is None or (field and (field.base_resolver is None or READING in field.metadata)):
        raise AttributeError(f"{view!r} has no attribute {name!r}.")
    attribute = getattr_static(type_.origin, name)
    bind = getattr(type(attribute), "__get__", None)
    return attribute if bind is None else bind(attribute, view, type_.origin)


@cache
def _inside(type_: Type, name: str) -> Type:
    """The type of the objects that a field of a type holds."""
    field = type_.get_field(name) if type_ else None
    held: Any = field.type if field else None
    while isinstance(held, StrawberryContainer | LazyType):
        held = held.resolve_type() if isinstance(held, LazyType) else held.of_type
    return get_object_definition(held)

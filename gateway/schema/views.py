"""The `self` of methods and `source` of permissions: a record with its attributes as the GraphQL type has them."""

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

from gateway.engine.resolvers import ComputedField, IdsField, Node
from gateway.schema.context import Context
from gateway.schema.resolvers import (
    FIELD_SOURCE_KEY,
    NodeWrapper,
    as_node,
    compute,
    resolve_attribute,
    value_of_ids,
)

ObjectDefinition = StrawberryObjectDefinition | None
"""The declaration of an object's type, where known."""


class ValueType(NamedTuple):
    """The declared type of a value, or of the elements of a list.

    Attributes:
        type_: The declaration of the objects' type.
        to_text: Converts a value declared as text to text: the upstream may have sent a number.
    """

    type_: ObjectDefinition = None
    to_text: Callable[[Any], Any] | None = None


class View(NodeWrapper):
    """A view of a node's value, whose attributes are the fields that its type declares, with their values.

    Computed fields are attributes, too, and so are the members of the type's class that are not fields. An
    unreadable attribute raises as a field does: see `resolve_attribute` and `compute`.
    """

    __slots__ = ("__context__", "__type__")

    def __init__(self, node: Node[Any], type_: ObjectDefinition, context: Context) -> None:
        super().__init__(node)
        self.__type__ = type_
        self.__context__ = context

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # a protocol lookup of Python, which no record supports
            raise AttributeError(name)
        node, context = self.__node__, self.__context__
        field_source = _field_source(_find_field(self.__type__, name))
        if isinstance(field_source, ComputedField):
            value = compute(node, field_source, context)
        elif isinstance(field_source, IdsField):
            value = value_of_ids(node, field_source)
        else:
            try:
                value = resolve_attribute(node, name)
            except AttributeError:
                return _class_attribute(self, name)
        record_type: Any = type(node.value)
        return to_view(value, _attribute_value_type(self.__type__, record_type, name), context)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and as_node(self).value == as_node(other).value

    def __hash__(self) -> int:
        return hash(as_node(self).value)

    def __repr__(self) -> str:
        return f"<a view of {type(as_node(self).value).__name__}>"


def to_view(value: Any, value_type: ValueType, context: Context) -> Any:
    """A value as Strawberry methods receive it, given its declared type."""
    if isinstance(value, Node):
        return View(value, value_type.type_, context)
    if isinstance(value, list):
        return [to_view(each, value_type, context) for each in value]
    return value if value_type.to_text is None or value is None else value_type.to_text(value)


def field_value_type(field: StrawberryField) -> ValueType:
    """The declared type of a field's value."""
    declared: Any = field.type
    while isinstance(declared, StrawberryContainer | LazyType):
        declared = declared.resolve_type() if isinstance(declared, LazyType) else declared.of_type
    if declared is strawberry.ID:
        return ValueType(to_text=GraphQLID.serialize)
    if declared is str:
        return ValueType(to_text=GraphQLString.serialize)
    is_text = getattr(declared, "__supertype__", None) is str  # a custom scalar
    return ValueType(to_text=str) if is_text else ValueType(get_object_definition(declared))


def _class_attribute(view: View, name: str) -> Any:
    """A method, property or constant of the class of a view's type.

    Raises:
        AttributeError: The class has no such attribute, or only a field, which the record lacks or which
            has to be loaded.
    """
    type_ = view.__type__
    field = _find_field(type_, name)
    if type_ is None or (
        field and (field.base_resolver is None or _field_source(field) is not None)
    ):
        raise AttributeError(f"{view!r} has no attribute {name!r}.")
    attribute = getattr_static(type_.origin, name)
    bind = getattr(type(attribute), "__get__", None)
    return attribute if bind is None else bind(attribute, view, type_.origin)


@cache
def _find_field(type_: ObjectDefinition, name: str) -> StrawberryField | None:
    return type_.get_field(name) if type_ else None


def _field_source(field: StrawberryField | None) -> object:
    return field.metadata.get(FIELD_SOURCE_KEY) if field else None


@cache
def _attribute_value_type(type_: ObjectDefinition, record_type: type, name: str) -> ValueType:
    """The declared type of a view's attribute: by the field that reads it, or else by the record's class."""
    field = _find_field(type_, name)
    value_type = field_value_type(field) if field else ValueType()
    if field and (field.base_resolver is None or isinstance(_field_source(field), ComputedField)):
        return value_type
    return value_type._replace(to_text=partial(_number_to_text, record_type, name))


def _number_to_text(record_type: type, name: str, value: Any) -> Any:
    return (
        str(value) if value.__class__ in {int, float} and _may_be_text(record_type, name) else value
    )


@cache
def _may_be_text(record_type: type, name: str) -> bool:
    """Whether a record class declares an attribute as text, or as a number that may be sent instead."""
    attribute = getattr_static(record_type, name, None)
    is_property = isinstance(attribute, property)
    hints = get_type_hints(attribute.fget if is_property else record_type)
    return _includes_text(hints.get("return" if is_property else name))


def _includes_text(declared: Any) -> bool:
    return declared is str or any(map(_includes_text, get_args(declared)))

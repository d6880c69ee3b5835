"""The namespace of an operation's generated functions: the values that they refer to, under unique names."""

import keyword
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLLeafType, get_nullable_type, is_non_null_type
from msgspec import UNSET

from gateway.engine.compiler.collect_fields import Field, FieldArguments
from gateway.engine.compiler.item_decoding import ProjectedDecoder
from gateway.engine.compiler.leaf_values import (
    ComputedEnumNameCache,
    LeafSerializer,
    leaf_serializer,
)
from gateway.engine.compiler.projection import EMPTY_VALUES, NARROW_STRUCT, Projection
from gateway.engine.compiler.response_objects import ResponseClassCache
from gateway.engine.resolvers import ComputedField, NeedsFallback, Node

_RESERVED_NAMES = {
    *keyword.kwlist,
    *("record", "run", "path", "ids", "node", "inner_ids", "result"),
    *("v", "each", "i", "enumerate", "str"),
}
"""Names that generated functions use for variables and builtins."""


class TypeDispatch(dict[type, Any]):
    """A dispatch table: the generated function for each class; raises `NeedsFallback` for other classes.

    A widened Struct, which a projection defines on demand, has the function of the narrow one.
    """

    def __missing__(self, class_: type) -> Any:
        if (narrow := getattr(class_, NARROW_STRUCT, None)) is None:
            raise NeedsFallback
        self[class_] = function = self[narrow]
        return function


@dataclass(frozen=True, eq=False, slots=True)
class BoundComputation:
    """The computation of one field that has arguments.

    Attributes:
        arguments: The arguments of the field.
        bind: Takes them, returns the function that computes the field from an object and the context.
    """

    arguments: FieldArguments
    bind: Callable[..., Callable[[Any, Any], Any]]


class Namespace:
    """The global names of the generated functions. What several functions refer to has one name.

    Attributes:
        values: The values by name.
    """

    def __init__(self, unreadable: type, response_classes: ResponseClassCache) -> None:
        """Begin with the checks of values; `unreadable` marks those that could not be decoded."""
        self.values: dict[str, Any] = {"Node": Node, "UNSET": UNSET, **_checks(unreadable)}
        self._unreadable = unreadable
        self._response_classes = response_classes
        self._shared_names: dict[tuple[str, Hashable], str] = {}
        self._class_names: dict[tuple[str, ...], str] = {}

    @property
    def response_class_count(self) -> int:
        return len(self._class_names)

    def add(self, name: str, value: Any) -> str:
        """Add a value; returns its name, which has a number where the given one is taken."""
        number, unique = 1, name
        while unique in self.values or unique in _RESERVED_NAMES:
            number += 1
            unique = f"{name}_{number}"
        self.values[unique] = value
        return unique

    def _shared_name(
        self, kind: str, key: Hashable, name: str, build_value: Callable[[], Any]
    ) -> str:
        """The name of the value with a key, which is added if it is new."""
        if (kind, key) not in self._shared_names:
            self._shared_names[kind, key] = self.add(name, build_value())
        return self._shared_names[kind, key]

    def response_class_name(self, keys: tuple[str, ...], type_name: str) -> str:
        """The name of the class of objects with these keys, after the first type that has some."""
        if keys not in self._class_names:
            response_class = self._response_classes.response_class(keys)
            self._class_names[keys] = self.add(f"{type_name}_object", response_class)
        return self._class_names[keys]

    def decoder_name(self, decoder: ProjectedDecoder) -> str:
        """The name of a decoder of items."""
        name = f"{decoder.items.interface}_decoder"
        return self._shared_name("decoder", decoder, name, lambda: decoder)

    def leaf_serializer(self, leaf: GraphQLLeafType, *, nullable: bool = True) -> LeafSerializer:
        """The function that serializes a leaf."""
        return leaf_serializer(leaf, nullable=nullable, unreadable=self._unreadable)

    def leaf_serializer_name(self, leaf: GraphQLLeafType, *, nullable: bool) -> str:
        """The name of the function that serializes a leaf."""
        name = leaf.name if nullable else f"{leaf.name}_non_null"
        return self._shared_name(
            "leaf serializer",
            (leaf.name, nullable),
            name,
            lambda: self.leaf_serializer(leaf, nullable=nullable),
        )

    def computed_enum_names(
        self, field: Field, projection: Projection, name: str, attribute: str
    ) -> str:
        """The name of the cache for an enum that a property of a record computes from one attribute."""
        compute = getattr(projection.struct, name).fget
        nullable = not is_non_null_type(field.type)
        leaf: Any = get_nullable_type(field.type)
        return self._shared_name(
            "computed enum names",
            (compute, leaf.name, nullable),
            f"{leaf.name}_by_{attribute}",
            lambda: ComputedEnumNameCache(
                attribute, compute, self.leaf_serializer(leaf, nullable=nullable)
            ),
        )

    def computed_function_name(self, field: Field, field_source: ComputedField) -> str:
        """The name of the function that computes a field."""
        key = (field.parent.name, field.name)
        name = "_".join((*key, "of"))
        return self._shared_name("computed function", key, name, lambda: field_source.function)

    def bound_computation_name(
        self, field: Field, bind: Callable[..., Callable[[Any, Any], Any]]
    ) -> str:
        """The name of the computation of a field that has arguments."""
        name = f"{field.key}_computation"
        return self._shared_name(
            "bound computation", field, name, lambda: BoundComputation(field.arguments, bind)
        )

    def dispatch_name(self, field: Field, functions: tuple[tuple[type, str], ...]) -> str:
        """The name of the dispatch table of a field with these functions, given by class and name."""
        name = f"{field.parent.name}_{field.key}_dispatch"
        return self._shared_name("dispatch", functions, name, lambda: TypeDispatch(functions))


def _checks(unreadable: type) -> dict[str, Any]:
    def readable(value: Any) -> Any:
        if value.__class__ is unreadable:
            raise NeedsFallback
        return value

    def non_null(value: Any) -> Any:
        if value is None:
            raise NeedsFallback
        return readable(value)

    def unwrap(value: Any) -> Any:
        if value.__class__ is not Node:  # null or an exception
            raise NeedsFallback
        return value

    return {
        "readable": readable,
        "non_null": non_null,
        "unwrap": unwrap,
        "with_content": _with_content,
    }


def _with_content(value: Any) -> Any:
    """A partially projected record that has a value.

    Without a value, only the full record tells whether it is null.
    """
    if all(getattr(value, name) in EMPTY_VALUES for name in value.__struct_fields__):
        raise NeedsFallback
    return value

"""Leaf values: serialization of scalars and enums, and the types of values that it leaves unchanged."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Annotated, Any, get_args, get_origin

from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    is_enum_type,
)
from msgspec import Meta

from gateway.engine.resolvers import NeedsFallback
from gateway.errors import GatewayError

FALLBACK_ERRORS = (NeedsFallback, GatewayError, ValueError)
"""The exceptions that request the fallback: graphql-core completes the value again and reports the error."""

LeafSerializer = Callable[[Any], Any]


_TEXT_SCALARS = {GraphQLString.name, GraphQLID.name}

_UNCHANGED_TYPES = {
    (GraphQLBoolean.name, bool),
    (GraphQLInt.name, int),
    (GraphQLFloat.name, float),
}


def serializes_text_unchanged(leaf: GraphQLLeafType) -> bool:
    """Whether serialization leaves each `str` unchanged."""
    return leaf.name in _TEXT_SCALARS or leaf.serialize is str


def serializes_unchanged(leaf: GraphQLLeafType, declared: Any) -> bool:
    """Whether serialization leaves all values of a declared type (no union) unchanged. `int` needs bounds."""
    base_type = get_args(declared)[0] if get_origin(declared) is Annotated else declared
    if (leaf.name, base_type) in _UNCHANGED_TYPES:
        return base_type is not int or any(_is_bounded(meta) for meta in get_args(declared)[1:])
    return base_type is str and serializes_text_unchanged(leaf)


def _is_bounded(meta: Meta) -> bool:
    return meta.ge is not None and meta.le is not None


def leaf_serializer(leaf: GraphQLLeafType, *, nullable: bool, unreadable: type) -> LeafSerializer:
    """A function that serializes values of a leaf type, and raises `NeedsFallback` for any other value."""
    serialize = leaf.serialize

    def serialize_leaf(value: Any) -> Any:
        if value is None and nullable:
            return None
        if value is None or value.__class__ is unreadable:
            raise NeedsFallback
        try:
            result = serialize(value)
        except Exception as error:  # scalars may raise any exception for an invalid value
            raise NeedsFallback from error
        if result is None:
            raise NeedsFallback
        return result

    return EnumNameCache(serialize_leaf) if is_enum_type(leaf) else serialize_leaf


class EnumNameCache(dict[Any, Any]):
    """A lazy cache of the names of an enum's values; called like a serializer."""

    __call__ = dict.__getitem__

    def __init__(self, serialize: LeafSerializer) -> None:
        super().__init__()
        self._serialize = serialize

    def __missing__(self, value: Any) -> Any:
        self[value] = name = self._serialize(value)
        return name


_MAX_CACHED_VALUES = 100
_MAX_CACHED_CHARACTERS = 64
"""The limits of one cache, which no memory budget includes: an enum has few and short words."""


class ComputedEnumNameCache(dict[Any, Any]):
    """A lazy cache of the names of an enum's values, by the attribute from which a property computes the value."""

    def __init__(
        self, attribute: str, compute: Callable[[Any], Any], serialize: LeafSerializer
    ) -> None:
        super().__init__()
        self._attribute = attribute
        self._compute = compute
        self._serialize = serialize

    def __missing__(self, attribute_value: Any) -> Any:
        value = self._compute(SimpleNamespace(**{self._attribute: attribute_value}))
        name = self._serialize(value)
        # The upstream may send any number of unknown words, of any length.
        if len(self) < _MAX_CACHED_VALUES and len(str(attribute_value)) <= _MAX_CACHED_CHARACTERS:
            self[attribute_value] = name
        return name

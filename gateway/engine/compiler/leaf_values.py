"""How leaves are delivered: as they are where that is known to be right, else through their type."""

from collections.abc import Callable
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
"""What says that a value is not plain. In all cases graphql-core does it again, and tells what it was."""

LeafSerializer = Callable[[Any], Any]


_TEXT_SCALARS = {GraphQLString.name, GraphQLID.name}

_UNCHANGED_TYPES = {
    (GraphQLBoolean.name, bool),
    (GraphQLInt.name, int),
    (GraphQLFloat.name, float),
}


def serializes_text_unchanged(leaf: GraphQLLeafType) -> bool:
    """Whether each `str` is delivered as it is."""
    return leaf.name in _TEXT_SCALARS or leaf.serialize is str


def serializes_unchanged(leaf: GraphQLLeafType, declared: Any) -> bool:
    """Whether all values of a declared type, which is no union, are. An `int` is declared with its bounds."""
    base_type = get_args(declared)[0] if get_origin(declared) is Annotated else declared
    if (leaf.name, base_type) in _UNCHANGED_TYPES:
        return base_type is not int or any(_is_bounded(meta) for meta in get_args(declared)[1:])
    return base_type is str and serializes_text_unchanged(leaf)


def _is_bounded(meta: Meta) -> bool:
    return meta.ge is not None and meta.le is not None


def leaf_serializer(leaf: GraphQLLeafType, *, nullable: bool, unreadable: type) -> LeafSerializer:
    """A function that delivers any value of a leaf type, and raises NotPlain for what is none."""
    serialize = leaf.serialize

    def serialize_leaf(value: Any) -> Any:
        if value is None and nullable:
            return None
        if value is None or value.__class__ is unreadable:
            raise NeedsFallback
        try:
            result = serialize(value)
        except Exception as error:  # what a type raises for what is no value of it
            raise NeedsFallback from error
        if result is None:
            raise NeedsFallback
        return result

    return EnumNameCache(serialize_leaf) if is_enum_type(leaf) else serialize_leaf


class EnumNameCache(dict[Any, Any]):
    """The name of each value of an enum, once it was asked for."""

    __call__ = dict.__getitem__

    def __init__(self, serialize: LeafSerializer) -> None:
        super().__init__()
        self._serialize = serialize

    def __missing__(self, value: Any) -> Any:
        self[value] = name = self._serialize(value)
        return name

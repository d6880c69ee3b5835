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

from gateway.engine.resolvers import NotPlain
from gateway.errors import GatewayError

NOT_PLAIN = (NotPlain, GatewayError, ValueError)
"""What says that a value is not plain. In all cases graphql-core does it again, and tells what it was."""

Leaf = Callable[[Any], Any]


_TEXTS = {GraphQLString.name, GraphQLID.name}

_AS_THEY_ARE = {
    (GraphQLBoolean.name, bool),
    (GraphQLInt.name, int),
    (GraphQLFloat.name, float),
}


def is_text(leaf: GraphQLLeafType) -> bool:
    """Whether each `str` is delivered as it is."""
    return leaf.name in _TEXTS or leaf.serialize is str


def is_delivered_as_it_is(leaf: GraphQLLeafType, declared: Any) -> bool:
    """Whether all values of a declared type, which is no union, are. An `int` is declared with its bounds."""
    plain = get_args(declared)[0] if get_origin(declared) is Annotated else declared
    if (leaf.name, plain) in _AS_THEY_ARE:
        return plain is not int or any(_is_bounded(meta) for meta in get_args(declared)[1:])
    return plain is str and is_text(leaf)


def _is_bounded(meta: Meta) -> bool:
    return meta.ge is not None and meta.le is not None


def delivery(leaf: GraphQLLeafType, *, nullable: bool, unreadable: type) -> Leaf:
    """A function that delivers any value of a leaf type, and raises NotPlain for what is none."""
    serialize = leaf.serialize

    def deliver(value: Any) -> Any:
        if value is None and nullable:
            return None
        if value is None or value.__class__ is unreadable:
            raise NotPlain
        try:
            delivered = serialize(value)
        except Exception as error:  # what a type raises for what is no value of it
            raise NotPlain from error
        if delivered is None:
            raise NotPlain
        return delivered

    return Names(deliver) if is_enum_type(leaf) else deliver


class Names(dict[Any, Any]):
    """The name of each value of an enum, once it was asked for."""

    __call__ = dict.__getitem__

    def __init__(self, deliver: Leaf) -> None:
        super().__init__()
        self._deliver = deliver

    def __missing__(self, value: Any) -> Any:
        self[value] = name = self._deliver(value)
        return name

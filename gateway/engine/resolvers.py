"""How fields are read: what a schema says of its fields, for all who answer operations on it."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from graphql import FieldNode
from graphql.pyutils import Path
from msgspec import Raw, Struct

from gateway.observability.event_loop import CooperativeSteps

_T_co = TypeVar("_T_co", covariant=True)
_S = TypeVar("_S")
_T = TypeVar("_T")

MIDDLEWARE = "middleware"
"""Where the extensions of a graphql-core schema have the manager of what stands around every resolver."""


class Node(Struct, Generic[_T_co], frozen=True):
    """A value, and what it was reached through: what it does not say itself, that may.

    Every object is resolved from one of these, so that a thing can be found by ids that stand further
    up: a client's, a company's, a conference's.
    """

    value: _T_co
    parent: "Node[Any] | None" = None

    def child(self, value: _S) -> "Node[_S]":
        """A value inside this one."""
        return Node(value, self)

    def ancestor_id(self, name: str) -> str | None:
        """The nearest id of a name: this value's own, or that of one it was reached through."""
        node: Node[Any] | None = self
        while node is not None:
            value = getattr(node.value, name, None)
            if value is not None:
                return str(value)
            node = node.parent
        return None


class NeedsFallback(Exception):
    """A value that is not delivered as all others are: graphql-core does it, or tells why not."""


class AttributeField(NamedTuple):
    """A field that is an attribute of its object."""

    attribute: str


class ComputedField(NamedTuple):
    """A field that is computed of its object and the context, without waiting for anything.

    Attributes:
        function: Of an object and the context, what the field holds. It may raise NotPlain, an error
            that is the caller's to know, or ValueError.
        depends_on: The attributes of the object that it reads.
        fast_path_attribute: The attribute that the field simply is where that holds a text that is not empty.
    """

    function: Callable[[Any, Any], Any]
    depends_on: tuple[str, ...]
    fast_path_attribute: str | None = None


class LoadedField(NamedTuple):
    """A field of a thing that has to be loaded first.

    Attributes:
        load: Of the context and the ids, the thing; None where it is no more. Loads begin when it is
            called, and are the same for the same ids.
        ids: The names of the ids, each to be found at the nearest object that has it.
        inner_source: How the field is read of the thing; None where it is the thing itself.
    """

    load: Callable[..., Awaitable[Any]]
    ids: tuple[str, ...]
    inner_source: AttributeField | ComputedField | None


class ResolveInfo(NamedTuple):
    """Where a field is resolved: as much of graphql-core's info as resolvers may use.

    Attributes:
        context: What the operation has.
        path: Where in the answer.
        field_nodes: Where in the document.
    """

    context: Any
    path: Path
    field_nodes: Sequence[FieldNode]


@dataclass(frozen=True, eq=False, slots=True)
class PolymorphicList:
    """What a list holds whose items are decoded by who answers.

    Attributes:
        interface: The GraphQL type of the items.
        tag: The key of an item that says of which kind it is.
        record_by_tag: The declared record for each tag.
        fallback_record: The record for every other tag, in which items are never decoded leanly.
        header_attributes: The attributes of an item that the list itself reads.
        decoding_errors: What decoding raises over bytes that are not what was declared.
        decode_full_record: Reads one item as a record of its kind, or of `fallback_record`, whatever was sent.
    """

    interface: str
    tag: str
    record_by_tag: Mapping[str, type[Struct]]
    fallback_record: type[Struct]
    header_attributes: tuple[str, ...]
    decoding_errors: tuple[type[Exception], ...]
    decode_full_record: Callable[[Raw], Any]


class ItemDecoder(Protocol):
    """Decodes items, each on its own: the one that cannot be read spoils no other."""

    def decode_headers(self, items: Sequence[Raw]) -> CooperativeSteps[list[Any]]:
        """What the list itself reads of each item."""

    def decode(self, items: Sequence[Raw]) -> CooperativeSteps[list[Any]]:
        """The items."""

    def memoize(
        self, items: Sequence[Raw], variant: Hashable, compute: Callable[[], CooperativeSteps[_T]]
    ) -> CooperativeSteps[_T]:
        """What is made of the items for whoever asks the same of them, made as seldom as possible."""


class LazyPage(Protocol):
    """What a list's resolver gives: everything but the items, which are still to be decoded."""

    def decode_ahead(self, decoder: ItemDecoder) -> CooperativeSteps[Any]:
        """Does in steps what takes long of `read`, which the same reader does not do again."""

    def to_connection(self, decoder: ItemDecoder) -> Any:
        """The object that the field holds."""


class ResolverField(NamedTuple):
    """A field with a resolver.

    Attributes:
        resolve: Of the object, the place and the arguments by their names, what the field holds, or an
            awaitable of it: `Node`, or a list of such. An element of it that may be null may also be
            awaitable, or the exception that tells why it is.
        items: Where the value that is reached is `LazyPage`: what its items are.
    """

    resolve: Callable[..., Any]
    items: PolymorphicList | None = None


FieldSource = AttributeField | ComputedField | LoadedField | ResolverField


@dataclass(frozen=True)
class FieldSources:
    """How the fields of a schema are read.

    Attributes:
        source_by_field: For each field, by the names of its type and of the field. What is not there, only
            graphql-core can answer.
        classes_by_type: For each object type that an interface or union may turn out to be, the classes of its
            values.
        unreadable: The class of what stands where something could not be read.
        guarded_fields: The fields with something around their readings, such as a permission: only
            graphql-core can answer these, too.
    """

    source_by_field: Mapping[tuple[str, str], FieldSource]
    classes_by_type: Mapping[str, tuple[type, ...]]
    unreadable: type
    guarded_fields: Collection[tuple[str, str]] = frozenset()

    @cached_property
    def type_by_class(self) -> Mapping[type, str]:
        """The name of the type for each class of values."""
        return {kind: name for name, kinds in self.classes_by_type.items() for kind in kinds}

    def compilable_source(self, type_name: str, field_name: str) -> FieldSource | None:
        """How a plan reads a field; None where only graphql-core can answer it."""
        name = (type_name, field_name)
        return None if name in self.guarded_fields else self.source_by_field.get(name)

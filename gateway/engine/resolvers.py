"""How fields are read: what a schema says of its fields, for all who answer operations on it."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from graphql import FieldNode
from graphql.pyutils import Path
from msgspec import Raw, Struct

from gateway.observability.event_loop import Steps

_T_co = TypeVar("_T_co", covariant=True)
_S = TypeVar("_S")
_T = TypeVar("_T")

MIDDLEWARE = "middleware"
"""Where the extensions of a graphql-core schema have the manager of what stands around every resolver."""


class Reached(Struct, Generic[_T_co], frozen=True):
    """A value, and what it was reached through: what it does not say itself, that may.

    Every object is resolved from one of these, so that a thing can be found by ids that stand further
    up: a client's, a company's, a conference's.
    """

    value: _T_co
    through: "Reached[Any] | None" = None

    def to(self, value: _S) -> "Reached[_S]":
        """A value inside this one."""
        return Reached(value, self)

    def nearest(self, name: str) -> str | None:
        """The nearest id of a name: this value's own, or that of one it was reached through."""
        reached: Reached[Any] | None = self
        while reached is not None:
            found = getattr(reached.value, name, None)
            if found is not None:
                return str(found)
            reached = reached.through
        return None


class NotPlain(Exception):
    """A value that is not delivered as all others are: graphql-core does it, or tells why not."""


class Plain(NamedTuple):
    """A field that is an attribute of its object."""

    attribute: str


class Computed(NamedTuple):
    """A field that is computed of its object and the context, without waiting for anything.

    Attributes:
        function: Of an object and the context, what the field holds. It may raise NotPlain, an error
            that is the caller's to know, or ValueError.
        sources: The attributes of the object that it reads.
        usually: The attribute that the field simply is where that holds a text that is not empty.
    """

    function: Callable[[Any, Any], Any]
    sources: tuple[str, ...]
    usually: str | None = None


class Loaded(NamedTuple):
    """A field of a thing that has to be loaded first.

    Attributes:
        load: Of the context and the ids, the thing; None where it is no more. Loads begin when it is
            called, and are the same for the same ids.
        ids: The names of the ids, each to be found at the nearest object that has it.
        of: How the field is read of the thing; None where it is the thing itself.
    """

    load: Callable[..., Awaitable[Any]]
    ids: tuple[str, ...]
    of: Plain | Computed | None


class Place(NamedTuple):
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
class Items:
    """What a list holds whose items are decoded by who answers.

    Attributes:
        interface: The GraphQL type of the items.
        tag: The key of an item that says of which kind it is.
        records: The declared record for each tag.
        others: The record for every other tag, in which items are never decoded leanly.
        sources: The attributes of an item that the list itself reads.
        undecodable: What decoding raises over bytes that are not what was declared.
        whole: Reads one item as a record of its kind, or of `others`, whatever was sent.
    """

    interface: str
    tag: str
    records: Mapping[str, type[Struct]]
    others: type[Struct]
    sources: tuple[str, ...]
    undecodable: tuple[type[Exception], ...]
    whole: Callable[[Raw], Any]


class Reader(Protocol):
    """Decodes items, each on its own: the one that cannot be read spoils no other."""

    def heads(self, items: Sequence[Raw]) -> Steps[list[Any]]:
        """What the list itself reads of each item."""

    def read(self, items: Sequence[Raw]) -> Steps[list[Any]]:
        """The items."""

    def once(
        self, items: Sequence[Raw], asked: Hashable, make: Callable[[], Steps[_T]]
    ) -> Steps[_T]:
        """What is made of the items for whoever asks the same of them, made as seldom as possible."""


class Unread(Protocol):
    """What a list's resolver gives: everything but the items, which are still to be decoded."""

    def ahead(self, reader: Reader) -> Steps[Any]:
        """Does in steps what takes long of `read`, which the same reader does not do again."""

    def read(self, reader: Reader) -> Any:
        """The object that the field holds."""


class Resolved(NamedTuple):
    """A field with a resolver.

    Attributes:
        resolve: Of the object, the place and the arguments by their names, what the field holds, or an
            awaitable of it: `Reached`, or a list of such. An element of it that may be null may also be
            awaitable, or the exception that tells why it is.
        items: Where the value that is reached is `Unread`: what its items are.
    """

    resolve: Callable[..., Any]
    items: Items | None = None


Reading = Plain | Computed | Loaded | Resolved


@dataclass(frozen=True)
class Fields:
    """How the fields of a schema are read.

    Attributes:
        readings: For each field, by the names of its type and of the field. What is not there, only
            graphql-core can answer.
        classes: For each object type that an interface or union may turn out to be, the classes of its
            values.
        unreadable: The class of what stands where something could not be read.
        guarded: The fields with something around their readings, such as a permission: only
            graphql-core can answer these, too.
    """

    readings: Mapping[tuple[str, str], Reading]
    classes: Mapping[str, tuple[type, ...]]
    unreadable: type
    guarded: Collection[tuple[str, str]] = frozenset()

    @cached_property
    def types(self) -> Mapping[type, str]:
        """The name of the type for each class of values."""
        return {kind: name for name, kinds in self.classes.items() for kind in kinds}

    def reading(self, type_name: str, field_name: str) -> Reading | None:
        """How a plan reads a field; None where only graphql-core can answer it."""
        name = (type_name, field_name)
        return None if name in self.guarded else self.readings.get(name)

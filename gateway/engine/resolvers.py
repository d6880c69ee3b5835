"""How each field of a schema is resolved (field sources), and values with the ids that led to them (nodes)."""

from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Generator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from graphql import FieldNode, FragmentDefinitionNode
from graphql.execution import VariableValues
from graphql.pyutils import Path
from msgspec import Struct

from gateway.engine.polymorphic_lists import PolymorphicList
from gateway.observability.event_loop import PassBudget

_T_co = TypeVar("_T_co", covariant=True)
_S = TypeVar("_S")
_T = TypeVar("_T")

MIDDLEWARE = "middleware"
"""The key of the resolvers' `MiddlewareManager` in the extensions of a graphql-core schema."""

Ids = Mapping[str, Any]
"""The ids that lead to an object, by name. Each is a text, or the marker of a value that could not be decoded."""

NO_IDS: Ids = MappingProxyType({})


class Node(Struct, Generic[_T_co], frozen=True):
    """A value and the ids that led to it, by which an entity is loaded.

    The rule: an object is reached by the ids by which the object around it is reached. Where the class of that
    object lists names in `inner_id_names`, its attributes of these names replace them, unless they are None.

    Attributes:
        value: The value.
        ids: The ids that led to the value.
    """

    value: _T_co
    ids: Ids = NO_IDS

    @property
    def inner_ids(self) -> Ids:
        """The ids that lead to the objects inside this one."""
        names = getattr(self.value, "inner_id_names", ())
        if not names:
            return self.ids
        own = {name: id_ for name in names if (id_ := getattr(self.value, name)) is not None}
        return {**self.ids, **own} if own else self.ids

    def child(self, value: _S) -> "Node[_S]":
        """A node for a value inside this one."""
        return Node(value, self.inner_ids)

    def id(self, name: str) -> Any:
        """The id with a name: an attribute of the value, else one that led to it; None where neither has it.

        A text, or the marker of a value that could not be decoded.
        """
        own = getattr(self.value, name, None)
        if own is None:
            return self.ids.get(name)
        return str(own) if own.__class__ is int else own


class MappedResult(Struct, Generic[_S, _T], frozen=True):
    """An awaitable of the result of another one, mapped by a function. Where that is a future, it needs no task."""

    source: Awaitable[_S]
    function: Callable[[_S], _T]

    def __await__(self) -> Generator[Any, Any, _T]:
        return self.function((yield from self.source.__await__()))


class NeedsFallback(Exception):
    """Requests the fallback: a value needs graphql-core, which completes the value or reports an error."""


class AttributeField(NamedTuple):
    """A field whose value is an attribute of the parent object."""

    attribute: str


ComputeTogether = Callable[[Sequence[Any], Any, Sequence[Any] | None], Sequence[Any]]
"""Takes objects, the context, and a value for each object that the list has computed, or None where it has not.

Returns the text of the field in the response for each object. For an object without a text, the field is computed
by itself.
"""


class ComputedField(NamedTuple):
    """A field that a synchronous function computes from the parent object and the context.

    Attributes:
        function: Takes the object and the context, returns the value of the field. May raise
            `NeedsFallback`, a `GatewayError` or `ValueError`.
        depends_on: The attributes of the object that the function reads.
        fast_path_attribute: An attribute that is the value of the field wherever it is a non-empty string, or
            a list of strings.
        value_of_null: The value of the field where that attribute may be a list of strings, but is null.
        compute_together: Computes the field of many objects in less time than one by one. Compiled queries add
            `fast_path_attribute` to the objects for the results; no record declares it.
        bind_arguments: Takes the arguments of the field by GraphQL name, returns the function with these bound;
            None where the field has no arguments.
    """

    function: Callable[[Any, Any], Any]
    depends_on: tuple[str, ...]
    fast_path_attribute: str | None = None
    value_of_null: list[str] | None = None
    compute_together: ComputeTogether | None = None
    bind_arguments: Callable[..., Callable[[Any, Any], Any]] | None = None


class LoadedField(NamedTuple):
    """A field of an entity that has to be loaded first.

    Attributes:
        load: Takes the context and the ids, returns an awaitable of the entity, or of None where it no longer
            exists. The load starts at the call; loads with equal ids are one.
        ids: The names of the ids, as `Node.id` finds them.
        inner_source: The attribute of the entity that is the value; None where the entity is the value.
        entity_class: The class of the loaded entity; None where it is unknown. The fields of an object of this
            class are read from the object itself, without a load.
    """

    load: Callable[..., Awaitable[Any]]
    ids: tuple[str, ...]
    inner_source: AttributeField | None
    entity_class: type | None = None

    def is_entity(self, value: object) -> bool:
        """Whether a value is already the entity of which this is a field."""
        return self.inner_source is not None and value.__class__ is self.entity_class


class IdsField(NamedTuple):
    """A field whose value is made of the ids that led to its object.

    Attributes:
        build: Takes the ids, each None where nothing on the way has it; returns the value.
        ids: The names of the ids.
    """

    build: Callable[..., Any]
    ids: tuple[str, ...]

    def value(self, ids: Ids) -> Any:
        """The value of the field of an object to which these ids led."""
        return self.build(*map(ids.get, self.ids))


class ResolveInfo(NamedTuple):
    """The part of graphql-core's `GraphQLResolveInfo` that resolvers may use.

    Attributes:
        context: The context of the operation.
        path: The response path of the field.
        field_nodes: The occurrences of the field in the document.
        fragments: The fragments of the document, by name.
        variable_values: The coerced variables.
    """

    context: Any
    path: Path
    field_nodes: Sequence[FieldNode]
    fragments: Mapping[str, FragmentDefinitionNode] = MappingProxyType({})
    variable_values: VariableValues = VariableValues({}, {})


class InlineList(NamedTuple):
    """A list of the parent object that is the value of a field with a resolver.

    While the budget suffices, compiled queries render the list without a call of the resolver. Beyond it, and for
    several identical fields, they call the resolver. The parent object is not projected: it has all attributes.

    Attributes:
        attribute: The attribute with the list. The elements are objects, reached as children of the parent node.
        budget: The elements that all operations together render in one pass of the event loop.
    """

    attribute: str
    budget: PassBudget


class ResolverField(NamedTuple):
    """A field with a resolver.

    Attributes:
        resolve: Takes the parent node, a `ResolveInfo` and the arguments by GraphQL name, returns the value or an
            awaitable of it: a `Node` or a list of nodes. An element of nullable type may also be an
            awaitable, or the exception that explains its null. The value does not depend on the response path:
            identical fields of one object are resolved once.
        items: The items of the value; None where the value of the node is not a `LazyPage`.
        reads: Whether the resolver may read from the upstream, which counts in the cost of an operation.
        inline_list: The list that the resolver returns, at once or in a later pass of the event loop; None where
            the value is known to the resolver only.
    """

    resolve: Callable[..., Any]
    items: PolymorphicList | None = None
    reads: bool = False
    inline_list: InlineList | None = None


FieldSource = AttributeField | ComputedField | IdsField | LoadedField | ResolverField


@dataclass(frozen=True)
class FieldSources:
    """How the fields of a schema are resolved.

    Attributes:
        source_by_field: The source of each field, by the names of type and field. Fields without an entry
            need graphql-core.
        classes_by_type: The classes of the values of each possible type of an interface or a union.
        unreadable: The class of the marker for a value that could not be decoded.
        guarded_fields: The fields with a wrapper around their resolver, such as a permission; these need
            graphql-core, too.
    """

    source_by_field: Mapping[tuple[str, str], FieldSource]
    classes_by_type: Mapping[str, tuple[type, ...]]
    unreadable: type
    guarded_fields: Collection[tuple[str, str]] = frozenset()

    @cached_property
    def type_by_class(self) -> Mapping[type, str]:
        """The name of the GraphQL type for each class of values."""
        return {
            class_: name for name, classes in self.classes_by_type.items() for class_ in classes
        }

    def compilable_source(self, type_name: str, field_name: str) -> FieldSource | None:
        """The source of a field in a compiled query; None where the field needs graphql-core."""
        name = (type_name, field_name)
        return None if name in self.guarded_fields else self.source_by_field.get(name)

"""Deferred fields and fallback items of a compiled query, and the loads that they wait for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from msgspec import Struct

from gateway.engine.compiler.collect_fields import Field
from gateway.engine.compiler.fallback import ResponsePath
from gateway.engine.compiler.item_decoding import ProjectedDecoder
from gateway.engine.resolvers import (
    Ids,
    LoadedField,
    Node,
    ResolverField,
)


@dataclass(eq=False, slots=True)
class DeferredFields:
    """Fields of one object that wait for the same load or resolver; or the field of an item.

    Attributes:
        fields: The fields.
        field_source: How the fields are resolved; None where they need graphql-core.
        render: Takes the loaded or resolved value, returns the values of the fields in their order. The name
            of a generated function until that is compiled.
        items_decoder: The decoder of the items, where there are any.
        needs_path: Whether the rendered value depends on its response path.
        identical: Identical fields under other response keys, each by itself: they are resolved and encoded
            together with this one, unless their errors or deferred fields need their own paths.
    """

    fields: tuple[Field, ...]
    field_source: LoadedField | ResolverField | None = None
    render: Any = None
    items_decoder: ProjectedDecoder | None = None
    needs_path: bool = True
    identical: tuple["DeferredFields", ...] = ()

    def __post_init__(self) -> None:
        """Drop nested selections, which the generated functions contain: this saves memory."""
        self.fields = tuple(replace(field, selection_by_type={}) for field in self.fields)


class PendingFields(Struct, frozen=True):
    """Deferred fields of one object in the response, to be filled into `result`."""

    deferred: DeferredFields
    result: Any
    node: Node[Any]
    path: ResponsePath

    def identical(self) -> "Iterator[PendingFields]":
        """The identical fields, each by itself."""
        return (
            PendingFields(deferred, self.result, self.node, self.path)
            for deferred in self.deferred.identical
        )


class FallbackItem(NamedTuple):
    """An item that graphql-core has to complete, and its position in the response."""

    deferred: DeferredFields
    value: Any
    result: Any
    key: str | int
    path: ResponsePath
    ids: Ids


class FallbackList(NamedTuple):
    """A list that graphql-core has to complete: the value of a field, and its position in the response."""

    field: Field
    nodes: list[Node[Any]]
    result: Any
    path: ResponsePath


Deferred = PendingFields | FallbackItem | FallbackList
"""What a generated function leaves to be done later."""

ElementRenderer = Callable[[Any, ResponsePath, Any], Any]
"""Takes a value, its response path and the ids that led to it; returns the element of the response."""


class ListElement(NamedTuple):
    """The position of a list element whose value a resolver returns or awaits."""

    deferred: DeferredFields
    render: ElementRenderer
    result: list[Any]
    key: int
    path: ResponsePath


class PendingLoad:
    """A load that is shared by all fields that need it (request coalescing within one operation).

    Attributes:
        value: The loaded value; None until the load has ended.
        error: The exception of the load, if it failed.
        waiters: The fields that wait; None once the load has ended.
        rendered: The rendered values that do not depend on a response path, by their fields.
    """

    __slots__ = ("error", "rendered", "value", "waiters")

    def __init__(self) -> None:
        self.value: Any = None
        self.error: Exception | None = None
        self.waiters: list[PendingFields] | None = []
        self.rendered: dict[DeferredFields, tuple[Any, ...]] = {}

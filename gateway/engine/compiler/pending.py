"""What a plan cannot deliver at once: fields that wait, items that may not be plain."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from graphql import get_named_type

from gateway.engine.compiler.collect_fields import Field
from gateway.engine.compiler.fallback import ResponsePath
from gateway.engine.compiler.projection import ProjectedDecoder, Projection
from gateway.engine.resolvers import (
    LoadedField,
    NeedsFallback,
    Node,
    PolymorphicList,
    ResolverField,
)


@dataclass(eq=False, slots=True)
class DeferredFields:
    """Fields of one object that wait for the same, or the items that a field leads to.

    Attributes:
        fields: The fields.
        field_source: How they are read; None where only graphql-core can.
        render: Of what is loaded or resolved: the fields, by response key.
        items_decoder: How items are decoded, where there are any.
        needs_path: Whether what is shown depends on where it is shown.
    """

    fields: tuple[Field, ...]
    field_source: LoadedField | ResolverField | None = None
    render: Any = None
    items_decoder: ProjectedDecoder | None = None
    needs_path: bool = True

    def __post_init__(self) -> None:
        """What is selected further inside is in the functions: a plan need not remember it."""
        self.fields = tuple(replace(field, selection_by_type={}) for field in self.fields)


class TypeDispatch(dict[type, Any]):
    """The function for each class that a value may have."""

    def __missing__(self, kind: type) -> Any:
        raise NeedsFallback


@dataclass(frozen=True, slots=True)
class ValueContext:
    """What is known of the value that a function takes.

    Attributes:
        projection: Its shape; None where it is whole, or no record.
        items_decoder: How the items are decoded that it leads to, if it does.
        own_decoder: How it was decoded, if it is an item.
    """

    projection: Projection | None = None
    items_decoder: ProjectedDecoder | None = None
    own_decoder: ProjectedDecoder | None = None

    def holds_items(self, field: Field) -> bool:
        """Whether a field of the value is an item, or a list of them."""
        return self.items_decoder is not None and has_item_type(self.items_decoder.items, field)

    def first_attribute_if_partial(self, name: str) -> str | None:
        """The first attribute of a record right in an item; None where what is read of it is all that counts."""
        projection = (
            self.projection.nested.get(name) if self.projection and self.own_decoder else None
        )
        return (
            projection.struct.__struct_fields__[0] if projection and projection.is_partial else None
        )


def has_item_type(items: PolymorphicList, field: Field) -> bool:
    """Whether a field is one of such items, or a list of them."""
    return get_named_type(field.type).name == items.interface


@dataclass(frozen=True, slots=True)
class GeneratedFunction:
    """A written function: its name, and whether it is an open one."""

    name: str
    needs_path: bool


class PendingFields(NamedTuple):
    """Fields of an object that are waited for."""

    deferred: DeferredFields
    result: dict[str, Any]
    node: Node[Any]
    path: ResponsePath


class FallbackItem(NamedTuple):
    """An item that is not plain, and where it belongs."""

    deferred: DeferredFields
    value: Any
    result: Any
    key: str | int
    path: ResponsePath
    parent: Node[Any]


ElementRenderer = Callable[[Any, ResponsePath, Any], Any]
"""Of a value, its path and what it was reached through: what is delivered."""


class ListElement(NamedTuple):
    """The place of an element of a list that a resolver gives."""

    deferred: DeferredFields
    render: ElementRenderer
    result: list[Any]
    key: int
    path: ResponsePath


class PendingLoad:
    """Something that is loaded, and who waits for it.

    Attributes:
        value: What was found, once that is known.
        error: Why nothing was.
        waiters: Who waits; None once it is known.
        rendered: What parts show of it, wherever they stand.
    """

    __slots__ = ("error", "rendered", "value", "waiters")

    def __init__(self) -> None:
        self.value: Any = None
        self.error: Exception | None = None
        self.waiters: list[PendingFields] | None = []
        self.rendered: dict[DeferredFields, dict[str, Any]] = {}


class PendingTasks:
    """The coroutines of one run. Those begun before `join` are the first; if there is but one, it needs no task."""

    def __init__(self) -> None:
        self._first_batch: list[Coroutine[Any, Any, None]] | None = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        if self._first_batch is not None:
            self._first_batch.append(coroutine)
        else:
            self._tasks.append(asyncio.create_task(coroutine))

    async def join(self) -> None:
        """Wait for all of them, also for those that are begun meanwhile; raises what the earliest raises."""
        first = self._close_first_batch()
        if len(first) == 1:
            await first.pop()
        for coroutine in first:
            self.start(coroutine)
        for task in self._tasks:  # which grow in number meanwhile
            await task

    def detach(self) -> None:
        """Let them end by themselves, with what they wait for: as graphql-core does."""
        for coroutine in self._close_first_batch():
            self.start(coroutine)
        for task in self._tasks:
            task.add_done_callback(_retrieve_exception)

    async def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _close_first_batch(self) -> list[Coroutine[Any, Any, None]]:
        first, self._first_batch = self._first_batch or [], None
        return first


def _retrieve_exception(task: asyncio.Task[None]) -> None:
    """Nobody asks any more why a task failed."""
    if not task.cancelled():
        task.exception()

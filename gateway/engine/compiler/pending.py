"""What a plan cannot deliver at once: fields that wait, items that may not be plain."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from graphql import get_named_type

from gateway.engine.compiler.collect_fields import Field
from gateway.engine.compiler.fallback import Steps
from gateway.engine.compiler.projection import Lean, Shape
from gateway.engine.resolvers import Items, Loaded, NotPlain, Reached, Resolved


@dataclass(eq=False, slots=True)
class Part:
    """Fields of one object that wait for the same, or the items that a field leads to.

    Attributes:
        fields: The fields.
        reading: How they are read; None where only graphql-core can.
        show: Of what is loaded or resolved: the fields, by response key.
        lean: How items are decoded, where there are any.
        is_open: Whether what is shown depends on where it is shown.
    """

    fields: tuple[Field, ...]
    reading: Loaded | Resolved | None = None
    show: Any = None
    lean: Lean | None = None
    is_open: bool = True

    def __post_init__(self) -> None:
        """What is selected further inside is in the functions: a plan need not remember it."""
        self.fields = tuple(replace(field, of={}) for field in self.fields)


class Kinds(dict[type, Any]):
    """The function for each class that a value may have."""

    def __missing__(self, kind: type) -> Any:
        raise NotPlain


@dataclass(frozen=True, slots=True)
class Where:
    """What is known of the value that a function takes.

    Attributes:
        shape: Its shape; None where it is whole, or no record.
        lean: How the items are decoded that it leads to, if it does.
        item: How it was decoded, if it is an item.
    """

    shape: Shape | None = None
    lean: Lean | None = None
    item: Lean | None = None

    def holds_items(self, field: Field) -> bool:
        """Whether a field of the value is an item, or a list of them."""
        return self.lean is not None and is_of(self.lean.items, field)

    def first_of_part(self, name: str) -> str | None:
        """The first attribute of a record right in an item; None where what is read of it is all that counts."""
        shape = self.shape.inside.get(name) if self.shape and self.item else None
        return shape.struct.__struct_fields__[0] if shape and shape.is_partial else None


def is_of(items: Items, field: Field) -> bool:
    """Whether a field is one of such items, or a list of them."""
    return get_named_type(field.type).name == items.interface


@dataclass(frozen=True, slots=True)
class Function:
    """A written function: its name, and whether it is an open one."""

    name: str
    is_open: bool


class Wait(NamedTuple):
    """Fields of an object that are waited for."""

    part: Part
    out: dict[str, Any]
    here: Reached[Any]
    at: Steps


class Item(NamedTuple):
    """An item that is not plain, and where it belongs."""

    part: Part
    value: Any
    out: Any
    key: str | int
    at: Steps
    through: Reached[Any]


Deliver = Callable[[Any, Steps, Any], Any]
"""Of a value, its path and what it was reached through: what is delivered."""


class Element(NamedTuple):
    """The place of an element of a list that a resolver gives."""

    part: Part
    deliver: Deliver
    out: list[Any]
    key: int
    at: Steps


class Loading:
    """Something that is loaded, and who waits for it.

    Attributes:
        found: What was found, once that is known.
        error: Why nothing was.
        waiting: Who waits; None once it is known.
        shown: What parts show of it, wherever they stand.
    """

    __slots__ = ("error", "found", "shown", "waiting")

    def __init__(self) -> None:
        self.found: Any = None
        self.error: Exception | None = None
        self.waiting: list[Wait] | None = []
        self.shown: dict[Part, dict[str, Any]] = {}


class Tasks:
    """The coroutines of one run. Those begun before `end` are the first; if there is but one, it needs no task."""

    def __init__(self) -> None:
        self._first: list[Coroutine[Any, Any, None]] | None = []
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        if self._first is not None:
            self._first.append(coroutine)
        else:
            self._tasks.append(asyncio.create_task(coroutine))

    async def end(self) -> None:
        """Wait for all of them, also for those that are begun meanwhile; raises what the earliest raises."""
        first = self._started()
        if len(first) == 1:
            await first.pop()
        for coroutine in first:
            self.begin(coroutine)
        for task in self._tasks:  # which grow in number meanwhile
            await task

    def leave(self) -> None:
        """Let them end by themselves, with what they wait for: as graphql-core does."""
        for coroutine in self._started():
            self.begin(coroutine)
        for task in self._tasks:
            task.add_done_callback(_told)

    async def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _started(self) -> list[Coroutine[Any, Any, None]]:
        first, self._first = self._first or [], None
        return first


def _told(task: asyncio.Task[None]) -> None:
    """Nobody asks any more why a task failed."""
    if not task.cancelled():
        task.exception()

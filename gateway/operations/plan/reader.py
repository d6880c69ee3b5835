"""The items that one run reads."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from msgspec import Raw

from gateway.operations.fields import Reached
from gateway.operations.plan.shapes import Lean
from gateway.steps import Steps, in_steps, mapped

_T = TypeVar("_T")


class Reader:
    """Decodes items leanly, the same items once; and knows what they were decoded from.

    Attributes:
        lock: For who decodes in steps: nobody else does in between.
    """

    def __init__(self, lean: Lean) -> None:
        self._lean = lean
        self._read: dict[int, tuple[Sequence[Raw], list[Any]]] = {}
        self._made: dict[tuple[int, Hashable], tuple[Sequence[Raw], Any]] = {}
        self._sent: dict[int, Raw] = {}
        self.lock = asyncio.Lock()

    def heads(self, items: Sequence[Raw]) -> Steps[list[Any]]:
        return mapped(self._lean.heads, items)

    def read(self, items: Sequence[Raw]) -> Steps[list[Any]]:
        if id(items) not in self._read:
            self._read[id(items)] = items, (yield from mapped(self._lean.read, items))
        return self._read[id(items)][1]

    def once(
        self, items: Sequence[Raw], asked: Hashable, make: Callable[[], Steps[_T]]
    ) -> Steps[_T]:
        key = (id(items), asked)
        if key not in self._made:
            self._made[key] = items, (yield from make())
        made: _T = self._made[key][1]
        return made

    def whole(self, value: Any) -> Any:
        """An item as a whole record; what was not read here, as it is."""
        if id(value) not in self._sent:
            for items, values in self._read.values():
                self._sent.update(zip(map(id, values), items, strict=True))
        sent = self._sent.get(id(value))
        return value if sent is None else self._lean.whole(sent)

    def held(self, item: Any, name: str, value: Any) -> Any:
        """A record right in an item, of which not all was read; None where all of it is null."""
        if any(getattr(value, field) is not None for field in value.__struct_fields__):
            return value
        return None if getattr(self.whole(item), name) is None else value


class Readers(dict[Lean, Reader]):
    """The reader for each way of decoding, once it was asked for."""

    def __missing__(self, lean: Lean) -> Reader:
        self[lean] = reader = Reader(lean)
        return reader

    async def ahead(self, lean: Lean | None, value: Reached[Any] | None) -> None:
        """Read what is long in steps: one after another, for the next may want the same items."""
        if lean is not None and value is not None:
            reader = self[lean]
            async with reader.lock:
                await in_steps(value.value.ahead(reader))

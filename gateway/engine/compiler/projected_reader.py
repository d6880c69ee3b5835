"""The item decoder of one run: decodes each list once, and finds the full record of a projected item."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Raw

from gateway.engine.compiler.item_decoding import ProjectedDecoder
from gateway.engine.compiler.projection import EMPTY_VALUES
from gateway.engine.resolvers import Node
from gateway.observability.event_loop import CooperativeSteps, map_in_steps, run_cooperatively

_T = TypeVar("_T")


class ProjectedReader:
    """An item decoder for one run: decodes each list once, and finds the raw JSON of a decoded item.

    Attributes:
        lock: Held while decoding in steps, so that no other task decodes the same items meanwhile.
        decodes_in_steps: Whether a page took several steps, so that later ones may have to wait for it.
    """

    def __init__(self, decoder: ProjectedDecoder) -> None:
        self._decoder = decoder
        self._decoded_lists: dict[int, tuple[Sequence[Raw], list[Any]]] = {}
        self._memoized: dict[tuple[int, Hashable], tuple[Sequence[Raw], Any]] = {}
        self._raw_by_record_id: dict[int, Raw] = {}
        self.lock = asyncio.Lock()
        self.decodes_in_steps = False

    def decode_headers(self, items: Sequence[Raw]) -> CooperativeSteps[list[Any]]:
        return map_in_steps(self._decoder.decode_headers, items)

    def decode(self, items: Sequence[Raw]) -> CooperativeSteps[list[Any]]:
        if id(items) not in self._decoded_lists:
            self._decoded_lists[id(items)] = (
                items,
                (yield from map_in_steps(self._decoder.decode, items)),
            )
        return self._decoded_lists[id(items)][1]

    def compute_together(
        self,
        records: Sequence[Any],
        context: Any,
        values_by_attribute: Mapping[str, Sequence[Any]],
    ) -> None:
        self._decoder.compute_together(records, context, values_by_attribute)

    def memoize(
        self, items: Sequence[Raw], variant: Hashable, compute: Callable[[], CooperativeSteps[_T]]
    ) -> CooperativeSteps[_T]:
        key = (id(items), variant)
        if key not in self._memoized:
            self._memoized[key] = items, (yield from compute())
        result: _T = self._memoized[key][1]
        return result

    def full_record(self, value: Any) -> Any:
        """The full record of a decoded item; a value that was not decoded here is returned unchanged."""
        if id(value) not in self._raw_by_record_id:
            for items, values in self._decoded_lists.values():
                self._raw_by_record_id.update(zip(map(id, values), items, strict=True))
        raw_item = self._raw_by_record_id.get(id(value))
        return value if raw_item is None else self._decoder.decode_full_record(raw_item)

    def partial_record(self, item: Any, name: str, value: Any) -> Any:
        """A partially projected record directly inside an item; None where the full record is null."""
        if any(getattr(value, name) not in EMPTY_VALUES for name in value.__struct_fields__):
            return value
        return None if getattr(self.full_record(item), name) is None else value


class ReaderCache(dict[ProjectedDecoder, ProjectedReader]):
    """The readers of one run by decoder, created on demand."""

    def __missing__(self, decoder: ProjectedDecoder) -> ProjectedReader:
        self[decoder] = reader = ProjectedReader(decoder)
        return reader

    def decode_ahead(self, decoder: ProjectedDecoder, value: Node[Any]) -> Awaitable[None] | None:
        """Decode a page: at once, or else by the returned awaitable.

        Pages that take several steps are decoded one at a time per reader: the next may need the same items.
        """
        reader = self[decoder]
        if not reader.decodes_in_steps:
            try:
                next(value.value.decode_ahead(reader))
            except StopIteration:
                return None
            reader.decodes_in_steps = True
        return _decode_in_steps(reader, value)


async def _decode_in_steps(reader: ProjectedReader, value: Node[Any]) -> None:
    async with reader.lock:
        await run_cooperatively(value.value.decode_ahead(reader))

"""The full records of activities, and what searches have found in them: once for all fields of an operation."""

import asyncio
from collections.abc import Sequence

from msgspec import Raw

from gateway.observability.event_loop import CooperativeSteps, map_in_steps
from gateway.schema.search import TextSearch
from gateway.upstream.records import decoding
from gateway.upstream.records.activities import Activity


class FullRecords:
    """The full records of the lists that an operation has read, each list decoded when it is first needed."""

    __slots__ = ("_lock", "_records", "_searches")

    def __init__(self) -> None:
        self._lock: asyncio.Lock | None = None
        self._records: dict[int, tuple[Sequence[Raw], list[Activity]]] = {}
        self._searches: dict[tuple[int, tuple[str, ...]], TextSearch] = {}

    @property
    def lock(self) -> asyncio.Lock:
        """Held during searches, so that of fields which search for the same words, only the first has to search."""
        if self._lock is None:
            self._lock = asyncio.Lock()
        return self._lock

    def decode(self, items: Sequence[Raw]) -> CooperativeSteps[list[Activity]]:
        """The full records of a list. Fields that decode it at the same time share the work."""
        _, records = self._records.setdefault(id(items), (items, []))
        end = 0

        def decode_batch(batch: Sequence[Raw]) -> list[Activity]:
            nonlocal end
            if end == len(records):  # else another field has decoded this batch
                records.extend(map(decoding.activity, batch))
            end += len(batch)
            return []

        if len(records) < len(items):
            yield from map_in_steps(decode_batch, items)
        return records

    def search(self, items: Sequence[Raw], words: tuple[str, ...]) -> TextSearch:
        """The search for words in the records of a decoded list."""
        key = (id(items), words)
        if key not in self._searches:
            self._searches[key] = TextSearch(words, self._records[id(items)][1])
        return self._searches[key]


def decode_full_records(items: Sequence[Raw]) -> CooperativeSteps[list[Activity]]:
    """The full records of some activities, decoded anew."""
    return map_in_steps(lambda some: [decoding.activity(item) for item in some], items)

"""Decoding of a list's items for a compiled query: together as projected Structs, or one by one in full."""

import asyncio
from collections import defaultdict
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from msgspec import Raw, Struct, json

from gateway.engine.compiler.projection import (
    EMPTY_VALUES,
    CheckedRecord,
    Projection,
    StructReader,
)
from gateway.engine.resolvers import Node, PolymorphicList
from gateway.observability.event_loop import CooperativeSteps, map_in_steps, run_cooperatively

_BATCH_ITEMS = 128
"""The items that are decoded in one call. More would need memory that the allocator has to request each time."""

_PART_ITEMS = 16
"""The items that are decoded in one call where not all of a batch match."""


class ProjectedDecoder:
    """Decodes the items of a list: as projected Structs, or as full records where an item does not match.

    Attributes:
        items: The description of the items.
        projections: The projection of the items, by tag.
        full_record_tags: The tags whose items are always decoded as full records.
        decode_full_record: Decodes one item as a full record.
    """

    def __init__(
        self,
        items: PolymorphicList,
        projections: Mapping[str, Projection],
        header_decoder: "StructDecoder",
        full_record_tags: Collection[str],
    ) -> None:
        self.items = items
        self.projections = projections
        self.full_record_tags = full_record_tags
        self.decode_full_record = items.decode_full_record
        self.decode_headers = header_decoder.decode
        self._item_decoder = StructDecoder(items, projections.values())
        self._full_record_structs = {projections[tag].struct for tag in full_record_tags}

    def decode(self, items: Sequence[Raw]) -> list[Any]:
        records = self._item_decoder.decode(items)
        if not self._full_record_structs:
            return records
        return [
            self.decode_full_record(item) if value.__class__ in self._full_record_structs else value
            for item, value in zip(items, records, strict=True)
        ]


class StructDecoder:
    """Decodes the items of a list as projected Structs: all in one call, where all of them match.

    Where some do not match, most of the others are still decoded together, and whatever does not match is decoded
    by itself, as a full record.
    """

    def __init__(self, items: PolymorphicList, projections: Iterable[Projection]) -> None:
        self._items = items
        self._projections = {projection.struct: projection for projection in projections}
        self._decode_list = json.Decoder(list[reduce(or_, self._projections)]).decode  # type: ignore[misc]
        self._places = [*_places(self._projections.values())]
        self._unchecked = [place for place in self._places if place.projection.checked_record]
        self._widened: StructDecoder | None = None

    def decode(self, items: Sequence[Raw]) -> list[Any]:
        """The items as Structs, or as full records where they do not match."""
        records: list[Any] = []
        for batch in _batches(items, _BATCH_ITEMS):
            matching = self._decode_matching(batch)
            records += self._decode_apart(batch) if matching is None else matching
        return records

    def _decode_apart(self, items: Sequence[Raw]) -> list[Any]:
        """The items as `decode` returns them, where not all of them match."""
        if self._widened is None:
            self._widened = self._widen()
        return self._widened.decode_in_parts(items)

    def decode_in_parts(self, items: Sequence[Raw]) -> list[Any]:
        """The items as `decode` returns them; together as far as they match."""
        if (records := self._decode_matching(items)) is not None:
            return records
        if len(items) == 1:
            return [self._items.decode_full_record(items[0])]
        size = _PART_ITEMS if len(items) > _PART_ITEMS else 1
        return [record for part in _batches(items, size) for record in self.decode_in_parts(part)]

    def _widen(self) -> "StructDecoder":
        """The decoder that also accepts whole numbers in place of texts; itself where there are no texts."""
        widened = [projection.widen() for projection in self._projections.values()]
        if all(projection.struct in self._projections for projection in widened):
            return self
        return _WidenedDecoder(self._items, widened)

    def _decode_matching(self, items: Sequence[Raw]) -> list[Any] | None:
        """The items as Structs, checked; None where an item does not match."""
        try:
            records: list[Any] = self._decode_list(b"[%b]" % b",".join(items))
        except self._items.decoding_errors:
            return None
        return self._check(records, items)

    def _check(self, records: list[Any], items: Sequence[Raw]) -> list[Any]:
        """The records, with a full record in place of each that does not pass a check."""
        if all(
            record_class.pass_check(values)
            for record_class, values in self._unchecked_values(records).items()
        ):
            return records
        return [
            record if self._passes(record) else self._items.decode_full_record(item)
            for record, item in zip(records, items, strict=True)
        ]

    def _passes(self, record: Any) -> bool:
        try:
            for record_class, values in self._unchecked_values([record]).items():
                for value in values:
                    record_class.__post_init__(value)
        except ValueError:
            return False
        return True

    def _unchecked_values(self, records: Sequence[Any]) -> Mapping[type[CheckedRecord], list[Any]]:
        values: defaultdict[type[CheckedRecord], list[Any]] = defaultdict(list)
        for place in self._unchecked:
            assert place.projection.checked_record is not None
            values[place.projection.checked_record] += place.structs(records)
        return values


def _batches(items: Sequence[Raw], size: int) -> Iterator[Sequence[Raw]]:
    return (items[begin : begin + size] for begin in range(0, len(items), size))


class _WidenedDecoder(StructDecoder):
    """Decodes items that have whole numbers in place of texts."""

    def _check(self, records: list[Any], items: Sequence[Raw]) -> list[Any]:
        for place in self._places:
            structs = place.structs(records) if place.projection.narrowed else ()
            for name in place.projection.narrowed:
                for struct in structs:
                    if (value := getattr(struct, name)).__class__ is int:
                        setattr(struct, name, str(value))
        return super()._check(records, items)


@dataclass(slots=True)
class _Place:
    """A place in items: the Structs of one projection, at one path of attributes.

    Attributes:
        projection: The projection.
        readers: The readers of the attributes on the path.
        items: The Structs of the items that have the place; None where all have it.
    """

    projection: Projection
    readers: tuple[StructReader, ...]
    items: set[type[Struct]] | None

    def structs(self, records: Sequence[Any]) -> Sequence[Any]:
        """The Structs in this place of all records."""
        values = records
        if (items := self.items) is not None:
            values = [record for record in records if record.__class__ in items]
        for read in self.readers:
            values = read(values)
        return values


def _places(projections: Collection[Projection]) -> Iterator[_Place]:
    """The places of projected Structs in items of some projections."""
    found: dict[tuple[Any, ...], _Place] = {}

    def visit(
        projection: Projection,
        item: type[Struct],
        path: tuple[Any, ...],
        readers: tuple[StructReader, ...],
    ) -> None:
        place = found.setdefault((projection, *path), _Place(projection, readers, set()))
        assert place.items is not None
        place.items.add(item)
        if projection.define_struct is not None:
            for name, nested in projection.nested.items():
                step = (name, projection.field_types[name])  # the reader depends on both
                visit(nested, item, (*path, step), (*readers, projection.nested_reader(name)))

    for projection in projections:
        visit(projection, projection.struct, (), ())
    for place in found.values():
        if place.items is not None and len(place.items) == len(projections):
            place.items = None
        yield place


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

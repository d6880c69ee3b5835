"""Decoding of a list's items for a compiled query: together as projected Structs, or one by one in full."""

from collections import defaultdict
from collections.abc import (
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Set as AbstractSet,
)
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from msgspec import Raw, Struct, json

from gateway.engine.compiler.projection import CheckedRecord, Projection, StructReader
from gateway.engine.polymorphic_lists import PolymorphicList

_BATCH_ITEMS = 128
"""The items that are decoded in one call. More would need memory that the allocator has to request each time."""


class ProjectedDecoder:
    """Decodes the items of a list: as projected Structs, or as full records where an item does not match.

    Attributes:
        items: The description of the items.
        projections: The projection of the items, by tag.
        full_record_tags: The tags whose items are always decoded as full records.
        decode_full_record: Decodes one item as a full record.
        decode_headers: Decodes only the header attributes of items.
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

    def compute_together(
        self,
        records: Sequence[Any],
        context: Any,
        values_by_attribute: Mapping[str, Sequence[Any]],
    ) -> None:
        """Compute the fields of decoded items that are computed together: see `ItemDecoder`."""
        self._item_decoder.compute_together(records, context, values_by_attribute)


class StructDecoder:
    """Decodes the items of a list as projected Structs: all in one call, where all of them match.

    Where some do not match, each is decoded by itself, and those that do not match as full records. Numbers are
    converted to texts, and records checked, together in any case.
    """

    def __init__(self, items: PolymorphicList, projections: Iterable[Projection]) -> None:
        self._items = items
        self._projections = {projection.struct: projection for projection in projections}
        self._decoder: json.Decoder[Any] = json.Decoder(reduce(or_, self._projections))
        self._places = [*_places(self._projections.values())]
        unchecked = [place for place in self._places if place.projection.checked_record]
        self._unchecked = [place for place in unchecked if place.items is None]
        self._unchecked_by_struct = {  # the places that only some items have
            struct: [each for each in unchecked if each.items is not None and struct in each.items]
            for struct in self._projections
        }
        self._computed = [place for place in self._places if place.projection.computed_together]
        self._widened: StructDecoder | None = None

    def decode(self, items: Sequence[Raw]) -> list[Any]:
        """The items as Structs, or as full records where they do not match."""
        records: list[Any] = []
        for begin in range(0, len(items), _BATCH_ITEMS):
            records += self._decode_batch(items[begin : begin + _BATCH_ITEMS])
        return records

    def _decode_batch(self, items: Sequence[Raw]) -> list[Any]:
        try:
            records: list[Any] = self._decoder.decode_lines(b"\n".join(items))
        except self._items.decoding_errors:
            if self._widened is None:
                self._widened = self._widen()
            return self._widened.decode_one_by_one(items)
        return self._with_full_records(records, items, self._failing_identities(records))

    def decode_one_by_one(self, items: Sequence[Raw]) -> list[Any]:
        """The items as `decode` returns them, each decoded by itself."""
        records: list[Any] = []
        for item in items:
            try:
                records.append(self._decoder.decode(item))
            except self._items.decoding_errors:
                records.append(None)
        matching = [record for record in records if record is not None]
        self._numbers_to_texts(matching)
        unusable = {id(None), *self._failing_identities(matching)}
        return self._with_full_records(records, items, unusable)

    def _with_full_records(
        self, records: list[Any], items: Sequence[Raw], failing: AbstractSet[int]
    ) -> list[Any]:
        """The records, with the full record of the item in place of each of those with these identities."""
        if not failing:
            return records
        return [
            self._items.decode_full_record(item) if id(record) in failing else record
            for record, item in zip(records, items, strict=True)
        ]

    def compute_together(
        self,
        records: Sequence[Any],
        context: Any,
        values_by_attribute: Mapping[str, Sequence[Any]],
    ) -> None:
        """Compute the fields of decoded items that are computed together: see `ItemDecoder`."""
        if not self._computed:
            return
        own = [record for record in records if record.__class__ in self._projections]
        for place in self._computed:
            values = place.structs(own)
            has_one_each = len(values) == len(records)
            inputs = values_by_attribute.get(place.path) if has_one_each else None
            for name, compute in place.projection.computed_together.items():
                for value, result in zip(values, compute(values, context, inputs), strict=True):
                    setattr(value, name, result)
        if len(own) < len(records) and self._widened not in {None, self}:
            assert self._widened is not None
            self._widened.compute_together(records, context, values_by_attribute)

    def _widen(self) -> "StructDecoder":
        """The decoder that also accepts whole numbers in place of texts; itself where there are no texts."""
        widened = [projection.widen() for projection in self._projections.values()]
        if all(projection.struct in self._projections for projection in widened):
            return self
        return StructDecoder(self._items, widened)

    def _numbers_to_texts(self, records: Sequence[Any]) -> None:
        """Convert the whole numbers in place of texts."""
        for place in self._places:
            structs = place.structs(records) if place.projection.narrowed else ()
            for name in place.projection.narrowed:
                for struct in structs:
                    setattr(struct, name, _number_to_text(getattr(struct, name)))

    def _failing_identities(self, records: Sequence[Any]) -> AbstractSet[int]:
        """The identities of records that have something inside that does not pass its check."""
        unchecked = self._unchecked_values(records)
        if all(record_class.pass_check(values) for record_class, values in unchecked.items()):
            return frozenset()
        failing = {
            id(value)
            for record_class, values in unchecked.items()
            for value in values
            if not _passes(record_class, value)
        }
        if not failing:
            return failing
        return {
            id(record)
            for record in records
            if any(
                id(value) in failing
                for values in self._unchecked_values([record]).values()
                for value in values
            )
        }

    def _unchecked_values(self, records: Sequence[Any]) -> Mapping[type[CheckedRecord], list[Any]]:
        """What is to be checked in records, by the record class whose check it is."""
        values: defaultdict[type[CheckedRecord], list[Any]] = defaultdict(list)
        records_by_struct: defaultdict[type[Struct], list[Any]] = defaultdict(list)
        for record in records:
            records_by_struct[record.__class__].append(record)
        groups = [(self._unchecked, records)]
        groups += [
            (self._unchecked_by_struct[each], records_by_struct[each]) for each in records_by_struct
        ]
        for places, owners in groups:
            for place in places:
                assert place.projection.checked_record is not None
                values[place.projection.checked_record] += place.structs_inside(owners)
        return values


def _number_to_text(value: Any) -> Any:
    """A whole number as a text, in a list as well; any other value unchanged."""
    if value.__class__ is list:
        return [_number_to_text(each) for each in value]
    return str(value) if value.__class__ is int else value


def _passes(record_class: type[CheckedRecord], value: Any) -> bool:
    try:
        record_class.__post_init__(value)
    except ValueError:
        return False
    return True


@dataclass(slots=True)
class _Place:
    """A place in items: the Structs of one projection, at one path of attributes.

    Attributes:
        projection: The projection.
        readers: The readers of the attributes on the path.
        items: The Structs of the items that have the place; None where all have it.
        path: The names of the attributes on the path, with dots between them.
    """

    projection: Projection
    readers: tuple[StructReader, ...]
    items: set[type[Struct]] | None
    path: str

    def structs(self, records: Sequence[Any]) -> Sequence[Any]:
        """The Structs in this place of all records."""
        if (items := self.items) is None:
            return self.structs_inside(records)
        return self.structs_inside([record for record in records if record.__class__ in items])

    def structs_inside(self, records: Sequence[Any]) -> Sequence[Any]:
        """The Structs in this place of records that all have it."""
        values = records
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
        names = ".".join(name for name, _ in path)
        place = found.setdefault((projection, *path), _Place(projection, readers, set(), names))
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

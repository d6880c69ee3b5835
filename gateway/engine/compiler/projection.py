"""Projection: Structs with only those attributes of a record that an operation needs. The second pass."""

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
from dataclasses import dataclass, field as default, replace
from functools import cache, reduce
from inspect import getmembers
from itertools import chain
from operator import attrgetter, or_
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Protocol,
    TypeGuard,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)
from weakref import WeakKeyDictionary, WeakValueDictionary

import msgspec
from msgspec import Raw, Struct, json, structs

from gateway.engine.compiler.collect_fields import Selection
from gateway.engine.resolvers import (
    AncestorField,
    AttributeField,
    ComputedField,
    FieldSource,
    FieldSources,
    LoadedField,
    Node,
    PolymorphicList,
)
from gateway.observability.event_loop import CooperativeSteps, map_in_steps, run_cooperatively

EMPTY_VALUES = (None, "")
"""The values of attributes that do not prove a partially projected record to be other than null."""

_INNER_ID_NAMES = "inner_id_names"
"""The constant of a record class that names the ids by which objects inside it are reached: see `Node`."""

NARROW_STRUCT = "narrow_struct"
"""The constant of a widened Struct that names the one it was widened from."""

_UNCHECKED_RECORD = "unchecked_record"
"""The constant of a record class that names the same record without its check: see `CheckedRecord`."""

_NUMBERS = (int, float)

_BATCH_ITEMS = 128
"""The items that are decoded in one call. More would need memory that the allocator has to request each time."""

_PART_ITEMS = 16
"""The items that are decoded in one call where not all of a batch match."""


def constants_of(record: type[Struct]) -> dict[str, Any]:
    """The constant attributes (`ClassVar`) of a record class, by name."""
    return {
        name: getattr(record, name)
        for base in record.__mro__
        for name, annotation in getattr(base, "__annotations__", {}).items()
        if get_origin(annotation) is ClassVar and hasattr(record, name)
    }


def union_members(declared: Any) -> tuple[Any, ...]:
    """The members of a declared union; any other type is its only member."""
    return get_args(declared) if get_origin(declared) in {Union, UnionType} else (declared,)


def record_type_in(declared: Any) -> type[Struct] | None:
    """The record class in a declared type, directly or in a list; None where that has none or several."""
    candidates = [
        get_args(each)[0] if get_origin(each) is list else each for each in union_members(declared)
    ]
    records = {each for each in candidates if isinstance(each, type) and issubclass(each, Struct)}
    return records.pop() if len(records) == 1 else None


def replace_record(declared: Any, record: type[Struct], struct: type[Struct]) -> Any:
    """A declared type with its record class replaced by another Struct."""

    def substitute(option: Any) -> Any:
        if get_origin(option) is list:
            return list[replace_record(get_args(option)[0], record, struct)]  # type: ignore[misc]
        return struct if option is record else option

    return reduce(or_, map(substitute, union_members(declared)))


def narrow_to_text(declared: Any) -> Any:
    """Narrow a declared text, in whose place numbers are accepted, to `str`: it is the response unchanged."""
    members = union_members(declared)
    if not any(map(_is_text, members)) or int not in members:
        return declared
    return reduce(or_, [each for each in members if each not in _NUMBERS])


def _is_text(declared: Any) -> bool:
    is_annotated = get_origin(declared) is Annotated
    return (get_args(declared)[0] if is_annotated else declared) is str


class CheckedRecord(Protocol):
    """A record class whose records may be checked together, which takes less time than one by one.

    Their projections are decoded without the check; only what is read by another check must not be one.
    """

    @staticmethod
    def pass_check(unchecked: Sequence[Any]) -> bool:
        """Whether each of these records passes the check unchanged, and none of them is reported."""

    def __post_init__(self) -> None:
        """The check of one record; raises ValueError."""


@dataclass(eq=False, slots=True, weakref_slot=True)
class Projection:
    """The projection of a record: a Struct with only the needed attributes.

    Attributes:
        struct: The projected Struct; the declared one where all attributes are needed.
        field_types: The type of each attribute in the Struct.
        nested: The projection of each nested record, by attribute.
        constants: The constant attributes, by name.
        checked_record: The record whose check the values of the Struct have not passed yet.
        define_struct: Defines the Struct with other types; None where it is the declared one.
        narrowed: The attributes that are texts in the Struct, in whose place the declaration accepts numbers.
        is_partial: Whether a nested record whose projected attributes are all null or empty may itself be null,
            which only the full record decides.
    """

    struct: type[Struct]
    field_types: Mapping[str, Any]
    nested: Mapping[str, "Projection"]
    constants: Mapping[str, Any]
    checked_record: type[CheckedRecord] | None = None
    define_struct: Callable[[Mapping[str, Any], Mapping[str, Any]], type[Struct]] | None = None
    narrowed: tuple[str, ...] = ()
    is_partial: bool = False
    _widened: "Projection | None" = None

    def widen(self) -> "Projection":
        """The projection that also accepts whole numbers in place of texts; itself where it has no texts.

        Made on demand, once: few upstreams send such numbers.
        """
        if self._widened is None:
            self._widened = self if self.define_struct is None else self._widen(self.define_struct)
        return self._widened

    def _widen(
        self, define_struct: Callable[[Mapping[str, Any], Mapping[str, Any]], type[Struct]]
    ) -> "Projection":
        nested = {name: projection.widen() for name, projection in self.nested.items()}
        types = {
            name: int | declared
            if name in self.narrowed
            else replace_record(declared, self.nested[name].struct, nested[name].struct)
            if name in nested
            else declared
            for name, declared in self.field_types.items()
        }
        if types == self.field_types:
            return self
        struct = define_struct(types, {NARROW_STRUCT: self.struct})
        return replace(self, struct=struct, field_types=types, nested=nested)

    def nested_reader(self, name: str) -> "StructReader":
        """The reader of the nested Structs under an attribute."""
        attribute, struct = attrgetter(name), self.nested[name].struct
        if {*union_members(self.field_types[name])} <= {struct, NoneType}:
            return lambda records: list(filter(None, map(attribute, records)))

        def read(records: Iterable[Any]) -> list[Any]:
            values = chain.from_iterable(
                value if value.__class__ is list else (value,) for value in map(attribute, records)
            )
            return [value for value in values if value.__class__ is struct]

        return read


StructReader = Callable[[Iterable[Any]], list[Any]]
"""Takes records, returns the Structs under an attribute of all of them, those in lists included."""


@dataclass(slots=True)
class _RequiredAttributes:
    """The attributes that an operation needs from one record.

    Attributes:
        selections_by_attribute: The attributes that are rendered, each with its selections.
        as_declared: The attributes that functions read, which keep their declared types.
        namespace: The properties and checks of the record that the projected Struct needs.
        inner_id_names: The ids of the record by which objects inside it are reached and loaded.
    """

    selections_by_attribute: dict[str, list[Selection]] = default(default_factory=dict)
    as_declared: set[str] = default(default_factory=set)
    namespace: dict[str, Any] = default(default_factory=dict)
    inner_id_names: tuple[str, ...] = ()


_ProjectionMemo = dict[tuple[type[Struct], tuple[int, ...]], Projection]


class ProjectionBuilder:
    """Derives projections from declared records; built once for a schema and shared by all of its operations.

    Operations that need the same attributes share a projection for as long as one of them is cached: a class
    takes more time and memory than any other part of a compiled query.
    """

    def __init__(self, fields: FieldSources) -> None:
        self._fields = fields
        self._projection_cache: WeakValueDictionary[Hashable, Projection] = WeakValueDictionary()
        self._decoder_cache: WeakValueDictionary[Hashable, ProjectedDecoder] = WeakValueDictionary()
        self._full_projections: dict[type[Struct], Projection] = {}
        self._header_decoders: dict[
            PolymorphicList, tuple[Mapping[str, Projection], StructDecoder]
        ] = {}
        self._used_ids_cache: WeakKeyDictionary[Selection, frozenset[str]] = WeakKeyDictionary()
        self._whole_record_cache: WeakKeyDictionary[Selection, bool] = WeakKeyDictionary()

    def item_decoder(
        self, items: PolymorphicList, selections: Mapping[str, Sequence[Selection]]
    ) -> "ProjectedDecoder":
        """The decoder of a list's items, given the selections from the record of each tag."""
        memo: _ProjectionMemo = {}
        if items not in self._header_decoders:
            header_projections: Mapping[str, Projection] = {
                tag: self._projection(record, (), memo, items, tag)
                for tag, record in items.record_by_tag.items()
            }
            self._header_decoders[items] = (
                header_projections,
                StructDecoder(items, header_projections.values()),
            )
        header_projections, header_decoder = self._header_decoders[items]
        full_record_tags = frozenset(
            tag
            for tag in items.record_by_tag
            if any(map(self._reads_whole_record, selections[tag]))
        )
        projections = {
            tag: header_projections[tag]
            if tag in full_record_tags
            else self._projection(record, selections[tag], memo, items, tag)
            for tag, record in items.record_by_tag.items()
        }
        key = (items, full_record_tags, *(projection.struct for projection in projections.values()))
        decoder = self._decoder_cache.get(key)
        if decoder is None:
            decoder = self._decoder_cache[key] = ProjectedDecoder(
                items, projections, header_decoder, full_record_tags
            )
        return decoder

    def _nested_projection(
        self, record: type[Struct], selections: Sequence[Selection], memo: _ProjectionMemo
    ) -> Projection:
        """The projection of a record that is no item, memoized by its selections."""
        key = (record, tuple(map(id, selections)))
        if key not in memo:
            memo[key] = self._projection(record, selections, memo)
        return memo[key]

    def _partial_projection(
        self, record: type[Struct], selections: Sequence[Selection], memo: _ProjectionMemo
    ) -> Projection:
        """The projection of a record that is null where all its attributes are."""
        projection = self._nested_projection(record, selections, memo)
        if not projection.struct.__struct_fields__:
            return self._full_projection(record)
        projection.is_partial = True
        return projection

    def _projection(
        self,
        record: type[Struct],
        selections: Iterable[Selection],
        memo: _ProjectionMemo,
        items: PolymorphicList | None = None,
        tag: str | None = None,
    ) -> Projection:
        required = self._required_attributes(
            record, selections, items.header_attributes if items else ()
        )
        types, nested = self._field_types(record, required, memo)
        struct_fields, constants = _struct_fields(record), constants_of(record)
        for name in [
            name for name in types if items and struct_fields[name].encode_name == items.tag
        ]:
            del types[name]  # the tag of msgspec's union
            constants[name] = tag
        constants[_INNER_ID_NAMES] = required.inner_id_names
        key = (
            record,
            *types.items(),
            frozenset(required.namespace),
            required.inner_id_names,
            items,
            tag,
        )
        projection = self._projection_cache.get(key)
        if projection is None:

            def define_struct(
                types: Mapping[str, Any], namespace: Mapping[str, Any]
            ) -> type[Struct]:
                return msgspec.defstruct(
                    record.__name__,
                    [
                        (name, type_, _field_definition(struct_fields[name]))
                        for name, type_ in types.items()
                    ],
                    namespace={**required.namespace, **constants, **namespace},
                    tag_field=items.tag if items else None,
                    tag=tag,
                    kw_only=True,
                    gc=False,
                )

            projection = self._projection_cache[key] = Projection(
                define_struct(types, {}),
                types,
                nested,
                constants,
                checked_record=record if _is_checked_together(record) else None,
                define_struct=define_struct,
                narrowed=tuple(
                    name
                    for name in types
                    if name not in nested and types[name] != struct_fields[name].type
                ),
            )
        return projection

    def _field_types(
        self,
        record: type[Struct],
        required: _RequiredAttributes,
        memo: _ProjectionMemo,
    ) -> tuple[dict[str, Any], dict[str, Projection]]:
        """The types of the needed attributes, and the projections of nested records, both by attribute."""
        declared = {name: field.type for name, field in _struct_fields(record).items()}
        types, nested = {}, {}
        for name in sorted(required.as_declared):
            types[name] = declared[name]
            if record_type := record_type_in(declared[name]):
                nested[name] = self._full_projection(record_type)
                types[name] = replace_record(declared[name], record_type, nested[name].struct)
        for name in [
            name for name in required.selections_by_attribute if name not in required.as_declared
        ]:
            if record_type := record_type_in(declared[name]):
                if hasattr(record_type, _UNCHECKED_RECORD):
                    nested[name] = self._full_projection(record_type)
                elif not _may_be_empty(record_type):
                    nested[name] = self._nested_projection(
                        record_type, required.selections_by_attribute[name], memo
                    )
                elif {*union_members(declared[name])} == {record_type, NoneType}:
                    nested[name] = self._partial_projection(
                        record_type, required.selections_by_attribute[name], memo
                    )
                else:
                    nested[name] = self._full_projection(record_type)
                types[name] = replace_record(declared[name], record_type, nested[name].struct)
            else:
                types[name] = narrow_to_text(declared[name])
        return types, nested

    def _full_projection(self, record: type[Struct]) -> Projection:
        """The projection with all attributes of a record: the record itself, or the one without its check."""
        if record not in self._full_projections:
            struct = getattr(record, _UNCHECKED_RECORD, record)
            nested: dict[str, Projection] = {}
            declared = {name: field.type for name, field in _struct_fields(struct).items()}
            self._full_projections[record] = Projection(
                struct,
                declared,
                nested,
                constants_of(struct),
                checked_record=None if struct is record else cast("type[CheckedRecord]", record),
            )
            nested |= {
                name: self._full_projection(record_type)
                for name in declared
                if (record_type := record_type_in(declared[name]))
            }
        return self._full_projections[record]

    def _required_attributes(
        self, record: type[Struct], selections: Iterable[Selection], dependencies: Iterable[str]
    ) -> _RequiredAttributes:
        """The needed attributes: selected and required ones, dependencies, and ids of loads."""
        required = _RequiredAttributes(
            as_declared={
                name
                for name, field in _struct_fields(record).items()
                if field.required or field.type is NoneType  # else a value would go unnoticed
            }
        )
        if (check := getattr(record, "__post_init__", None)) and not _may_be_empty(record):
            if not _is_checked_together(record):
                required.namespace["__post_init__"] = check
            required.as_declared.update(check.dependencies)
        for dependency in dependencies:
            _require_as_declared(record, dependency, required)
        for selection in selections:
            used_ids = self._used_ids(selection)
            for name in used_ids:
                _require_as_declared(record, name, required)
            required.inner_id_names += tuple(
                name
                for name in getattr(record, _INNER_ID_NAMES, ())
                if name in used_ids and name not in required.inner_id_names
            )
            for field in selection.distinct_fields():
                if field.name != "__typename":
                    _require_field(
                        record,
                        self._fields.compilable_source(field.parent.name, field.name),
                        list(field.selection_by_type.values()),
                        required,
                    )
        return required

    def _reads_whole_record(self, selection: Selection) -> bool:
        """Whether a selection has, at any depth, a field without a compilable source.

        The resolver of that field may read any attribute of its object and of all ancestors.
        """
        if selection not in self._whole_record_cache:
            self._whole_record_cache[selection] = any(
                self._fields.compilable_source(field.parent.name, field.name) is None
                or any(map(self._reads_whole_record, field.selection_by_type.values()))
                for field in selection.distinct_fields()
                if field.name != "__typename"
            )
        return self._whole_record_cache[selection]

    def _used_ids(self, selection: Selection) -> frozenset[str]:
        """The names of the ids that the fields of a selection use, nested ones included."""
        if selection not in self._used_ids_cache:
            names: set[str] = set()
            for field in selection.distinct_fields():
                match self._fields.compilable_source(field.parent.name, field.name):
                    case LoadedField(ids=ids) | AncestorField(ids=ids):
                        names.update(ids)
                names.update(*map(self._used_ids, field.selection_by_type.values()))
            self._used_ids_cache[selection] = frozenset(names)
        return self._used_ids_cache[selection]


def _require_field(
    record: type[Struct],
    field_source: FieldSource | None,
    selected: list[Selection],
    required: _RequiredAttributes,
) -> None:
    match field_source:
        case AttributeField(attribute) if attribute in record.__struct_fields__:
            required.selections_by_attribute.setdefault(attribute, []).extend(selected)
        case AttributeField(attribute):
            _require_as_declared(record, attribute, required)
        case ComputedField(depends_on=dependencies):
            for dependency in dependencies:
                _require_as_declared(record, dependency, required)
        case LoadedField() | AncestorField():
            pass  # by ids, which are required already
        case _:  # a resolver may read any attribute
            required.as_declared.update(record.__struct_fields__)
            required.namespace.update(getmembers(record, lambda each: isinstance(each, property)))


def _require_as_declared(record: type[Struct], name: str, required: _RequiredAttributes) -> None:
    """Require an attribute with its declared type, or the dependencies of a property; ignore other names."""
    if name in record.__struct_fields__:
        required.as_declared.add(name)
    elif isinstance(derived := getattr(record, name, None), property):
        required.namespace[name] = derived
        for dependency in derived.fget.dependencies:  # type: ignore[union-attr]
            _require_as_declared(record, dependency, required)


def _is_checked_together(record: type[Any]) -> TypeGuard[type[CheckedRecord]]:
    return hasattr(record, "pass_check")


def _may_be_empty(record: type[Struct]) -> bool:
    """Whether an object without values decodes to null: its `__post_init__` declares no dependencies."""
    check = getattr(record, "__post_init__", None)
    return check is not None and not hasattr(check, "dependencies")


@cache
def _struct_fields(record: type[Struct]) -> Mapping[str, structs.FieldInfo]:
    return {field.name: field for field in structs.fields(record)}


def _field_definition(info: structs.FieldInfo) -> Any:
    defaults: dict[str, Any] = {
        "default": info.default,
        "default_factory": info.default_factory,  # one of the two, at most
    }
    return msgspec.field(name=info.encode_name, **defaults)


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
    found: dict[tuple[Projection, tuple[str, ...]], _Place] = {}

    def visit(
        projection: Projection,
        item: type[Struct],
        path: tuple[str, ...],
        readers: tuple[StructReader, ...],
    ) -> None:
        place = found.setdefault((projection, path), _Place(projection, readers, set()))
        assert place.items is not None
        place.items.add(item)
        if projection.define_struct is not None:
            for name, nested in projection.nested.items():
                visit(nested, item, (*path, name), (*readers, projection.nested_reader(name)))

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

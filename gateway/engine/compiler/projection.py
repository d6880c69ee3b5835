"""Projection: Structs with only those attributes of a record that an operation needs. The second pass."""

import asyncio
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field as default
from functools import cache, reduce
from inspect import getmembers
from operator import or_
from types import NoneType, UnionType
from typing import Any, ClassVar, TypeVar, Union, get_args, get_origin
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
    """Narrow a declared text to `str`: numbers in its place are rare, and left to the full record."""
    if str not in union_members(declared):
        return declared
    return str | None if NoneType in union_members(declared) else str


@dataclass(eq=False, slots=True, weakref_slot=True)
class Projection:
    """The projection of a record: a Struct with only the needed attributes.

    Attributes:
        struct: The projected Struct; the declared one where all attributes are needed.
        field_types: The type of each attribute in the Struct.
        nested: The projection of each nested record, by attribute.
        constants: The constant attributes, by name.
        is_partial: Whether a nested record whose projected attributes are all null or empty may itself be null,
            which only the full record decides.
    """

    struct: type[Struct]
    field_types: Mapping[str, Any]
    nested: Mapping[str, "Projection"]
    constants: Mapping[str, Any]
    is_partial: bool = False


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
            PolymorphicList, tuple[Mapping[str, Projection], json.Decoder[Any]]
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
            self._header_decoders[items] = header_projections, _decoder(header_projections.values())
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
            struct = msgspec.defstruct(
                record.__name__,
                [
                    (name, type_, _field_definition(struct_fields[name]))
                    for name, type_ in types.items()
                ],
                namespace={**required.namespace, **constants},
                tag_field=items.tag if items else None,
                tag=tag,
                kw_only=True,
                gc=False,
            )
            projection = self._projection_cache[key] = Projection(struct, types, nested, constants)
        return projection

    def _field_types(
        self,
        record: type[Struct],
        required: _RequiredAttributes,
        memo: _ProjectionMemo,
    ) -> tuple[dict[str, Any], dict[str, Projection]]:
        """The types of the needed attributes, and the projections of nested records, both by attribute."""
        declared = {name: field.type for name, field in _struct_fields(record).items()}
        types = {name: declared[name] for name in sorted(required.as_declared)}
        nested = {
            name: self._full_projection(record_type)
            for name in types
            if (record_type := record_type_in(types[name]))
        }
        for name in [
            name for name in required.selections_by_attribute if name not in required.as_declared
        ]:
            if record_type := record_type_in(declared[name]):
                if not _may_be_empty(record_type):
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
        """The projection with all attributes of a record: the record itself."""
        if record not in self._full_projections:
            nested: dict[str, Projection] = {}
            declared = {name: field.type for name, field in _struct_fields(record).items()}
            self._full_projections[record] = Projection(
                record, declared, nested, constants_of(record)
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
            as_declared={name for name, field in _struct_fields(record).items() if field.required}
        )
        if (check := getattr(record, "__post_init__", None)) and not _may_be_empty(record):
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


def _may_be_empty(record: type[Struct]) -> bool:
    """Whether an object without values decodes to null: its `__post_init__` declares no dependencies."""
    check = getattr(record, "__post_init__", None)
    return check is not None and not hasattr(check, "dependencies")


@cache
def _struct_fields(record: type[Struct]) -> Mapping[str, structs.FieldInfo]:
    return {field.name: field for field in structs.fields(record)}


def _decoder(projections: Iterable[Projection]) -> json.Decoder[Any]:
    return json.Decoder(reduce(or_, (projection.struct for projection in projections)))


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
        header_decoder: json.Decoder[Any],
        full_record_tags: Collection[str],
    ) -> None:
        self.items = items
        self.projections = projections
        self.full_record_tags = full_record_tags
        self.decode_full_record = items.decode_full_record
        self._item_decoder = _decoder(projections.values())
        self._header_decoder = header_decoder
        self._full_record_structs = {projections[tag].struct for tag in full_record_tags}

    def decode_headers(self, items: Sequence[Raw]) -> list[Any]:
        return self._decode_each(self._header_decoder, items)

    def decode(self, items: Sequence[Raw]) -> list[Any]:
        records = self._decode_each(self._item_decoder, items)
        if not self._full_record_structs:
            return records
        return [
            self.decode_full_record(item) if value.__class__ in self._full_record_structs else value
            for item, value in zip(items, records, strict=True)
        ]

    def _decode_each(self, decoder: json.Decoder[Any], items: Sequence[Raw]) -> list[Any]:
        decode, records = decoder.decode, []
        for item in items:
            try:
                records.append(decode(item))
            except self.items.decoding_errors:
                records.append(self.decode_full_record(item))
        return records


_T = TypeVar("_T")


class ProjectedReader:
    """An item decoder for one run: decodes each list once, and finds the raw JSON of a decoded item.

    Attributes:
        lock: Held while decoding in steps, so that no other task decodes the same items meanwhile.
    """

    def __init__(self, decoder: ProjectedDecoder) -> None:
        self._decoder = decoder
        self._decoded_lists: dict[int, tuple[Sequence[Raw], list[Any]]] = {}
        self._memoized: dict[tuple[int, Hashable], tuple[Sequence[Raw], Any]] = {}
        self._raw_by_record_id: dict[int, Raw] = {}
        self.lock = asyncio.Lock()

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

    async def decode_ahead(self, decoder: ProjectedDecoder | None, value: Node[Any] | None) -> None:
        """Decode a page in cooperative steps, one at a time per reader: the next may need the same items."""
        if decoder is not None and value is not None:
            reader = self[decoder]
            async with reader.lock:
                await run_cooperatively(value.value.decode_ahead(reader))

"""What of each record an operation needs: lean Structs, derived from the declared ones. The second pass."""

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
    AttributeField,
    ComputedField,
    FieldSource,
    FieldSources,
    LoadedField,
    Node,
    PolymorphicList,
)
from gateway.observability.event_loop import CooperativeSteps, map_in_steps, run_cooperatively


def constants_of(record: type[Struct]) -> dict[str, Any]:
    """The attributes that are the same for all records of a class."""
    return {
        name: getattr(record, name)
        for base in record.__mro__
        for name, annotation in getattr(base, "__annotations__", {}).items()
        if get_origin(annotation) is ClassVar and hasattr(record, name)
    }


def union_members(declared: Any) -> tuple[Any, ...]:
    """The members of a declared union; a type that is none is its only member."""
    return get_args(declared) if get_origin(declared) in {Union, UnionType} else (declared,)


def record_type_in(declared: Any) -> type[Struct] | None:
    """The record that a declared type holds, by itself or in a list; None where it may be one of several."""
    candidates = [
        get_args(each)[0] if get_origin(each) is list else each for each in union_members(declared)
    ]
    records = {each for each in candidates if isinstance(each, type) and issubclass(each, Struct)}
    return records.pop() if len(records) == 1 else None


def replace_record(declared: Any, record: type[Struct], struct: type[Struct]) -> Any:
    """A declared type with another Struct in the place of the record that it holds."""

    def substitute(option: Any) -> Any:
        if get_origin(option) is list:
            return list[replace_record(get_args(option)[0], record, struct)]  # type: ignore[misc]
        return struct if option is record else option

    return reduce(or_, map(substitute, union_members(declared)))


def narrow_to_text(declared: Any) -> Any:
    """A text that may be a number is one seldom enough to be left to the whole record."""
    if str not in union_members(declared):
        return declared
    return str | None if NoneType in union_members(declared) else str


@dataclass(eq=False, slots=True, weakref_slot=True)
class Projection:
    """What of a record is read: its lean Struct, and how its attributes are declared there.

    Attributes:
        struct: The lean Struct; the declared one where all of it is needed.
        field_types: The type of each of its fields.
        nested: The shape of each record inside.
        constants: The attributes that are the same for all records of this class.
        is_partial: Whether a record that holds nothing here may be null: only the whole item tells.
    """

    struct: type[Struct]
    field_types: Mapping[str, Any]
    nested: Mapping[str, "Projection"]
    constants: Mapping[str, Any]
    is_partial: bool = False


@dataclass(slots=True)
class _RequiredAttributes:
    """What is read of one record.

    Attributes:
        selections_by_attribute: The attributes that are delivered, and what is selected of each.
        as_declared: The attributes that functions read, which need them as they are declared.
        namespace: The properties and checks that come along.
    """

    selections_by_attribute: dict[str, list[Selection]] = default(default_factory=dict)
    as_declared: set[str] = default(default_factory=set)
    namespace: dict[str, Any] = default(default_factory=dict)


_ProjectionMemo = dict[tuple[type[Struct], tuple[int, ...]], Projection]


class ProjectionBuilder:
    """Derives shapes from the declared records, for a schema's fields; made once for all operations.

    Operations that need the same of a record have the same shape, for as long as one of them is
    remembered: a class takes more time and memory than anything else in a plan.
    """

    def __init__(self, fields: FieldSources) -> None:
        self._fields = fields
        self._projection_cache: WeakValueDictionary[Hashable, Projection] = WeakValueDictionary()
        self._decoder_cache: WeakValueDictionary[Hashable, ProjectedDecoder] = WeakValueDictionary()
        self._full_projections: dict[type[Struct], Projection] = {}
        self._header_decoders: dict[
            PolymorphicList, tuple[Mapping[str, Projection], json.Decoder[Any]]
        ] = {}
        self._load_ids_cache: WeakKeyDictionary[Selection, frozenset[str]] = WeakKeyDictionary()
        self._whole_record_cache: WeakKeyDictionary[Selection, bool] = WeakKeyDictionary()

    def item_decoder(
        self, items: PolymorphicList, selections: Mapping[str, Sequence[Selection]]
    ) -> "ProjectedDecoder":
        """How the items of a list are decoded, given what is selected of the record of each tag."""
        memo: _ProjectionMemo = {}
        if items not in self._header_decoders:
            header_shapes = {
                tag: self._projection(record, (), memo, items, tag)
                for tag, record in items.record_by_tag.items()
            }
            self._header_decoders[items] = header_shapes, _decoder(header_shapes.values())
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
        """The shape of a record that is no item: made once for what is selected of it."""
        key = (record, tuple(map(id, selections)))
        if key not in memo:
            memo[key] = self._projection(record, selections, memo)
        return memo[key]

    def _partial_projection(
        self, record: type[Struct], selections: Sequence[Selection], memo: _ProjectionMemo
    ) -> Projection:
        """The shape of a record right in an item that is null where it holds nothing."""
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
        types, nested = self._field_types(record, required, memo, is_item=items is not None)
        struct_fields, constants = _struct_fields(record), constants_of(record)
        for name in [
            name for name in types if items and struct_fields[name].encode_name == items.tag
        ]:
            del types[name]  # msgspec tells the records apart by it
            constants[name] = tag
        key = (record, *types.items(), frozenset(required.namespace), items, tag)
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
        *,
        is_item: bool,
    ) -> tuple[dict[str, Any], dict[str, Projection]]:
        """The types of the attributes that are needed, and the shapes of records in them."""
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
                elif is_item and {*union_members(declared[name])} == {record_type, NoneType}:
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
        """The shape of a record of which everything is needed: the record itself."""
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
        """What is needed besides what is selected: what makes a record of it at all."""
        required = _RequiredAttributes(
            as_declared={name for name, field in _struct_fields(record).items() if field.required}
        )
        if (check := getattr(record, "__post_init__", None)) and not _may_be_empty(record):
            required.namespace["__post_init__"] = check
            required.as_declared.update(check.sources)
        for dependency in dependencies:
            _require_as_declared(record, dependency, required)
        for selection in selections:
            for name in self._load_ids(selection):
                _require_as_declared(record, name, required)
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
        """Whether something in a selection, however far inside, is resolved by who knows no readings.

        Such a resolver may use anything of the object, and of all that it was reached through.
        """
        if selection not in self._whole_record_cache:
            self._whole_record_cache[selection] = any(
                self._fields.compilable_source(field.parent.name, field.name) is None
                or any(map(self._reads_whole_record, field.selection_by_type.values()))
                for field in selection.distinct_fields()
                if field.name != "__typename"
            )
        return self._whole_record_cache[selection]

    def _load_ids(self, selection: Selection) -> frozenset[str]:
        """The names of the ids by which things are loaded, here and further inside."""
        if selection not in self._load_ids_cache:
            names: set[str] = set()
            for field in selection.distinct_fields():
                match self._fields.compilable_source(field.parent.name, field.name):
                    case LoadedField(ids=ids):
                        names.update(ids)
                    case AttributeField() | ComputedField():
                        names.update(*map(self._load_ids, field.selection_by_type.values()))
            self._load_ids_cache[selection] = frozenset(names)
        return self._load_ids_cache[selection]


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
        case LoadedField():
            pass  # by its ids, which are needed already
        case _:  # a resolver's, which may read anything of it
            required.as_declared.update(record.__struct_fields__)
            required.namespace.update(getmembers(record, lambda each: isinstance(each, property)))


def _require_as_declared(record: type[Struct], name: str, required: _RequiredAttributes) -> None:
    """What a function reads, it gets as it is declared; what the record does not have, it does not."""
    if name in record.__struct_fields__:
        required.as_declared.add(name)
    elif isinstance(derived := getattr(record, name, None), property):
        required.namespace[name] = derived
        for dependency in derived.fget.sources:  # type: ignore[union-attr]
            _require_as_declared(record, dependency, required)


def _may_be_empty(record: type[Struct]) -> bool:
    """Whether a record stands for null where all of it is: its check reads all, and so names no sources."""
    check = getattr(record, "__post_init__", None)
    return check is not None and not hasattr(check, "sources")


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
    """Reads the items of a list: leanly where an item is plain, else as a whole record.

    Attributes:
        items: What the list holds.
        projections: The shape of the items of each tag.
        full_record_tags: The tags whose items are always read as whole records.
        decode_full_record: Reads one item as a whole record.
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
    """Decodes items leanly, the same items once; and knows what they were decoded from.

    Attributes:
        lock: For who decodes in steps: nobody else does in between.
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
        """An item as a whole record; what was not read here, as it is."""
        if id(value) not in self._raw_by_record_id:
            for items, values in self._decoded_lists.values():
                self._raw_by_record_id.update(zip(map(id, values), items, strict=True))
        raw_item = self._raw_by_record_id.get(id(value))
        return value if raw_item is None else self._decoder.decode_full_record(raw_item)

    def partial_record(self, item: Any, name: str, value: Any) -> Any:
        """A record right in an item, of which not all was read; None where all of it is null."""
        if any(getattr(value, field) is not None for field in value.__struct_fields__):
            return value
        return None if getattr(self.full_record(item), name) is None else value


class DecoderCache(dict[ProjectedDecoder, ProjectedReader]):
    """The reader for each way of decoding, once it was asked for."""

    def __missing__(self, decoder: ProjectedDecoder) -> ProjectedReader:
        self[decoder] = reader = ProjectedReader(decoder)
        return reader

    async def decode_ahead(self, decoder: ProjectedDecoder | None, value: Node[Any] | None) -> None:
        """Read what is long in steps: one after another, for the next may want the same items."""
        if decoder is not None and value is not None:
            reader = self[decoder]
            async with reader.lock:
                await run_cooperatively(value.value.decode_ahead(reader))

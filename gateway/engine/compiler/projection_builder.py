"""Derivation of projections from the declared records. The second pass."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field as default
from functools import cache
from inspect import getmembers
from itertools import chain
from types import NoneType
from typing import Any, TypeGuard, cast
from weakref import WeakKeyDictionary, WeakValueDictionary

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, structs

from gateway.engine.compiler.collect_fields import Selection
from gateway.engine.compiler.declared_types import (
    constants_of,
    narrow_to_text,
    record_type_in,
    replace_record,
    union_members,
)
from gateway.engine.compiler.item_decoding import ProjectedDecoder, StructDecoder
from gateway.engine.compiler.projection import CheckedRecord, Projection
from gateway.engine.polymorphic_lists import PolymorphicList
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    ComputeTogether,
    FieldSource,
    FieldSources,
    IdsField,
    LoadedField,
)

_INNER_ID_NAMES = "inner_id_names"
"""The constant of a record class that names the ids by which objects inside it are reached: see `Node`."""

_UNCHECKED_RECORD = "unchecked_record"
"""The constant of a record class that names the same record without its check: see `CheckedRecord`."""

_UNSET_IF_MISSING = "unset_if_missing"
"""The constant of a class with an unchecked record that names the attributes that the check accepts as `UNSET`."""


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
                if _has_unchecked_record(record_type):
                    nested[name] = self._unchecked_projection(
                        record_type, required.selections_by_attribute[name]
                    )
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

    def _unchecked_projection(
        self, record: type[Struct], selections: Iterable[Selection]
    ) -> Projection:
        """The projection with all attributes of a record without its check, those of the selections first.

        Where the upstream sent nothing else, its Structs encode as the objects of the response. Selections for
        which they never do share the full projection, since a class takes time and memory.
        """
        unchecked: type[Struct] = getattr(record, _UNCHECKED_RECORD)
        unset_if_missing: Sequence[str] = getattr(record, _UNSET_IF_MISSING)
        declared = _struct_fields(unchecked)
        selected = self._selected_attributes(selections, declared)
        others = [name for name in declared if name not in selected]
        computed_together = {name: each for name, each in selected.items() if each is not None}
        if not (computed_together or {*others} <= {*unset_if_missing}):
            return self._full_projection(record)
        types: dict[str, Any] = {}
        definitions: list[tuple[str, Any, Any]] = []
        for name in (*selected, *others):
            if name in computed_together:  # whatever the upstream sends under this key is replaced
                type_, definition = Raw, msgspec.field(name=name, default=UNSET)
            elif name in unset_if_missing:
                type_ = declared[name].type | UnsetType
                definition = msgspec.field(name=declared[name].encode_name, default=UNSET)
            else:
                type_, definition = declared[name].type, _field_definition(declared[name])
            types[name] = type_
            definitions.append((name, type_, definition))
        key = (record, *types.items())
        projection = self._projection_cache.get(key)
        if projection is None:
            namespace = dict(getmembers(unchecked, lambda each: isinstance(each, property)))
            struct = msgspec.defstruct(
                unchecked.__name__,
                definitions,
                namespace={**namespace, **constants_of(unchecked)},
                kw_only=True,
                gc=False,
            )
            projection = self._projection_cache[key] = Projection(
                struct,
                types,
                {},
                constants_of(unchecked),
                checked_record=cast("type[CheckedRecord]", record),
                computed_together=computed_together,
            )
        return projection

    def _selected_attributes(
        self, selections: Iterable[Selection], declared: Collection[str]
    ) -> Mapping[str, ComputeTogether | None]:
        """The attributes that have the values of the fields; with the function of those computed together."""
        selected: dict[str, ComputeTogether | None] = {}
        for field in chain.from_iterable(each.distinct_fields() for each in selections):
            match self._fields.compilable_source(field.parent.name, field.name):
                case AttributeField(name) if name in declared:
                    selected[name] = None
                case ComputedField(fast_path_attribute=str(name), compute_together=together):
                    selected[name] = together
        return selected

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
        self,
        record: type[Struct],
        selections: Iterable[Selection],
        header_attributes: Iterable[str],
    ) -> _RequiredAttributes:
        """The needed attributes: selected and required ones, dependencies, ids of loads, and those of a list."""
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
        for name in header_attributes:
            _require_header(record, name, required)
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
                    case LoadedField(ids=ids) | IdsField(ids=ids):
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
        case ComputedField(
            depends_on=(name,), fast_path_attribute=fast_path, value_of_null=list()
        ) if name == fast_path and name in record.__struct_fields__:
            required.selections_by_attribute.setdefault(
                name, []
            )  # the function takes texts as well
        case ComputedField(depends_on=dependencies):
            for dependency in dependencies:
                _require_as_declared(record, dependency, required)
        case LoadedField() | IdsField():
            pass  # by ids, which are required already
        case _:  # a resolver may read any attribute
            required.as_declared.update(record.__struct_fields__)
            required.namespace.update(getmembers(record, lambda each: isinstance(each, property)))


def _require_header(record: type[Struct], name: str, required: _RequiredAttributes) -> None:
    """Require an attribute that the list reads; one with an unchecked record has all inner attributes anyway."""
    info = _struct_fields(record).get(name)
    if info is not None and _has_unchecked_record(record_type_in(info.type)):
        required.selections_by_attribute.setdefault(name, [])
    else:
        _require_as_declared(record, name, required)


def _require_as_declared(record: type[Struct], name: str, required: _RequiredAttributes) -> None:
    """Require an attribute with its declared type, or the dependencies of a property; ignore other names."""
    if name in record.__struct_fields__:
        required.as_declared.add(name)
    elif isinstance(derived := getattr(record, name, None), property):
        required.namespace[name] = derived
        for dependency in derived.fget.dependencies:  # type: ignore[union-attr]
            _require_as_declared(record, dependency, required)


def _has_unchecked_record(record: type[Struct] | None) -> bool:
    return hasattr(record, _UNCHECKED_RECORD)


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

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
from gateway.engine.resolvers import Computed, Fields, Items, Loaded, Plain, Reached, Reading
from gateway.observability.event_loop import Steps, in_steps, mapped


def constants_of(record: type[Struct]) -> dict[str, Any]:
    """The attributes that are the same for all records of a class."""
    return {
        name: getattr(record, name)
        for base in record.__mro__
        for name, annotation in getattr(base, "__annotations__", {}).items()
        if get_origin(annotation) is ClassVar and hasattr(record, name)
    }


def options(declared: Any) -> tuple[Any, ...]:
    """The members of a declared union; a type that is none is its only member."""
    return get_args(declared) if get_origin(declared) in {Union, UnionType} else (declared,)


def record_in(declared: Any) -> type[Struct] | None:
    """The record that a declared type holds, by itself or in a list; None where it may be one of several."""
    held = [get_args(each)[0] if get_origin(each) is list else each for each in options(declared)]
    records = {each for each in held if isinstance(each, type) and issubclass(each, Struct)}
    return records.pop() if len(records) == 1 else None


def replaced_in(declared: Any, record: type[Struct], struct: type[Struct]) -> Any:
    """A declared type with another Struct in the place of the record that it holds."""

    def replaced(option: Any) -> Any:
        if get_origin(option) is list:
            return list[replaced_in(get_args(option)[0], record, struct)]  # type: ignore[misc]
        return struct if option is record else option

    return reduce(or_, map(replaced, options(declared)))


def narrowed(declared: Any) -> Any:
    """A text that may be a number is one seldom enough to be left to the whole record."""
    if str not in options(declared):
        return declared
    return str | None if NoneType in options(declared) else str


@dataclass(eq=False, slots=True, weakref_slot=True)
class Shape:
    """What of a record is read: its lean Struct, and how its attributes are declared there.

    Attributes:
        struct: The lean Struct; the declared one where all of it is needed.
        declared: The type of each of its fields.
        inside: The shape of each record inside.
        constants: The attributes that are the same for all records of this class.
        is_partial: Whether a record that holds nothing here may be null: only the whole item tells.
    """

    struct: type[Struct]
    declared: Mapping[str, Any]
    inside: Mapping[str, "Shape"]
    constants: Mapping[str, Any]
    is_partial: bool = False


@dataclass(slots=True)
class _Needs:
    """What is read of one record.

    Attributes:
        plain: The attributes that are delivered, and what is selected of each.
        whole: The attributes that functions read, which need them as they are declared.
        namespace: The properties and checks that come along.
    """

    plain: dict[str, list[Selection]] = default(default_factory=dict)
    whole: set[str] = default(default_factory=set)
    namespace: dict[str, Any] = default(default_factory=dict)


_Made = dict[tuple[type[Struct], tuple[int, ...]], Shape]


class Shapes:
    """Derives shapes from the declared records, for a schema's fields; made once for all operations.

    Operations that need the same of a record have the same shape, for as long as one of them is
    remembered: a class takes more time and memory than anything else in a plan.
    """

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._alike: WeakValueDictionary[Hashable, Shape] = WeakValueDictionary()
        self._leans: WeakValueDictionary[Hashable, Lean] = WeakValueDictionary()
        self._wholes: dict[type[Struct], Shape] = {}
        self._heads: dict[Items, tuple[Mapping[str, Shape], json.Decoder[Any]]] = {}
        self._known_ids: WeakKeyDictionary[Selection, frozenset[str]] = WeakKeyDictionary()
        self._known_open: WeakKeyDictionary[Selection, bool] = WeakKeyDictionary()

    def of_items(self, items: Items, selections: Mapping[str, Sequence[Selection]]) -> "Lean":
        """How the items of a list are decoded, given what is selected of the record of each tag."""
        made: _Made = {}
        if items not in self._heads:
            read = {tag: self._shape(of, (), made, items, tag) for tag, of in items.records.items()}
            self._heads[items] = read, _decoder(read.values())
        heads, head = self._heads[items]
        wholly = frozenset(tag for tag in items.records if any(map(self._is_open, selections[tag])))
        shapes = {
            tag: heads[tag] if tag in wholly else self._shape(of, selections[tag], made, items, tag)
            for tag, of in items.records.items()
        }
        key = (items, wholly, *(shape.struct for shape in shapes.values()))
        lean = self._leans.get(key)
        if lean is None:
            lean = self._leans[key] = Lean(items, shapes, head, wholly)
        return lean

    def _inside(self, record: type[Struct], selections: Sequence[Selection], made: _Made) -> Shape:
        """The shape of a record that is no item: made once for what is selected of it."""
        key = (record, tuple(map(id, selections)))
        if key not in made:
            made[key] = self._shape(record, selections, made)
        return made[key]

    def _part(self, record: type[Struct], selections: Sequence[Selection], made: _Made) -> Shape:
        """The shape of a record right in an item that is null where it holds nothing."""
        shape = self._inside(record, selections, made)
        if not shape.struct.__struct_fields__:
            return self._whole(record)
        shape.is_partial = True
        return shape

    def _shape(
        self,
        record: type[Struct],
        selections: Iterable[Selection],
        made: _Made,
        items: Items | None = None,
        tag: str | None = None,
    ) -> Shape:
        needs = self._needs(record, selections, items.sources if items else ())
        types, inside = self._types(record, needs, made, is_item=items is not None)
        declared, constants = _declared(record), constants_of(record)
        for name in [name for name in types if items and declared[name].encode_name == items.tag]:
            del types[name]  # msgspec tells the records apart by it
            constants[name] = tag
        key = (record, *types.items(), frozenset(needs.namespace), items, tag)
        shape = self._alike.get(key)
        if shape is None:
            struct = msgspec.defstruct(
                record.__name__,
                [(name, type_, _field(declared[name])) for name, type_ in types.items()],
                namespace={**needs.namespace, **constants},
                tag_field=items.tag if items else None,
                tag=tag,
                kw_only=True,
                gc=False,
            )
            shape = self._alike[key] = Shape(struct, types, inside, constants)
        return shape

    def _types(
        self, record: type[Struct], needs: _Needs, made: _Made, *, is_item: bool
    ) -> tuple[dict[str, Any], dict[str, Shape]]:
        """The types of the attributes that are needed, and the shapes of records in them."""
        declared = {name: field.type for name, field in _declared(record).items()}
        types = {name: declared[name] for name in sorted(needs.whole)}
        inside = {name: self._whole(held) for name in types if (held := record_in(types[name]))}
        for name in [name for name in needs.plain if name not in needs.whole]:
            if held := record_in(declared[name]):
                if not _may_be_nothing(held):
                    inside[name] = self._inside(held, needs.plain[name], made)
                elif is_item and {*options(declared[name])} == {held, NoneType}:
                    inside[name] = self._part(held, needs.plain[name], made)
                else:
                    inside[name] = self._whole(held)
                types[name] = replaced_in(declared[name], held, inside[name].struct)
            else:
                types[name] = narrowed(declared[name])
        return types, inside

    def _whole(self, record: type[Struct]) -> Shape:
        """The shape of a record of which everything is needed: the record itself."""
        if record not in self._wholes:
            inside: dict[str, Shape] = {}
            declared = {name: field.type for name, field in _declared(record).items()}
            self._wholes[record] = Shape(record, declared, inside, constants_of(record))
            inside |= {
                name: self._whole(held) for name in declared if (held := record_in(declared[name]))
            }
        return self._wholes[record]

    def _needs(
        self, record: type[Struct], selections: Iterable[Selection], sources: Iterable[str]
    ) -> _Needs:
        """What is needed besides what is selected: what makes a record of it at all."""
        needs = _Needs(whole={name for name, field in _declared(record).items() if field.required})
        if (check := getattr(record, "__post_init__", None)) and not _may_be_nothing(record):
            needs.namespace["__post_init__"] = check
            needs.whole.update(check.sources)
        for source in sources:
            _need_whole(record, source, needs)
        for selection in selections:
            for name in self._ids(selection):
                _need_whole(record, name, needs)
            for field in selection.merged():
                if field.name != "__typename":
                    _need(
                        record,
                        self._fields.reading(field.parent.name, field.name),
                        list(field.of.values()),
                        needs,
                    )
        return needs

    def _is_open(self, selection: Selection) -> bool:
        """Whether something in a selection, however far inside, is resolved by who knows no readings.

        Such a resolver may use anything of the object, and of all that it was reached through.
        """
        if selection not in self._known_open:
            self._known_open[selection] = any(
                self._fields.reading(field.parent.name, field.name) is None
                or any(map(self._is_open, field.of.values()))
                for field in selection.merged()
                if field.name != "__typename"
            )
        return self._known_open[selection]

    def _ids(self, selection: Selection) -> frozenset[str]:
        """The names of the ids by which things are loaded, here and further inside."""
        if selection not in self._known_ids:
            names: set[str] = set()
            for field in selection.merged():
                match self._fields.reading(field.parent.name, field.name):
                    case Loaded(ids=ids):
                        names.update(ids)
                    case Plain() | Computed():
                        names.update(*map(self._ids, field.of.values()))
            self._known_ids[selection] = frozenset(names)
        return self._known_ids[selection]


def _need(
    record: type[Struct], reading: Reading | None, selected: list[Selection], needs: _Needs
) -> None:
    match reading:
        case Plain(attribute) if attribute in record.__struct_fields__:
            needs.plain.setdefault(attribute, []).extend(selected)
        case Plain(attribute):
            _need_whole(record, attribute, needs)
        case Computed(sources=sources):
            for source in sources:
                _need_whole(record, source, needs)
        case Loaded():
            pass  # by its ids, which are needed already
        case _:  # a resolver's, which may read anything of it
            needs.whole.update(record.__struct_fields__)
            needs.namespace.update(getmembers(record, lambda each: isinstance(each, property)))


def _need_whole(record: type[Struct], name: str, needs: _Needs) -> None:
    """What a function reads, it gets as it is declared; what the record does not have, it does not."""
    if name in record.__struct_fields__:
        needs.whole.add(name)
    elif isinstance(derived := getattr(record, name, None), property):
        needs.namespace[name] = derived
        for source in derived.fget.sources:  # type: ignore[union-attr]
            _need_whole(record, source, needs)


def _may_be_nothing(record: type[Struct]) -> bool:
    """Whether a record stands for null where all of it is: its check reads all, and so names no sources."""
    check = getattr(record, "__post_init__", None)
    return check is not None and not hasattr(check, "sources")


@cache
def _declared(record: type[Struct]) -> Mapping[str, structs.FieldInfo]:
    return {field.name: field for field in structs.fields(record)}


def _decoder(shapes: Iterable[Shape]) -> json.Decoder[Any]:
    return json.Decoder(reduce(or_, (shape.struct for shape in shapes)))


def _field(declared: structs.FieldInfo) -> Any:
    given: dict[str, Any] = {
        "default": declared.default,
        "default_factory": declared.default_factory,  # one of the two, at most
    }
    return msgspec.field(name=declared.encode_name, **given)


class Lean:
    """Reads the items of a list: leanly where an item is plain, else as a whole record.

    Attributes:
        items: What the list holds.
        shapes: The shape of the items of each tag.
        wholly: The tags whose items are always read as whole records.
        whole: Reads one item as a whole record.
    """

    def __init__(
        self,
        items: Items,
        shapes: Mapping[str, Shape],
        head: json.Decoder[Any],
        wholly: Collection[str],
    ) -> None:
        self.items = items
        self.shapes = shapes
        self.wholly = wholly
        self.whole = items.whole
        self._item = _decoder(shapes.values())
        self._head = head
        self._no_more = {shapes[tag].struct for tag in wholly}

    def heads(self, items: Sequence[Raw]) -> list[Any]:
        return self._decoded(self._head, items)

    def read(self, items: Sequence[Raw]) -> list[Any]:
        decoded = self._decoded(self._item, items)
        if not self._no_more:
            return decoded
        return [
            self.whole(item) if value.__class__ in self._no_more else value
            for item, value in zip(items, decoded, strict=True)
        ]

    def _decoded(self, decoder: json.Decoder[Any], items: Sequence[Raw]) -> list[Any]:
        decode, decoded = decoder.decode, []
        for item in items:
            try:
                decoded.append(decode(item))
            except self.items.undecodable:
                decoded.append(self.whole(item))
        return decoded


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

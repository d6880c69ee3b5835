"""The body of one function: the object of the response that it builds, key by key."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, NamedTuple, Protocol, get_args, get_origin

from graphql import (
    GraphQLLeafType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from gateway.engine.compiler.collect_fields import ALWAYS, Condition, Field, NotPlannable, Selection
from gateway.engine.compiler.leaf_values import Leaf, is_delivered_as_it_is, is_text
from gateway.engine.compiler.pending import Function, Part, Where
from gateway.engine.compiler.projection import Shape, options
from gateway.engine.resolvers import Computed, Fields, Loaded, Plain, Reading, Resolved


class Entry(NamedTuple):
    """A key of the object, an expression for its value, and when it is there."""

    key: str
    expression: str
    condition: Condition


def statements(
    entries: Sequence[Entry], waits: Mapping[str, str], holding: Callable[[Condition], str]
) -> list[str]:
    """The lines that build and return an object.

    What waits is told in the order of the entries, so that loads begin in the order in which
    graphql-core would begin them.

    Args:
        entries: What the object has, in order. Of a key that is there more than once, the first that
            holds counts.
        waits: By key, what is done where something there has to wait.
        holding: An expression for whether a condition holds.
    """
    times = Counter(entry.key for entry in entries)
    at_once = _at_once(entries, waits)
    if at_once == len(entries) and not waits:
        return _literal("return", entries)
    lines = _literal("out =", entries[:at_once])
    for place, (key, expression, condition) in enumerate(entries):
        done = [f'out["{key}"] = {expression}'] if place >= at_once else []
        done += [waits[key]] if key in waits else []
        tests = [] if condition == ALWAYS else [holding(condition)]
        tests += [f'"{key}" not in out'] if times[key] > 1 else []
        lines += _under(tests, done)
    return [*lines, "return out"]


def _at_once(entries: Sequence[Entry], waits: Mapping[str, str]) -> int:
    """How many entries make a literal: up to the first that waits, or has a condition."""
    for place, (key, _, condition) in enumerate(entries):
        if condition != ALWAYS:
            return place
        if key in waits:
            return place + 1
    return len(entries)


def _under(tests: Sequence[str], done: list[str]) -> list[str]:
    if not tests or not done:
        return done
    return [f"if {' and '.join(tests)}:", *(f"    {statement}" for statement in done)]


def _literal(start: str, entries: Iterable[Entry]) -> list[str]:
    lines = [f'    "{key}": {expression},' for key, expression, _ in entries]
    return [f"{start} {{", *lines, "}"] if lines else [f"{start} {{}}"]


class Writer(Protocol):
    """Who writes the functions that a body calls, and names what it uses."""

    fields: Fields
    namespace: dict[str, Any]

    def function(self, selection: Selection, where: Where, *, opened: bool = False) -> Function: ...
    def kinds(self, field: Field, where: Where) -> tuple[str, bool]: ...
    def part(self, fields: tuple[Field, ...], reading: Loaded | Resolved | None) -> Part: ...
    def computed(self, field: Field, reading: Computed) -> str: ...
    def leaf(self, leaf: GraphQLLeafType, *, nullable: bool) -> str: ...
    def delivery(self, leaf: GraphQLLeafType) -> Leaf: ...
    def condition(self, condition: Condition) -> str: ...
    def named(self, name: str, value: Any) -> str: ...


class Body:
    """Collects the fields of one object. Expressions read the value `it`.

    Attributes:
        is_open: Whether a path and what the value was reached through are needed.
    """

    def __init__(self, source: Writer, where: Where) -> None:
        self.is_open = False
        self._source = source
        self._where = where
        self._entries: list[Entry] = []
        self._expressions: dict[Field, str] = {}
        self._waiting: dict[Field, tuple[Any, ...]] = {}  # and what each waits for

    # ---------------------------------------------------------------- fields

    def add(self, field: Field, condition: Condition) -> None:
        """A field of the object, where a condition holds."""
        if field not in self._expressions:
            self._expressions[field] = self._expression(field)
        self._entries.append(Entry(field.key, self._expressions[field], condition))

    def show(self, field: Field) -> None:
        """A field that was waited for: `it` is what was loaded or resolved."""
        match self._reading(field):
            case Loaded(of=None):
                expression = self._value(field, field.type, "it", None, through="through")
            case Loaded(of=(Plain() | Computed()) as of):
                expression = self._plain(field, of)
            case _:
                expression = self._reached(field)
        self._entries.append(Entry(field.key, expression, ALWAYS))

    def _reached(self, field: Field) -> str:
        """What a resolver gave: something reached, or a list of such."""
        self.is_open = True
        type_ = get_nullable_type(field.type)
        if not is_list_type(type_):
            return self._delivered(field, "it.value", f'(*at, "{field.key}"), it.through')
        if is_non_null_type(type_.of_type):
            place = f'(*at, "{field.key}", i), each.through'
            made = self._delivered(field, "reached(each).value", place)
            return f"[{made} for i, each in enumerate(it)]"
        part = self._source.named(f"{field.key}_part", Part((field,)))
        deliver = f"lambda v, at, through: {self._delivered(field, 'v', 'at, through')}"
        return f'run.elements(it, {deliver}, {part}, (*at, "{field.key}"))'

    def _delivered(self, field: Field, value: str, place: str) -> str:
        """A call for a value that was reached, given its path and what it was reached through."""
        if not field.of:
            raise NotPlannable  # a leaf: no resolver here gives such
        if is_abstract_type(get_named_type(field.type)):
            table, is_open = self._source.kinds(field, self._where)
            return f"run.kind({table}, {value}, run{f', {place}' if is_open else ''})"
        [selection] = field.of.values()
        function = self._source.function(selection, self._where, opened=True).name
        return f"{function}({value}, run, {place})"

    def _expression(self, field: Field) -> str:
        if field.name == "__typename":
            return f'"{field.parent.name}"'
        reading = self._reading(field)
        if isinstance(reading, Plain | Computed) and not self._is_item(field):
            return self._plain(field, reading)
        self.is_open = True
        match reading:
            case Loaded(load, ids, Plain() | Computed()):
                self._waiting[field] = (load, ids)
            case _:
                self._waiting[field] = (field,)
        return "None"

    def _plain(self, field: Field, reading: Plain | Computed) -> str:
        held, shape = self._held(field, reading), self._where.shape
        if isinstance(reading, Computed):
            value = self._value(field, field.type, held, None)
            if reading.usually is None:
                return value
            return f"v if (v := it.{reading.usually}).__class__ is str and v else {value}"
        if shape is None:
            return self._value(field, field.type, held, None)
        leaf, name = get_named_type(field.type), reading.attribute
        if is_leaf_type(leaf) and name in shape.constants:
            return _constant(self._source.delivery(leaf)(shape.constants[name]))
        return self._value(field, field.type, self._there(name, held), shape.declared.get(name))

    def _there(self, name: str, held: str) -> str:
        """An expression for an attribute; where it is a record read in part, null if the whole of it is."""
        if not (first := self._where.first_of_part(name)):
            return held
        reader = f"run.readers[{self._source.named(f'{name}_items', self._where.item)}]"
        return f"(v if (v := {held}) is None or v.{first} is not None else {reader}.held(it, {name!r}, v))"

    def _held(self, field: Field, reading: Plain | Computed) -> str:
        """An expression for what a field holds."""
        if isinstance(reading, Plain):
            return f"it.{reading.attribute}"
        return f"{self._source.computed(field, reading)}(it, run.context)"

    # ---------------------------------------------------------------- values

    def _value(
        self,
        field: Field,
        type_: GraphQLOutputType,
        value: str,
        declared: Any,
        path: str = "",
        through: str = "here",
    ) -> str:
        """An expression for a value of a GraphQL type, given one for what holds it.

        Args:
            field: The field that the value belongs to.
            type_: The type.
            value: An expression for the value.
            declared: Its declared type; None where nothing is known of it.
            path: The rest of the path, where it is an element of a list.
            through: What objects in it are reached through.
        """
        nullable = not is_non_null_type(type_)
        inner: Any = type_ if nullable else type_.of_type  # type: ignore[union-attr]
        if is_leaf_type(inner):
            return self._leaf(inner, value, declared, nullable=nullable)
        if is_list_type(inner):
            return self._list(field, inner.of_type, value, declared, nullable=nullable)
        at = f'(*at, "{field.key}"{path})'
        return _guarded(value, declared, self._object(field, at, through), nullable=nullable)

    def _leaf(self, leaf: GraphQLLeafType, value: str, declared: Any, *, nullable: bool) -> str:
        if declared is not None and _is_plain(leaf, declared, nullable=nullable):
            return value
        deliver = self._source.leaf(leaf, nullable=nullable)
        if is_text(leaf):
            null = " is None or v" if nullable else ""
            return f"v if (v := {value}){null}.__class__ is str else {deliver}(v)"
        if isinstance(self._source.namespace[deliver], dict):
            return f"{deliver}[{value}]"
        return f"{deliver}({value})"

    def _list(
        self, field: Field, type_: GraphQLOutputType, value: str, declared: Any, *, nullable: bool
    ) -> str:
        if self._where.holds_items(field):
            return _guarded(value, None, self._items(field), nullable=nullable)
        lists = [each for each in options(declared) if get_origin(each) is list] if declared else []
        element = get_args(lists[0])[0] if lists else None
        if is_list_type(get_nullable_type(type_)) and field.of:
            raise NotPlannable  # a path would have two indexes
        was_open, self.is_open = self.is_open, False
        each = self._value(field, type_, "each", element, ", i")
        loop = "i, each in enumerate({})" if self.is_open else "each in {}"
        self.is_open = self.is_open or was_open
        made = "{}" if each == "each" else f"[{each} for {loop}]"
        return _guarded(value, declared, made, nullable=nullable)

    def _object(self, field: Field, at: str, through: str) -> str:
        """A call with `{}` in place of the value."""
        if is_abstract_type(get_named_type(field.type)):
            table, is_open = self._source.kinds(field, self._where)
            call = f"run.kind({table}, {{}}, run"
        else:
            [selection] = field.of.values()
            inside = self._inside(field)
            if inside.shape is not None and self._is_answer(selection, inside.shape):
                return "{}"
            function = self._source.function(selection, inside)
            call, is_open = f"{function.name}({{}}, run", function.is_open
        self.is_open = self.is_open or is_open
        return f"{call}, {at}, {through})" if is_open else f"{call})"

    def _is_answer(self, selection: Selection, shape: Shape) -> bool:
        """Whether a record of this shape is the object of the response, just as it was decoded.

        It never is where a condition decides whether something is there, or in which place.
        """
        struct = shape.struct
        encoded = zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True)
        return [(*names, ALWAYS) for names in encoded] == [
            (self._as_decoded(inner, shape), inner.key, condition)
            for inner, condition in selection.fields
        ]

    def _as_decoded(self, field: Field, shape: Shape) -> str | None:
        """The attribute of a shape that is what a field delivers."""
        reading, type_ = self._reading(field), get_nullable_type(field.type)
        if not isinstance(reading, Plain) or not is_leaf_type(type_):
            return None
        declared = shape.declared.get(reading.attribute)
        nullable = not is_non_null_type(field.type)
        plain = declared is not None and _is_plain(type_, declared, nullable=nullable)
        return reading.attribute if plain else None

    def _inside(self, field: Field) -> Where:
        if self._where.shape is None:
            return Where(lean=self._where.lean)
        reading = self._reading(field)
        name = reading.attribute if isinstance(reading, Plain) else ""
        return Where(self._where.shape.inside.get(name))

    def _items(self, field: Field) -> str:
        """A call with `{}` in place of the list."""
        self.is_open = True
        table, part = self._item_part(field)
        return f'run.items({{}}, {table}, {part}, (*at, "{field.key}"), here)'

    def _item(self, field: Field, reading: Plain | Computed) -> str:
        table, part = self._item_part(field)
        return f"run.item({self._held(field, reading)}, {table}, {part}, out, here, at)"

    def _item_part(self, field: Field) -> tuple[str, str]:
        table, is_open = self._source.kinds(field, self._where)
        part = Part((field,), lean=self._where.lean, is_open=is_open)
        return table, self._source.named(f"{field.key}_part", part)

    def _is_item(self, field: Field) -> bool:
        """Whether a field is an item by itself: it is filled in afterwards, since it may not be plain."""
        is_list = is_list_type(get_nullable_type(field.type))
        return self._where.holds_items(field) and not is_list

    def _reading(self, field: Field) -> Reading | None:
        return self._source.fields.reading(field.parent.name, field.name)

    # ---------------------------------------------------------------- lines

    def lines(self) -> list[str]:
        """The statements that build and return the object."""
        waits = {fields[0].key: self._wait(fields) for fields in self._grouped()}
        beginning = ["here = Reached(it, through)"] if self.is_open else []
        return [*beginning, *statements(self._entries, waits, self._source.condition)]

    def _wait(self, fields: tuple[Field, ...]) -> str:
        reading = self._reading(fields[0])
        if isinstance(reading, Plain | Computed):
            return self._item(fields[0], reading)
        part = self._source.part(fields, reading)
        return f"run.wait({self._source.named(f'{fields[0].key}_part', part)}, out, here, at)"

    def _grouped(self) -> list[tuple[Field, ...]]:
        """Fields that wait for the same under the same conditions."""
        conditions: dict[str, list[Condition]] = {}
        for key, _, condition in self._entries:
            conditions.setdefault(key, []).append(condition)
        groups: dict[tuple[Any, ...], list[Field]] = {}
        for field, same in self._waiting.items():
            groups.setdefault((same, *conditions[field.key]), []).append(field)
        return [tuple(group) for group in groups.values()]


def _is_plain(leaf: GraphQLLeafType, declared: Any, *, nullable: bool) -> bool:
    """Whether all values of a declared type are delivered as they are."""
    return all(
        nullable if each is NoneType else is_delivered_as_it_is(leaf, each)
        for each in options(declared)
    )


def _guarded(value: str, declared: Any, made: str, *, nullable: bool) -> str:
    """What is made of a value, given with `{}` in its place; null for null, refused for what cannot be."""
    if made == "{}" and nullable and declared is not None:
        return value
    if declared is None and nullable:
        return f"None if (v := told({value})) is None else {made.format('v')}"
    if declared is None:
        return made.format(f"there({value})")
    if NoneType not in options(declared):
        return made.format(value)
    if nullable:
        return f"None if (v := {value}) is None else {made.format('v')}"
    return made.format(f"there({value})")


def _constant(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)

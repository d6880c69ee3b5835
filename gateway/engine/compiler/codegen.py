"""The function that answers an operation, as Python source. The third pass.

One function for each selection of a type: it takes a value of that type and gives the object of the response.
Where something in it has to wait, or may be left to graphql-core, the function is an open one: it takes also
the path to the object and what the value was reached through.
"""

import keyword
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import GraphQLLeafType

from gateway.engine.compiler.collect_fields import Condition, Field, Selection
from gateway.engine.compiler.expressions import Body
from gateway.engine.compiler.leaf_values import Leaf, delivery
from gateway.engine.compiler.pending import Function, Kinds, Part, Where, is_of
from gateway.engine.compiler.projection import Lean, Shapes
from gateway.engine.resolvers import (
    Computed,
    Fields,
    Items,
    Loaded,
    NotPlain,
    Plain,
    Reached,
    Resolved,
)

_LOCALS = {
    *keyword.kwlist,
    *("it", "run", "at", "through", "here", "out", "v", "each", "i", "enumerate", "str"),
}
"""What functions use for something else."""


class Source:
    """Writes functions, each under a name of its own.

    Attributes:
        namespace: What the functions use, by name.
        conditions: The conditions that they ask for, by number.
    """

    def __init__(self, fields: Fields, shapes: Shapes) -> None:
        self.fields = fields
        self.conditions: list[Condition] = []
        self.namespace: dict[str, Any] = {"Reached": Reached, **_checks(fields.unreadable)}
        self._shapes = shapes
        self._texts: list[str] = []
        self._functions: dict[tuple[Selection, Where, bool], Function] = {}
        self._waiting: dict[Selection, bool] = {}
        self._leaves: dict[tuple[str, bool], str] = {}
        self._computed: dict[tuple[str, str], str] = {}
        self._tables: dict[tuple[tuple[type, str], ...], str] = {}
        self._leans: dict[tuple[Items, tuple[int, ...]], Lean] = {}

    @property
    def text(self) -> str:
        """All functions, each after those that it calls."""
        return "\n\n\n".join(self._texts) + "\n"

    def operation(self, selection: Selection) -> str:
        """The name of the function for an operation's root."""
        return self.function(selection, Where(), opened=True).name

    def function(self, selection: Selection, where: Where, *, opened: bool = False) -> Function:
        """The function for a selection; `opened`, if it must be an open one."""
        key = (selection, where, opened or self._waits(selection))
        if key not in self._functions:
            body = Body(self, where)
            for field, condition in selection.fields:
                body.add(field, condition)
            self._functions[key] = self._write(selection.type.name, body, opened=opened)
        return self._functions[key]

    def _write(self, name: str, body: Body, *, opened: bool) -> Function:
        is_open = opened or body.is_open
        unique = self.named(name, None)
        arguments = "it, run, at, through" if is_open else "it, run"
        lines = [f"def {unique}({arguments}):", *(f"    {line}" for line in body.lines())]
        self._texts.append("\n".join(lines))
        return Function(unique, is_open)

    def named(self, name: str, value: Any) -> str:
        """A name in the namespace: this, or with a number where it is taken."""
        number, unique = 1, name
        while unique in self.namespace or unique in _LOCALS:
            number += 1
            unique = f"{name}_{number}"
        self.namespace[unique] = value
        return unique

    def condition(self, condition: Condition) -> str:
        """An expression for whether a condition holds."""
        if condition not in self.conditions:
            self.conditions.append(condition)
        return f"run.on[{self.conditions.index(condition)}]"

    def delivery(self, leaf: GraphQLLeafType, *, nullable: bool = True) -> Leaf:
        """The function that delivers a leaf."""
        return delivery(leaf, nullable=nullable, unreadable=self.fields.unreadable)

    def leaf(self, leaf: GraphQLLeafType, *, nullable: bool) -> str:
        """The name of the function that delivers a leaf."""
        key = (leaf.name, nullable)
        if key not in self._leaves:
            name = leaf.name if nullable else f"{leaf.name}_there"
            self._leaves[key] = self.named(name, self.delivery(leaf, nullable=nullable))
        return self._leaves[key]

    def computed(self, field: Field, reading: Computed) -> str:
        """The name of the function that computes a field."""
        key = (field.parent.name, field.name)
        if key not in self._computed:
            self._computed[key] = self.named("_".join((*key, "of")), reading.function)
        return self._computed[key]

    def kinds(self, field: Field, where: Where) -> tuple[str, bool]:
        """The name of the table of functions for what an abstract field may hold; whether they are open."""
        classes = list(self._classes(field, where))
        is_open = any(self._waits(selection) for _, selection, _ in classes)
        entries = tuple(
            (kind, self.function(selection, each, opened=is_open).name)
            for kind, selection, each in classes
        )
        if entries not in self._tables:
            name = f"{field.parent.name}_{field.key}_kinds"
            self._tables[entries] = self.named(name, Kinds(entries))
        return self._tables[entries], is_open

    def _classes(self, field: Field, where: Where) -> Iterator[tuple[type, Selection, Where]]:
        if where.lean is None or not where.holds_items(field):
            for name, selection in field.of.items():
                for kind in self.fields.classes.get(name, ()):
                    yield kind, selection, Where()
            return
        items, types = where.lean.items, self.fields.types
        for tag, record in items.records.items():
            if tag in where.lean.wholly:
                yield record, field.of[types[record]], Where()
                continue
            shape = where.lean.shapes[tag]
            yield shape.struct, field.of[types[record]], Where(shape, item=where.lean)
        yield items.others, field.of[types[items.others]], Where()

    def _waits(self, selection: Selection) -> bool:
        """Whether something in a selection cannot be delivered at once."""
        if selection not in self._waiting:
            self._waiting[selection] = any(
                not isinstance(self.fields.reading(field.parent.name, field.name), Plain | Computed)
                or any(map(self._waits, field.of.values()))
                for field in selection.merged()
                if field.name != "__typename"
            )
        return self._waiting[selection]

    def part(self, fields: tuple[Field, ...], reading: Loaded | Resolved | None) -> Part:
        """What waits: fields with the same reading, or one that only graphql-core can answer."""
        if reading is None:
            return Part(fields)
        items = reading.items if isinstance(reading, Resolved) else None
        lean = None if items is None else self._lean(fields[0], items)
        body = Body(self, Where(lean=lean))
        for field in fields:
            body.show(field)
        name = "_".join([fields[0].parent.name, *(field.key for field in fields[:3])])
        function = self._write(name, body, opened=True)
        return Part(fields, reading, function.name, lean, is_open=body.is_open)

    def _lean(self, field: Field, items: Items) -> Lean:
        positions = list(_positions(field.of.values(), items))
        selected = tuple(id(selection) for position in positions for selection in position.values())
        key = (items, selected)
        if key not in self._leans:
            selections = {
                tag: [position[self.fields.types[record]] for position in positions]
                for tag, record in items.records.items()
            }
            self._leans[key] = self._shapes.of_items(items, selections)
        return self._leans[key]


def _positions(selections: Iterable[Selection], items: Items) -> Iterator[Mapping[str, Selection]]:
    """What is selected of items, at each place below some selections that leads to them."""
    for selection in selections:
        for field in selection.merged():
            if is_of(items, field):
                yield field.of
            else:
                yield from _positions(field.of.values(), items)


def _checks(unreadable: type) -> dict[str, Any]:
    def told(value: Any) -> Any:
        if value.__class__ is unreadable:
            raise NotPlain
        return value

    def there(value: Any) -> Any:
        if value is None:
            raise NotPlain
        return told(value)

    def reached(value: Any) -> Any:
        if value.__class__ is not Reached:  # but null, or what went wrong
            raise NotPlain
        return value

    return {"told": told, "there": there, "reached": reached}

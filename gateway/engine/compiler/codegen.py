"""Code generation: the Python source code of the functions that answer an operation. The third pass.

Each selection from a type becomes one function: it takes a value of that type and returns the object of the
response. Where the object has deferred fields, or items that may need the fallback, the function also takes
the response path and the parent node (`needs_path`).
"""

import keyword
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import GraphQLLeafType

from gateway.engine.compiler.collect_fields import Condition, Field, Selection
from gateway.engine.compiler.expressions import ObjectExpression
from gateway.engine.compiler.leaf_values import LeafSerializer, leaf_serializer
from gateway.engine.compiler.pending import (
    DeferredFields,
    GeneratedFunction,
    TypeDispatch,
    ValueContext,
    has_item_type,
)
from gateway.engine.compiler.projection import ProjectedDecoder, ProjectionBuilder
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    FieldSources,
    LoadedField,
    NeedsFallback,
    Node,
    PolymorphicList,
    ResolverField,
)

_RESERVED_NAMES = {
    *keyword.kwlist,
    *("record", "run", "path", "parent", "node", "result", "v", "each", "i", "enumerate", "str"),
}
"""Names that generated functions use for variables and builtins."""


class CodeGenerator:
    """Generates the functions of an operation, each with a unique name.

    Attributes:
        fields: The sources of the schema's fields.
        namespace: The global names of the functions and their values.
        conditions: The conditions that the functions test, by index.
    """

    def __init__(self, fields: FieldSources, projection_builder: ProjectionBuilder) -> None:
        self.fields = fields
        self.conditions: list[Condition] = []
        self.namespace: dict[str, Any] = {"Node": Node, **_checks(fields.unreadable)}
        self._projection_builder = projection_builder
        self._function_texts: list[str] = []
        self._functions: dict[tuple[Selection, ValueContext, bool], GeneratedFunction] = {}
        self._deferral_cache: dict[Selection, bool] = {}
        self._serializer_names: dict[tuple[str, bool], str] = {}
        self._computed_names: dict[tuple[str, str], str] = {}
        self._dispatch_names: dict[tuple[tuple[type, str], ...], str] = {}
        self._decoders: dict[tuple[PolymorphicList, tuple[int, ...]], ProjectedDecoder] = {}

    @property
    def source_code(self) -> str:
        """The source code of all functions, each after those that it calls."""
        return "\n\n\n".join(self._function_texts) + "\n"

    def root_function_name(self, selection: Selection) -> str:
        """The name of the function for an operation's root."""
        return self.function(selection, ValueContext(), needs_path=True).name

    def function(
        self, selection: Selection, value_context: ValueContext, *, needs_path: bool = False
    ) -> GeneratedFunction:
        """The function for a selection; with `needs_path`, one that takes a path and a parent in any case."""
        key = (selection, value_context, needs_path or self._has_deferred_fields(selection))
        if key not in self._functions:
            body = ObjectExpression(self, value_context)
            for field, condition in selection.fields:
                body.add(field, condition)
            self._functions[key] = self._write(selection.type.name, body, needs_path=needs_path)
        return self._functions[key]

    def _write(self, name: str, body: ObjectExpression, *, needs_path: bool) -> GeneratedFunction:
        takes_path = needs_path or body.needs_path
        unique = self.unique_name(name, None)
        arguments = "record, run, path, parent" if takes_path else "record, run"
        lines = [f"def {unique}({arguments}):", *(f"    {line}" for line in body.lines())]
        self._function_texts.append("\n".join(lines))
        return GeneratedFunction(unique, takes_path)

    def unique_name(self, name: str, value: Any) -> str:
        """Add a value to the namespace; returns its name, which has a number where the given one is taken."""
        number, unique = 1, name
        while unique in self.namespace or unique in _RESERVED_NAMES:
            number += 1
            unique = f"{name}_{number}"
        self.namespace[unique] = value
        return unique

    def condition_expression(self, condition: Condition) -> str:
        """An expression for whether a condition holds."""
        if condition not in self.conditions:
            self.conditions.append(condition)
        return f"run.condition_values[{self.conditions.index(condition)}]"

    def leaf_serializer(self, leaf: GraphQLLeafType, *, nullable: bool = True) -> LeafSerializer:
        """The function that serializes a leaf."""
        return leaf_serializer(leaf, nullable=nullable, unreadable=self.fields.unreadable)

    def leaf_serializer_name(self, leaf: GraphQLLeafType, *, nullable: bool) -> str:
        """The name of the function that serializes a leaf."""
        key = (leaf.name, nullable)
        if key not in self._serializer_names:
            name = leaf.name if nullable else f"{leaf.name}_non_null"
            self._serializer_names[key] = self.unique_name(
                name, self.leaf_serializer(leaf, nullable=nullable)
            )
        return self._serializer_names[key]

    def computed_function_name(self, field: Field, field_source: ComputedField) -> str:
        """The name of the function that computes a field."""
        key = (field.parent.name, field.name)
        if key not in self._computed_names:
            self._computed_names[key] = self.unique_name(
                "_".join((*key, "of")), field_source.function
            )
        return self._computed_names[key]

    def type_dispatch(self, field: Field, value_context: ValueContext) -> tuple[str, bool]:
        """The name of the dispatch table for a field of abstract type; whether its functions take a path."""
        concrete_types = list(self._concrete_types(field, value_context))
        needs_path = any(self._has_deferred_fields(selection) for _, selection, _ in concrete_types)
        entries = tuple(
            (class_, self.function(selection, class_context, needs_path=needs_path).name)
            for class_, selection, class_context in concrete_types
        )
        if entries not in self._dispatch_names:
            name = f"{field.parent.name}_{field.key}_dispatch"
            self._dispatch_names[entries] = self.unique_name(name, TypeDispatch(entries))
        return self._dispatch_names[entries], needs_path

    def _concrete_types(
        self, field: Field, value_context: ValueContext
    ) -> Iterator[tuple[type, Selection, ValueContext]]:
        if value_context.items_decoder is None or not value_context.holds_items(field):
            for name, selection in field.selection_by_type.items():
                for class_ in self.fields.classes_by_type.get(name, ()):
                    yield class_, selection, ValueContext()
            return
        items, types = value_context.items_decoder.items, self.fields.type_by_class
        for tag, record in items.record_by_tag.items():
            if tag in value_context.items_decoder.full_record_tags:
                yield record, field.selection_by_type[types[record]], ValueContext()
                continue
            projection = value_context.items_decoder.projections[tag]
            yield (
                projection.struct,
                field.selection_by_type[types[record]],
                ValueContext(projection, own_decoder=value_context.items_decoder),
            )
        yield (
            items.fallback_record,
            field.selection_by_type[types[items.fallback_record]],
            ValueContext(),
        )

    def _has_deferred_fields(self, selection: Selection) -> bool:
        """Whether a selection has deferred fields, nested ones included."""
        if selection not in self._deferral_cache:
            self._deferral_cache[selection] = any(
                not isinstance(
                    self.fields.compilable_source(field.parent.name, field.name),
                    AttributeField | ComputedField,
                )
                or any(map(self._has_deferred_fields, field.selection_by_type.values()))
                for field in selection.distinct_fields()
                if field.name != "__typename"
            )
        return self._deferral_cache[selection]

    def deferred_fields(
        self, fields: tuple[Field, ...], field_source: LoadedField | ResolverField | None
    ) -> DeferredFields:
        """Deferred fields with the same source; without a source, fields that need graphql-core."""
        if field_source is None:
            return DeferredFields(fields)
        items = field_source.items if isinstance(field_source, ResolverField) else None
        items_decoder = None if items is None else self._decoder(fields[0], items)
        body = ObjectExpression(self, ValueContext(items_decoder=items_decoder))
        for field in fields:
            body.add_deferred(field)
        name = "_".join([fields[0].parent.name, *(field.key for field in fields[:3])])
        function = self._write(name, body, needs_path=True)
        return DeferredFields(
            fields, field_source, function.name, items_decoder, needs_path=body.needs_path
        )

    def _decoder(self, field: Field, items: PolymorphicList) -> ProjectedDecoder:
        item_selections = list(_item_selections(field.selection_by_type.values(), items))
        selection_ids = tuple(
            id(selection)
            for selection_by_type in item_selections
            for selection in selection_by_type.values()
        )
        key = (items, selection_ids)
        if key not in self._decoders:
            selections = {
                tag: [
                    selection_by_type[self.fields.type_by_class[record]]
                    for selection_by_type in item_selections
                ]
                for tag, record in items.record_by_tag.items()
            }
            self._decoders[key] = self._projection_builder.item_decoder(items, selections)
        return self._decoders[key]


def _item_selections(
    selections: Iterable[Selection], items: PolymorphicList
) -> Iterator[Mapping[str, Selection]]:
    """The selections by type of each field, at any depth, whose value is an item or a list of items."""
    for selection in selections:
        for field in selection.distinct_fields():
            if has_item_type(items, field):
                yield field.selection_by_type
            else:
                yield from _item_selections(field.selection_by_type.values(), items)


def _checks(unreadable: type) -> dict[str, Any]:
    def readable(value: Any) -> Any:
        if value.__class__ is unreadable:
            raise NeedsFallback
        return value

    def non_null(value: Any) -> Any:
        if value is None:
            raise NeedsFallback
        return readable(value)

    def unwrap(value: Any) -> Any:
        if value.__class__ is not Node:  # null or an exception
            raise NeedsFallback
        return value

    return {"readable": readable, "non_null": non_null, "unwrap": unwrap}

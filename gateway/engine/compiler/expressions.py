"""Expressions and statements of one generated function, which builds an object of the response."""

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

from gateway.engine.compiler.collect_fields import (
    ALWAYS,
    CannotCompile,
    Condition,
    Field,
    Selection,
)
from gateway.engine.compiler.leaf_values import (
    LeafSerializer,
    serializes_text_unchanged,
    serializes_unchanged,
)
from gateway.engine.compiler.pending import DeferredFields, GeneratedFunction, ValueContext
from gateway.engine.compiler.projection import Projection, union_members
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    FieldSource,
    FieldSources,
    LoadedField,
    ResolverField,
)


class Entry(NamedTuple):
    """A key of the object, an expression for its value, and the condition of the entry."""

    key: str
    expression: str
    condition: Condition


def statements(
    entries: Sequence[Entry],
    deferrals: Mapping[str, str],
    condition_expression: Callable[[Condition], str],
) -> list[str]:
    """The statements that build and return an object.

    Fields are deferred in the order of the entries, so that loads start in the order of graphql-core.

    Args:
        entries: The entries of the object in order. Of entries with the same key, the first whose condition
            holds counts.
        deferrals: The statements that defer fields, by key.
        condition_expression: Returns an expression for whether a condition holds.
    """
    occurrences = Counter(entry.key for entry in entries)
    literal_length = _literal_length(entries, deferrals)
    if literal_length == len(entries) and not deferrals:
        return _literal("return", entries)
    lines = _literal("result =", entries[:literal_length])
    for index, (key, expression, condition) in enumerate(entries):
        block = [f'result["{key}"] = {expression}'] if index >= literal_length else []
        block += [deferrals[key]] if key in deferrals else []
        tests = [] if condition == ALWAYS else [condition_expression(condition)]
        tests += [f'"{key}" not in result'] if occurrences[key] > 1 else []
        lines += _if_block(tests, block)
    return [*lines, "return result"]


def _literal_length(entries: Sequence[Entry], deferrals: Mapping[str, str]) -> int:
    """The number of entries of the dict literal: up to the first that is deferred or has a condition."""
    for index, (key, _, condition) in enumerate(entries):
        if condition != ALWAYS:
            return index
        if key in deferrals:
            return index + 1
    return len(entries)


def _if_block(tests: Sequence[str], block: list[str]) -> list[str]:
    if not tests or not block:
        return block
    return [f"if {' and '.join(tests)}:", *(f"    {statement}" for statement in block)]


def _literal(start: str, entries: Iterable[Entry]) -> list[str]:
    lines = [f'    "{key}": {expression},' for key, expression, _ in entries]
    return [f"{start} {{", *lines, "}"] if lines else [f"{start} {{}}"]


class Writer(Protocol):
    """Who writes the functions that a body calls, and names what it uses."""

    fields: FieldSources
    namespace: dict[str, Any]

    def function(
        self, selection: Selection, value_context: ValueContext, *, needs_path: bool = False
    ) -> GeneratedFunction: ...
    def type_dispatch(self, field: Field, value_context: ValueContext) -> tuple[str, bool]: ...
    def deferred_fields(
        self, fields: tuple[Field, ...], field_source: LoadedField | ResolverField | None
    ) -> DeferredFields: ...
    def computed_function_name(self, field: Field, field_source: ComputedField) -> str: ...
    def leaf_serializer_name(self, leaf: GraphQLLeafType, *, nullable: bool) -> str: ...
    def leaf_serializer(self, leaf: GraphQLLeafType) -> LeafSerializer: ...
    def condition_expression(self, condition: Condition) -> str: ...
    def unique_name(self, name: str, value: Any) -> str: ...


class ObjectExpression:
    """Code generation for one object: collects its fields as expressions, which read the variable `record`.

    Attributes:
        needs_path: Whether the expressions use the response path and the parent node.
    """

    def __init__(self, generator: Writer, value_context: ValueContext) -> None:
        self.needs_path = False
        self._generator = generator
        self._value_context = value_context
        self._entries: list[Entry] = []
        self._expressions: dict[Field, str] = {}
        self._deferred: dict[Field, tuple[Any, ...]] = {}  # with the key of its group

    def add(self, field: Field, condition: Condition) -> None:
        """Add a field of the object under a condition."""
        if field not in self._expressions:
            self._expressions[field] = self._expression(field)
        self._entries.append(Entry(field.key, self._expressions[field], condition))

    def add_deferred(self, field: Field) -> None:
        """Add a deferred field: `record` is the loaded or resolved value."""
        match self._field_source(field):
            case LoadedField(inner_source=None):
                expression = self._value(field, field.type, "record", None, parent="parent")
            case LoadedField(inner_source=(AttributeField() | ComputedField()) as inner_source):
                expression = self._direct_value(field, inner_source)
            case _:
                expression = self._resolver_result(field)
        self._entries.append(Entry(field.key, expression, ALWAYS))

    def _resolver_result(self, field: Field) -> str:
        """An expression for the result of a resolver: a node or a list of nodes."""
        self.needs_path = True
        type_ = get_nullable_type(field.type)
        if not is_list_type(type_):
            return self._node_object(
                field, "record.value", f'(*path, "{field.key}"), record.parent'
            )
        if is_non_null_type(type_.of_type):
            location = f'(*path, "{field.key}", i), each.parent'
            element_expression = self._node_object(field, "unwrap(each).value", location)
            return f"[{element_expression} for i, each in enumerate(record)]"
        deferred = self._generator.unique_name(f"{field.key}_deferred", DeferredFields((field,)))
        render_expression = (
            f"lambda v, path, parent: {self._node_object(field, 'v', 'path, parent')}"
        )
        return (
            f'run.project_elements(record, {render_expression}, {deferred}, (*path, "{field.key}"))'
        )

    def _node_object(self, field: Field, value: str, location: str) -> str:
        """A call that renders the value of a node; `location` has expressions for its path and its parent."""
        if not field.selection_by_type:
            raise CannotCompile  # a resolver that returns a leaf
        if is_abstract_type(get_named_type(field.type)):
            table, needs_path = self._generator.type_dispatch(field, self._value_context)
            return f"run.dispatch({table}, {value}, run{f', {location}' if needs_path else ''})"
        [selection] = field.selection_by_type.values()
        function = self._generator.function(selection, self._value_context, needs_path=True).name
        return f"{function}({value}, run, {location})"

    def _expression(self, field: Field) -> str:
        if field.name == "__typename":
            return f'"{field.parent.name}"'
        field_source = self._field_source(field)
        if isinstance(field_source, AttributeField | ComputedField) and not self._is_single_item(
            field
        ):
            return self._direct_value(field, field_source)
        self.needs_path = True
        match field_source:
            case LoadedField(load, ids, AttributeField() | ComputedField()):
                self._deferred[field] = (load, ids)
            case _:
                self._deferred[field] = (field,)
        return "None"

    def _direct_value(self, field: Field, field_source: AttributeField | ComputedField) -> str:
        raw_value, projection = self._raw_value(field, field_source), self._value_context.projection
        if isinstance(field_source, ComputedField):
            value = self._value(field, field.type, raw_value, None)
            if field_source.fast_path_attribute is None:
                return value
            return f"v if (v := record.{field_source.fast_path_attribute}).__class__ is str and v else {value}"
        if projection is None:
            return self._value(field, field.type, raw_value, None)
        leaf, name = get_named_type(field.type), field_source.attribute
        if is_leaf_type(leaf) and name in projection.constants:
            return _constant(self._generator.leaf_serializer(leaf)(projection.constants[name]))
        return self._value(
            field,
            field.type,
            self._attribute_value(name, raw_value),
            projection.field_types.get(name),
        )

    def _attribute_value(self, name: str, raw_value: str) -> str:
        """An expression for an attribute; a partially projected record is null where the full record is."""
        if not (first := self._value_context.first_attribute_if_partial(name)):
            return raw_value
        reader = f"run.readers[{self._generator.unique_name(f'{name}_decoder', self._value_context.own_decoder)}]"
        return f"(v if (v := {raw_value}) is None or v.{first} is not None else {reader}.partial_record(record, {name!r}, v))"

    def _raw_value(self, field: Field, field_source: AttributeField | ComputedField) -> str:
        """An expression for the value of a field before completion."""
        if isinstance(field_source, AttributeField):
            return f"record.{field_source.attribute}"
        return f"{self._generator.computed_function_name(field, field_source)}(record, run.context)"

    def _value(
        self,
        field: Field,
        type_: GraphQLOutputType,
        value: str,
        declared: Any,
        path_suffix: str = "",
        parent: str = "node",
    ) -> str:
        """An expression that completes a value of a GraphQL type (CompleteValue).

        Args:
            field: The field of the value.
            type_: The GraphQL type.
            value: An expression for the value before completion.
            declared: The declared type of the value; None where unknown.
            path_suffix: The rest of the path, for an element of a list.
            parent: The variable with the parent node of objects in the value.
        """
        nullable = not is_non_null_type(type_)
        inner: Any = type_ if nullable else type_.of_type  # type: ignore[union-attr]
        if is_leaf_type(inner):
            return self._leaf(inner, value, declared, nullable=nullable)
        if is_list_type(inner):
            return self._list(field, inner.of_type, value, declared, nullable=nullable)
        inner_path = f'(*path, "{field.key}"{path_suffix})'
        return _null_guard(
            value, declared, self._object(field, inner_path, parent), nullable=nullable
        )

    def _leaf(self, leaf: GraphQLLeafType, value: str, declared: Any, *, nullable: bool) -> str:
        if declared is not None and _all_serialize_unchanged(leaf, declared, nullable=nullable):
            return value
        serializer = self._generator.leaf_serializer_name(leaf, nullable=nullable)
        if serializes_text_unchanged(leaf):
            null = " is None or v" if nullable else ""
            return f"v if (v := {value}){null}.__class__ is str else {serializer}(v)"
        if isinstance(self._generator.namespace[serializer], dict):
            return f"{serializer}[{value}]"
        return f"{serializer}({value})"

    def _list(
        self, field: Field, type_: GraphQLOutputType, value: str, declared: Any, *, nullable: bool
    ) -> str:
        if self._value_context.holds_items(field):
            return _null_guard(value, None, self._items_call(field), nullable=nullable)
        lists = (
            [
                element_expression
                for element_expression in union_members(declared)
                if get_origin(element_expression) is list
            ]
            if declared
            else []
        )
        element_type = get_args(lists[0])[0] if lists else None
        if is_list_type(get_nullable_type(type_)) and field.selection_by_type:
            raise CannotCompile  # a path with two indexes
        needed_path, self.needs_path = self.needs_path, False
        element_expression = self._value(field, type_, "each", element_type, ", i")
        loop = "i, each in enumerate({})" if self.needs_path else "each in {}"
        self.needs_path = self.needs_path or needed_path
        expression = "{}" if element_expression == "each" else f"[{element_expression} for {loop}]"
        return _null_guard(value, declared, expression, nullable=nullable)

    def _object(self, field: Field, path: str, parent: str) -> str:
        """A template of a call that renders an object, with `{}` for the value."""
        if is_abstract_type(get_named_type(field.type)):
            table, needs_path = self._generator.type_dispatch(field, self._value_context)
            call = f"run.dispatch({table}, {{}}, run"
        else:
            [selection] = field.selection_by_type.values()
            inner_context = self._inner_context(field)
            if inner_context.projection is not None and self._is_response_object(
                selection, inner_context.projection
            ):
                return "{}"
            function = self._generator.function(selection, inner_context)
            call, needs_path = f"{function.name}({{}}, run", function.needs_path
        self.needs_path = self.needs_path or needs_path
        return f"{call}, {path}, {parent})" if needs_path else f"{call})"

    def _is_response_object(self, selection: Selection, projection: Projection) -> bool:
        """Whether the projected Struct itself encodes as the object of the response, without a copy.

        Never where a condition decides on the presence or the position of a field.
        """
        struct = projection.struct
        encoded = zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True)
        return [(*names, ALWAYS) for names in encoded] == [
            (self._unchanged_attribute(inner, projection), inner.key, condition)
            for inner, condition in selection.fields
        ]

    def _unchanged_attribute(self, field: Field, projection: Projection) -> str | None:
        """The attribute that is the field's value in the response unchanged; None where there is none."""
        field_source, type_ = self._field_source(field), get_nullable_type(field.type)
        if not isinstance(field_source, AttributeField) or not is_leaf_type(type_):
            return None
        declared = projection.field_types.get(field_source.attribute)
        nullable = not is_non_null_type(field.type)
        is_unchanged = declared is not None and _all_serialize_unchanged(
            type_, declared, nullable=nullable
        )
        return field_source.attribute if is_unchanged else None

    def _inner_context(self, field: Field) -> ValueContext:
        if self._value_context.projection is None:
            return ValueContext(items_decoder=self._value_context.items_decoder)
        field_source = self._field_source(field)
        name = field_source.attribute if isinstance(field_source, AttributeField) else ""
        return ValueContext(self._value_context.projection.nested.get(name))

    def _items_call(self, field: Field) -> str:
        """A template of a call that renders the items of a list, with `{}` for the list."""
        self.needs_path = True
        table, deferred = self._item_dispatch(field)
        return f'run.project_items({{}}, {table}, {deferred}, (*path, "{field.key}"), node)'

    def _item_call(self, field: Field, field_source: AttributeField | ComputedField) -> str:
        table, deferred = self._item_dispatch(field)
        return f"run.project_item({self._raw_value(field, field_source)}, {table}, {deferred}, result, node, path)"

    def _item_dispatch(self, field: Field) -> tuple[str, str]:
        table, needs_path = self._generator.type_dispatch(field, self._value_context)
        deferred = DeferredFields(
            (field,), items_decoder=self._value_context.items_decoder, needs_path=needs_path
        )
        return table, self._generator.unique_name(f"{field.key}_deferred", deferred)

    def _is_single_item(self, field: Field) -> bool:
        """Whether the value of a field is one item. Deferred, since an item may need the fallback."""
        is_list = is_list_type(get_nullable_type(field.type))
        return self._value_context.holds_items(field) and not is_list

    def _field_source(self, field: Field) -> FieldSource | None:
        return self._generator.fields.compilable_source(field.parent.name, field.name)

    def lines(self) -> list[str]:
        """The statements of the function, which build and return the object."""
        deferrals = {
            fields[0].key: self._defer_statement(fields) for fields in self._deferral_groups()
        }
        beginning = ["node = Node(record, parent)"] if self.needs_path else []
        return [
            *beginning,
            *statements(self._entries, deferrals, self._generator.condition_expression),
        ]

    def _defer_statement(self, fields: tuple[Field, ...]) -> str:
        field_source = self._field_source(fields[0])
        if isinstance(field_source, AttributeField | ComputedField):
            return self._item_call(fields[0], field_source)
        deferred = self._generator.deferred_fields(fields, field_source)
        return f"run.defer({self._generator.unique_name(f'{fields[0].key}_deferred', deferred)}, result, node, path)"

    def _deferral_groups(self) -> list[tuple[Field, ...]]:
        """Deferred fields, grouped by load or resolver and by conditions."""
        conditions: dict[str, list[Condition]] = {}
        for key, _, condition in self._entries:
            conditions.setdefault(key, []).append(condition)
        groups: dict[tuple[Any, ...], list[Field]] = {}
        for field, group_key in self._deferred.items():
            groups.setdefault((group_key, *conditions[field.key]), []).append(field)
        return [tuple(group) for group in groups.values()]


def _all_serialize_unchanged(leaf: GraphQLLeafType, declared: Any, *, nullable: bool) -> bool:
    """Whether serialization leaves all values of a declared type unchanged."""
    return all(
        nullable if each is NoneType else serializes_unchanged(leaf, each)
        for each in union_members(declared)
    )


def _null_guard(value: str, declared: Any, expression: str, *, nullable: bool) -> str:
    """An expression from a template with `{}` for the value: null for null, or a fallback if non-null."""
    if expression == "{}" and nullable and declared is not None:
        return value
    if declared is None and nullable:
        return f"None if (v := readable({value})) is None else {expression.format('v')}"
    if declared is None:
        return expression.format(f"non_null({value})")
    if NoneType not in union_members(declared):
        return expression.format(value)
    if nullable:
        return f"None if (v := {value}) is None else {expression.format('v')}"
    return expression.format(f"non_null({value})")


def _constant(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)

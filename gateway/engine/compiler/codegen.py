"""Code generation: the Python source code of the functions that answer an operation. The third pass.

Each selection from a type becomes one function: it takes a value of that type and returns the object of the
response. Where the object has deferred fields, or items that may need the fallback, the function also takes
the response path and the ids that led to the object (`needs_path`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from graphql import (
    GraphQLLeafType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from msgspec import UnsetType

from gateway.engine.compiler.collect_fields import (
    ALWAYS,
    CannotCompile,
    Condition,
    Field,
    Selection,
)
from gateway.engine.compiler.declared_types import is_list_of_texts, union_members
from gateway.engine.compiler.expressions import (
    Entry,
    all_serialize_unchanged,
    constant,
    has_repeated_keys,
    null_guard,
    statements,
    values_statement,
)
from gateway.engine.compiler.field_identity import FieldIdentities
from gateway.engine.compiler.item_decoding import ProjectedDecoder
from gateway.engine.compiler.leaf_values import serializes_text_unchanged
from gateway.engine.compiler.namespace import Namespace
from gateway.engine.compiler.pending import DeferredFields
from gateway.engine.compiler.projection import Projection
from gateway.engine.compiler.projection_builder import ProjectionBuilder
from gateway.engine.compiler.response_objects import ResponseClassCache
from gateway.engine.compiler.value_context import ValueContext, has_item_type
from gateway.engine.polymorphic_lists import PolymorphicList
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    FieldSource,
    FieldSources,
    IdsField,
    InlineList,
    LoadedField,
    ResolverField,
)


@dataclass(frozen=True, slots=True)
class GeneratedFunction:
    """A generated function: its name, and whether its parameters include a path and the ids of its object."""

    name: str
    needs_path: bool


class CodeGenerator:
    """Generates the functions of an operation, each with a unique name.

    Attributes:
        fields: The sources of the schema's fields.
        namespace: The global names of the functions.
        conditions: The conditions that the functions test, by index.
    """

    def __init__(
        self,
        fields: FieldSources,
        projection_builder: ProjectionBuilder,
        response_classes: ResponseClassCache,
    ) -> None:
        self.fields = fields
        self.conditions: list[Condition] = []
        self.namespace = Namespace(fields.unreadable, response_classes)
        self._projection_builder = projection_builder
        self._function_texts: dict[str, str] = {}
        self._functions: dict[tuple[Selection, ValueContext, bool], GeneratedFunction] = {}
        self._deferral_cache: dict[Selection, bool] = {}
        self._field_identities = FieldIdentities()
        self._decoders: dict[tuple[PolymorphicList, tuple[int, ...]], ProjectedDecoder] = {}

    @property
    def source_code(self) -> str:
        """The source code of all functions, each after those that it calls."""
        functions = (f"def {name}{text}" for text, name in self._function_texts.items())
        return "\n\n\n".join(functions) + "\n"

    def root_function_name(self, selection: Selection) -> str:
        """The name of the function for an operation's root."""
        return self.function(selection, ValueContext(), needs_path=True).name

    def function(
        self, selection: Selection, value_context: ValueContext, *, needs_path: bool = False
    ) -> GeneratedFunction:
        """The function for a selection; with `needs_path`, one that takes a path and ids in any case."""
        key = (selection, value_context, needs_path or self._has_deferred_fields(selection))
        if key not in self._functions:
            body = ObjectExpression(self, value_context)
            for field, condition in selection.fields:
                body.add(field, condition)
            name = selection.type.name
            self._functions[key] = self._write(
                name, body, body.object_statements(name), needs_path=needs_path
            )
        return self._functions[key]

    def _write(
        self, name: str, body: "ObjectExpression", lines: Iterable[str], *, needs_path: bool
    ) -> GeneratedFunction:
        """The function with these statements; equal functions are one."""
        takes_path = needs_path or body.needs_path
        arguments = "record, run, path, ids" if takes_path else "record, run"
        text = "\n".join([f"({arguments}):", *(f"    {line}" for line in lines)])
        if text not in self._function_texts:
            self._function_texts[text] = self.namespace.add(name, None)
        return GeneratedFunction(self._function_texts[text], takes_path)

    def condition_expression(self, condition: Condition) -> str:
        """An expression for whether a condition holds."""
        if condition not in self.conditions:
            self.conditions.append(condition)
        return f"run.condition_values[{self.conditions.index(condition)}]"

    def type_dispatch(self, field: Field, value_context: ValueContext) -> tuple[str, bool]:
        """The name of the dispatch table for a field of abstract type; whether its functions take a path."""
        concrete_types = list(self._concrete_types(field, value_context))
        needs_path = any(self._has_deferred_fields(selection) for _, selection, _ in concrete_types)
        entries = tuple(
            (class_, self.function(selection, class_context, needs_path=needs_path).name)
            for class_, selection, class_context in concrete_types
        )
        return self.namespace.dispatch_name(field, entries), needs_path

    def field_identity(self, field: Field) -> int:
        """The number that a field shares with identical ones."""
        return self._field_identities.identity(field)

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
        """Deferred fields with the same source; without a source, fields that need graphql-core.

        Args:
            fields: The fields; those with a resolver are identical.
            field_source: The source.
        """
        if field_source is None:
            return DeferredFields(fields)
        if isinstance(field_source, ResolverField) and len(fields) > 1:
            first, *others = [self.deferred_fields((field,), field_source) for field in fields]
            first.identical = tuple(others)
            return first
        items = field_source.items if isinstance(field_source, ResolverField) else None
        items_decoder = None if items is None else self._decoder(fields[0], items)
        body = ObjectExpression(self, ValueContext(items_decoder=items_decoder))
        for field in fields:
            body.add_deferred(field)
        name = "_".join([fields[0].parent.name, *(field.key for field in fields[:3])])
        function = self._write(name, body, body.value_statements(), needs_path=True)
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


class ObjectExpression:
    """Code generation for one object: collects its fields as expressions, which read the variable `record`.

    Attributes:
        needs_path: Whether the expressions use the response path and the ids that led to the object.
    """

    def __init__(self, generator: CodeGenerator, value_context: ValueContext) -> None:
        self.needs_path = False
        self._uses_node = False
        self._uses_inner_ids = False
        self._generator = generator
        self._namespace = generator.namespace
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
                expression = self._value(field, field.type, "record", None, ids="ids")
            case LoadedField(inner_source=AttributeField() as inner_source):
                expression = self._direct_value(field, inner_source)
            case _:
                expression = self._resolver_result(field)
        self._entries.append(Entry(field.key, expression, ALWAYS))

    def _resolver_result(self, field: Field) -> str:
        """An expression for the result of a resolver: a node or a list of nodes."""
        self.needs_path = True
        type_ = get_nullable_type(field.type)
        if not is_list_type(type_):
            return self._node_object(field, "record.value", f'(*path, "{field.key}"), record.ids')
        if is_non_null_type(type_.of_type):
            location = f'(*path, "{field.key}", i), each.ids'
            element_expression = self._node_object(field, "unwrap(each).value", location)
            return f"[{element_expression} for i, each in enumerate(record)]"
        deferred = self._namespace.add(f"{field.key}_deferred", DeferredFields((field,)))
        render_expression = f"lambda v, path, ids: {self._node_object(field, 'v', 'path, ids')}"
        return (
            f'run.render_elements(record, {render_expression}, {deferred}, (*path, "{field.key}"))'
        )

    def _node_object(self, field: Field, value: str, location: str) -> str:
        """A call that renders the value of a node; `location` has expressions for its path and its ids."""
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
        entity_class = self._value_context.entity_class
        match field_source:
            case LoadedField(inner_source=AttributeField() as inner_source) if (
                entity_class is not None and field_source.entity_class is entity_class
            ):
                return self._direct_value(field, inner_source)
        self.needs_path = True
        match field_source:
            case IdsField():
                name = self._namespace.add(f"{field.key}_of", field_source.value)
                return self._value(field, field.type, f"{name}(ids)", None)
            case LoadedField(load, ids, AttributeField()):
                self._deferred[field] = (load, ids)
            case _:
                self._deferred[field] = (field,)
        return "None"

    def _direct_value(self, field: Field, field_source: AttributeField | ComputedField) -> str:
        raw_value, projection = self._raw_value(field, field_source), self._value_context.projection
        if isinstance(field_source, ComputedField):
            return self._computed_value(field, field_source, raw_value)
        if projection is None:
            return self._value(field, field.type, raw_value, None)
        leaf, name = get_named_type(field.type), field_source.attribute
        if is_leaf_type(leaf) and name in projection.constants:
            return constant(self._namespace.leaf_serializer(leaf)(projection.constants[name]))
        if is_enum_type(get_nullable_type(field.type)) and (
            attribute := _only_dependency(projection, name)
        ):
            names = self._namespace.computed_enum_names(field, projection, name, attribute)
            return f"{names}[record.{attribute}]"
        return self._value(
            field,
            field.type,
            self._attribute_value(name, raw_value),
            projection.field_types.get(name),
        )

    def _computed_value(self, field: Field, field_source: ComputedField, raw_value: str) -> str:
        value = self._value(field, field.type, raw_value, None)
        if (attribute := self._fast_path_attribute(field_source)) is None:
            return value
        if not is_list_type(get_nullable_type(field.type)):
            return f"v if (v := record.{attribute}).__class__ is str and v else {value}"
        projection = self._value_context.projection
        if projection is None or not is_list_of_texts(projection.field_types[attribute]):
            return value
        null = constant(field_source.value_of_null)
        return f"{null} if (v := record.{attribute}) is None else v"

    def _fast_path_attribute(self, field_source: ComputedField) -> str | None:
        """The attribute that may have the value of a computed field; only projected Structs have a computed one."""
        name, projection = field_source.fast_path_attribute, self._value_context.projection
        if field_source.compute_together is None:
            return name
        return name if projection is not None and name in projection.computed_together else None

    def _attribute_value(self, name: str, raw_value: str) -> str:
        """An expression for an attribute; a partially projected record is null where the full record is.

        A record with a value that is neither null nor empty is not null.
        """
        if not (first := self._value_context.first_attribute_if_partial(name)):
            return raw_value
        decoder = self._value_context.own_decoder
        if decoder is None:  # deeper inside an item
            checked_value = "with_content(v)"
        else:
            reader = f"run.readers[{self._namespace.decoder_name(decoder)}]"
            checked_value = f"{reader}.partial_record(record, {name!r}, v)"
        return f"(v if (v := {raw_value}) is None or v.{first} else {checked_value})"

    def _raw_value(self, field: Field, field_source: AttributeField | ComputedField) -> str:
        """An expression for the value of a field before completion."""
        if isinstance(field_source, AttributeField):
            return f"record.{field_source.attribute}"
        if field_source.bind_arguments is not None:
            name = self._namespace.bound_computation_name(field, field_source.bind_arguments)
            return f"run.bound_function({name})(record, run.context)"
        return f"{self._namespace.computed_function_name(field, field_source)}(record, run.context)"

    def _value(
        self,
        field: Field,
        type_: GraphQLOutputType,
        value: str,
        declared: Any,
        path_suffix: str = "",
        ids: str = "inner_ids",
    ) -> str:
        """An expression that completes a value of a GraphQL type (CompleteValue).

        Args:
            field: The field of the value.
            type_: The GraphQL type.
            value: An expression for the value before completion.
            declared: The declared type of the value; None where unknown.
            path_suffix: The rest of the path, for an element of a list.
            ids: The variable with the ids that lead to objects in the value.
        """
        nullable = not is_non_null_type(type_)
        inner: Any = type_ if nullable else type_.of_type  # type: ignore[union-attr]
        if is_leaf_type(inner):
            return self._leaf(inner, value, declared, nullable=nullable)
        if is_list_type(inner):
            return self._list(field, inner.of_type, value, declared, nullable=nullable)
        inner_path = f'(*path, "{field.key}"{path_suffix})'
        return null_guard(value, declared, self._object(field, inner_path, ids), nullable=nullable)

    def _leaf(self, leaf: GraphQLLeafType, value: str, declared: Any, *, nullable: bool) -> str:
        if declared is not None and all_serialize_unchanged(leaf, declared, nullable=nullable):
            return value
        serializer = self._namespace.leaf_serializer_name(leaf, nullable=nullable)
        if serializes_text_unchanged(leaf):
            null = " is None or v" if nullable else ""
            return f"v if (v := {value}){null}.__class__ is str else {serializer}(v)"
        if isinstance(self._namespace.values[serializer], dict):
            return f"{serializer}[{value}]"
        return f"{serializer}({value})"

    def _list(
        self, field: Field, type_: GraphQLOutputType, value: str, declared: Any, *, nullable: bool
    ) -> str:
        if self._value_context.holds_items(field):
            return null_guard(value, None, self._items_call(field), nullable=nullable)
        lists = (
            [each for each in union_members(declared) if get_origin(each) is list]
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
        if element_expression == "each":
            return null_guard(value, declared, "{}", nullable=nullable)
        if declared is None and not nullable:  # no calls where there are few elements, or none
            elements = "(v if v.__class__ is list else non_null(v))"
            return (
                f"v if (v := {value}) == [] else [{element_expression} for {loop.format(elements)}]"
            )
        return null_guard(value, declared, f"[{element_expression} for {loop}]", nullable=nullable)

    def _object(self, field: Field, path: str, ids: str) -> str:
        """A template of a call that renders an object, with `{}` for the value."""
        if is_abstract_type(get_named_type(field.type)):
            table, needs_path = self._generator.type_dispatch(field, self._value_context)
            call = f"run.dispatch({table}, {{}}, run"
        else:
            [selection] = field.selection_by_type.values()
            inner_context = self._inner_context(field)
            tests = self._response_tests(selection, inner_context.projection)
            if tests == []:
                return "{}"
            function = self._generator.function(selection, inner_context)
            if tests:  # no field of the object is deferred
                return f"({{0}} if {' and '.join(tests)} else {function.name}({{0}}, run))"
            call, needs_path = f"{function.name}({{}}, run", function.needs_path
        self.needs_path = self.needs_path or needs_path
        self._uses_inner_ids = self._uses_inner_ids or (needs_path and ids == "inner_ids")
        return f"{call}, {path}, {ids})" if needs_path else f"{call})"

    def _response_tests(
        self, selection: Selection, projection: Projection | None
    ) -> Sequence[str] | None:
        """Tests for whether a projected Struct itself encodes as the object of the response, without a copy.

        Each is a template with `{0}` for the Struct. None where the Struct never is the object: a condition
        decides on the presence or the position of a field, or an attribute that is always set is none of the
        fields.
        """
        if projection is None:
            return None
        attributes, keys = (
            projection.struct.__struct_fields__,
            projection.struct.__struct_encode_fields__,
        )
        if keys[: len(selection.fields)] != tuple(
            inner.key if condition == ALWAYS else None for inner, condition in selection.fields
        ):
            return None
        tests: list[str] = []
        for (inner, _), attribute in zip(selection.fields, attributes, strict=False):
            if (unchanged := self._unchanged_test(inner, attribute, projection)) is None:
                return None
            tests += unchanged
        for attribute in attributes[len(selection.fields) :]:
            if UnsetType not in union_members(projection.field_types[attribute]):
                return None
            tests.append(f"{{0}}.{attribute} is UNSET")
        return tests

    def _unchanged_test(
        self, field: Field, attribute: str, projection: Projection
    ) -> Sequence[str] | None:
        """Tests for whether an attribute is the field's value in the response unchanged; None where it never is."""
        declared, type_ = projection.field_types[attribute], get_nullable_type(field.type)
        if not is_leaf_type(type_):
            return None
        match self._field_source(field):
            case AttributeField(name) if name == attribute:
                nullable = not is_non_null_type(field.type)
                return [] if all_serialize_unchanged(type_, declared, nullable=nullable) else None
            case ComputedField(fast_path_attribute=name) if name == attribute:
                is_text = [] if declared is str else [f"{{0}}.{attribute}.__class__ is str"]
                return [*is_text, f"{{0}}.{attribute}"]
        return None

    def _inner_context(self, field: Field) -> ValueContext:
        field_source = self._field_source(field)
        if isinstance(field_source, LoadedField) and field_source.inner_source is None:
            return ValueContext(entity_class=field_source.entity_class)
        if self._value_context.projection is None:
            return ValueContext(items_decoder=self._value_context.items_decoder)
        name = field_source.attribute if isinstance(field_source, AttributeField) else ""
        return ValueContext(self._value_context.projection.nested.get(name))

    def _items_call(self, field: Field) -> str:
        """A template of a call that renders the items of a list, with `{}` for the list."""
        self.needs_path = self._uses_inner_ids = True
        table, deferred = self._item_dispatch(field)
        return f'run.render_items({{}}, {table}, {deferred}, (*path, "{field.key}"), inner_ids)'

    def _item_call(self, field: Field, field_source: AttributeField | ComputedField) -> str:
        self._uses_inner_ids = True
        table, deferred = self._item_dispatch(field)
        return f"run.render_item({self._raw_value(field, field_source)}, {table}, {deferred}, result, inner_ids, path)"

    def _item_dispatch(self, field: Field) -> tuple[str, str]:
        table, needs_path = self._generator.type_dispatch(field, self._value_context)
        deferred = DeferredFields(
            (field,), items_decoder=self._value_context.items_decoder, needs_path=needs_path
        )
        return table, self._namespace.add(f"{field.key}_deferred", deferred)

    def _inline_list_call(
        self, field: Field, field_source: ResolverField, inline_list: InlineList
    ) -> str:
        """A call that renders the list of a field, or defers the field."""
        assert self._value_context.projection is None, "a record may lack the list"
        elements = self._value(field, field.type, f"record.{inline_list.attribute}", None)
        name = self._namespace.add(f"{field.key}_list", inline_list)
        deferred = self._deferred_name((field,), field_source)
        return f"run.render_inline_list({name}, lambda: {elements}, {deferred}, result, node, path)"

    def _is_single_item(self, field: Field) -> bool:
        """Whether the value of a field is one item. Deferred, since an item may need the fallback."""
        is_list = is_list_type(get_nullable_type(field.type))
        return self._value_context.holds_items(field) and not is_list

    def _field_source(self, field: Field) -> FieldSource | None:
        return self._generator.fields.compilable_source(field.parent.name, field.name)

    def object_statements(self, type_name: str) -> list[str]:
        """The statements of the function, which build and return an object of the type."""
        deferrals = {
            fields[0].key: self._defer_statement(fields) for fields in self._deferral_groups()
        }
        keys = tuple(entry.key for entry in self._entries)
        response_class = (
            None
            if has_repeated_keys(self._entries)
            else self._namespace.response_class_name(keys, type_name)
        )
        return self._with_node(
            statements(
                self._entries, deferrals, self._generator.condition_expression, response_class
            )
        )

    def value_statements(self) -> list[str]:
        """The statements of the function, which return the values of deferred fields."""
        return self._with_node(values_statement(self._entries))

    def _with_node(self, body: list[str]) -> list[str]:
        """Statements, after those that set the variables with which they begin."""
        beginning = []
        if self._uses_node or self._uses_inner_ids:
            beginning.append("node = Node(record, ids)")
        if self._uses_inner_ids:
            beginning.append("inner_ids = node.inner_ids")
        return [*beginning, *body]

    def _defer_statement(self, fields: tuple[Field, ...]) -> str:
        field_source = self._field_source(fields[0])
        if isinstance(field_source, AttributeField | ComputedField):
            return self._item_call(fields[0], field_source)
        assert not isinstance(field_source, IdsField)  # never deferred
        self._uses_node = True
        match field_source:
            case ResolverField(inline_list=InlineList() as inline_list) if len(fields) == 1:
                return self._inline_list_call(fields[0], field_source, inline_list)
        return f"run.defer({self._deferred_name(fields, field_source)}, result, node, path)"

    def _deferred_name(
        self, fields: tuple[Field, ...], field_source: LoadedField | ResolverField | None
    ) -> str:
        deferred = self._generator.deferred_fields(fields, field_source)
        return self._namespace.add(f"{fields[0].key}_deferred", deferred)

    def _deferral_groups(self) -> list[tuple[Field, ...]]:
        """Deferred fields, grouped by load or resolver and by conditions; identical ones have one resolver."""
        name_counts = Counter(field.name for field in self._deferred)
        conditions: dict[str, list[Condition]] = {}
        for key, _, condition in self._entries:
            conditions.setdefault(key, []).append(condition)
        groups: dict[tuple[Any, ...], list[Field]] = {}
        for field, own_key in self._deferred.items():
            may_be_identical = name_counts[field.name] > 1 and self._has_one_result(field)
            group_key = (self._generator.field_identity(field),) if may_be_identical else own_key
            groups.setdefault((group_key, *conditions[field.key]), []).append(field)
        return [tuple(group) for group in groups.values()]

    def _has_one_result(self, field: Field) -> bool:
        """Whether a field has a resolver whose result arrives at once: no list whose elements are awaited."""
        type_ = get_nullable_type(field.type)
        awaits_elements = is_list_type(type_) and not is_non_null_type(type_.of_type)
        return isinstance(self._field_source(field), ResolverField) and not awaits_elements


def _only_dependency(projection: Projection, name: str) -> str | None:
    """The only attribute of a projected Struct from which a property computes its value, if there is one."""
    computed = getattr(projection.struct, name, None)
    dependencies: tuple[str, ...] = getattr(getattr(computed, "fget", None), "dependencies", ())
    is_only = len(dependencies) == 1 and dependencies[0] in projection.field_types
    return dependencies[0] if is_only else None


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

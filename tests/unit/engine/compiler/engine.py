"""An engine for any schema: it asks twice, by a compiled query and by graphql-core alone."""

from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from inspect import isawaitable
from typing import Any

import msgspec
from graphql import (
    ExecutionResult,
    Executor,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution import VariableValues, get_variable_values
from msgspec import Raw, Struct

from gateway.engine.compiler.compiled_query import CompiledQuery, RunResult, query_compiler
from gateway.engine.polymorphic_lists import PolymorphicList
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    FieldSource,
    FieldSources,
    IdsField,
    LoadedField,
    Node,
    ResolverField,
)
from gateway.observability.event_loop import CooperativeSteps, map_in_steps


class Engine:
    """Answers operations on a schema whose fields are read in some ways."""

    def __init__(self, text: str, fields: FieldSources) -> None:
        self.schema = build_schema(text)
        self.compile_query = query_compiler(self.schema, fields)
        _install(self.schema, fields)

    def compile(self, text: str) -> CompiledQuery | None:
        document = parse(text)
        assert validate(self.schema, document) == []
        operation = get_operation_ast(document)
        assert operation is not None
        return self.compile_query(document, operation)

    def executor(self, text: str, context: Any, variables: Mapping[str, Any]) -> Executor[Any]:
        executor = Executor.build(
            self.schema, parse(text), context_value=context, raw_variable_values=dict(variables)
        )
        assert isinstance(executor, Executor), executor
        return executor

    def variables(self, text: str, given: Mapping[str, Any]) -> VariableValues:
        operation = get_operation_ast(parse(text))
        assert isinstance(operation, OperationDefinitionNode)
        coerced = get_variable_values(
            self.schema, operation.variable_definitions or (), dict(given)
        )
        assert isinstance(coerced, VariableValues), coerced
        return coerced

    async def answer(self, text: str, context: Any, **variables: Any) -> RunResult | None:
        """What a compiled query answers."""
        compiled_query = self.compile(text)
        assert compiled_query is not None
        executor = partial(self.executor, text, context, variables)
        result = await compiled_query.run(context, self.variables(text, variables), executor)
        return result and with_plain_data(result)

    async def core(self, text: str, context: Any, **variables: Any) -> ExecutionResult:
        """What graphql-core answers."""
        executing = self.executor(text, context, variables).execute_operation()
        outcome = await executing if isawaitable(executing) else executing
        assert isinstance(outcome, ExecutionResult)
        return outcome

    async def same(self, text: str, make: Any, **variables: Any) -> RunResult:
        """What a compiled query answers: which must be what graphql-core does, in the same order.

        Args:
            text: The operation.
            make: Makes the context.
            variables: The variables.
        """
        by_compiled_query, by_core = make(), make()
        answered = await self.answer(text, by_compiled_query, **variables)
        assert answered is not None, "graphql-core has to answer it as a whole"
        outcome = await self.core(text, by_core, **variables)
        assert in_order(answered.data) == in_order(outcome.data)
        assert public_errors(
            [*answered.errors, *by_compiled_query.reported_errors]
        ) == public_errors([*(outcome.errors or ()), *by_core.reported_errors])
        return answered


def with_plain_data(result: RunResult) -> RunResult:
    """A result with its data as the caller receives them."""
    return result._replace(data=msgspec.json.decode(msgspec.json.encode(result.data)))


def in_order(data: object) -> bytes:
    """Data as text, with its keys in their order."""
    return msgspec.json.encode(data)


def public_errors(errors: Sequence[GraphQLError]) -> list[Any]:
    """What callers are told of errors, by their places."""
    return sorted(
        (str(error.path), error.message, tuple(map(tuple, error.locations or ())))
        for error in errors
    )


def _install(schema: GraphQLSchema, fields: FieldSources) -> None:
    """Resolvers that follow the field sources, and types that know their values by their classes."""
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType):
            continue
        if type_.name in fields.classes_by_type:
            type_.is_type_of = partial(_is_one, fields.classes_by_type[type_.name])
        for name, field in type_.fields.items():
            field_source = fields.compilable_source(type_.name, name)
            if field_source is not None:
                field.resolve = partial(_resolve, field_source, fields.unreadable)


def _is_one(classes: tuple[type, ...], value: Any, _info: Any) -> bool:
    return isinstance(value, Node) and isinstance(value.value, classes)


def _resolve(
    field_source: FieldSource, unreadable: type, root: Any, info: Any, **given: Any
) -> Any:
    match field_source:
        case AttributeField(attribute):
            return _inside(root, getattr(root.value, attribute), unreadable)
        case ComputedField(function, bind_arguments=bind):
            function = bind(**given) if bind else function
            return _inside(root, function(root.value if root else None, info.context), unreadable)
        case IdsField():
            return _inside(root, field_source.value(root.ids), unreadable)
        case LoadedField(inner_source=of) if of and field_source.is_entity(root.value):
            return _resolve(of, unreadable, root.child(root.value), info)
        case LoadedField(load, ids, of):
            loading = load(info.context, *map(root.id, ids))
            return _loaded(loading, root, of, info, unreadable)
        case ResolverField(resolve, items):
            value = resolve(root, info, **given)
            return value if items is None else _read(value, items)


async def _loaded(
    loading: Awaitable[Any], root: Node[Any], of: Any, info: Any, unreadable: type
) -> Any:
    found = await loading
    if found is None:
        return None
    return root.child(found) if of is None else _resolve(of, unreadable, root.child(found), info)


def _inside(root: Node[Any], value: Any, unreadable: type) -> Any:
    """A value of an object, which objects in it are reached through."""
    if isinstance(value, list):
        return [_inside(root, each, unreadable) for each in value]
    if value.__class__ is unreadable:
        raise ValueError("It cannot be read.")
    return root.child(value) if isinstance(value, Struct) else value


class _Whole:
    """Reads items as whole records."""

    def __init__(self, items: PolymorphicList) -> None:
        self._items = items

    def decode(self, items: Sequence[Raw]) -> CooperativeSteps[list[Any]]:
        return map_in_steps(
            lambda some: [self._items.decode_full_record(item) for item in some], items
        )

    decode_headers = decode

    def compute_together(
        self,
        records: Sequence[Any],
        context: Any,
        values_by_attribute: Mapping[str, Sequence[Any]],
    ) -> None:
        """Nothing: each field is computed by itself."""


def _read(value: Any, items: PolymorphicList) -> Any:
    if isawaitable(value):

        async def awaited() -> Any:
            return _read(await value, items)

        return awaited()
    return value and Node(value.value.to_connection(_Whole(items)), value.ids)

"""The compiled query of an operation: runs the passes of the compiler, and caches constant results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    Executor,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution import VariableValues

from gateway.engine.compiler.codegen import CodeGenerator
from gateway.engine.compiler.collect_fields import CannotCompile, Condition, FieldCollector
from gateway.engine.compiler.namespace import TypeDispatch
from gateway.engine.compiler.pending import DeferredFields
from gateway.engine.compiler.projection_builder import ProjectionBuilder
from gateway.engine.compiler.response_objects import ResponseClassCache
from gateway.engine.compiler.runtime import CompiledRun, OperationNeedsFallback
from gateway.engine.resolvers import FieldSources

_BYTES_PER_SOURCE_CHARACTER = 10
_BYTES_PER_RESPONSE_CLASS = 5_000
"""The memory of a compiled query: bytes per character of its source code and per class of its response objects,
as measured with `tracemalloc`. What several compiled queries share counts for each of them."""


class RunResult(NamedTuple):
    """The result of one run of a compiled query.

    Attributes:
        data: The `data` of the response: a Struct, or a dict.
        errors: The errors, with their paths.
        is_fully_compiled: Whether no part fell back to graphql-core.
    """

    data: Any
    errors: list[GraphQLError]
    is_fully_compiled: bool


@dataclass(frozen=True, eq=False, slots=True)
class CompiledQuery:
    """A compiled query: the generated functions that answer one operation.

    Attributes:
        source_code: The Python source code of the functions.
        memory_bytes: The approximate memory that this takes.
    """

    source_code: str
    memory_bytes: int
    _namespace: dict[str, Any]
    _root_function: Callable[..., Any]
    _conditions: list[Condition]
    _condition_variables: frozenset[str]
    _fragments: Mapping[str, FragmentDefinitionNode]
    _constant_results: "ConstantResultCache | None"

    def __del__(self) -> None:
        """Break the cycle of functions and namespace, so that an evicted compiled query is freed."""
        self._namespace.clear()

    async def run(
        self, context: Any, variables: VariableValues, build_executor: Callable[[], Executor[Any]]
    ) -> RunResult | None:
        """Run the operation; None where graphql-core has to execute all of it.

        Args:
            context: The context of the resolvers.
            variables: The coerced variables.
            build_executor: Builds graphql-core's executor for the fallback.
        """
        if self._constant_results is not None and (cached := self._constant_results.get(self)):
            return cached
        if not all(type(variables.coerced.get(name)) is bool for name in self._condition_variables):
            return None  # null as the argument of a directive, which is non-null
        try:
            compiled_run = CompiledRun(
                context, variables, self._conditions, self._fragments, build_executor
            )
            data = await compiled_run.execute(self._root_function)
        except OperationNeedsFallback:
            return None
        result = RunResult(
            data, compiled_run.errors, is_fully_compiled=not compiled_run.fallback.is_used
        )
        if self._constant_results is not None:
            self._constant_results[self] = result
        return result


ConstantResultCache = LRUCache[CompiledQuery, RunResult]
"""A cache of constant results, which are those of introspection. Small, since results can be large."""


def query_compiler(
    schema: GraphQLSchema, fields: FieldSources
) -> Callable[[DocumentNode, OperationDefinitionNode], CompiledQuery | None]:
    """Build the compiler for a schema. Only queries are compiled; none that are too large or too deep."""
    build_generator = partial(
        CodeGenerator, fields, ProjectionBuilder(fields), ResponseClassCache()
    )
    return partial(_compile, schema, build_generator, ConstantResultCache(maxsize=4))


def _compile(
    schema: GraphQLSchema,
    build_generator: Callable[[], CodeGenerator],
    constant_results: ConstantResultCache,
    document: DocumentNode,
    operation: OperationDefinitionNode,
) -> CompiledQuery | None:
    if operation.operation is not OperationType.QUERY:
        return None
    try:
        collector = FieldCollector(schema, document)
        selection = collector.collect(operation)
        generator = build_generator()
        root_name = generator.root_function_name(selection)
    except (CannotCompile, RecursionError):  # or nested too deeply
        return None
    source_code, namespace = generator.source_code, generator.namespace
    _define_functions(source_code, namespace.values)
    is_introspection = all(field.name.startswith("__") for field in selection.distinct_fields())
    is_constant = is_introspection and not operation.variable_definitions
    return CompiledQuery(
        source_code,
        _BYTES_PER_SOURCE_CHARACTER * len(source_code)
        + _BYTES_PER_RESPONSE_CLASS * namespace.response_class_count,
        namespace.values,
        namespace.values[root_name],
        generator.conditions,
        frozenset(collector.condition_variables),
        collector.fragments,
        constant_results if is_constant else None,
    )


def _define_functions(source_code: str, namespace: dict[str, Any]) -> None:
    """Compile the source code, and replace names of functions in the namespace by the functions."""
    exec(compile(source_code, "<compiled query>", "exec"), namespace)  # noqa: S102 - our own text: names are checked by the parser
    for value in list(namespace.values()):
        if isinstance(value, TypeDispatch):
            value.update({class_: namespace[name] for class_, name in value.items()})
        elif isinstance(value, DeferredFields) and value.render is not None:
            for deferred in (value, *value.identical):
                deferred.render = namespace[deferred.render]

"""The fallback: graphql-core executes the parts of an operation that a compiled query cannot answer."""

from collections.abc import Callable
from typing import Any

from graphql import (
    Executor,
    GraphQLError,
    GraphQLOutputType,
    get_nullable_type,
    is_list_type,
)
from graphql.execution import VariableValues
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path

from gateway.engine.compiler.collect_fields import Field
from gateway.engine.resolvers import Node

ResponsePath = tuple[str | int, ...]


def to_graphql_path(response_path: ResponsePath) -> Path:
    """Convert a response path to graphql-core's `Path`."""
    path: Path | None = None
    for key in response_path:
        path = Path(path, key, None)
    assert path is not None
    return path


class GraphQLCoreFallback:
    """The fallback to graphql-core for single fields and items. Collects the errors of all of them."""

    def __init__(
        self, build_executor: Callable[[], Executor[Any]], variables: VariableValues
    ) -> None:
        self._build_executor = build_executor
        self._variables = variables
        self._executor: Executor[Any] | None = None
        self._details: dict[Field, list[FieldDetails]] = {}

    @property
    def errors(self) -> list[GraphQLError]:
        return [] if self._executor is None else self._executor.collected_errors.errors

    @property
    def is_used(self) -> bool:
        return self._executor is not None

    def execute_field(self, field: Field, source: Any, parent_path: ResponsePath) -> Any:
        """Execute a field of an object: its result or an awaitable; raises where a null must propagate."""
        executor, path = self._shared_executor(), to_graphql_path((*parent_path, field.key))
        return executor.execute_field(field.parent, source, self._details_of(field), path, None)

    def complete_item(self, field: Field, value: Any, response_path: ResponsePath) -> Any:
        """Complete an element of a field's list, or the field's one object; otherwise as `execute_field`."""
        return self._complete(field, _element_type(field.type), value, response_path)

    def complete_list(
        self, field: Field, nodes: list[Node[Any]], response_path: ResponsePath
    ) -> Any:
        """Complete a list that is the value of a field; otherwise as `execute_field`."""
        return self._complete(field, field.type, nodes, response_path)

    def _complete(
        self, field: Field, type_: GraphQLOutputType, value: Any, response_path: ResponsePath
    ) -> Any:
        executor, path = self._shared_executor(), to_graphql_path(response_path)
        details = self._details_of(field)
        nodes = [each.node for each in details]
        info = executor.build_resolve_info(field.definition, nodes, field.parent, path)
        completed: list[Any] = []
        executor.complete_list_item_value(value, completed, type_, details, info, path, None)
        return completed[0]

    def _shared_executor(self) -> Executor[Any]:
        if self._executor is None:
            self._executor = self._build_executor()
        return self._executor

    def _details_of(self, field: Field) -> list[FieldDetails]:
        """The same list object at each call: graphql-core uses its identity as a cache key."""
        if field not in self._details:
            nodes = field.nodes(self._variables)
            self._details[field] = [FieldDetails(node, None) for node in nodes]
        return self._details[field]


def _element_type(type_: GraphQLOutputType) -> GraphQLOutputType:
    """The type of a list's elements; a type that is no list is its own element type."""
    nullable = get_nullable_type(type_)
    return nullable.of_type if is_list_type(nullable) else type_

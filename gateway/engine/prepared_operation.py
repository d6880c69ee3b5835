"""A prepared operation: a valid document, the operation to execute, and its compiled query, if any."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import DocumentNode, Executor, GraphQLError, OperationDefinitionNode, OperationType
from graphql.execution import VariableValues

from gateway.engine.complexity.measure import OperationSize
from gateway.engine.variables import VariableCoercer


class RunnableQuery(Protocol):
    """A compiled query: generated functions that answer an operation without graphql-core."""

    @property
    def source_code(self) -> str: ...

    @property
    def memory_bytes(self) -> int:
        """The approximate memory that the compiled query takes."""

    async def run(
        self, context: Any, variables: VariableValues, build_executor: Callable[[], Executor[Any]]
    ) -> tuple[Any, list[GraphQLError], bool] | None:
        """Data, errors, and whether no part fell back to graphql-core; None where all of it has to."""


Compiler = Callable[[DocumentNode, OperationDefinitionNode], RunnableQuery | None]


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    """A valid document and the operation to execute.

    Attributes:
        document: The parsed document.
        operation: The operation.
        allows_suggestions: Whether errors may suggest names from the schema.
        memory_bytes: The approximate memory that this takes.
        size: The measures of the operation.
        compiled_query: The compiled query; None where graphql-core executes the operation.
        variable_coercer: Coerces the variables of the compiled query; None where there is none.
    """

    document: DocumentNode
    operation: OperationDefinitionNode
    allows_suggestions: bool
    memory_bytes: int
    size: OperationSize
    compiled_query: RunnableQuery | None
    variable_coercer: VariableCoercer | None = None

    @property
    def name(self) -> str | None:
        """The operation's name in the document; None where anonymous."""
        return self.operation.name.value if self.operation.name else None

    @property
    def is_query(self) -> bool:
        """Whether the operation is a query, which HTTP GET may request."""
        return self.operation.operation is OperationType.QUERY

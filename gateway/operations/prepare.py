"""(text, operation name) to Prepared: parsed and validated once, then remembered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cachetools import LRUCache, cached
from graphql import (
    ASTValidationRule,
    DocumentNode,
    Executor,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from graphql.execution import VariableValues

from gateway.errors import OperationUnresolved, ParseFailed, ValidationFailed


class Plan(Protocol):
    """How an operation is answered without graphql-core: the source of its functions, and they."""

    @property
    def text(self) -> str: ...

    async def answer(
        self, context: Any, variables: VariableValues, executor: Callable[[], Executor[Any]]
    ) -> tuple[dict[str, Any], list[GraphQLError], bool] | None:
        """Data, errors, and whether no part of it was left to graphql-core; None: answer it with that."""


Planner = Callable[[DocumentNode, OperationDefinitionNode], Plan | None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that is known to be valid, and the operation of it that is asked for.

    Attributes:
        document: The whole text, parsed.
        operation: What of it is to be executed.
        suggestions: Whether errors may suggest names of the schema.
        bytes: About how much memory it takes.
        plan: How it is answered, where there is a plan.
    """

    document: DocumentNode
    operation: OperationDefinitionNode
    suggestions: bool
    bytes: int
    plan: Plan | None

    @property
    def is_query(self) -> bool:
        """Whether it only reads, so that an HTTP GET may ask for it."""
        return self.operation.operation is OperationType.QUERY


Prepare = Callable[[str, str | None], Prepared]


def preparer(
    schema: GraphQLSchema,
    *,
    planner: Planner | None = None,
    introspection: bool = True,
    remembered_bytes: int = 128_000_000,
) -> Prepare:
    """How documents are prepared for a schema.

    Args:
        schema: What documents are validated against.
        planner: How operations are planned, if they are.
        introspection: Whether they may ask for the schema itself, and errors suggest names of it.
        remembered_bytes: How much memory the prepared operations that are kept may take, about and
            all together.

    Returns:
        A function that prepares a text for an operation name, or none where there is but one. It
        raises `ParseFailed`, `ValidationFailed` or `OperationUnresolved`.
    """
    rules = [*specified_rules, *([] if introspection else [NoSchemaIntrospectionCustomRule])]

    @cached(LRUCache(remembered_bytes, getsizeof=lambda prepared: prepared.bytes))
    def prepare(text: str, name: str | None) -> Prepared:
        document = _parsed(text)
        _validate(schema, document, rules, hide_suggestions=not introspection)
        operation = _operation(document, name)
        plan = planner(document, operation) if planner else None
        return Prepared(
            document, operation, suggestions=introspection, bytes=_bytes(text, plan), plan=plan
        )

    return prepare


def _bytes(text: str, plan: Plan | None) -> int:
    """What a parsed document takes, and the functions of its plan: as measured, by their lengths."""
    return 160 * len(text) + (25 * len(plan.text) if plan else 0)


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text)
    except GraphQLError as error:
        raise ParseFailed([{**error.formatted}]) from error


def _validate(
    schema: GraphQLSchema,
    document: DocumentNode,
    rules: Sequence[type[ASTValidationRule]],
    *,
    hide_suggestions: bool,
) -> None:
    problems = validate(schema, document, rules, hide_suggestions=hide_suggestions)
    if problems:
        raise ValidationFailed([{**problem.formatted} for problem in problems])


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operation = get_operation_ast(document, name)
    if operation is not None:
        return operation
    if name is None:
        message = "The document has several operations: say which by `operationName`."
    else:
        message = "The document has no operation of the name given as `operationName`."
    raise OperationUnresolved([{"message": message}])

"""(text, operation name) to Prepared: parsed, measured, validated and planned once, then remembered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    Executor,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
)
from graphql.execution import VariableValues

from gateway.errors import OperationUnresolved, ParseFailed
from gateway.operations.limits import (
    Limits,
    enforce,
    enforce_characters,
    enforce_cost,
    too_many_tokens,
)
from gateway.operations.sizes import Size, measure
from gateway.operations.validation import validator
from gateway.telemetry import bug

_TOO_MANY_TOKENS = "Syntax Error: Document contains more than "
"""How graphql-core's message begins where it stops reading: it has no other mark."""

_NO_LIMITS = Limits()
_NO_VARIABLES: Mapping[str, object] = {}

_Asked = tuple[str, str | None]
"""A text and an operation name."""


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
        size: What the operation measures.
        plan: How it is answered, where there is a plan.
    """

    document: DocumentNode
    operation: OperationDefinitionNode
    suggestions: bool
    bytes: int
    size: Size
    plan: Plan | None

    @property
    def name(self) -> str | None:
        """What the operation is called in its document."""
        return self.operation.name.value if self.operation.name else None

    @property
    def is_query(self) -> bool:
        """Whether it only reads, so that an HTTP GET may ask for it."""
        return self.operation.operation is OperationType.QUERY


class Prepare(Protocol):
    """Prepares a text for an operation name, or none where there is but one.

    Raises:
        ParseFailed, ValidationFailed, OperationUnresolved: It is no operation of the schema.
        LimitExceeded: It is too large, valid or not; that may depend on the variables, as sent.
    """

    def __call__(
        self, text: str, name: str | None, variables: Mapping[str, object] = ..., /
    ) -> Prepared: ...

    def knows(self, text: str, name: str | None, /) -> bool:
        """Whether this is remembered, so that it takes no time."""


class _Remembering:
    """Prepares each text once for each operation name."""

    def __init__(
        self,
        made: Callable[[str, str | None, Mapping[str, object]], Prepared],
        remembered_bytes: int,
        limits: Limits,
    ) -> None:
        self._remembered = LRUCache[_Asked, Prepared](
            remembered_bytes, getsizeof=lambda prepared: prepared.bytes
        )
        self._made = made
        self._limits = limits

    def __call__(
        self, text: str, name: str | None, variables: Mapping[str, object] = _NO_VARIABLES, /
    ) -> Prepared:
        prepared = self._remembered.get((text, name))
        if prepared is None:
            prepared = self._made(text, name, variables)
            if prepared.bytes <= self._remembered.maxsize:
                self._remembered[text, name] = prepared
        enforce_cost(prepared.size, self._limits, variables)
        return prepared

    def knows(self, text: str, name: str | None, /) -> bool:
        return (text, name) in self._remembered


def preparer(
    schema: GraphQLSchema,
    *,
    limits: Limits = _NO_LIMITS,
    planner: Planner | None = None,
    introspection: bool = True,
    remembered_bytes: int = 128_000_000,
) -> Prepare:
    """How documents are prepared for a schema.

    Args:
        schema: What documents are validated against.
        limits: How large operations may be.
        planner: How operations are planned, if they are.
        introspection: Whether they may ask for the schema itself, and errors suggest names of it.
        remembered_bytes: How much memory the prepared operations that are kept may take, about and
            all together. Refusals are not kept: who means harm has many texts, and they cost little.
    """
    refuse_invalid = validator(schema, limits, introspection=introspection)

    def made(text: str, name: str | None, variables: Mapping[str, object]) -> Prepared:
        document = _parsed(text, limits)
        operation = get_operation_ast(document, name)
        size = _measured(document, operation, limits, variables)
        refuse_invalid(document)
        if operation is None or size is None:
            raise _unresolved(name)
        plan = _planned(planner, document, operation) if planner else None
        return Prepared(
            document,
            operation,
            suggestions=introspection,
            bytes=_bytes(text, plan),
            size=size,
            plan=plan,
        )

    return _Remembering(made, remembered_bytes, limits)


def _planned(
    planner: Planner, document: DocumentNode, operation: OperationDefinitionNode
) -> Plan | None:
    """The plan of an operation, if there is one. A bug in planning leaves it to graphql-core."""
    try:
        return planner(document, operation)
    except Exception as error:  # noqa: BLE001 - whatever it is, it need not cost the answer
        bug(error)
        return None


def _bytes(text: str, plan: Plan | None) -> int:
    """What a parsed document takes, and the functions of its plan: as measured, by their lengths."""
    return 160 * len(text) + (25 * len(plan.text) if plan else 0)


def _parsed(text: str, limits: Limits) -> DocumentNode:
    enforce_characters(text, limits)
    # Deprecated, since it counts comments like other tokens: which is what a limit is for.
    try:
        return parse(text, max_tokens=limits.tokens)
    except GraphQLError as error:
        if error.message.startswith(_TOO_MANY_TOKENS):
            raise too_many_tokens(limits) from error
        raise ParseFailed([{**error.formatted}]) from error


def _measured(
    document: DocumentNode,
    operation: OperationDefinitionNode | None,
    limits: Limits,
    variables: Mapping[str, object],
) -> Size | None:
    """The size of the operation, where there is one. No part of the document is beyond the limits."""
    sizes = measure(document, limits.weights)
    for size in sizes:
        enforce(size, limits)
    for definition, size in zip(document.definitions, sizes, strict=True):
        if definition is operation:
            enforce_cost(size, limits, variables)
            return size
    return None


def _unresolved(name: str | None) -> OperationUnresolved:
    if name is None:
        message = "The document has several operations: say which by `operationName`."
    else:
        message = "The document has no operation of the name given as `operationName`."
    return OperationUnresolved([{"message": message}])

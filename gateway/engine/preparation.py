"""(text, operation name) to Prepared: parsed, measured, validated; planned and remembered where that pays."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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

from gateway.engine.complexity.limits import (
    Limits,
    enforce,
    enforce_characters,
    enforce_cost,
    too_many_tokens,
)
from gateway.engine.complexity.measure import Size, measure
from gateway.engine.validation import validator
from gateway.errors import OperationUnresolved, ParseFailed
from gateway.observability.logging import bug

_TOO_MANY_TOKENS = "Syntax Error: Document contains more than "
"""How graphql-core's message begins where it stops reading: it has no other mark."""

_LARGE = 2_000
"""What an operation may cost that graphql-core answers for the first time, in some milliseconds."""

_LARGE_FOR_ITS_TEXT = 20
"""Times its tokens: an operation that costs more takes graphql-core longer than making a plan takes."""

_MOST_SEEN = 10_000

_BYTES_OF_ANY = 8_000
_BYTES_OF_A_DOCUMENT = 100
_BYTES_OF_A_PLAN = 10
"""What a prepared operation takes at least, and for each character of its document and of its plan's
source: as measured with `tracemalloc`, over documents of 50 and 4,000 characters."""

_FORGOTTEN_TO_COLLECT = 500
"""Each forgotten operation leaves 50 kB or less to the collector of cycles; to collect them takes 0.2 seconds."""

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

    Args:
        will_return: Whether it will surely be asked for again.

    Raises:
        ParseFailed, ValidationFailed, OperationUnresolved: It is no operation of the schema.
        LimitExceeded: It is too large, valid or not; that may depend on the variables, as sent.
    """

    def __call__(
        self,
        text: str,
        name: str | None,
        variables: Mapping[str, object] = ...,
        /,
        *,
        will_return: bool = ...,
    ) -> Prepared: ...

    def knows(self, text: str, name: str | None, /) -> bool:
        """Whether this is remembered, so that it takes no time."""


class _Remembered(LRUCache[_Asked, Prepared]):
    """What was prepared, within a number of bytes. What is forgotten is freed, sooner or later."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(most_bytes, getsizeof=lambda prepared: prepared.bytes)
        self._forgotten = 0

    def popitem(self) -> tuple[_Asked, Prepared]:
        """Forget what was asked for longest ago."""
        self._forgotten += 1
        if self._forgotten % _FORGOTTEN_TO_COLLECT == 0:
            # The classes of compiled queries are cycles that lived long. Collecting objects of all
            # ages takes as long as looking at all that is cached, so it is seldom done.
            gc.collect()
        return super().popitem()


class _Remembering:
    """Prepares each text once for each operation name, if it is large; else, perhaps, twice.

    Most of the small ones that are new will never be seen again: they are not worth a plan, nor a place.
    """

    def __init__(
        self,
        made: Callable[[str, str | None, Mapping[str, object]], Prepared],
        planned: Callable[[Prepared], Prepared],
        remembered_bytes: int,
        limits: Limits,
        *,
        at_once: bool,
    ) -> None:
        self._remembered = _Remembered(remembered_bytes)
        self._made = made
        self._planned = planned
        self._limits = limits
        self._at_once = at_once
        self._seen = LRUCache[int, None](_MOST_SEEN)

    def __call__(
        self,
        text: str,
        name: str | None,
        variables: Mapping[str, object] = _NO_VARIABLES,
        /,
        *,
        will_return: bool = False,
    ) -> Prepared:
        asked = text, name
        prepared = self._remembered.get(asked)
        if prepared is not None:
            enforce_cost(prepared.size, self._limits, variables)
            return prepared
        prepared = self._made(text, name, variables)
        if will_return or self._at_once or self._is_seen(asked) or _pays(prepared.size, variables):
            prepared = self._planned(prepared)
            if prepared.bytes <= self._remembered.maxsize:
                self._remembered[asked] = prepared
        return prepared

    def _is_seen(self, asked: _Asked) -> bool:
        """Whether this was seen before; from now on, it was. By a number: texts may be long."""
        number = hash(asked)
        is_seen = number in self._seen
        self._seen[number] = None
        return is_seen

    def knows(self, text: str, name: str | None, /) -> bool:
        return (text, name) in self._remembered


def _pays(size: Size, variables: Mapping[str, object]) -> bool:
    """Whether to plan an operation that may never be asked for again."""
    return size.cost.of(variables) > min(_LARGE, _LARGE_FOR_ITS_TEXT * size.tokens)


def preparer(
    schema: GraphQLSchema,
    *,
    limits: Limits = _NO_LIMITS,
    planner: Planner | None = None,
    at_once: bool = True,
    introspection: bool = True,
    remembered_bytes: int = 128_000_000,
) -> Prepare:
    """How documents are prepared for a schema.

    Args:
        schema: What documents are validated against.
        limits: How large operations may be.
        planner: How operations are planned, if they are.
        at_once: Whether all of them are planned and remembered when they are first seen; else small ones
            are when they are seen again.
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
        return Prepared(
            document,
            operation,
            suggestions=introspection,
            bytes=_BYTES_OF_ANY + _BYTES_OF_A_DOCUMENT * len(text),
            size=size,
            plan=None,
        )

    def planned(prepared: Prepared) -> Prepared:
        plan = _plan(planner, prepared) if planner else None
        grown = prepared.bytes + (_BYTES_OF_A_PLAN * len(plan.text) if plan else 0)
        return replace(prepared, plan=plan, bytes=grown)

    return _Remembering(made, planned, remembered_bytes, limits, at_once=at_once)


def _plan(planner: Planner, prepared: Prepared) -> Plan | None:
    """The plan of an operation, if there is one. A bug in planning leaves it to graphql-core."""
    try:
        return planner(prepared.document, prepared.operation)
    except Exception as error:  # noqa: BLE001 - whatever it is, it need not cost the answer
        bug(error)
        return None


def _parsed(text: str, limits: Limits) -> DocumentNode:
    enforce_characters(text, limits)
    # Deprecated, since it counts comments like other tokens: which is what a limit is for.
    try:
        document = parse(text, max_tokens=limits.tokens)
    except GraphQLError as error:
        if error.message.startswith(_TOO_MANY_TOKENS):
            raise too_many_tokens(limits) from error
        raise ParseFailed([{**error.formatted}]) from error
    _unlink(document)
    return document


def _unlink(document: DocumentNode) -> None:
    """Let go of the chain of tokens, comments among them: nobody follows it, and it is one large cycle."""
    token = document.loc.start_token if document.loc else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following


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

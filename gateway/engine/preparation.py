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
    tokens_exceeded,
)
from gateway.engine.complexity.measure import OperationSize, measure
from gateway.engine.validation import build_validator
from gateway.errors import ParseFailed, UnknownOperation
from gateway.observability.logging import log_bug

_LENGTH_MESSAGE_PREFIX = "Syntax Error: Document contains more than "
"""How graphql-core's message begins where it stops reading: it has no other mark."""

_IMMEDIATE_COMPILE_COST = 2_000
"""What an operation may cost that graphql-core answers for the first time, in some milliseconds."""

_IMMEDIATE_COMPILE_COST_PER_TOKEN = 20
"""Times its tokens: an operation that costs more takes graphql-core longer than making a plan takes."""

_MAX_SEEN_KEYS = 10_000

_BASE_BYTES = 8_000
_BYTES_PER_DOCUMENT_CHARACTER = 100
_BYTES_PER_SOURCE_CHARACTER = 10
"""What a prepared operation takes at least, and for each character of its document and of its plan's
source: as measured with `tracemalloc`, over documents of 50 and 4,000 characters."""

_EVICTIONS_PER_COLLECTION = 500
"""Each forgotten operation leaves 50 kB or less to the collector of cycles; to collect them takes 0.2 seconds."""

_NO_LIMITS = Limits()
_NO_VARIABLES: Mapping[str, object] = {}

_CacheKey = tuple[str, str | None]
"""A text and an operation name."""


class CompiledQuery(Protocol):
    """How an operation is answered without graphql-core: the source of its functions, and they."""

    @property
    def source_code(self) -> str: ...

    async def run(
        self, context: Any, variables: VariableValues, build_executor: Callable[[], Executor[Any]]
    ) -> tuple[dict[str, Any], list[GraphQLError], bool] | None:
        """Data, errors, and whether no part of it was left to graphql-core; None: answer it with that."""


Compiler = Callable[[DocumentNode, OperationDefinitionNode], CompiledQuery | None]


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    """A document that is known to be valid, and the operation of it that is asked for.

    Attributes:
        document: The whole text, parsed.
        operation: What of it is to be executed.
        allows_suggestions: Whether errors may suggest names of the schema.
        memory_bytes: About how much memory it takes.
        size: What the operation measures.
        compiled_query: How it is answered, where there is a plan.
    """

    document: DocumentNode
    operation: OperationDefinitionNode
    allows_suggestions: bool
    memory_bytes: int
    size: OperationSize
    compiled_query: CompiledQuery | None

    @property
    def name(self) -> str | None:
        """What the operation is called in its document."""
        return self.operation.name.value if self.operation.name else None

    @property
    def is_query(self) -> bool:
        """Whether it only reads, so that an HTTP GET may ask for it."""
        return self.operation.operation is OperationType.QUERY


class Preparer(Protocol):
    """Prepares a text for an operation name, or none where there is but one.

    Args:
        expect_reuse: Whether it will surely be asked for again.

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
        expect_reuse: bool = ...,
    ) -> PreparedOperation: ...

    def is_cached(self, text: str, name: str | None, /) -> bool:
        """Whether this is remembered, so that it takes no time."""


class _MemoryBoundedLRUCache(LRUCache[_CacheKey, PreparedOperation]):
    """What was prepared, within a number of bytes. What is forgotten is freed, sooner or later."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda prepared: prepared.memory_bytes)
        self._evictions = 0

    def popitem(self) -> tuple[_CacheKey, PreparedOperation]:
        """Forget what was asked for longest ago."""
        self._evictions += 1
        if self._evictions % _EVICTIONS_PER_COLLECTION == 0:
            # The classes of compiled queries are cycles that lived long. Collecting objects of all
            # ages takes as long as looking at all that is cached, so it is seldom done.
            gc.collect()
        return super().popitem()


class _PreparationCache:
    """Prepares each text once for each operation name, if it is large; else, perhaps, twice.

    Most of the small ones that are new will never be seen again: they are not worth a plan, nor a place.
    """

    def __init__(
        self,
        parse_and_validate: Callable[[str, str | None, Mapping[str, object]], PreparedOperation],
        compile_operation: Callable[[PreparedOperation], PreparedOperation],
        cache_bytes: int,
        limits: Limits,
        *,
        eager: bool,
    ) -> None:
        self._prepared_by_key = _MemoryBoundedLRUCache(cache_bytes)
        self._parse_and_validate = parse_and_validate
        self._compile_operation = compile_operation
        self._limits = limits
        self._eager = eager
        self._seen_hashes = LRUCache[int, None](_MAX_SEEN_KEYS)

    def __call__(
        self,
        text: str,
        name: str | None,
        variables: Mapping[str, object] = _NO_VARIABLES,
        /,
        *,
        expect_reuse: bool = False,
    ) -> PreparedOperation:
        key = text, name
        prepared = self._prepared_by_key.get(key)
        if prepared is not None:
            enforce_cost(prepared.size, self._limits, variables)
            return prepared
        prepared = self._parse_and_validate(text, name, variables)
        if (
            expect_reuse
            or self._eager
            or self._mark_seen(key)
            or _is_worth_compiling(prepared.size, variables)
        ):
            prepared = self._compile_operation(prepared)
            if prepared.memory_bytes <= self._prepared_by_key.maxsize:
                self._prepared_by_key[key] = prepared
        return prepared

    def _mark_seen(self, key: _CacheKey) -> bool:
        """Whether this was seen before; from now on, it was. By a number: texts may be long."""
        key_hash = hash(key)
        is_seen = key_hash in self._seen_hashes
        self._seen_hashes[key_hash] = None
        return is_seen

    def is_cached(self, text: str, name: str | None, /) -> bool:
        return (text, name) in self._prepared_by_key


def _is_worth_compiling(size: OperationSize, variables: Mapping[str, object]) -> bool:
    """Whether to plan an operation that may never be asked for again."""
    return size.cost.evaluate(variables) > min(
        _IMMEDIATE_COMPILE_COST, _IMMEDIATE_COMPILE_COST_PER_TOKEN * size.tokens
    )


def build_preparer(
    schema: GraphQLSchema,
    *,
    limits: Limits = _NO_LIMITS,
    compile_query: Compiler | None = None,
    eager: bool = True,
    introspection: bool = True,
    cache_bytes: int = 128_000_000,
) -> Preparer:
    """How documents are prepared for a schema.

    Args:
        schema: What documents are validated against.
        limits: How large operations may be.
        compile_query: How operations are planned, if they are.
        eager: Whether all of them are planned and remembered when they are first seen; else small ones
            are when they are seen again.
        introspection: Whether they may ask for the schema itself, and errors suggest names of it.
        cache_bytes: How much memory the prepared operations that are kept may take, about and
            all together. Refusals are not kept: who means harm has many texts, and they cost little.
    """
    validate_document = build_validator(schema, limits, introspection=introspection)

    def parse_and_validate(
        text: str, name: str | None, variables: Mapping[str, object]
    ) -> PreparedOperation:
        document = _parse_document(text, limits)
        operation = get_operation_ast(document, name)
        size = _measure_within_limits(document, operation, limits, variables)
        validate_document(document)
        if operation is None or size is None:
            raise _unknown_operation(name)
        return PreparedOperation(
            document,
            operation,
            allows_suggestions=introspection,
            memory_bytes=_BASE_BYTES + _BYTES_PER_DOCUMENT_CHARACTER * len(text),
            size=size,
            compiled_query=None,
        )

    def compile_operation(prepared: PreparedOperation) -> PreparedOperation:
        compiled_query = _try_compile(compile_query, prepared) if compile_query else None
        memory_bytes = prepared.memory_bytes + (
            _BYTES_PER_SOURCE_CHARACTER * len(compiled_query.source_code) if compiled_query else 0
        )
        return replace(prepared, compiled_query=compiled_query, memory_bytes=memory_bytes)

    return _PreparationCache(
        parse_and_validate, compile_operation, cache_bytes, limits, eager=eager
    )


def _try_compile(compile_query: Compiler, prepared: PreparedOperation) -> CompiledQuery | None:
    """The plan of an operation, if there is one. A bug in planning leaves it to graphql-core."""
    try:
        return compile_query(prepared.document, prepared.operation)
    except Exception as error:  # noqa: BLE001 - whatever it is, it need not cost the answer
        log_bug(error)
        return None


def _parse_document(text: str, limits: Limits) -> DocumentNode:
    enforce_characters(text, limits)
    # Deprecated, since it counts comments like other tokens: which is what a limit is for.
    try:
        document = parse(text, max_tokens=limits.tokens)
    except GraphQLError as error:
        if error.message.startswith(_LENGTH_MESSAGE_PREFIX):
            raise tokens_exceeded(limits) from error
        raise ParseFailed([{**error.formatted}]) from error
    _drop_token_chain(document)
    return document


def _drop_token_chain(document: DocumentNode) -> None:
    """Let go of the chain of tokens, comments among them: nobody follows it, and it is one large cycle."""
    token = document.loc.start_token if document.loc else None
    while token is not None:
        next_token = token.next
        token.prev = token.next = None
        token = next_token


def _measure_within_limits(
    document: DocumentNode,
    operation: OperationDefinitionNode | None,
    limits: Limits,
    variables: Mapping[str, object],
) -> OperationSize | None:
    """The size of the operation, where there is one. No part of the document is beyond the limits."""
    sizes = measure(document, limits.field_costs)
    for size in sizes:
        enforce(size, limits)
    for definition, size in zip(document.definitions, sizes, strict=True):
        if definition is operation:
            enforce_cost(size, limits, variables)
            return size
    return None


def _unknown_operation(name: str | None) -> UnknownOperation:
    if name is None:
        message = "The document has several operations: say which by `operationName`."
    else:
        message = "The document has no operation of the name given as `operationName`."
    return UnknownOperation([{"message": message}])

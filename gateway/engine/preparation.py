"""Prepares operations as prepared statements: parse, measure, validate; compile and cache where that pays."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_operation_ast,
    parse,
)

from gateway.engine.complexity.limits import (
    Limits,
    enforce,
    enforce_characters,
    enforce_cost,
    tokens_exceeded,
)
from gateway.engine.complexity.measure import OperationSize, measure_document
from gateway.engine.fair_scheduler import FairScheduler
from gateway.engine.operation_cache import OperationCache, OperationKey
from gateway.engine.prepared_operation import Compiler, PreparedOperation, RunnableQuery
from gateway.engine.validation import build_validator
from gateway.engine.variables import VariableCoercer
from gateway.errors import LimitExceeded, ParseFailed, UnknownOperation
from gateway.observability.logging import log_bug

_LENGTH_MESSAGE_PREFIX = "Syntax Error: Document contains more than "
"""The prefix of graphql-core's message at the limit of tokens: the error has no other mark."""

_IMMEDIATE_COMPILE_COST = 2_000
"""The maximum cost of an operation that graphql-core executes at its first use, in a few milliseconds."""

_IMMEDIATE_COMPILE_COST_PER_TOKEN = 20
"""Above this cost per token, graphql-core takes longer to execute an operation than to compile it takes."""

_MAX_SEEN_KEYS = 10_000

_BASE_BYTES = 8_000
_BYTES_PER_DOCUMENT_CHARACTER = 100
"""The memory of a prepared operation without a compiled query: a base, and bytes per character of its document,
as measured with `tracemalloc` over documents of 50 and 4,000 characters."""

_NO_LIMITS = Limits()
_NO_VARIABLES: Mapping[str, object] = {}


class Preparer:
    """Prepares operations, each once while it is cached: parses, validates, compiles by a fair schedule.

    Expensive operations are compiled and cached at their first use, cheap ones at their second: most cheap
    ones are never requested again and are worth neither compiling nor memory.

    Attributes:
        scheduler: Runs the preparations of requests, and other work of theirs whose time the caller decides.
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
        self._cache = OperationCache(cache_bytes)
        self._parse_and_validate = parse_and_validate
        self._compile_operation = compile_operation
        self._limits = limits
        self.scheduler = FairScheduler()
        self._eager = eager
        self._seen_hashes = LRUCache[int, None](_MAX_SEEN_KEYS)

    async def prepare(
        self,
        text: str,
        name: str | None,
        variables: Mapping[str, object],
        *,
        expect_reuse: bool = False,
    ) -> PreparedOperation:
        """Prepare the operation with a name, or the only one of a document: at once where it is cached.

        Args:
            text: The text of the document.
            name: The name of the operation; None for the only one.
            variables: The variables as sent, on which the cost depends.
            expect_reuse: Whether the operation will surely be requested again, so that it is compiled and
                cached.

        Raises:
            ParseFailed, ValidationFailed, InvalidVariables, UnknownOperation: The document is invalid, or has
                no such operation.
            LimitExceeded: The document exceeds a limit, valid or not.
        """
        prepared = self._cached_operation(text, name, variables)
        if prepared is not None:
            return prepared
        return await self.scheduler.run(
            lambda: self.prepare_now(text, name, variables, expect_reuse=expect_reuse)
        )

    def prepare_now(
        self,
        text: str,
        name: str | None,
        variables: Mapping[str, object] = _NO_VARIABLES,
        *,
        expect_reuse: bool = False,
    ) -> PreparedOperation:
        """Prepare an operation without the schedule of requests, as at the start; else as `prepare`."""
        prepared = self._cached_operation(text, name, variables)
        if prepared is not None:
            return prepared
        prepared = self._parse_and_validate(text, name, variables)
        key = text, name
        if (
            expect_reuse
            or self._eager
            or self._mark_seen(key)
            or _is_worth_compiling(prepared.size, variables)
        ):
            prepared = self._compile_operation(prepared)
            self._cache.add(key, prepared)
        return prepared

    def prepare_document(self, text: str) -> None:
        """Prepare, compile and cache all operations of a document, without the schedule of requests.

        An only operation may be requested with its name and without, so it is cached for both.

        Raises:
            ParseFailed, ValidationFailed, LimitExceeded: As `prepare`.
        """
        try:
            prepared = self.prepare_now(text, None, expect_reuse=True)
        except UnknownOperation:  # several operations: the request names one by `operationName`
            for name in _operation_names(text):
                with suppress(LimitExceeded):  # one that is too expensive does not spoil the others
                    self.prepare_now(text, name, expect_reuse=True)
            return
        key = text, prepared.name
        if self._cache.get(key) is None:
            self._cache.add(key, prepared)

    def discard(self, texts: Collection[str]) -> None:
        """Drop all that is cached of documents with these texts."""
        self._cache.discard(texts)

    def _cached_operation(
        self, text: str, name: str | None, variables: Mapping[str, object]
    ) -> PreparedOperation | None:
        """The operation in the cache, if it is there; its cost is within the limits for these variables."""
        prepared = self._cache.get((text, name))
        if prepared is not None:
            enforce_cost(prepared.size, self._limits, variables)
        return prepared

    def _mark_seen(self, key: OperationKey) -> bool:
        """Whether the key was seen before; marks it as seen. Hashes are stored, for texts may be long."""
        key_hash = hash(key)
        is_seen = key_hash in self._seen_hashes
        self._seen_hashes[key_hash] = None
        return is_seen


def _operation_names(text: str) -> list[str]:
    """The names of the operations of a valid document with several: all of them have one."""
    definitions = parse(text, no_location=True).definitions
    operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    return [each.name.value for each in operations if each.name is not None]


def _is_worth_compiling(size: OperationSize, variables: Mapping[str, object]) -> bool:
    """Whether to compile an operation at its first use, which may be its last."""
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
    """Build the preparer of operations on a schema.

    Args:
        schema: The schema that documents are validated against.
        limits: The limits of documents and operations.
        compile_query: The compiler; None where graphql-core executes all operations.
        eager: Whether all operations are compiled and cached at their first use; else cheap ones at their
            second.
        introspection: Whether documents may query the schema itself, and errors suggest names from it.
        cache_bytes: The approximate maximum memory of all cached operations. Rejections are not cached: an
            attacker has any number of texts, and to reject one costs little.
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
            compiled_query.memory_bytes if compiled_query else 0
        )
        return replace(
            prepared,
            compiled_query=compiled_query,
            memory_bytes=memory_bytes,
            variable_coercer=VariableCoercer(schema, prepared.operation.variable_definitions),
        )

    return Preparer(
        parse_and_validate,
        compile_operation,
        cache_bytes,
        limits,
        eager=eager,
    )


def _try_compile(compile_query: Compiler, prepared: PreparedOperation) -> RunnableQuery | None:
    """The compiled query; None where the operation cannot be compiled, a bug of the compiler included."""
    try:
        return compile_query(prepared.document, prepared.operation)
    except Exception as error:  # noqa: BLE001 - graphql-core can execute the operation all the same
        log_bug(error)
        return None


def _parse_document(text: str, limits: Limits) -> DocumentNode:
    enforce_characters(text, limits)
    # `max_tokens` is deprecated since it counts comments as tokens: which is what this limit is for.
    try:
        document = parse(text, max_tokens=limits.tokens)
    except GraphQLError as error:
        if error.message.startswith(_LENGTH_MESSAGE_PREFIX):
            raise tokens_exceeded(limits) from error
        raise ParseFailed([{**error.formatted}]) from error
    _drop_token_chain(document)
    return document


def _drop_token_chain(document: DocumentNode) -> None:
    """Unlink the tokens of the document, comments included: unused, and one large reference cycle."""
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
    """The size of the operation; None where there is no operation.

    Raises:
        LimitExceeded: A definition of the document exceeds a limit.
    """
    sizes = measure_document(document, limits.field_costs)
    for size in sizes:
        enforce(size, limits)
    for definition, size in zip(document.definitions, sizes, strict=True):
        if definition is operation:
            enforce_cost(size, limits, variables)
            return size
    return None


def _unknown_operation(name: str | None) -> UnknownOperation:
    if name is None:
        message = "The document has several operations: select one with `operationName`."
    else:
        message = "The document has no operation with the name in `operationName`."
    return UnknownOperation([{"message": message}])

"""Executes a prepared operation, compiled or by graphql-core; makes errors public and sorts them by path."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import isawaitable
from typing import Any, Protocol, TypeVar

from graphql import (
    ArgumentNode,
    ExecutionResult,
    Executor,
    GraphQLError,
    GraphQLOutputType,
    GraphQLSchema,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    is_non_null_type,
    separate_operations,
    visit,
)
from graphql.execution import VariableValues, get_variable_values
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from msgspec import UNSET, Struct, UnsetType

from gateway.engine.prepared_operation import PreparedOperation
from gateway.engine.resolvers import MIDDLEWARE
from gateway.errors import (
    INTERNAL_SERVER_ERROR,
    GatewayError,
    InvalidVariables,
)
from gateway.observability.logging import exceptions, log_bug

_T = TypeVar("_T")

_MAX_COERCION_ERRORS = 20
_MAX_ERRORS = 10_000
_MAX_ARGUMENT_NAMES = 5


class _ErrorLimitingExecutor(Executor[Any]):
    """graphql-core's executor with a limit on collected errors, and without tracebacks of expected errors."""

    def handle_field_error(
        self,
        raw_error: Exception,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        path: Path,
    ) -> None:
        if isinstance(raw_error, GatewayError):
            raw_error.__traceback__ = None
        is_full = len(self.collected_errors.errors) > _MAX_ERRORS
        if is_full and not is_non_null_type(return_type):
            return
        super().handle_field_error(raw_error, return_type, field_details_list, path)


class Result(Struct, omit_defaults=True):
    """A GraphQL response, ready to be encoded. Without `data`, the operation never ran."""

    errors: list[dict[str, Any]] | UnsetType = UNSET
    data: dict[str, Any] | Struct | UnsetType | None = UNSET
    extensions: Mapping[str, Any] | UnsetType = UNSET


class Execution(Struct, frozen=True):
    """An execution: its result and its statistics.

    Attributes:
        result: The response to encode.
        is_compiled: Whether the compiled query answered all of the operation.
    """

    result: Result
    is_compiled: bool

    @property
    def error_codes(self) -> list[str]:
        """The code of each error in the response."""
        return [error["extensions"]["code"] for error in self.result.errors or ()]

    @property
    def has_data(self) -> bool:
        """Whether any field of the root type has a value."""
        return any(value is not None for value in _entries(self.result.data).values())


class ExecutionContext(Protocol):
    """The part of the resolvers' context that execution uses."""

    @property
    def reported_errors(self) -> list[GraphQLError]:
        """Errors at paths whose data is in the response all the same."""

    def extensions(self, *, compiled: bool, cost: Callable[[], int]) -> Mapping[str, object]:
        """The `extensions` of the response.

        Args:
            compiled: Whether the compiled query answered all of the operation.
            cost: Computes the cost of the operation.
        """


async def execute(
    schema: GraphQLSchema,
    prepared: PreparedOperation,
    variables: Mapping[str, Any],
    context: ExecutionContext,
) -> Execution:
    """Execute an operation. A field that fails is null, with an error; only invalid variables raise.

    Raises:
        InvalidVariables: Variables do not have the types that the operation declares.
    """
    data: dict[str, Any] | None
    run_result = None
    build_executor = partial(_build_executor, schema, prepared, variables, context)
    if prepared.compiled_query is not None:
        coerced_variables = _coerce_variables(schema, prepared, variables)
        try:
            run_result = await prepared.compiled_query.run(
                context, coerced_variables, build_executor
            )
        except Exception as error:  # noqa: BLE001 - a bug: fall back to graphql-core
            log_bug(error)
        if run_result is None:
            context.reported_errors.clear()
    if run_result is not None:
        data, errors, is_compiled = run_result
    else:
        pending = build_executor().execute_operation()
        execution_result = await pending if isawaitable(pending) else pending
        assert isinstance(execution_result, ExecutionResult)  # no incremental delivery
        data, errors, is_compiled = execution_result.data, execution_result.errors or [], False
    extensions = context.extensions(
        compiled=is_compiled, cost=lambda: prepared.size.cost.evaluate(variables)
    )
    if errors or context.reported_errors:
        public_errors = _format_public_errors([*errors, *context.reported_errors], data)
        return Execution(Result(public_errors, data, extensions or UNSET), is_compiled)
    return Execution(Result(UNSET, data, extensions or UNSET), is_compiled)


def _build_executor(
    schema: GraphQLSchema,
    prepared: PreparedOperation,
    variables: Mapping[str, Any],
    context: ExecutionContext,
) -> Executor[Any]:
    return _value_or_raise(
        prepared,
        _ErrorLimitingExecutor.build(
            schema,
            prepared.document,
            context_value=context,
            raw_variable_values=dict(variables),
            operation_name=prepared.name,
            middleware=schema.extensions.get(MIDDLEWARE),
            max_coercion_errors=_MAX_COERCION_ERRORS,
            hide_suggestions=not prepared.allows_suggestions,
        ),
    )


def _coerce_variables(
    schema: GraphQLSchema, prepared: PreparedOperation, variables: Mapping[str, Any]
) -> VariableValues:
    coercer = prepared.variable_coercer
    coerced = None if coercer is None else coercer.coerce(variables)
    if coerced is not None:
        return coerced
    return _value_or_raise(
        prepared,
        get_variable_values(
            schema,
            prepared.operation.variable_definitions or (),
            dict(variables),
            max_errors=_MAX_COERCION_ERRORS,
            hide_suggestions=not prepared.allows_suggestions,
        ),
    )


def _value_or_raise(prepared: PreparedOperation, value_or_errors: _T | list[GraphQLError]) -> _T:
    """The value, where the variables are valid; raises `InvalidVariables` with all of their errors."""
    if isinstance(value_or_errors, list):
        uses = _VariableUses()
        # Other operations of the document may have variables of the same names.
        visit(separate_operations(prepared.document)[prepared.name or ""], uses)
        raise InvalidVariables(
            [{**problem.formatted, **uses.describe(problem)} for problem in value_or_errors]
        )
    return value_or_errors


class _VariableUses(Visitor):
    """A visitor that collects, for each variable of an operation, the arguments that use it."""

    def __init__(self) -> None:
        super().__init__()
        self._arguments_by_variable: dict[str, set[str]] = {}
        self._current_path: list[str] = []

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._current_path.append(node.name.value)

    enter_object_field = enter_argument

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        if self._current_path:  # else this is the declaration
            path = ".".join(self._current_path)
            self._arguments_by_variable.setdefault(node.name.value, set()).add(path)

    def leave_argument(self, *_: Any) -> None:
        self._current_path.pop()

    leave_object_field = leave_argument

    def describe(self, problem: GraphQLError) -> dict[str, Any]:
        """The message of a variable's error, and the `extensions` with the only argument that uses it."""
        names: list[str] = []
        match problem.nodes:
            case [VariableDefinitionNode(variable=variable), *_]:
                names = sorted(self._arguments_by_variable.get(variable.name.value, ()))
        if not names:
            return {}
        quoted = ", ".join(map(repr, names[:_MAX_ARGUMENT_NAMES]))
        description: dict[str, Any] = {"message": f"{problem.message} It is used for {quoted}."}
        if len(names) == 1:
            description["extensions"] = {"code": InvalidVariables.code, "argument": names[0]}
        return description


def _format_public_errors(errors: Sequence[GraphQLError], data: object) -> list[dict[str, Any]]:
    """The errors of the response, in the order of their paths in the data.

    That order does not depend on the order of upstream responses.
    """
    sorted_errors = sorted(errors, key=lambda error: _position_key(error.path or (), data))
    bugs: dict[str, dict[str, Any]] = {}
    formatted_errors = [_format_public_error(error, bugs) for error in sorted_errors[:_MAX_ERRORS]]
    if len(sorted_errors) > _MAX_ERRORS:
        message = f"Too many errors: only the first {_MAX_ERRORS:,} are listed."
        formatted_errors.append(
            {"message": message, "extensions": formatted_errors[-1]["extensions"]}
        )
    return formatted_errors


def _position_key(path: Sequence[str | int], data: object) -> list[tuple[int, str]]:
    """The sort key of a path: by the position of keys while there is data, by name below a null."""
    key: list[tuple[int, str]] = []
    for step in path:
        if isinstance(step, int):
            key.append((step, ""))
            data = data[step] if isinstance(data, list) else None
        else:
            entries = _entries(data)
            keys = list(entries)
            key.append((keys.index(step) if step in entries else -1, step))
            data = entries.get(step)
    return key


def _entries(data: object) -> Mapping[str, Any]:
    """The entries of an object of the response, which is a dict or a Struct; none for any other value."""
    if isinstance(data, dict):
        return data
    if not isinstance(data, Struct):
        return {}
    names = zip(data.__struct_encode_fields__, data.__struct_fields__, strict=True)
    return {key: value for key, name in names if (value := getattr(data, name)) is not UNSET}


def internal_error(error: BaseException) -> dict[str, Any]:
    """The public error of a bug: an `errorId`, under which the log has the details (error masking)."""
    return {
        "message": "Internal error. Report `errorId` to the gateway's operators.",
        "extensions": {"code": INTERNAL_SERVER_ERROR, "errorId": log_bug(error)},
    }


def _format_public_error(error: GraphQLError, bugs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """An error as it appears in the response.

    Args:
        error: The error.
        bugs: The public errors of bugs so far, by their exceptions: equal exceptions share one `errorId`.
    """
    location = {
        key: value for key, value in error.formatted.items() if key in {"locations", "path"}
    }
    match error.original_error:
        case GatewayError() as gateway_error:
            return {
                "message": str(gateway_error),
                **location,
                "extensions": gateway_error.extensions,
            }
        case None | GraphQLError(nodes=[ValueNode(), *_]):
            # About the caller's input: a variable made an argument invalid. Other errors of graphql-core
            # are about values that resolvers returned, and are not public.
            return {
                "message": error.message,
                **location,
                "extensions": {"code": InvalidVariables.code},
            }
        case unexpected:
            bug_key = str(exceptions(unexpected))
            if bug_key not in bugs:
                bugs[bug_key] = internal_error(unexpected)
            return bugs[bug_key] | location

"""Prepared + context to result: by its plan or by graphql-core; errors public, in the order of their places."""

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
    visit,
)
from graphql.execution import VariableValues, get_variable_values
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from msgspec import UNSET, Struct, UnsetType

from gateway.engine.preparation import Prepared
from gateway.engine.resolvers import MIDDLEWARE
from gateway.errors import BUG, GatewayError, OperationError, RequestError, VariablesRefused
from gateway.observability.logging import bug, exceptions

_T = TypeVar("_T")

_MOST_COERCION_ERRORS = 20
_MOST_ERRORS = 10_000
_MOST_NAMES = 5


class _Executor(Executor[Any]):
    """graphql-core's, which keeps no more errors than are told, and of those planned no stacks."""

    def handle_field_error(
        self,
        raw_error: Exception,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        path: Path,
    ) -> None:
        if isinstance(raw_error, GatewayError):
            raw_error.__traceback__ = None
        full = len(self.collected_errors.errors) > _MOST_ERRORS
        if full and not is_non_null_type(return_type):
            return
        super().handle_field_error(raw_error, return_type, field_details_list, path)


class Result(Struct, omit_defaults=True):
    """A GraphQL response, as it is written. Without `data` the operation never ran."""

    errors: list[dict[str, Any]] | UnsetType = UNSET
    data: dict[str, Any] | UnsetType | None = UNSET
    extensions: dict[str, Any] | UnsetType = UNSET


class Context(Protocol):
    """What execution needs of the context that resolvers get."""

    @property
    def reported(self) -> list[GraphQLError]:
        """Errors at places whose data stands all the same."""

    def extensions(self, *, planned: bool, cost: Callable[[], int]) -> Mapping[str, object]:
        """What the answer tells beside data and errors.

        Args:
            planned: Whether a plan made all of it.
            cost: What the operation costs; reckoned when it is called.
        """


async def execute(
    schema: GraphQLSchema, prepared: Prepared, variables: Mapping[str, Any], context: Context
) -> Result:
    """Run an operation. Failing fields are null, with an error each; only variables can be refused.

    Raises:
        VariablesRefused: The variables do not fit the operation.
    """
    executor = partial(_executor, schema, prepared, variables, context)
    result = partial(_result, context, partial(prepared.size.cost.of, variables))
    if prepared.plan is not None:
        coerced = _coerced(schema, prepared, variables)
        try:
            answered = await prepared.plan.answer(context, coerced, executor)
        except Exception as error:  # noqa: BLE001 - a bug of the plan, which need cost no answer
            bug(error)
            answered = None
        if answered is not None:
            data, errors, wholly = answered
            return result(data, errors, planned=wholly)
        context.reported.clear()
    executing = executor().execute_operation()
    outcome = await executing if isawaitable(executing) else executing
    assert isinstance(outcome, ExecutionResult)  # nothing is delivered in parts
    return result(outcome.data, outcome.errors or [], planned=False)


def _executor(
    schema: GraphQLSchema, prepared: Prepared, variables: Mapping[str, Any], context: Context
) -> Executor[Any]:
    return _fitting(
        prepared,
        _Executor.build(
            schema,
            prepared.document,
            context_value=context,
            raw_variable_values=dict(variables),
            operation_name=prepared.name,
            middleware=schema.extensions.get(MIDDLEWARE),
            max_coercion_errors=_MOST_COERCION_ERRORS,
            hide_suggestions=not prepared.suggestions,
        ),
    )


def _coerced(
    schema: GraphQLSchema, prepared: Prepared, variables: Mapping[str, Any]
) -> VariableValues:
    return _fitting(
        prepared,
        get_variable_values(
            schema,
            prepared.operation.variable_definitions or (),
            dict(variables),
            max_errors=_MOST_COERCION_ERRORS,
            hide_suggestions=not prepared.suggestions,
        ),
    )


def _fitting(prepared: Prepared, made: _T | list[GraphQLError]) -> _T:
    """What was made of variables that fit; refuses those that do not."""
    if isinstance(made, list):
        uses = _Uses()
        visit(prepared.document, uses)
        raise VariablesRefused(
            [
                {**problem.formatted, "message": problem.message + uses.of(problem)}
                for problem in made
            ]
        )
    return made


class _Uses(Visitor):
    """The arguments that variables are used in, by the variables' names."""

    def __init__(self) -> None:
        super().__init__()
        self._arguments: dict[str, set[str]] = {}
        self._argument = ""

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._argument = node.name.value

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        if self._argument:  # else it is where the variable is declared
            self._arguments.setdefault(node.name.value, set()).add(self._argument)

    def leave_argument(self, *_: Any) -> None:
        self._argument = ""

    def of(self, problem: GraphQLError) -> str:
        """What is added to the message on a variable."""
        match problem.nodes:
            case [VariableDefinitionNode(variable=variable), *_]:
                names = sorted(self._arguments.get(variable.name.value, ()))[:_MOST_NAMES]
                return f" It is used for {', '.join(map(repr, names))}." if names else ""
        return ""


def _result(
    context: Context,
    cost: Callable[[], int],
    data: dict[str, Any] | None,
    errors: Sequence[GraphQLError],
    *,
    planned: bool,
) -> Result:
    ordered = _in_order([*errors, *context.reported], data)
    bugs: dict[str, dict[str, Any]] = {}
    told = [_public(error, bugs) for error in ordered[:_MOST_ERRORS]]
    if len(ordered) > _MOST_ERRORS:
        message = "More fields have no answer than errors are told."
        told.append({"message": message, "extensions": told[-1]["extensions"]})
    extensions = dict(context.extensions(planned=planned, cost=cost))
    return Result(errors=told or UNSET, data=data, extensions=extensions or UNSET)


def _in_order(errors: list[GraphQLError], data: object) -> list[GraphQLError]:
    """Errors in the order of their places in the data: not in that of the upstream's answers."""
    return sorted(errors, key=lambda error: _place(error.path or (), data)) if errors else errors


def _place(path: Sequence[str | int], data: object) -> list[tuple[int, str]]:
    """Where a path leads to, comparable: by position while there is data, by name below a null."""
    place: list[tuple[int, str]] = []
    for step in path:
        if isinstance(step, int):
            place.append((step, ""))
            data = data[step] if isinstance(data, list) else None
        else:
            keys = list(data) if isinstance(data, dict) else []
            place.append((keys.index(step) if step in keys else -1, step))
            data = data.get(step) if isinstance(data, dict) else None
    return place


def refusal(error: RequestError) -> Result:
    """The answer to a request that never ran."""
    problems = error.problems if isinstance(error, OperationError) else [{"message": str(error)}]
    told = [{**each, "extensions": each.get("extensions", error.extensions)} for each in problems]
    return Result(errors=told)


def internal_error(error: BaseException) -> dict[str, Any]:
    """What a caller is told of a bug: an id, under which the log has the rest."""
    return {
        "message": "Something went wrong here. It has been recorded under `errorId`.",
        "extensions": {"code": BUG, "errorId": bug(error)},
    }


def _public(error: GraphQLError, bugs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """An error as it is told. A bug that several fields of an answer run into is one of the `bugs`."""
    where = {key: value for key, value in error.formatted.items() if key in {"locations", "path"}}
    match error.original_error:
        case GatewayError() as planned:
            return {"message": str(planned), **where, "extensions": planned.extensions}
        case None | GraphQLError(nodes=[ValueNode(), *_]):
            # About what the caller wrote: an argument that a variable made unfit. Other errors of
            # graphql-core are about values that we gave it, and no business of the caller's.
            return {
                "message": error.message,
                **where,
                "extensions": {"code": VariablesRefused.code},
            }
        case unplanned:
            known = str(exceptions(unplanned))
            if known not in bugs:
                bugs[known] = internal_error(unplanned)
            return bugs[known] | where

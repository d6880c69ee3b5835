"""Prepared + context to result: graphql-core executes, errors are made public."""

import uuid
from collections.abc import Mapping, Sequence
from inspect import isawaitable
from typing import Any, Protocol

from graphql import ExecutionResult, Executor, GraphQLError, GraphQLSchema, ValueNode
from msgspec import UNSET, Struct, UnsetType

from gateway.errors import BUG, GatewayError, OperationError, RequestError, VariablesRefused
from gateway.operations.prepare import Prepared
from gateway.telemetry import bug


class Result(Struct, omit_defaults=True):
    """A GraphQL response, as it is written. Without `data` the operation never ran."""

    errors: list[dict[str, Any]] | UnsetType = UNSET
    data: dict[str, Any] | UnsetType | None = UNSET
    extensions: dict[str, Any] | UnsetType = UNSET


class Context(Protocol):
    """What execution needs of the context that resolvers get."""

    @property
    def reported(self) -> Sequence[GraphQLError]:
        """Errors at places whose data stands all the same."""

    @property
    def extensions(self) -> Mapping[str, object]:
        """What the answer tells beside data and errors."""


async def execute(
    schema: GraphQLSchema, prepared: Prepared, variables: Mapping[str, Any], context: Context
) -> Result:
    """Run an operation. Failing fields are null, with an error each; only variables can be refused.

    Raises:
        VariablesRefused: The variables do not fit the operation.
    """
    executor = Executor.build(
        schema,
        prepared.document,
        context_value=context,
        raw_variable_values=dict(variables),
        operation_name=prepared.operation.name.value if prepared.operation.name else None,
        max_coercion_errors=20,
        hide_suggestions=not prepared.suggestions,
    )
    if isinstance(executor, list):
        raise VariablesRefused([{**problem.formatted} for problem in executor])
    executing = executor.execute_operation()
    outcome = await executing if isawaitable(executing) else executing
    assert isinstance(outcome, ExecutionResult)  # nothing is delivered in parts
    errors = [_public(error) for error in (*(outcome.errors or ()), *context.reported)]
    extensions = dict(context.extensions)
    return Result(errors=errors or UNSET, data=outcome.data, extensions=extensions or UNSET)


def refusal(error: RequestError) -> Result:
    """The answer to a request that never ran."""
    problems = error.problems if isinstance(error, OperationError) else [{"message": str(error)}]
    return Result(errors=[{**problem, "extensions": error.extensions} for problem in problems])


def internal_error(error: BaseException) -> dict[str, Any]:
    """What a caller is told of a bug: an id, under which the log has the rest."""
    error_id = uuid.uuid4().hex
    bug(error_id, error)
    return {
        "message": "Something went wrong here. It has been recorded under `errorId`.",
        "extensions": {"code": BUG, "errorId": error_id},
    }


def _public(error: GraphQLError) -> dict[str, Any]:
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
            return internal_error(unplanned) | where

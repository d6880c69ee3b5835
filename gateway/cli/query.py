"""`gateway compile` and `gateway cost`: inspect one operation."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from gateway import schema as gateway_schema
from gateway.cli import exit_statuses
from gateway.cli.settings import exit_on_configuration_error
from gateway.config.settings import Settings
from gateway.engine.compiler.compiled_query import query_compiler
from gateway.engine.complexity.limits import Limits, compare_with_limits
from gateway.engine.preparation import Preparer, build_preparer
from gateway.engine.prepared_operation import PreparedOperation
from gateway.errors import OperationError
from gateway.schema.engine_binding import bind_fields, operation_limits

_file_argument = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
_operation_option = click.option("--operation", help="Name of the operation, if FILE has several.")


@click.command(name="compile")
@_file_argument
@_operation_option
def compile_operation(file: Path, operation: str | None) -> None:
    """Write the Python source of the compiled query that answers the operation in FILE."""
    graphql_schema = gateway_schema.build_schema(federated=True)  # for what routers ask as well
    prepared = _prepare_or_exit(
        build_preparer(
            graphql_schema,
            compile_query=query_compiler(graphql_schema, bind_fields(graphql_schema)),
        ),
        file,
        operation,
    )
    if prepared.compiled_query is None:
        click.echo("The operation cannot be compiled; graphql-core executes it.", err=True)
        sys.exit(exit_statuses.FAILURE)
    click.echo(prepared.compiled_query.source_code, nl=False)


def _prepare_or_exit(preparer: Preparer, file: Path, operation: str | None) -> PreparedOperation:
    """An operation in a file; one that cannot be prepared ends the command."""
    try:
        return preparer.prepare_now(file.read_text(encoding="utf-8"), operation)
    except OperationError as error:
        click.echo("\n".join(str(problem["message"]) for problem in error.problems), err=True)
        sys.exit(exit_statuses.FAILURE)


@click.command()
@_file_argument
@_operation_option
@click.option("--variables", default="{}", help="Its variables, as a JSON object.")
def cost(file: Path, operation: str | None, variables: str) -> None:
    """Measure the operation in FILE against the limits; exit status 1 if it exceeds one."""
    try:
        variable_values = msgspec.json.decode(variables, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise click.BadParameter("not a JSON object", param_hint="--variables") from error
    graphql_schema = gateway_schema.build_schema(federated=True)  # for what routers ask as well
    with exit_on_configuration_error():
        allowed = operation_limits(
            graphql_schema, Settings.from_environment(upstream_url="http://localhost")
        )
    # Prepared whatever its size, so that every measure is written.
    prepared = _prepare_or_exit(
        build_preparer(graphql_schema, limits=Limits(field_costs=allowed.field_costs)),
        file,
        operation,
    )
    limit_checks = compare_with_limits(prepared.size, allowed, variable_values)
    for each in limit_checks:
        click.echo(f"{each.limit}: {each.measured} of {each.allowed}")
    if any(each.is_exceeded for each in limit_checks):
        sys.exit(exit_statuses.FAILURE)

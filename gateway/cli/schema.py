"""The commands about the schema: print, check against a file, diff, possible types, client configuration."""

import difflib
import sys
from collections import Counter
from pathlib import Path

import click
import msgspec
from graphql import GraphQLError

from gateway import schema as gateway_schema
from gateway.cli import exit_statuses
from gateway.cli.client_config import CacheClient, client_config, possible_types
from gateway.cli.schema_diff import Criticality, classify_changes


@click.group()
def schema() -> None:
    """Print and compare the GraphQL schema."""


@schema.command(name="print")
@click.option("--federation", is_flag=True, help="Print the federation subgraph schema.")
def print_schema(*, federation: bool) -> None:
    """Write the schema to standard output."""
    click.echo(gateway_schema.schema_sdl(federated=federation), nl=False)


@schema.command()
@click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False), default=Path("schema.graphql")
)
def check(file: Path) -> None:
    """Check that FILE (schema.graphql) is the schema that is served; exit status 1 if it is not."""
    if not file.exists():
        click.echo(f"{file} does not exist: `gateway schema print > {file}` writes it.", err=True)
        sys.exit(exit_statuses.FAILURE)
    committed = file.read_text(encoding="utf-8", errors="replace")
    difference = list(
        difflib.unified_diff(
            committed.splitlines(),
            gateway_schema.schema_sdl().splitlines(),
            str(file),
            "served",
            lineterm="",
        )
    )
    if difference:
        click.echo("\n".join(difference), err=True)
        click.echo(f"{file} is not the schema that is served: run `make schema`.", err=True)
        sys.exit(exit_statuses.FAILURE)


@schema.command()
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def diff(old: Path) -> None:
    """List the changes since OLD, a schema in a file; exit status 1 if a change is breaking.

    Each line is a change: safe, dangerous (responses may contain values that an application does not know, such
    as a new kind or a new enum value) or breaking. The removal of what OLD deprecated is dangerous only.
    """
    try:
        schema_changes = classify_changes(
            old.read_text(encoding="utf-8"), gateway_schema.schema_sdl()
        )
    except (GraphQLError, TypeError, UnicodeError) as error:  # TypeError: not a valid schema
        raise click.BadParameter(f"not a schema: {error}", param_hint="OLD") from error
    for change in schema_changes:
        click.echo(change)
    count_by_criticality = Counter(change.criticality for change in schema_changes)
    click.echo(", ".join(f"{count_by_criticality[each]} {each}" for each in Criticality), err=True)
    if count_by_criticality[Criticality.BREAKING]:
        sys.exit(exit_statuses.FAILURE)


@schema.command(name="possible-types")
def print_possible_types() -> None:
    """Write the JSON that Apollo Client takes as `possibleTypes`: the types of each interface and union."""
    names_by_abstract_type = possible_types(gateway_schema.build_schema())
    click.echo(msgspec.json.format(msgspec.json.encode(names_by_abstract_type)))


@schema.command(name="client-config")
@click.argument("client", type=click.Choice([each.value for each in CacheClient]))
def print_client_config(client: str) -> None:
    """Write the TypeScript file that configures the cache of CLIENT, Apollo Client or urql's Graphcache.

    It has the possible types, the policies or keys of all types, the paging of all connections, the types
    of the scalars for GraphQL Code Generator, and `groupErrors`, which groups the errors of a response.
    """
    click.echo(client_config(gateway_schema.build_schema(), CacheClient(client)), nl=False)

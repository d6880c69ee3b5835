"""`gateway settings`: the settings as text and for docs/configuration.md; and the exit where they are invalid."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from gateway.cli import exit_statuses
from gateway.cli.reference import markdown_table, render_page
from gateway.config.environment import ConfigurationError
from gateway.config.settings import Settings, env_name
from gateway.server.lifecycle import PortUnavailable

_GROUP_BY_FIRST_FIELD = {
    "host": "Server",
    "upstream_url": "Upstream",
    "api_key": "Credentials and callers",
    "default_time_zone": "Data, headers and origins",
    "sandbox_rest_port": "Sandbox",
    "default_page_size": "Limits",
    "upstream_attempt_timeout_seconds": "Timeouts, retries and concurrency",
    "entity_cache_seconds": "Caches",
    "compile_queries": "Features",
}
"""The headings of docs/configuration.md, each by the first of its settings in the order of `Settings`."""


@contextmanager
def exit_on_configuration_error() -> Iterator[None]:
    """Context manager: exit with status 2 on an invalid configuration or an unavailable port."""
    try:
        yield
    except PortUnavailable as error:
        click.echo(str(error), err=True)
        sys.exit(exit_statuses.USAGE)
    except ConfigurationError as error:
        click.echo(f"Invalid configuration:\n{error}", err=True)
        sys.exit(exit_statuses.USAGE)


def settings_help() -> str:
    """The settings as text, for the end of a command's help."""
    lines = ["\b", "Settings, from the environment:"]
    for name, default, description in _settings_rows():
        lines += [f"  {name} ({default})", f"      {description}"]
    return "\n".join(lines)


def _settings_rows() -> Iterator[tuple[str, str, str]]:
    """Variable, default and description of each setting."""
    for name in Settings.model_fields:
        yield _settings_row(name)


def _settings_row(name: str) -> tuple[str, str, str]:
    field = Settings.model_fields[name]
    default = "required" if field.is_required() else _format_default(field.default)
    return env_name(name), default, field.description or ""


def _format_default(default: object) -> str:
    match default:
        case None | ():
            return "unset"
        case bool():
            return str(default).lower()
    return str(default)


@click.command(name="settings")
@click.option("--markdown", is_flag=True, help="Write docs/configuration.md.")
def print_settings(*, markdown: bool) -> None:
    """Write all settings, with their defaults and meanings."""
    if markdown:
        click.echo(render_page("configuration.md", {"settings": _settings_tables()}), nl=False)
    else:
        click.echo(settings_help().partition("\n")[2])


def _settings_tables() -> str:
    """A table for each group, under its heading."""
    rows_by_group: dict[str, list[tuple[str, str, str]]] = {}
    group = ""
    for field_name in Settings.model_fields:
        group = _GROUP_BY_FIRST_FIELD.get(field_name, group)
        name, default, description = _settings_row(field_name)
        rows_by_group.setdefault(group, []).append((f"`{name}`", default, description))
    columns = ("variable", "default", "meaning")
    return "\n\n".join(
        f"## {group}\n\n{markdown_table(columns, rows)}" for group, rows in rows_by_group.items()
    )

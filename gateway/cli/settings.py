"""The settings as a table, for help and documentation, and the end of commands whose settings are invalid."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from gateway.config.environment import ConfigurationError
from gateway.config.settings import Settings, env_name
from gateway.server.lifecycle import PortUnavailable

_EXIT_USAGE = 2


@contextmanager
def exit_on_configuration_error() -> Iterator[None]:
    """Context manager: exit with status 2 on an invalid configuration or an unavailable port."""
    try:
        yield
    except PortUnavailable as error:
        click.echo(str(error), err=True)
        sys.exit(_EXIT_USAGE)
    except ConfigurationError as error:
        click.echo(f"Invalid configuration:\n{error}", err=True)
        sys.exit(_EXIT_USAGE)


def settings_help() -> str:
    """The settings as text, for the end of a command's help."""
    lines = ["\b", "Settings, from the environment:"]
    for name, default, description in _settings_rows():
        lines += [f"  {name} ({default})", f"      {description}"]
    return "\n".join(lines)


def _settings_rows() -> Iterator[tuple[str, str, str]]:
    """Variable, default and description of each setting."""
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else _format_default(field.default)
        yield env_name(name), default, field.description or ""


def _format_default(default: object) -> str:
    match default:
        case None | ():
            return "unset"
        case bool():
            return str(default).lower()
    return str(default)


@click.command(name="settings")
@click.option("--markdown", is_flag=True, help="As a table in Markdown.")
def print_settings(*, markdown: bool) -> None:
    """Write the settings, with their defaults and what they are."""
    if not markdown:
        click.echo(settings_help().partition("\n")[2])
        return
    click.echo("| variable | default | what it is |\n|---|---|---|")
    for name, default, description in _settings_rows():
        click.echo(f"| `{name}` | {default} | {description} |")

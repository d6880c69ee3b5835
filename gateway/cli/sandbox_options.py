"""The check of the sandbox's options: those without effect, and those that name unreadable data."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click
from click.core import ParameterSource

from gateway.sandbox.fixtures_file import UnreadableFixtures
from gateway.sandbox.replay import UnreadableRecording

_INEFFECTIVE_OPTIONS: Mapping[str, frozenset[str]] = {
    "replay": frozenset({"activities", "activity_every", "etag", "fixtures", "rate_limit", "seed"}),
    "fixtures": frozenset({"activities", "seed"}),
}
"""The options that have no effect, by the option that they are given with."""


@contextmanager
def refuse_wrong_options(context: click.Context) -> Iterator[None]:
    """Context manager: exit with status 2 where options do not go together, or their data cannot be read."""
    _refuse_ineffective(context)
    try:
        yield
    except UnreadableRecording as error:
        raise click.BadParameter(str(error), param_hint="--replay") from error
    except UnreadableFixtures as error:
        raise click.BadParameter(str(error), param_hint="--fixtures") from error


def _refuse_ineffective(context: click.Context) -> None:
    given = {
        name
        for name in context.params
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    for name, ineffective in _INEFFECTIVE_OPTIONS.items():
        for other in sorted(given & ineffective if name in given else ()):
            raise click.UsageError(f"--{other.replace('_', '-')} has no effect with --{name}.")

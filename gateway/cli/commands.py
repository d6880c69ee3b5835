"""`gateway commands`: all commands with their arguments and options, for people and for docs/cli.md."""

from collections.abc import Iterator
from inspect import cleandoc

import click

from gateway.cli.reference import markdown_table, render_page


@click.command(name="commands")
@click.option("--markdown", is_flag=True, help="Write docs/cli.md.")
@click.pass_context
def print_commands(context: click.Context, *, markdown: bool) -> None:
    """Write all commands, with their arguments."""
    root = click.Context(context.find_root().command, info_name="gateway")
    commands = list(_commands(root))
    if markdown:
        parts = {"overview": _overview(commands), "commands": "\n\n".join(map(_section, commands))}
        click.echo(render_page("cli.md", parts), nl=False)
        return
    for each in commands:
        click.echo(f"{_usage(each)}\n    {_summary(each)}")


def _commands(context: click.Context) -> Iterator[click.Context]:
    """The command of a context; of a group, all commands in it that are not hidden."""
    if not isinstance(context.command, click.Group):
        yield context
        return
    for name, command in context.command.commands.items():
        if not command.hidden:
            yield from _commands(click.Context(command, parent=context, info_name=name))


def _usage(context: click.Context) -> str:
    return " ".join([context.command_path, *context.command.collect_usage_pieces(context)])


def _text(context: click.Context) -> str:
    assert context.command.help is not None, context.command_path
    return cleandoc(context.command.help)


def _summary(context: click.Context) -> str:
    """The first paragraph of what a command does, on one line."""
    return _text(context).partition("\n\n")[0].replace("\n", " ")


def _overview(commands: list[click.Context]) -> str:
    return markdown_table(
        ("command", "what it does"),
        (
            (f"[`{each.command_path}`](#{each.command_path.replace(' ', '-')})", _summary(each))
            for each in commands
        ),
    )


def _section(context: click.Context) -> str:
    """A command with its usage and its options; `--help`, which all commands have, is left out."""
    lines = [f"## {context.command_path}", "", _text(context), "", "```", _usage(context), "```"]
    options = [
        record
        for parameter in context.command.params
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context))
    ]
    if options:
        rows = ((f"`{option}`", text.replace("  [", " [")) for option, text in options)
        lines += ["", markdown_table(("option", "meaning"), rows)]
    return "\n".join(lines)

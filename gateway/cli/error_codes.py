"""`gateway errors`: the error codes, for people, for docs/errors.md and for GraphiQL's guide."""

from collections.abc import Iterator
from typing import NamedTuple

import click
import msgspec

from gateway.cli.reference import markdown_table, render_page
from gateway.errors import (
    CODES_WITHOUT_CLASS,
    FieldError,
    GatewayError,
    InstantUnknown,
    OperationError,
    RequestError,
)


class ErrorCode(NamedTuple):
    """What callers have to know of a code.

    Attributes:
        code: The value of `extensions.code`.
        when: When callers get it, in Markdown.
        is_retryable: Whether the same request may succeed a little later.
        http_status: The HTTP status of the response, in words.
    """

    code: str
    when: str
    is_retryable: bool
    http_status: str


def error_codes() -> list[ErrorCode]:
    """All codes, in the order of the tree; those that no class has at the end."""
    classes_by_code: dict[str, list[type[GatewayError]]] = {}
    for error_class in _classes_with_code(GatewayError):
        classes_by_code.setdefault(error_class.code, []).append(error_class)
    return [
        *(_describe(code, classes) for code, classes in classes_by_code.items()),
        *(
            ErrorCode(code, each.when, is_retryable=False, http_status=each.http_status)
            for code, each in CODES_WITHOUT_CLASS.items()
        ),
    ]


def _classes_with_code(error_class: type[GatewayError]) -> Iterator[type[GatewayError]]:
    if "code" in vars(error_class):
        yield error_class
    for subclass in error_class.__subclasses__():
        yield from _classes_with_code(subclass)


def _describe(code: str, classes: list[type[GatewayError]]) -> ErrorCode:
    """One code; several classes have it where it has several causes."""
    return ErrorCode(
        code,
        "; or ".join(each.when for each in classes),
        is_retryable=any(each.retryable for each in classes),
        http_status=", or ".join(dict.fromkeys(map(_http_status, classes))),
    )


def _http_status(error_class: type[GatewayError]) -> str:
    if issubclass(error_class, RequestError):
        names = " and ".join(f"`{name}`" for name in error_class.headers)
        note = " *" if issubclass(error_class, OperationError) else ""
        return f"{error_class.status}{note}" + (f" with {names}" if names else "")
    assert issubclass(error_class, FieldError)
    return "-" if error_class is InstantUnknown else "200 and a path"


@click.command(name="errors")
@click.option("--markdown", "form", flag_value="markdown", help="Write docs/errors.md.")
@click.option("--json", "form", flag_value="json", help="Write a JSON array of objects.")
def print_error_codes(form: str | None) -> None:
    """Write the error codes: when callers get each, whether to retry, and the HTTP status."""
    codes = error_codes()
    if form == "markdown":
        click.echo(render_page("errors.md", {"codes": _codes_table(codes)}), nl=False)
    elif form == "json":
        rows = [
            {"code": each.code, "when": each.when, "httpStatus": each.http_status} for each in codes
        ]
        click.echo(msgspec.json.format(msgspec.json.encode(rows)))
    else:
        for each in codes:
            click.echo(f"{each.code} ({each.http_status})\n    {each.when}")


def _codes_table(codes: list[ErrorCode]) -> str:
    return markdown_table(
        ("code", "when", "retryable", "HTTP status"),
        (
            (f"`{each.code}`", each.when, "yes" if each.is_retryable else "no", each.http_status)
            for each in codes
        ),
    )

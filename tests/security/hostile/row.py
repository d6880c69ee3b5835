"""One row of the table: what somebody sends who means harm, and what comes of it."""

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

GRAPHQL = "application/graphql-response+json"
PLAIN = "{ activities(clientId: 1001) { totalCount } }"

BAD_REQUEST = "BAD_REQUEST"
PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
INVALID = "GRAPHQL_VALIDATION_FAILED"
UNRESOLVED = "OPERATION_RESOLUTION_FAILURE"
INPUT = "BAD_USER_INPUT"
LIMIT = "LIMIT_EXCEEDED"
TOO_LARGE = "PAYLOAD_TOO_LARGE"
MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
METHOD = "METHOD_NOT_ALLOWED"

PAUSE = b""
"""A part of a request that takes its time instead of having bytes."""


class Row(NamedTuple):
    """A request and its answer.

    Attributes:
        name: What it tries.
        parts: Its bytes, in parts, for each time that it is sent: so that no two need be the same.
        status: The HTTP status; None where the connection ends without an answer.
        code: The code of the first error; None where there is none.
        is_large: Whether it may take as long as the largest honest operation, sent for the first
            time. Everything else takes no longer than twenty plain queries.
    """

    name: str
    parts: Callable[[int], Iterable[bytes]]
    status: int | None
    code: str | None = None
    is_large: bool = False


def request(head: str | bytes, body: bytes = b"") -> bytes:
    """A request of these lines; what no line says about its end is added."""
    lines = head.encode() if isinstance(head, str) else head
    rest = f"Host: gateway\r\nConnection: close\r\nAccept: {GRAPHQL}\r\n\r\n"
    return lines.replace(b"\n", b"\r\n") + b"\r\n" + rest.encode() + body


def posted(body: bytes, *, headers: str = "Content-Type: application/json") -> bytes:
    """A POST of a body."""
    return request(f"POST /graphql HTTP/1.1\n{headers}\nContent-Length: {len(body)}", body)


def body(
    name: str, sent: bytes, status: int = 400, code: str | None = BAD_REQUEST, **more: Any
) -> Row:
    """A row about a body."""
    return Row(name, lambda _: [posted(sent)], status, code, **more)


def wire(name: str, sent: bytes, status: int | None = 400, code: str | None = BAD_REQUEST) -> Row:
    """A row about what is on the wire."""
    return Row(name, lambda _: [sent], status, code)


def document(
    name: str,
    text: str,
    status: int = 400,
    code: str | None = LIMIT,
    *,
    is_large: bool = False,
    **parameters: object,
) -> Row:
    """A row about a document. It is a new one each time: nothing of it is remembered."""

    def parts(time: int) -> list[bytes]:
        return [posted(json.dumps({"query": f"{text}#{time}", **parameters}).encode())]

    return Row(name, parts, status, code, is_large)

"""Callers that take their time, or are gone before the end."""

import json
from collections.abc import Iterator

from tests.security.hostile.row import BAD_REQUEST, PAUSE, PLAIN, Row, posted, request

QUERY = json.dumps({"query": PLAIN}).encode()
WHOLE = posted(QUERY)
HEAD = WHOLE[: -len(QUERY)]
CHUNKED = "POST /graphql HTTP/1.1\nContent-Type: application/json\nTransfer-Encoding: chunked"


def bit_by_bit(sent: bytes) -> Iterator[bytes]:
    """A byte now and then."""
    for number in range(len(sent)):
        yield sent[number : number + 1]
        yield PAUSE


def slow(name: str, begun: bytes, rest: bytes, status: int | None = 408) -> Row:
    """A row about a request that never gets to its end."""
    code = BAD_REQUEST if status == 408 else None
    return Row(name, lambda _: [begun, *bit_by_bit(rest * 100)], status, code)


PEERS: list[Row] = [
    slow("a request line, byte by byte", b"", b"GET /graphql?query=x"),
    slow("a header, byte by byte", b"GET /graphql HTTP/1.1\r\nX: ", b"y"),
    slow("header after header", b"GET /graphql HTTP/1.1\r\n", b"a:b\r\n"),
    slow("a body, byte by byte", HEAD.replace(b"Length: ", b"Length: 9"), b" "),
    slow("chunk after chunk", request(CHUNKED), b"1\r\n \r\n"),
    slow("a body that never comes", HEAD, b""),
    slow("line breaks for ever", b"", b"\r\n", None),
    slow("nothing at all", b"", b"", None),
]

"""Encoded responses of the GraphQL endpoint, as ASGI applications."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from gateway.config.headers import RawHeaders
from gateway.engine.execution import Result
from gateway.web import graphql_over_http as spec

_COMMON_HEADERS = ((b"vary", b"Accept"), (b"cache-control", b"private, no-store"))
_CONTENT_TYPES = {
    media_type: (b"content-type", f"{media_type}; charset=utf-8".encode())
    for media_type in (spec.JSON, spec.GRAPHQL_RESPONSE, spec.HTML)
}
_NO_HEADERS: Mapping[str, str] = {}


class EncodedResponse(Struct, frozen=True):
    """A response: its status, its headers with names in lower case, and its body."""

    status_code: int
    headers: RawHeaders
    body: bytes

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.headers}
        )
        await send({"type": "http.response.body", "body": self.body})


def encode_response(
    result: Result, status: int, media_type: str, headers: Mapping[str, str] = _NO_HEADERS
) -> EncodedResponse:
    """The response with this result."""
    body = msgspec.json.encode(result)
    return EncodedResponse(
        status,
        [
            *_COMMON_HEADERS,
            *encode_headers(headers),
            content_length(body),
            content_type(media_type),
        ],
        body,
    )


def encode_headers(headers: Mapping[str, str]) -> RawHeaders:
    """Headers as ASGI passes them."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def content_type(media_type: str) -> tuple[bytes, bytes]:
    """The header of one of the media types of responses."""
    return _CONTENT_TYPES[media_type]


def content_length(body: bytes) -> tuple[bytes, bytes]:
    """The header with the length of a body."""
    return b"content-length", b"%d" % len(body)

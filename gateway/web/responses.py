"""Encoded responses of the GraphQL endpoint, as ASGI applications."""

from collections.abc import Mapping
from typing import Self

import msgspec
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from gateway.config.headers import RawHeader, RawHeaders
from gateway.engine.execution import Result
from gateway.web import graphql_over_http as spec

_CACHE_CONTROL = (b"cache-control", b"private, no-store")
_CONTENT_TYPES = {
    media_type: (b"content-type", f"{media_type}; charset=utf-8".encode())
    for media_type in (spec.JSON, spec.GRAPHQL_RESPONSE, spec.HTML)
}
NO_HEADERS: Mapping[str, str] = {}

VARY_BY_ACCEPT = (b"vary", b"Accept")


class EncodedResponse(Struct, frozen=True):
    """A response: its status, its headers with names in lower case, and its body."""

    status_code: int
    headers: RawHeaders
    body: bytes

    def header(self, name: bytes) -> bytes:
        """The value of a header; empty where there is none."""
        return next((value for key, value in self.headers if key == name), b"")

    def replace(self, headers: RawHeaders, body: bytes | None = None) -> Self:
        """The response with these headers in place of those with the same names, and with this body, if any."""
        names = [name for name, _ in headers]
        kept = [each for each in self.headers if each[0] not in names]
        return type(self)(self.status_code, [*kept, *headers], self.body if body is None else body)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.headers}
        )
        await send({"type": "http.response.body", "body": self.body})


def encode_response(
    result: Result,
    status: int,
    media_type: str,
    headers: Mapping[str, str] = NO_HEADERS,
    *,
    vary: RawHeader = VARY_BY_ACCEPT,
) -> EncodedResponse:
    """The response with this result; `vary` is the header with the names of the headers that it depends on."""
    body = msgspec.json.encode(result)
    return EncodedResponse(
        status,
        [
            vary,
            _CACHE_CONTROL,
            *encode_headers(headers),
            content_length(body),
            content_type(media_type),
        ],
        body,
    )


def encode_headers(headers: Mapping[str, str]) -> RawHeaders:
    """Headers as ASGI passes them."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def content_type(media_type: str) -> RawHeader:
    """The header of one of the media types of responses."""
    return _CONTENT_TYPES[media_type]


def content_length(body: bytes) -> RawHeader:
    """The header with the length of a body."""
    return b"content-length", b"%d" % len(body)

"""Fault injection by the admin API: the requests that a fault matches, and its effect on the response.

`PUT /_sandbox/faults` takes a list of objects. The first fault that matches a request is injected:

- `path` (required): the path template (`/api/2.1/scheduling/companies/{companyId}/staff`), the exact
  path, or a prefix of paths followed by `*`.
- `query`: query parameters and their required values, such as `{"clientId": "1001"}`.
- `times`: the number of requests to match; without it, all.

Effects on these requests:

- `delayMilliseconds`: delays the response.
- `status`, `body`, `bodyBytes`: another response in place of the normal one. A `body` that is a string
  is sent verbatim, in the charset of `contentType`; an object or a list is sent as JSON. `bodyBytes`
  streams that many bytes of JSON, most of them blanks. A `status` of 400 or more without a body
  has the upstream's error format; any other status without a body has an empty one.
- `bodyBase64`: like `body`, for binary content.
- `put`: raw JSON by its path in the normal response: `{"items/*/date": "1e400"}`. A `*` is
  every element or key; a missing key is added to its object.
- `compress`: codings by which the body is compressed in turn: `["gzip", "gzip"]`, or `deflate`. Together
  with `bodyBytes`, the response is a decompression bomb.
- `contentType` (`application/json` for another response), `headers`: set on the response.
- `drop`: drops the connection `before` anything is sent, after the `headers`, or in the middle
  of the `body`.
- `truncate`: cuts the body off after that many bytes, though `Content-Length` declares all of them.
"""

import codecs
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from starlette.datastructures import QueryParams

from gateway.sandbox.fault_injection.body_faults import (
    ContentCoding,
    compress_response,
    overwrite_json,
)
from gateway.sandbox.responses import Response, error_response

HeaderName = Annotated[
    str, Meta(pattern=r"^(?!(?i:content-length|transfer-encoding)$)[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
]
HeaderValue = Annotated[str, Meta(pattern=r"^[\x20-\x7e]*$")]
Count = Annotated[int, Meta(ge=0)]


class Fault(
    msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A fault to inject: the requests that it matches, and its effect on the response."""

    path: Annotated[str, Meta(min_length=1)]
    query: dict[str, str] = {}
    times: Annotated[int, Meta(ge=1)] | None = None
    delay_milliseconds: Count = 0
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    body: str | dict[str, Any] | list[Any] | None = None
    body_bytes: Count | None = None
    body_base64: bytes | None = None
    put: dict[str, str] = {}
    compress: list[ContentCoding] = []
    content_type: HeaderValue | None = None
    headers: dict[HeaderName, HeaderValue] = {}
    drop: Literal["before", "headers", "body"] | None = None
    truncate: Count | None = None

    def __post_init__(self) -> None:
        if [self.body, self.body_bytes, self.body_base64].count(None) < 2:
            raise ValueError("body, bodyBytes and bodyBase64 exclude each other")
        _charset(self.content_type)

    def matches(self, template: str, path: str, query: QueryParams) -> bool:
        path_matches = self.path in (template, path) or (
            self.path.endswith("*") and path.startswith(self.path[:-1])
        )
        return path_matches and all(query.get(name) == value for name, value in self.query.items())

    def replacement(self) -> Response | None:
        """The response in place of the normal one; None where this fault has none."""
        bodies = (self.body, self.body_bytes, self.body_base64)
        if self.status is None and bodies == (None, None, None):
            return None
        status = self.status or 200
        response = Response(status, self._content(), (("content-type", "application/json"),))
        if self.body_bytes is not None:
            return replace(response, padding_length=self.body_bytes)
        if bodies == (None, None, None) and status >= 400:
            return error_response(status, "This error was injected by a fault.")
        return response

    def apply(self, response: Response) -> Response:
        """The response with this fault's JSON values, compression and headers."""
        if self.put:
            response = replace(response, body=overwrite_json(response.body, self.put))
        if self.compress:
            response = compress_response(response, self.compress)
        if self.content_type is not None:
            response = response.with_header("content-type", self.content_type)
        for name, value in self.headers.items():
            response = response.with_header(name, value)
        return response

    def _content(self) -> bytes:
        if self.body_base64 is not None:
            return self.body_base64
        match self.body:
            case None:
                return b""
            case str(text):
                return text.encode(_charset(self.content_type), "xmlcharrefreplace")
            case content:
                return msgspec.json.encode(content)


class FaultInjector:
    """The active faults, and the number of requests that each has matched."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._hit_counts: list[int] = []

    def replace(self, content: bytes) -> None:
        """Raises ValueError, with a message for the sender, where the content is no list of faults."""
        self._faults = msgspec.json.decode(content, type=list[Fault])
        self._hit_counts = [0] * len(self._faults)

    def clear(self) -> None:
        self._faults, self._hit_counts = [], []

    def as_json(self) -> dict[str, object]:
        return {"faults": self._faults, "hits": self._hit_counts}

    def match_and_count(self, template: str, path: str, query: QueryParams) -> Fault | None:
        """The first fault that matches the request and is not exhausted; counts the match."""
        for index, fault in enumerate(self._faults):
            is_exhausted = fault.times is not None and self._hit_counts[index] >= fault.times
            if not is_exhausted and fault.matches(template, path, query):
                self._hit_counts[index] += 1
                return fault
        return None


def _charset(content_type: str | None) -> str:
    _, _, charset = (content_type or "").partition("charset=")
    try:
        return codecs.lookup(charset.partition(";")[0].strip(' "') or "utf-8").name
    except LookupError:
        raise ValueError(f"unknown charset {charset}") from None

"""Requests and responses of endpoints: status, headers and body, and the upstream's error format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import msgspec
from starlette.datastructures import QueryParams

from gateway.sandbox.fixtures.sample import SampleData

JSON_CONTENT_TYPE = "application/json;charset=UTF-8"

REASON_BY_STATUS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "notFound",
    429: "tooManyRequests",
    501: "notImplemented",
    503: "unavailable",
}

HeaderPairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response. `padding_length` is the number of bytes to generate for a body too long to store."""

    status: int
    body: bytes
    headers: HeaderPairs = (("content-type", JSON_CONTENT_TYPE),)
    padding_length: int = 0

    def with_header(self, name: str, value: str) -> "Response":
        """The response with a header in place of all headers of the same name, in any case."""
        name = name.lower()
        others = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*others, (name, value)))


def json_response(content: object, status: int = 200) -> Response:
    return Response(status, msgspec.json.encode(content))


def item_response(content: object) -> Response:
    """A single resource as a bare object; None is answered with 404."""
    return error_response(404, "Unknown resource.") if content is None else json_response(content)


def list_response(contents: Iterable[object]) -> Response:
    """A list in the upstream's format."""
    return json_response({"items": list(contents)})


def error_response(status: int, message: str) -> Response:
    """An error in the upstream's format."""
    reason = REASON_BY_STATUS.get(status, "error")
    return json_response({"error": {"code": status, "reason": reason, "message": message}}, status)


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """A request to an endpoint: `account` is the authenticated account, `ids` are the ids in the path."""

    sample_data: SampleData
    account: str
    ids: Mapping[str, str]
    query: QueryParams

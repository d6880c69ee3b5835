"""What the sandbox says: a status, headers, a body; and the upstream's form of an error."""

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
    """`padding_length` is how many bytes to make up, where the body is too long to be kept."""

    status: int
    body: bytes
    headers: HeaderPairs = (("content-type", JSON_CONTENT_TYPE),)
    padding_length: int = 0

    def with_header(self, name: str, value: str) -> "Response":
        """In place of headers of the same name, in any case of letters."""
        name = name.lower()
        others = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*others, (name, value)))


def json_response(content: object, status: int = 200) -> Response:
    return Response(status, msgspec.json.encode(content))


def item_response(content: object) -> Response:
    """One thing, bare; None is one that does not exist."""
    return (
        error_response(404, "There is no such thing.")
        if content is None
        else json_response(content)
    )


def list_response(contents: Iterable[object]) -> Response:
    """The upstream's form of a list."""
    return json_response({"items": list(contents)})


def error_response(status: int, message: str) -> Response:
    """The upstream's form of an error."""
    reason = REASON_BY_STATUS.get(status, "error")
    return json_response({"error": {"code": status, "reason": reason, "message": message}}, status)


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """`account` is who asks; `ids` are those in the path."""

    sample_data: SampleData
    account: str
    ids: Mapping[str, str]
    query: QueryParams

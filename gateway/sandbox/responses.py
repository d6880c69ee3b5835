"""What the sandbox says: a status, headers, a body; and the upstream's form of an error."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import msgspec
from starlette.datastructures import QueryParams

from gateway.sandbox.fixtures.sample import World

JSON = "application/json;charset=UTF-8"

REASONS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "notFound",
    429: "tooManyRequests",
    501: "notImplemented",
    503: "unavailable",
}

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`padding` is how many bytes to make up, where the body is too long to be kept."""

    status: int
    body: bytes
    headers: Headers = (("content-type", JSON),)
    padding: int = 0

    def with_header(self, name: str, value: str) -> "Answer":
        """In place of headers of the same name, in any case of letters."""
        name = name.lower()
        others = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*others, (name, value)))


def json_answer(content: object, status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(content))


def item(content: object) -> Answer:
    """One thing, bare; None is one that does not exist."""
    return refusal(404, "There is no such thing.") if content is None else json_answer(content)


def items(contents: Iterable[object]) -> Answer:
    """The upstream's form of a list."""
    return json_answer({"items": list(contents)})


def refusal(status: int, message: str) -> Answer:
    """The upstream's form of an error."""
    reason = REASONS.get(status, "error")
    return json_answer({"error": {"code": status, "reason": reason, "message": message}}, status)


@dataclass(frozen=True, slots=True)
class Question:
    """`account` is who asks; `ids` are those in the path."""

    world: World
    account: str
    ids: Mapping[str, str]
    query: QueryParams

"""Media types, parameters, statuses: the GraphQL-over-HTTP specification, and nothing else.

https://graphql.github.io/graphql-over-http/draft/
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

import msgspec

from gateway.engine.request import Request
from gateway.errors import (
    BadRequest,
    MethodNotAllowed,
    NotAcceptable,
    OperationError,
    RequestError,
    UnsupportedMediaType,
)

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"

READING = frozenset({"GET", "HEAD"})
"""The methods whose request is in the parameters; HEAD gets the head of what GET gets (RFC 9110, 9.3.2)."""

_MOST_LEVELS = 64
_MOST_VALUES = 4_000
_MOST_DIGITS = 100
_BEYOND_NUMBERS = 10**_MOST_DIGITS
"""What the JSON of a request may be: all that GraphQL has use for, nothing that takes long to coerce."""

_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|\.[0-9]{1,3}|1(\.0{0,3})?")
"""RFC 9110, 12.4.2, and `.2`, as Java's own client writes it."""

_ANY = {"*/*", "*"}
"""The second is how Java's own client writes the first."""

_MOST_CODING_CHARACTERS = 40


def response_media_type(accept: str | None, *, html: bool = False) -> str:
    """The media type of the answer: the one most wanted, ours first where several are.

    Args:
        accept: The `Accept` header; none means anything, which gets `application/json`.
        html: Whether a page for browsers can be had as well.

    Raises:
        NotAcceptable: The header leaves nothing that can be given.
    """
    if accept is None or not accept.strip():
        return JSON
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    offers = [GRAPHQL_RESPONSE, JSON] + [HTML] * html
    wanted = {offer: _quality(offer, ranges) for offer in offers}
    if not html or wanted[HTML] <= max(wanted[GRAPHQL_RESPONSE], wanted[JSON]):
        wanted.pop(HTML, None)
    best = max(wanted, key=lambda offer: (wanted[offer], _named(offer, ranges)))
    if wanted[best] <= 0:
        raise NotAcceptable(f"Answers are given as {GRAPHQL_RESPONSE} or {JSON}.")
    return best


def get_request(query_string: bytes) -> Request:
    """The request in the parameters of an HTTP GET.

    Raises:
        RequestError: There is none.
    """
    try:
        text = query_string.decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError as error:
        raise BadRequest("The query string cannot be read.") from error
    parameters: dict[str, object] = dict(pairs)
    if len(parameters) < len(pairs):
        raise BadRequest("A parameter is given more than once.")
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _json(str(parameters[name]).encode() or b"null", name)
    return Request.of(parameters)


def refuse_encoded(content_encoding: str) -> None:
    """Raises UnsupportedMediaType for a body that is compressed, or otherwise encoded."""
    codings = {coding.strip().lower() for coding in content_encoding.split(",")}
    if codings - {"", "identity"}:
        named = content_encoding[:_MOST_CODING_CHARACTERS]
        raise UnsupportedMediaType(
            f"Send the body as it is: `Content-Encoding: {named}` is not read here.",
            headers={"Accept-Encoding": "identity"},
        )


def post_request(content_type: str | None, body: bytes) -> Request:
    """The request in the body of an HTTP POST; a byte-order mark before it says nothing.

    Raises:
        RequestError: There is none, or not as JSON in UTF-8.
    """
    media_type, parameters = _media_type(content_type or "")
    if media_type != JSON:
        raise UnsupportedMediaType(f"Send {JSON}.")
    if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType("Send JSON in UTF-8.")
    return Request.of(_json(body.removeprefix(BOM_UTF8), "body"))


def refuse_other_methods(method: str) -> None:
    """Raises MethodNotAllowed for what neither reads nor posts."""
    if method not in {*READING, "POST"}:
        raise MethodNotAllowed("Use GET, HEAD or POST.", allow="GET, HEAD, POST")


def status(error: RequestError | None, media_type: str) -> int:
    """The HTTP status of an answer; `error` is why the operation never ran.

    A well-formed request always gets 200 with `application/json`, which cannot tell an answer from
    what some proxy says; with our own media type statuses mean what they say.
    """
    if error is None or (isinstance(error, OperationError) and media_type == JSON):
        return 200
    return error.status


def _json(text: bytes, name: str) -> object:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadRequest(f"The {name} cannot be read as JSON in UTF-8.") from error
    _refuse_odd(value, name)
    return value


def _refuse_odd(value: object, name: str) -> None:
    """Raises BadRequest for JSON that is deeper, or has more values or longer numbers, than needed."""
    level, values = [value], 1
    for _ in range(_MOST_LEVELS):
        level = _inside(level, name)
        values += len(level)
        if not level:
            return
        if values > _MOST_VALUES:
            raise BadRequest(f"The {name} has more than {_MOST_VALUES} values.")
    raise BadRequest(f"The {name} is nested more than {_MOST_LEVELS} levels deep.")


def _inside(level: Iterable[object], name: str) -> list[object]:
    """What the lists and objects of a level hold; its numbers are looked at."""
    inside: list[object] = []
    for value in level:
        if isinstance(value, dict):
            inside += value.values()
        elif isinstance(value, list):
            inside += value
        elif type(value) is int and abs(value) >= _BEYOND_NUMBERS:
            raise BadRequest(f"The {name} has a number of more than {_MOST_DIGITS} digits.")
    return inside


def _media_type(text: str) -> tuple[str, Mapping[str, str]]:
    essence, *parameters = text.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return essence.strip().lower(), {
        name.strip().lower(): value.strip().strip('"') for name, _, value in pairs
    }


def _range(text: str) -> tuple[str, float]:
    media_type, parameters = _media_type(text)
    if media_type in _ANY:
        media_type = "*/*"
    if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        return media_type, 0.0
    quality = parameters.get("q", "1")
    return media_type, float(quality) if _QUALITY.fullmatch(quality) else 0.0


def _quality(offer: str, ranges: list[tuple[str, float]]) -> float:
    """How much an offer is wanted: by the most specific range that covers it (RFC 9110, 12.5.1)."""
    for covering in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        qualities = [quality for media_type, quality in ranges if media_type == covering]
        if qualities:
            return max(qualities)
    return 0.0


def _named(offer: str, ranges: list[tuple[str, float]]) -> tuple[bool, bool]:
    """What breaks a tie: being named; then ours if named, `application/json` if only covered."""
    named = any(media_type == offer for media_type, _ in ranges)
    return named, (offer == GRAPHQL_RESPONSE) == named

"""The GraphQL-over-HTTP specification: media types, parameters and statuses.

https://graphql.github.io/graphql-over-http/draft/
"""

import re
from codecs import BOM_UTF8
from collections.abc import Collection, Mapping
from functools import lru_cache
from urllib.parse import parse_qsl

import msgspec

from gateway.engine.execution import Result
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

READ_METHODS = frozenset({"GET", "HEAD"})
"""Methods with the request in the query string; HEAD gets the headers of GET (RFC 9110, 9.3.2)."""

_MAX_LEVELS = 64
_MAX_VALUES = 4_000
_MAX_DIGITS = 100
_INTEGER_BOUND = 10**_MAX_DIGITS
"""Limits on the JSON of a request: enough for any GraphQL request, and fast to coerce."""

_UNLIMITED_TYPES = frozenset({str, float, bool, type(None)})
"""The types of JSON values that hold no others and have no digits to count."""

_QUALITY_PATTERN = re.compile(r"0(\.[0-9]{0,3})?|\.[0-9]{1,3}|1(\.0{0,3})?")
"""A quality value (RFC 9110, 12.4.2), and `.2`, as Java's own HTTP client writes it."""

_ANY_MEDIA_TYPE = {"*/*", "*"}
"""Any media type; Java's own HTTP client writes `*` for `*/*`."""

_MAX_CODING_CHARACTERS = 40

_USUAL_CONTENT_TYPES = frozenset(
    {
        JSON,
        f"{JSON};charset=utf-8",
        f"{JSON};charset=UTF-8",
        f"{JSON}; charset=utf-8",
        f"{JSON}; charset=UTF-8",
    }
)
"""What most callers send for JSON in UTF-8; other spellings are parsed."""

_MAX_MEMO_CHARACTERS = 256
_MAX_MEMOS = 256
"""The number of `Accept` headers whose outcome is memoized, and their length: few different ones are sent."""


def response_media_type(accept: str, *, html: bool = False) -> str:
    """The media type of the response (content negotiation): that of the highest quality, GraphQL's own first.

    Args:
        accept: The `Accept` header; an empty one means any, and gives `application/json`.
        html: Whether a page for browsers is available as well.

    Raises:
        NotAcceptable: The header accepts none of the available media types.
    """
    if not accept:
        return JSON
    if len(accept) > _MAX_MEMO_CHARACTERS:
        return _negotiate(accept, html=html)
    return _negotiate_memoized(accept, html=html)


def _negotiate(accept: str, *, html: bool) -> str:
    if not accept.strip():
        return JSON
    ranges = [_parse_range(part) for part in accept.split(",") if part.strip()]
    offers = [GRAPHQL_RESPONSE, JSON] + [HTML] * html
    quality_by_offer = {offer: _quality(offer, ranges) for offer in offers}
    if not html or quality_by_offer[HTML] <= max(
        quality_by_offer[GRAPHQL_RESPONSE], quality_by_offer[JSON]
    ):
        quality_by_offer.pop(HTML, None)
    best = max(
        quality_by_offer, key=lambda offer: (quality_by_offer[offer], _tie_break(offer, ranges))
    )
    if quality_by_offer[best] <= 0:
        raise NotAcceptable(f"Responses are available as {GRAPHQL_RESPONSE} or {JSON} only.")
    return best


_negotiate_memoized = lru_cache(_MAX_MEMOS)(_negotiate)


def parse_get(query_string: bytes) -> Request:
    """The request in the query string of an HTTP GET.

    Raises:
        RequestError: The query string holds no GraphQL request.
    """
    try:
        text = query_string.decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError as error:
        raise BadRequest("The query string could not be decoded.") from error
    parameters: dict[str, object] = dict(pairs)
    if len(parameters) < len(pairs):
        raise BadRequest("A query parameter is given more than once.")
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _parse_json(str(parameters[name]).encode() or b"null", name)
    return Request.from_parameters(parameters)


def reject_encoded_body(content_encoding: str) -> None:
    """Raises UnsupportedMediaType for a body with a content coding, such as a compressed body."""
    if not content_encoding:
        return
    codings = {coding.strip().lower() for coding in content_encoding.split(",")}
    if codings - {"", "identity"}:
        quoted = content_encoding[:_MAX_CODING_CHARACTERS]
        raise UnsupportedMediaType(
            f"The request body must not be encoded: `Content-Encoding: {quoted}` is not supported.",
            headers={"Accept-Encoding": "identity"},
        )


def parse_post(content_type: str | None, body: bytes) -> Request:
    """The request in the body of an HTTP POST; a byte-order mark before it is ignored.

    Raises:
        RequestError: The body holds no GraphQL request as JSON in UTF-8.
    """
    if content_type not in _USUAL_CONTENT_TYPES:
        _enforce_json_in_utf8(content_type or "")
    return Request.from_parameters(_parse_json(body.removeprefix(BOM_UTF8), "body"))


def _enforce_json_in_utf8(content_type: str) -> None:
    """Raises UnsupportedMediaType for a body that is not declared as JSON in UTF-8."""
    media_type, parameters = _parse_media_type(content_type)
    if media_type != JSON:
        raise UnsupportedMediaType(f"The `Content-Type` of the request body must be {JSON}.")
    if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType("The charset of the request body must be UTF-8.")


def error_response(error: RequestError) -> Result:
    """The response to a request whose operation never ran."""
    problems = error.problems if isinstance(error, OperationError) else [{"message": str(error)}]
    errors = [{**each, "extensions": each.get("extensions", error.extensions)} for each in problems]
    return Result(errors=errors)


def reject_unsupported_methods(method: str) -> None:
    """Raises MethodNotAllowed for any method but GET, HEAD and POST."""
    if method != "POST" and method not in READ_METHODS:
        raise MethodNotAllowed("Use GET, HEAD or POST.", allow="GET, HEAD, POST")


def http_status(error: RequestError | None, media_type: str) -> int:
    """The HTTP status of a response; `error` is the reason why the operation never ran.

    With `application/json` a well-formed request always gets 200, since that media type does not
    distinguish a GraphQL response from one of a proxy; with GraphQL's own media type the status applies.
    """
    if error is None or (isinstance(error, OperationError) and media_type == JSON):
        return 200
    return error.status


def _parse_json(text: bytes, name: str) -> object:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadRequest(f"The {name} is not valid JSON in UTF-8.") from error
    _enforce_json_limits(value, name)
    return value


def _enforce_json_limits(value: object, name: str) -> None:
    """Raises BadRequest for JSON above the limits of depth, number of values or digits of a number."""
    level, values = [value], 1
    for _ in range(_MAX_LEVELS):
        child_groups: list[Collection[object]] = []
        for each in level:
            if isinstance(each, dict):
                child_groups.append(each.values())
            elif isinstance(each, list):
                child_groups.append(each)
            elif type(each) is int and abs(each) >= _INTEGER_BOUND:
                raise BadRequest(f"The {name} has a number of more than {_MAX_DIGITS} digits.")
        count = sum(map(len, child_groups))
        if not count:
            return
        values += count
        if values > _MAX_VALUES:
            raise BadRequest(f"The {name} has more than {_MAX_VALUES} values.")
        level = [
            child
            for children in child_groups
            for child in children
            if type(child) not in _UNLIMITED_TYPES
        ]
    raise BadRequest(f"The {name} is nested more than {_MAX_LEVELS} levels deep.")


def _parse_media_type(text: str) -> tuple[str, Mapping[str, str]]:
    essence, *parameters = text.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return essence.strip().lower(), {
        name.strip().lower(): value.strip().strip('"') for name, _, value in pairs
    }


def _parse_range(text: str) -> tuple[str, float]:
    media_type, parameters = _parse_media_type(text)
    if media_type in _ANY_MEDIA_TYPE:
        media_type = "*/*"
    if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        return media_type, 0.0
    quality = parameters.get("q", "1")
    return media_type, float(quality) if _QUALITY_PATTERN.fullmatch(quality) else 0.0


def _quality(offer: str, ranges: list[tuple[str, float]]) -> float:
    """The quality of an offer, by the most specific range that covers it (RFC 9110, 12.5.1)."""
    for media_range in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        qualities = [quality for media_type, quality in ranges if media_type == media_range]
        if qualities:
            return max(qualities)
    return 0.0


def _tie_break(offer: str, ranges: list[tuple[str, float]]) -> tuple[bool, bool]:
    """The order of offers of equal quality: first those named by a range.

    Among named ones GraphQL's own media type is first, among those covered by a wildcard `application/json`.
    """
    is_named = any(media_type == offer for media_type, _ in ranges)
    return is_named, (offer == GRAPHQL_RESPONSE) == is_named

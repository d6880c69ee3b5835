"""Shapes: what a report may say of a text that may be somebody's data. Pure."""

import re
from collections.abc import Iterable

from gateway.upstream.records import links

_MAX_SHAPE_CHARACTERS = 24

KNOWN_SEGMENTS = frozenset(
    [
        "activities",
        "api",
        "appointments",
        "clients",
        "companies",
        "conferences",
        "contacts",
        "emails",
        "forms",
        "messages",
        "notes",
        "notifications",
        "registrations",
        "results",
        "scheduling",
        "services",
        "sessions",
        "sms",
        "staff",
    ]
)
VERSION = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}")
_LINK_START = re.compile(r"https?://|/")
LINK = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL
)

REGISTERED_HEADERS = frozenset(
    [
        "accept-ranges",
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "access-control-max-age",
        "age",
        "allow",
        "alt-svc",
        "cache-control",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-security-policy",
        "content-type",
        "date",
        "etag",
        "expires",
        "keep-alive",
        "last-modified",
        "link",
        "location",
        "pragma",
        "proxy-authenticate",
        "referrer-policy",
        "retry-after",
        "server",
        "server-timing",
        "set-cookie",
        "strict-transport-security",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "vary",
        "via",
        "warning",
        "www-authenticate",
        "x-content-type-options",
        "x-frame-options",
        "x-xss-protection",
    ]
)
CONNECTION_HEADERS = frozenset(
    {"connection", "content-length", "date", "keep-alive", "transfer-encoding"}
)
"""Headers of a connection and of a moment, which say nothing about the REST API."""

RATE_LIMIT_HEADERS = frozenset(
    [
        "ratelimit",
        "ratelimit-limit",
        "ratelimit-policy",
        "ratelimit-remaining",
        "ratelimit-reset",
        "retry-after",
        "x-rate-limit-limit",
        "x-rate-limit-remaining",
        "x-rate-limit-reset",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ]
)


def shape(text: str) -> str:
    """The shape of a text: `Aaaa 9` for one letter of upper case, three of lower case, a space and a digit.

    Any other character is a point. A long text is cut off.
    """
    signs = [_sign(character) for character in text[:_MAX_SHAPE_CHARACTERS]]
    return "".join(signs) + ("…" if len(text) > _MAX_SHAPE_CHARACTERS else "")


def _sign(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return " " if character.isspace() else "."


def header_names(names: Iterable[str]) -> list[str]:
    """Names of headers, each once: registered ones and those of rate limits; any other by its shape."""
    known = REGISTERED_HEADERS | RATE_LIMIT_HEADERS
    return sorted({name if name in known else shape(name) for name in names})


def is_link(text: str) -> bool:
    """Whether a text is the URL of a resource, perhaps without scheme and host."""
    return _LINK_START.match(text) is not None


def link_template(link: str, upstream_host: str) -> str:
    """The template of a link: known segments of the path; ids and everything else by a placeholder."""
    parts = LINK.fullmatch(link)
    assert parts is not None  # the expression matches every text
    scheme, host, path, query, fragment = parts.groups()
    start = ""
    if scheme is not None:
        start = f"{scheme.lower()}:" if scheme.lower() in {"http", "https"} else "{scheme}:"
    if host is not None:
        start += "//{upstream}" if host.lower() == upstream_host.lower() else "//{other host}"
    template = "/".join(map(_segment, path.split("/")))
    return start + template + ("?…" if query else "") + ("#…" if fragment else "")


def _segment(segment: str) -> str:
    if segment == "" or segment in KNOWN_SEGMENTS or VERSION.fullmatch(segment):
        return segment
    if links.is_id(segment) and any(map(str.isdigit, segment)):
        return "{id}"
    return f"{{{shape(segment)}}}"

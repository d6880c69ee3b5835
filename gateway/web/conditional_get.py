"""Conditional GET: entity tags of responses, and responses to requests that have one (RFC 9110, 13.1.2)."""

import hashlib
import re

from gateway.config.headers import RawHeaders
from gateway.web.responses import EncodedResponse

_TAG_DIGITS = 32

_ENTITY_TAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
"""An entity tag (RFC 9110, 8.8.3). Weak comparison ignores whether it is weak."""

_REVALIDATE = (b"cache-control", b"private, no-cache")
"""A browser may store the response, and asks each time whether it is up to date."""

_NOT_MODIFIED_HEADERS = frozenset({b"cache-control", b"etag", b"vary"})
"""The headers of 304 (RFC 9110, 15.4.5), besides those of every response."""


def add_entity_tag(response: EncodedResponse) -> EncodedResponse:
    """The response with an `ETag`, which browsers may store.

    The tag depends on the uncompressed body and its media type, and on nothing else. It is weak, so that it is
    the same in all content codings. The hash is a cryptographic one: with another, whoever writes a part of the
    content could change it without changing the tag.
    """
    digest = hashlib.sha256(response.header(b"content-type"))
    digest.update(response.body)
    tag = b'W/"%s"' % digest.hexdigest()[:_TAG_DIGITS].encode()
    return response.replace([_REVALIDATE, (b"etag", tag)])


def revalidate(response: EncodedResponse, headers: RawHeaders) -> EncodedResponse:
    """The response with an `ETag`, or 304 where the request's `If-None-Match` has that.

    A malformed header is ignored.
    """
    lines = [value for name, value in headers if name == b"if-none-match"]
    if not lines or not _matches(b",".join(lines), response.header(b"etag")):
        return response
    kept = [each for each in response.headers if each[0] in _NOT_MODIFIED_HEADERS]
    return EncodedResponse(304, kept, b"")


def _matches(if_none_match: bytes, tag: bytes) -> bool:
    if if_none_match.strip(b" \t") == b"*":
        return True
    if _ENTITY_TAG.sub(b"", if_none_match).strip(b", \t"):
        return False  # something else is between the tags
    return tag.removeprefix(b"W/") in _ENTITY_TAG.findall(if_none_match)

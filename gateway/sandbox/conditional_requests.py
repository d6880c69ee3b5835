"""Conditional requests: an `ETag` for each response with data, and 304 where the caller has these bytes."""

from dataclasses import replace
from hashlib import sha256

from starlette.datastructures import Headers

from gateway.sandbox.responses import Response

WEAK_PREFIX = "W/"


def answer_conditionally(request_headers: Headers, response: Response) -> Response:
    """The response with its `ETag`, or 304 without a body. Errors and padded bodies stay as they are.

    An `ETag` that a fault has set is kept.
    """
    if response.status != 200 or response.padding_length:
        return response
    etag = next((value for name, value in response.headers if name == "etag"), None)
    if etag is None:
        etag = f'"{sha256(response.body).hexdigest()[:32]}"'
        response = response.with_header("etag", etag)
    if not _matches(request_headers.getlist("if-none-match"), etag):
        return response
    kept = tuple(header for header in response.headers if not header[0].startswith("content-"))
    return replace(response, status=304, body=b"", headers=kept)


def _matches(lines: list[str], etag: str) -> bool:
    """Whether a header names the entity tag, by the weak comparison of RFC 9110, section 13.1.2."""
    tags = {tag.strip().removeprefix(WEAK_PREFIX) for line in lines for tag in line.split(",")}
    return "*" in tags or etag.removeprefix(WEAK_PREFIX) in tags

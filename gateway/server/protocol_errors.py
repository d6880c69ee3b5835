"""JSON error responses for input that is not a valid HTTP request or exceeds a protocol limit."""

import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.config.headers import RawHeaders
from gateway.config.origins import AllowedOrigins
from gateway.errors import BadRequest
from gateway.web.cors import cors_headers

MAX_URI_BYTES = 16_384
MAX_HEAD_BYTES = 32_768

_SUPPORTED_VERSIONS = {"1.0", "1.1"}
READ_VERSIONS = {"0.0", *_SUPPORTED_VERSIONS}
"""Versions that are no reason to reject an unparsable request: 0.0 stands where no version was read."""

_MESSAGE_BY_STATUS = {
    HTTPStatus.BAD_REQUEST: "The request is not valid HTTP, or its `Host` header is missing or repeated.",
    HTTPStatus.REQUEST_TIMEOUT: "The request was not received in time.",
    HTTPStatus.REQUEST_URI_TOO_LONG: f"The URI exceeds {MAX_URI_BYTES} bytes: use POST.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"The headers, or the chunk extensions, exceed {MAX_HEAD_BYTES} bytes."
    ),
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: "Only the versions 1.0 and 1.1 of HTTP are supported.",
}


def head_error_status(version: str, headers: RawHeaders) -> HTTPStatus | None:
    """The status that rejects a complete head; None for a valid one.

    Other servers might take an ambiguous head for one of another host (RFC 9112, 3.2).
    """
    hosts = [name for name, _ in headers].count(b"host")
    if hosts > 1 or (version == "1.1" and not hosts):
        return HTTPStatus.BAD_REQUEST
    return None if version in _SUPPORTED_VERSIONS else HTTPStatus.HTTP_VERSION_NOT_SUPPORTED


def protocol_error_response(
    status: HTTPStatus, method: bytes, headers: RawHeaders, allowed_origins: AllowedOrigins
) -> bytes:
    """Serialize the error response that ends a connection.

    Args:
        status: The status of the rejection.
        method: The method, as far as it was read: a response to HEAD has no body.
        headers: The headers, as far as they were read, by names in lower case.
        allowed_origins: The origins whose pages may read the response.
    """
    error = {"message": _MESSAGE_BY_STATUS[status], "extensions": {"code": BadRequest.code}}
    body = json.dumps({"errors": [error]}).encode()
    origin = next((value.decode("latin-1") for name, value in headers if name == b"origin"), None)
    lines = {
        "content-type": "application/json; charset=utf-8",
        "x-content-type-options": "nosniff",
        **cors_headers(origin, allowed_origins),
        "content-length": str(len(body)),
        "connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    return STATUS_LINE[status] + head.encode("latin-1") + (b"" if method == b"HEAD" else body)

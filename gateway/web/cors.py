"""Cross-origin resource sharing (CORS): which pages may send requests and read responses (Fetch, 3.2)."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from gateway.config.origins import AllowedOrigins

_METHODS = ("GET", "HEAD", "POST")
_MAX_AGE_SECONDS = 600
_EXPOSED_HEADERS = "X-Request-Id, Retry-After"

_MAX_NAMES_BYTES = 4_096
_HEADER_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_HEADER_NAME_LIST = re.compile(
    rf"[ \t]*(?:{_HEADER_NAME}[ \t]*)?(?:,[ \t]*(?:{_HEADER_NAME}[ \t]*)?)*"
)
"""A list of header names (RFC 9110, 5.1 and 5.6.1)."""


class AllowedOriginsMiddleware(CORSMiddleware):
    """Starlette's CORS middleware for a list of origins: pages may send any header, and no cookies.

    The gateway does not restrict the headers of a page: client libraries add their own, for distributed
    tracing for example. So the response to a preflight repeats the requested names.
    """

    def __init__(self, app: ASGIApp, *, origins: AllowedOrigins) -> None:
        super().__init__(app, allow_methods=_METHODS, allow_headers=["*"], max_age=_MAX_AGE_SECONDS)
        self._origins = origins

    def is_allowed_origin(self, origin: str) -> bool:
        return origin in self._origins

    def preflight_response(self, request_headers: Headers) -> Response:
        """The response to a preflight; a rejection reveals nothing else to a page that is not listed."""
        if not self.is_allowed_origin(request_headers["origin"]):
            vary = {"Vary": self.preflight_headers["Vary"]}
            return PlainTextResponse("Disallowed CORS origin", status_code=400, headers=vary)
        response = super().preflight_response(request_headers)
        lines = request_headers.getlist("access-control-request-headers")
        names = ", ".join(line for line in lines if line)
        del response.headers["access-control-allow-headers"]
        if len(names) > _MAX_NAMES_BYTES or not _HEADER_NAME_LIST.fullmatch(names):
            response = PlainTextResponse(
                "Disallowed CORS headers", status_code=400, headers=dict(response.headers)
            )
        elif names and response.status_code == 200:
            response.headers["Access-Control-Allow-Headers"] = names
        return response

    @staticmethod
    def allow_explicit_origin(headers: MutableHeaders, origin: str) -> None:
        CORSMiddleware.allow_explicit_origin(headers, origin)
        headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS


def cors_headers(origin: str | None, origins: AllowedOrigins) -> dict[str, str]:
    """The CORS headers of a response to a page of this origin, for responses not from the application."""
    if not origins:
        return {}
    headers = MutableHeaders()
    if origin is not None and origin in origins:
        AllowedOriginsMiddleware.allow_explicit_origin(headers, origin)
    else:
        headers["Vary"] = "Origin"
    return dict(headers)

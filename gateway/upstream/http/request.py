"""Request: an httpx request that is parsed only where something asks for its URL or its headers.

httpx parses both when a request is made, which takes longer than sending it.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import httpx

from gateway.config.headers import RawHeaders
from gateway.config.settings import Settings

_NO_CONTENT = httpx.ByteStream(b"")


def timeout_extensions(settings: Settings) -> dict[str, Any]:
    """The extensions of a request with the timeouts of one attempt."""
    timeout = httpx.Timeout(
        settings.upstream_attempt_timeout_seconds,
        connect=settings.upstream_connect_timeout_seconds,
        read=settings.upstream_read_timeout_seconds,
    )
    return {"timeout": timeout.as_dict()}


class LazyRequest(httpx.Request):
    """GET request without content.

    Attributes:
        origin: The scheme, host and port of the URL that the request was made with.
        target: The path and the query of that URL, as they are sent.
        raw_headers: The headers that the request was made with, as they are sent.
    """

    def __init__(
        self, origin: str, target: str, headers: RawHeaders, extensions: Mapping[str, Any]
    ) -> None:
        """Make a request; its `target` is percent-encoded, its `headers` include `Host`."""
        self.method = "GET"
        self.origin = origin
        self.target = target
        self.raw_headers = headers
        self.extensions = dict(extensions)
        self.stream = _NO_CONTENT
        self._content = b""  # what `content` returns: the initialization of httpx is not run

    @cached_property
    def url(self) -> httpx.URL:  # type: ignore[override] # can be set, like the attribute
        return httpx.URL(self.origin + self.target)

    @cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override] # can be set, like the attribute
        return httpx.Headers(self.raw_headers)

    @property
    def is_parsed(self) -> bool:
        """Whether something has asked for the URL or the headers, and may have changed them."""
        return "url" in self.__dict__ or "headers" in self.__dict__


def origin(url: httpx.URL) -> str:
    """The scheme of a URL, with the host, and the port where it is not the scheme's own."""
    return f"{url.scheme}://{url.netloc.decode()}"


def split_request(request: httpx.Request) -> tuple[str, str, RawHeaders]:
    """The origin of a request's URL, the rest of the URL, and the headers, as they are sent."""
    if isinstance(request, LazyRequest) and not request.is_parsed:
        return request.origin, request.target, request.raw_headers
    url = request.url
    return origin(url), url.raw_path.decode(), request.headers.raw

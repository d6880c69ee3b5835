"""Request: an httpx request that is parsed only where something asks for its URL or its headers.

httpx parses both when a request is made, which takes longer than sending it.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from itertools import chain
from typing import Any

import httpx

from gateway.config.headers import RawHeaders
from gateway.config.settings import Settings

_NO_CONTENT = httpx.ByteStream(b"")


NEW_CONNECTION = "new_connection"
"""Extension of a request: whether a connection is opened for the request."""

_HEADERS = (
    (b"Accept", b"application/json"),
    (b"Accept-Encoding", b"gzip, deflate"),
    (b"User-Agent", b"graphql-gateway"),
)

_TARGET = re.compile(r"/[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*")
"""The target of a request: the characters that a path and a query may have (RFC 3986, 3.3 and 3.4)."""

_MAX_URL_LENGTH = 65_536
"""The maximum characters of a URL, as httpx limits them."""


class Unsendable(Exception):
    """A target or a header that no request can have."""


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


class RequestFactory:
    """Factory of the requests to the upstream, with the timeouts of one attempt."""

    def __init__(self, settings: Settings) -> None:
        url = httpx.URL(settings.upstream_url)
        self._origin = origin(url)
        self._headers = ((b"Host", url.netloc), *_HEADERS)
        timeout = httpx.Timeout(
            settings.upstream_attempt_timeout_seconds,
            connect=settings.upstream_connect_timeout_seconds,
            read=settings.upstream_read_timeout_seconds,
        )
        self._extensions = {"timeout": timeout.as_dict()}
        self._new_connection_extensions = {**self._extensions, NEW_CONNECTION: True}

    def create(
        self, target: str, headers: RawHeaders, *, on_new_connection: bool = False
    ) -> LazyRequest:
        """The request for a target, which is percent-encoded, with these headers added.

        Raises:
            Unsendable: The target or a header cannot be sent.
        """
        is_too_long = len(self._origin) + len(target) > _MAX_URL_LENGTH
        if is_too_long or not _TARGET.fullmatch(target) or not _are_ascii(headers):
            raise Unsendable
        extensions = self._new_connection_extensions if on_new_connection else self._extensions
        return LazyRequest(self._origin, target, (*self._headers, *headers), extensions)


def _are_ascii(headers: RawHeaders) -> bool:
    return all(map(bytes.isascii, chain.from_iterable(headers)))


def origin(url: httpx.URL) -> str:
    """The scheme of a URL, with the host, and the port where it is not the scheme's own."""
    return f"{url.scheme}://{url.netloc.decode()}"


def split_request(request: httpx.Request) -> tuple[str, str, RawHeaders]:
    """The origin of a request's URL, the rest of the URL, and the headers, as they are sent."""
    if isinstance(request, LazyRequest) and not request.is_parsed:
        return request.origin, request.target, request.raw_headers
    url = request.url
    return origin(url), url.raw_path.decode(), request.headers.raw

"""The path prefix under which a proxy publishes the gateway, which the proxy may have removed or not."""

from collections.abc import Awaitable, Mapping
from functools import lru_cache
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.config import paths
from gateway.config.trusted_proxies import MAX_PREFIX_CHARACTERS, TrustedProxies, is_path_prefix

_SCOPE_KEY = "gateway.web.path_prefix"

_PREFIX_HEADER = b"x-forwarded-prefix"
_SCHEME_HEADER = b"x-forwarded-proto"
_SCHEMES = {b"http": "http", b"https": "https"}
_MAX_MEMOS = 256
"""The number of prefixes that are memoized: trusted proxies send few different ones."""


class PathPrefixMiddleware:
    """Middleware, pure ASGI: removes the prefix from the path of a request, and remembers it for links.

    The prefix is that of `X-Forwarded-Prefix`, where a trusted proxy sends a usable one, else the configured
    one. Of a trusted proxy, the scheme in `X-Forwarded-Proto` is used as well.
    """

    def __init__(self, app: ASGIApp, *, root_path: str, trusted_proxies: TrustedProxies) -> None:
        self._app = app
        self._root_path = root_path
        self._trusted_proxies = trusted_proxies

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # The scope is changed in place: the server keeps the statistics of the request in it.
        if scope["type"] == "http":
            prefix = self._root_path
            peer = scope.get("client")
            if peer and self._trusted_proxies and peer[0] in self._trusted_proxies:
                prefix = _read_forwarded_headers(scope) or prefix
            if prefix:
                scope[_SCOPE_KEY] = prefix
                scope["path"] = _remove_prefix(scope["path"], prefix)
        return self._app(scope, receive, send)


def _read_forwarded_headers(scope: Scope) -> str:
    """The usable prefix that a proxy sent, else an empty text; sets the scheme of the request."""
    prefixes = []
    for name, value in scope["headers"]:
        if name == _PREFIX_HEADER:
            prefixes.append(value)
        elif name == _SCHEME_HEADER and value in _SCHEMES:
            scope["scheme"] = _SCHEMES[value]
    if len(prefixes) != 1 or len(prefixes[0]) > MAX_PREFIX_CHARACTERS:  # nothing longer is memoized
        return ""
    return _usable_prefix(prefixes[0])


@lru_cache(_MAX_MEMOS)
def _usable_prefix(value: bytes) -> str:
    """The prefix in a header's value, else an empty text."""
    prefix = value.decode("latin-1")
    return prefix if is_path_prefix(prefix) else ""


def _remove_prefix(path: str, prefix: str) -> str:
    """The path without the prefix, which a proxy may have removed before: then it may be that of the endpoint."""
    if path == prefix != paths.GRAPHQL:
        return "/"
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def root_url(scope: Mapping[str, Any]) -> str:
    """The URL of the gateway's root for a link, up to its last slash; relative where no prefix is known.

    A relative one is right where a proxy changes no more of the path than its beginning.
    """
    prefix: str | None = scope.get(_SCOPE_KEY)
    if prefix is not None:
        return f"{prefix}/"
    return "../" * (scope["path"].count("/") - 1) or "./"

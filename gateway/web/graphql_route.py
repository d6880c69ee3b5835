"""The route of the GraphQL endpoint, which is taken before Starlette's router."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.config import paths

_PATHS = frozenset({paths.GRAPHQL, f"{paths.GRAPHQL}/"})
"""Proxies and people write a slash at the end. A redirect would return the query string in a header."""


class GraphQLRoute:
    """Middleware, pure ASGI: requests to /graphql go to the endpoint, all others to Starlette's routes.

    Starlette's router tries one route after another, and two of its layers handle exceptions that handlers of
    requests may raise. The endpoint has one path, perhaps with a slash at its end, and responds to its exceptions itself.
    """

    def __init__(self, app: ASGIApp, *, endpoint: ASGIApp) -> None:
        self._app = app
        self._endpoint = endpoint

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_graphql = scope["type"] == "http" and scope["path"] in _PATHS
        return (self._endpoint if is_graphql else self._app)(scope, receive, send)

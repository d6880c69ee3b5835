"""The concurrency limit of GraphQL requests, which also ends them in a graceful shutdown."""

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import NotAcceptable, Overloaded
from gateway.observability.request_stats import RequestStats
from gateway.web import graphql_over_http as spec
from gateway.web.cancel_scope import CancelScope
from gateway.web.http_request import HttpRequest
from gateway.web.responses import EncodedResponse, content_length, content_type, encode_headers

_MAX_ACCEPT_CHARACTERS = 256
"""A longer `Accept` header is ignored: a rejection costs next to nothing, whatever the request."""


class ConcurrencyLimiter:
    """Middleware, pure ASGI: the concurrency limit of the GraphQL endpoint, and its state during graceful shutdown.

    A request counts from the arrival of its whole body until its response is complete: a request that is
    half sent and a response that is not read do not count. A request above the limit is rejected with 503
    once its body has arrived.

    Attributes:
        limit: The maximum number of concurrent GraphQL requests.
        in_flight: The number of GraphQL requests being answered.
        is_draining: Whether callers are asked to use another process; requests are still served.
        is_closed: Whether new requests are rejected.
    """

    def __init__(self, app: ASGIApp, limit: int, *, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self.limit = limit
        self.in_flight = 0
        self.is_draining = False
        self.is_closed = False
        self._cancel_scopes: set[CancelScope] = set()

    @property
    def is_full(self) -> bool:
        return self.in_flight >= self.limit

    def unready_reason(self) -> str | None:
        """The reason why no requests should be sent to this process, if any."""
        return "draining" if self.is_draining else None

    def start_draining(self) -> None:
        """Ask callers to use another process: by `/readyz`, and by closing connections after responses."""
        self.is_draining = True

    def cancel_all(self) -> None:
        """Cancel all requests in flight or still arriving; their callers are asked to retry."""
        if not self.is_closed:
            self.is_draining = self.is_closed = True
            for each in self._cancel_scopes:
                each.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.is_closed:
            await _SHUTTING_DOWN(scope, receive, send)
            return
        http = HttpRequest.from_scope(scope, receive, max_body_bytes=self._max_body_bytes)
        has_started = is_counted = False

        async def send_and_release(message: Message) -> None:
            nonlocal has_started, is_counted
            has_started = True
            if is_counted:  # the response is complete by now
                self.in_flight -= 1
                is_counted = False
            await send(message)

        with CancelScope() as cancel_scope:
            self._cancel_scopes.add(cancel_scope)
            try:
                if scope["method"] == "POST" and not await http.receive_body():
                    await self._app(scope, receive, send_and_release)  # which rejects it at once
                elif self.is_full:
                    await _OVERLOADED(scope, receive, send_and_release)
                else:
                    self.in_flight += 1
                    is_counted = True
                    await self._app(scope, receive, send_and_release)
            finally:
                self._cancel_scopes.discard(cancel_scope)
                if is_counted:
                    self.in_flight -= 1
        if cancel_scope.is_cancelled and not has_started:
            await _SHUTTING_DOWN(scope, receive, send)


class _PrebuiltErrorResponse:
    """An error response, encoded in advance in both media types."""

    def __init__(self, error: Overloaded) -> None:
        body = msgspec.json.encode(spec.error_response(error))
        self._response_by_media_type = {
            media_type: EncodedResponse(
                error.status,
                [
                    content_type(media_type),
                    content_length(body),
                    (b"cache-control", b"private, no-store"),
                    (b"vary", b"Accept"),
                    *encode_headers(error.headers),
                ],
                body,
            )
            for media_type in (spec.JSON, spec.GRAPHQL_RESPONSE)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        RequestStats.from_scope(scope).record_rejection(Overloaded.code)
        accept = b", ".join(value for name, value in scope["headers"] if name == b"accept")
        response = self._response_by_media_type[_media_type(accept.decode("latin-1"))]
        await response(scope, receive, send)


def _media_type(accept: str) -> str:
    try:
        return (
            spec.response_media_type(accept) if len(accept) <= _MAX_ACCEPT_CHARACTERS else spec.JSON
        )
    except NotAcceptable:
        return spec.JSON


_OVERLOADED = _PrebuiltErrorResponse(
    Overloaded("The gateway is at capacity. Retry after the number of seconds in `Retry-After`.")
)
_SHUTTING_DOWN = _PrebuiltErrorResponse(
    Overloaded("The gateway is shutting down. Retry the request.")
)

"""The concurrency limit of GraphQL requests, which also ends them in a graceful shutdown."""

import asyncio
from collections.abc import Coroutine

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import NotAcceptable, Overloaded
from gateway.observability.request_stats import RequestStats
from gateway.web import graphql_over_http as spec
from gateway.web.request_body import buffer_request

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
        self._timeouts: set[asyncio.Timeout] = set()

    @property
    def is_full(self) -> bool:
        return self.in_flight >= self.limit

    def start_draining(self) -> None:
        """Ask callers to use another process: by `/readyz`, and by closing connections after responses."""
        self.is_draining = True

    def cancel_all(self) -> None:
        """Cancel all requests in flight or still arriving; their callers are asked to retry."""
        if not self.is_closed:
            self.is_draining = self.is_closed = True
            for each in self._timeouts:
                each.reschedule(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def send_and_mark(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        if self.is_closed:
            await _SHUTTING_DOWN.send(scope, send)
            return
        is_completed = await self._run_unless_cancelled(
            self._run_admitted(scope, receive, send_and_mark)
        )
        if not is_completed and not has_started:
            await _SHUTTING_DOWN.send(scope, send)

    async def _run_unless_cancelled(self, coroutine: Coroutine[None, None, None]) -> bool:
        """Run a coroutine to its end; False where `cancel_all` cancelled it before."""
        timeout = asyncio.timeout(None)
        try:
            async with timeout:
                self._timeouts.add(timeout)
                try:
                    await coroutine
                finally:
                    self._timeouts.discard(timeout)
        except TimeoutError:
            if not timeout.expired():
                raise
            return False
        return True

    async def _run_admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            receive, is_complete = await buffer_request(
                scope, receive, max_bytes=self._max_body_bytes
            )
            if not is_complete:  # the application rejects it at once
                await self._app(scope, receive, send)
                return
        if self.is_full:
            await _OVERLOADED.send(scope, send)
            return
        self.in_flight += 1
        is_counted = True

        async def send_and_release(message: Message) -> None:
            nonlocal is_counted
            if is_counted:  # the response is complete by now
                self.in_flight -= 1
                is_counted = False
            await send(message)

        try:
            await self._app(scope, receive, send_and_release)
        finally:
            if is_counted:
                self.in_flight -= 1


class _PrebuiltErrorResponse:
    """An error response, encoded in advance in both media types."""

    def __init__(self, error: Overloaded) -> None:
        self._status = error.status
        self._body = msgspec.json.encode(spec.error_response(error))
        self._headers_by_media_type = {
            media_type: [
                (b"content-type", f"{media_type}; charset=utf-8".encode()),
                (b"content-length", str(len(self._body)).encode()),
                (b"cache-control", b"private, no-store"),
                (b"vary", b"Accept"),
                *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
            ]
            for media_type in (spec.JSON, spec.GRAPHQL_RESPONSE)
        }

    async def send(self, scope: Scope, send: Send) -> None:
        RequestStats.from_scope(scope).rejected(Overloaded.code)
        headers = self._headers_by_media_type[
            _media_type(", ".join(Headers(scope=scope).getlist("accept")))
        ]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


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

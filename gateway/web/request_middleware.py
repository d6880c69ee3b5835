"""Request id, access log and metrics of every HTTP request."""

import re
import time
import uuid
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.observability.logging import REQUEST_ID, log_debug, log_info
from gateway.observability.metrics import Metrics
from gateway.observability.request_stats import RequestStats

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
PROBE_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
"""Paths requested every few seconds, whose requests are logged for debugging only."""


class RequestMiddleware:
    """Middleware, pure ASGI: sets the request id, writes the access log and observes the metrics.

    A usable `X-Request-Id` is passed on, any other is replaced. While the process drains, every response
    has `Connection: close`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics | None = None,
        is_draining: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._metrics = metrics or Metrics()
        self._is_draining = is_draining
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in PROBE_PATHS:
            await self._call_app(scope, receive, send, log_event=log_debug)
        else:
            with self._metrics.requests_in_flight.track_inprogress():
                await self._call_app(scope, receive, send, log_event=log_info)

    async def _call_app(
        self, scope: Scope, receive: Receive, send: Send, *, log_event: Callable[..., None]
    ) -> None:
        supplied_id = Headers(scope=scope).get("x-request-id", "")
        request_id = supplied_id if _REQUEST_ID.fullmatch(supplied_id) else uuid.uuid4().hex
        # Before the scope is copied, so that the connection has the statistics as well.
        stats = RequestStats.from_scope(scope)
        scope = {**scope, "headers": [*scope["headers"]]}
        MutableHeaders(scope=scope)["x-request-id"] = request_id
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                if self._is_draining():
                    headers["Connection"] = "close"
            await send(message)

        started_at = self._clock()
        bound_id = REQUEST_ID.set(request_id)
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            seconds = self._clock() - started_at
            milliseconds = round(seconds * 1000, 3)
            self._metrics.observe_operation(stats, seconds)
            log_event(
                "request",
                method=scope["method"],
                status=stats.status or status,
                milliseconds=milliseconds,
                **stats.log_fields,
            )
            REQUEST_ID.reset(bound_id)

"""Every HTTP request has an id, leaves one event and is counted; every answer says what it is."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.observability.logging import detail, event
from gateway.observability.metrics import Metrics
from gateway.observability.request_stats import Tally

_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
PROBES = frozenset({"/livez", "/readyz", "/metrics"})
"""Paths that are asked for every few seconds, and tell nothing each time."""


class AccessMiddleware:
    """Pure ASGI. A usable `X-Request-Id` is kept, any other replaced, for all that comes after."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._metrics = metrics or Metrics()
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in PROBES:
            await self._answer(scope, receive, send, tell=detail)
        else:
            with self._metrics.requests_in_flight.track_inprogress():
                await self._answer(scope, receive, send, tell=event)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, *, tell: Callable[..., None]
    ) -> None:
        sent = Headers(scope=scope).get("x-request-id", "")
        request_id = sent if _ID.fullmatch(sent) else uuid.uuid4().hex
        tally = Tally.of(scope)  # before it is copied, so that the connection finds it as well
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
            await send(message)

        started = self._clock()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            finally:
                seconds = self._clock() - started
                milliseconds = round(seconds * 1000, 3)
                self._metrics.operation(tally, seconds)
                tell(
                    "request",
                    method=scope["method"],
                    status=tally.status or status,
                    milliseconds=milliseconds,
                    **tally.facts,
                )

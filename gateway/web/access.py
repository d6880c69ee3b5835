"""Every HTTP request has an id and leaves one event; every answer says what it is."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.telemetry import detail, event

_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

_PROBES = frozenset({"/livez", "/readyz"})
"""Asked every few seconds, for ever: they would be most of the log."""


class AccessMiddleware:
    """Pure ASGI. A usable `X-Request-Id` is kept, any other replaced, for all that comes after."""

    def __init__(self, app: ASGIApp, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        request_id = sent if _ID.fullmatch(sent) else uuid.uuid4().hex
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
                milliseconds = round((self._clock() - started) * 1000, 3)
                tell = detail if scope["path"] in _PROBES else event
                tell("request", method=scope["method"], status=status, milliseconds=milliseconds)

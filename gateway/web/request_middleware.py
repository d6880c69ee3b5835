"""Request id, client application, access log and metrics of every HTTP request."""

import os
import re
import time
from collections.abc import Callable, Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.config import paths
from gateway.observability.client_application import HEADER_NAMES, ClientApplication
from gateway.observability.logging import REQUEST_ID, log_debug, log_info
from gateway.observability.metrics import Metrics
from gateway.observability.request_stats import RequestStats

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_RANDOM_BLOCK_BYTES = 4096

_ID_HEADER = b"x-request-id"
_READ_HEADERS = frozenset({_ID_HEADER, *HEADER_NAMES})
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_CLOSE = (b"connection", b"close")


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
        self._random_ids = _random_ids()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_probe = scope["path"] in paths.PROBES
        # Before the scope is copied, so that the connection has the statistics as well.
        stats = RequestStats.from_scope(scope)
        scope, request_id = self._read_headers(scope, stats)
        id_header = _ID_HEADER, request_id.encode()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), id_header, _NOSNIFF]
                if self._is_draining():
                    message["headers"].append(_CLOSE)
            await send(message)

        if not is_probe:
            self._metrics.requests_in_flight.inc()
        started_at = self._clock()
        token = REQUEST_ID.set(request_id)
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            seconds = self._clock() - started_at
            if not is_probe:
                self._metrics.requests_in_flight.dec()
            self._metrics.observe_operation(stats, seconds)
            (log_debug if is_probe else log_info)(
                "request",
                method=scope["method"],
                status=stats.status or status,
                milliseconds=round(seconds * 1000, 3),
                **stats.log_fields,
            )
            REQUEST_ID.reset(token)

    def _read_headers(self, scope: Scope, stats: RequestStats) -> tuple[Scope, str]:
        """A copy of the scope whose headers have one usable request id; and that id.

        The statistics get the client application.
        """
        read_headers = [each for each in scope["headers"] if each[0] in _READ_HEADERS]
        if read_headers:
            stats.client_application = ClientApplication.from_headers(read_headers)
        supplied_ids = [value for name, value in read_headers if name == _ID_HEADER]
        request_id = supplied_ids[0].decode("latin-1") if supplied_ids else ""
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = next(self._random_ids)
        headers = scope["headers"]
        if supplied_ids:
            headers = [each for each in headers if each[0] != _ID_HEADER]
        id_header = _ID_HEADER, request_id.encode()
        return {**scope, "headers": [*headers, id_header]}, request_id


def _random_ids() -> Iterator[str]:
    """Unpredictable request ids of 32 hexadecimal digits, cut from blocks of random bytes."""
    while True:
        block = os.urandom(_RANDOM_BLOCK_BYTES).hex()
        yield from (block[start : start + 32] for start in range(0, len(block), 32))

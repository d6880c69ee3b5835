"""The log of slow operations: one event for each, with the reads that took longest."""

import time
from collections.abc import Callable
from heapq import nlargest

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.engine.trusted_documents import sha256_of
from gateway.observability.logging import log_warning
from gateway.observability.request_stats import RequestStats

_MAX_READS = 10
"""The most reads in one event: an operation may have hundreds."""


class SlowOperationLog:
    """Middleware, pure ASGI: logs each operation that takes at least a number of seconds, however it ends.

    An operation takes as long as until its response begins: how fast the caller reads it is not counted. The
    event has the hash of a document, never its text, and templates of paths, never the ids in them.
    """

    def __init__(
        self, app: ASGIApp, seconds: float, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app = app
        self._seconds = seconds
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ended_at: float | None = None

        async def send_and_stop(message: Message) -> None:
            nonlocal ended_at
            if ended_at is None:
                ended_at = self._clock()
            await send(message)

        stats = RequestStats.from_scope(scope)
        started_at = self._clock()
        try:
            await self._app(scope, receive, send_and_stop)
        finally:
            seconds = (self._clock() if ended_at is None else ended_at) - started_at
            if seconds >= self._seconds:
                _log_slow_operation(stats, seconds)


def _log_slow_operation(stats: RequestStats, seconds: float) -> None:
    """Log an operation; nothing where the request has none, such as that of a page."""
    fields = stats.log_fields
    text = stats.document_text
    if not fields and text is None:
        return
    if text is not None and stats.operation is None:
        fields["sha256"] = sha256_of(text)
    slowest = nlargest(_MAX_READS, stats.read_log, key=lambda read: read.milliseconds)
    log_warning(
        "operation.slow",
        milliseconds=round(seconds * 1000, 3),
        **fields,
        slowest_reads=[read.log_fields for read in slowest],
        further_reads=len(stats.read_log) - len(slowest),
    )

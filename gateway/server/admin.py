"""The server of the admin address: health checks and metrics, for as long as its process runs."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from gateway.config.origins import AllowedOrigins
from gateway.server.http_protocol import http_protocol_class
from gateway.server.lifecycle import FINAL_FLUSH_SECONDS, abort_connections, build_server
from gateway.server.pending_bodies import PendingBodies

_REQUEST_TIMEOUT_SECONDS = 10.0
_MAX_BODY_BYTES = 1_024
"""No request has a body."""


@asynccontextmanager
async def admin_service(
    app: Callable[..., Awaitable[None]], bound: socket.socket
) -> AsyncIterator[None]:
    """Serve the application beside the block, which drains and ends first: probes are answered to the end."""
    protocol_class = http_protocol_class(
        _REQUEST_TIMEOUT_SECONDS, PendingBodies(_MAX_BODY_BYTES), AllowedOrigins()
    )
    host, port, *_ = bound.getsockname()
    server = build_server(app, host, port, protocol_class=protocol_class)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([bound]))
        yield
        server.should_exit = True
        asyncio.get_running_loop().call_later(FINAL_FLUSH_SECONDS, abort_connections, server)

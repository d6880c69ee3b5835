"""Connection pool: aiohttp's pool with keep-alive, whose connections are reused only without unread bytes."""

import ssl
from contextvars import ContextVar
from functools import partial
from typing import Any

import aiohttp
import yarl
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection

from gateway.config.proxies import Proxy
from gateway.upstream.http.response_protocol import ResponseProtocol

_KEEP_ALIVE_SECONDS = 4.0
"""How long an unused connection is kept open: less than servers keep theirs (5 seconds and more), so that a
request seldom meets the end of its connection half-way."""

_requires_new_connection: ContextVar[bool] = ContextVar("_requires_new_connection", default=False)


class ConnectionPool(aiohttp.TCPConnector):
    """Connection pool with keep-alive, which reuses only connections without unread bytes."""

    def __init__(
        self, *, max_connections: int, tls: ssl.SSLContext | None, proxy: Proxy | None
    ) -> None:
        """Make a pool in the running event loop.

        Args:
            max_connections: The most connections in use at once.
            tls: The trusted certificates; by default those of the system.
            proxy: The proxy for all connections, or None.
        """
        super().__init__(
            limit=max_connections, keepalive_timeout=_KEEP_ALIVE_SECONDS, ssl=tls or True
        )
        self._factory = partial(ResponseProtocol, self._loop)  # type: ignore[assignment] # a subclass
        self._proxy = proxy
        self._key_by_origin: dict[str, ConnectionKey] = {}

    async def acquire(
        self, origin: str, *, timeout_seconds: float | None, is_new: bool
    ) -> Connection:
        """A connection to an origin: an idle one, or a new one if there is none or if `is_new`.

        It has to be released or closed.
        """
        if not is_new:
            if (key := self._key_by_origin.get(origin)) is None:
                key = self._key_by_origin[origin] = self._connection_request(origin).connection_key
            if (connection := await self._get(key, [])) is not None:
                return connection
        # `connect` as well: `sock_connect` alone does not include the DNS lookup.
        timeout = aiohttp.ClientTimeout(
            total=None, connect=timeout_seconds, sock_connect=timeout_seconds
        )
        token = _requires_new_connection.set(is_new)
        try:
            return await self.connect(self._connection_request(origin), [], timeout)
        finally:
            _requires_new_connection.reset(token)

    def _connection_request(self, origin: str) -> aiohttp.ClientRequest:
        """A request as aiohttp takes it to open a connection, which may change it."""
        proxy = self._proxy
        return aiohttp.ClientRequest(
            "GET",
            yarl.URL(origin, encoded=True),
            loop=self._loop,
            proxy=None if proxy is None else yarl.URL(proxy.url),
            proxy_headers=None if proxy is None else dict(proxy.headers),
        )

    async def _get(self, key: Any, traces: Any) -> Connection | None:
        if _requires_new_connection.get():
            return None
        while (connection := await super()._get(key, traces)) is not None:
            protocol = connection.protocol
            if isinstance(protocol, ResponseProtocol) and protocol.is_reusable():
                return connection
            connection.close()
        return None

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        protocol.mark_idle()
        if protocol.was_paused and not should_close:
            # TLS delivers bytes that it held back meanwhile, and that no socket shows, in the loop's next pass.
            self._loop.call_soon(super()._release, key, protocol)
        else:
            super()._release(key, protocol, should_close=should_close)

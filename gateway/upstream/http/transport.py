"""HTTP transport: httpx's interface over aiohttp's connections.

A call over httpx's own transport costs twice the CPU time of one over this. The package httpx-aiohttp
connects the two as well, but reports refused and dropped connections as time-outs, stores the upstream's
cookies, and quotes URLs a second time; each of these matters to a gateway.
"""

import ssl
from typing import Self

import aiohttp
import httpx
from aiohttp.connector import Connection
from aiohttp.streams import StreamReader

from gateway.config.headers import RawHeaders
from gateway.config.proxies import Proxy
from gateway.upstream.http.connection_pool import ConnectionPool
from gateway.upstream.http.failure_reason import FailureReason, connect_failure_reason
from gateway.upstream.http.request import NEW_CONNECTION, split_request
from gateway.upstream.http.response_protocol import IncompleteBody, ResponseProtocol


class ConnectFailed(httpx.ConnectError):
    """No connection could be made: no request was sent.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: FailureReason) -> None:
        super().__init__(reason)
        self.reason = reason


class CertificateVerificationFailed(httpx.ConnectError):
    """The upstream's TLS certificate could not be verified: no request was sent."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Transport over a pool of keep-alive connections; opened by the first request, in its event loop.

    Of httpx's timeouts, `connect` and `read` are applied; a limit for the whole request is up to the code
    that calls. Redirects are not followed, cookies not stored, bodies not decompressed, and a request is sent
    once. Bytes that arrived before a request was written are never its response.

    Raises:
        CertificateVerificationFailed: The upstream's certificate could not be verified.
        ConnectFailed: No connection could be made, by the proxy if there is one.
        httpx.ConnectTimeout: No connection could be made in time.
        httpx.ReadTimeout: Nothing arrived for too long.
        IdleConnectionClosed: A reused connection ended before a byte of this response.
        IncompleteBody: The connection was closed before the response was complete.
        httpx.ReadError: The connection failed.
        HeadTooLarge: The response's head is above 64 kB, or its trailers above twice that.
        httpx.RemoteProtocolError: The response is not HTTP.
    """

    def __init__(
        self,
        *,
        max_connections: int,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        """Configure the pool.

        Args:
            max_connections: The most connections at once.
            tls: The trusted certificates; by default those of the system.
            proxy: The proxy for all connections, or None.
        """
        self._max_connections = max_connections
        self._tls = tls
        self._proxy = proxy
        self._proxy_headers = [
            (name.encode(), value.encode()) for name, value in (proxy.headers if proxy else [])
        ]
        self._pool: ConnectionPool | None = None

    def _open_pool(self) -> ConnectionPool:
        if self._pool is None:
            self._pool = ConnectionPool(
                max_connections=self._max_connections, tls=self._tls, proxy=self._proxy
            )
        return self._pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        origin, target, headers = split_request(request)
        if self._proxy is not None and origin.startswith("http:"):
            # For an encrypted request, the proxy gets its headers when the connection is made.
            target, headers = origin + target, [*headers, *self._proxy_headers]
        request_bytes = _serialize(request.method, target, headers, request.content)
        timeouts = request.extensions.get("timeout", {})
        connection = await self._connect(
            origin,
            timeout_seconds=timeouts.get("connect"),
            is_new=request.extensions.get(NEW_CONNECTION, False),
        )
        protocol = connection.protocol
        assert isinstance(protocol, ResponseProtocol)
        try:
            protocol.send(
                request_bytes,
                read_timeout_seconds=timeouts.get("read"),
                expects_body=request.method != "HEAD",
            )
            head, body = await protocol.read_head()
        except BaseException:
            connection.close()
            raise
        body.on_eof(connection.release)
        return httpx.Response(
            head.code,
            headers=head.raw_headers,
            stream=_ResponseStream(connection, protocol, body),
            request=request,
        )

    async def _connect(
        self, origin: str, *, timeout_seconds: float | None, is_new: bool
    ) -> Connection:
        try:
            return await self._open_pool().acquire(
                origin, timeout_seconds=timeout_seconds, is_new=is_new
            )
        except TimeoutError as error:
            raise httpx.ConnectTimeout("No connection in time.") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise CertificateVerificationFailed(
                "The TLS certificate could not be verified."
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise ConnectFailed(connect_failure_reason(error)) from error
        except aiohttp.ClientHttpProxyError as error:
            raise ConnectFailed(FailureReason.PROXY_FAILED) from error
        except aiohttp.ClientResponseError as error:
            raise httpx.RemoteProtocolError("The response is not HTTP.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError("The connection failed.") from error

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.close()


def _serialize(method: str, target: str, headers: RawHeaders, content: bytes) -> bytes:
    """A request as it is sent."""
    lines = [
        f"{method} {target} HTTP/1.1".encode("ascii"),
        *[b"%b: %b" % header for header in headers],
    ]
    head = b"\r\n".join([*lines, b"", b""])
    line_count = len(lines) + 1
    if head.count(b"\r") != line_count or head.count(b"\n") != line_count or b"\0" in head:
        raise httpx.LocalProtocolError("A header contains the end of a line.")
    return head + content


class _ResponseStream(httpx.AsyncByteStream):
    """The body of a response as a stream of httpx, with exceptions of httpx."""

    def __init__(
        self, connection: Connection, protocol: ResponseProtocol, body: StreamReader
    ) -> None:
        self._connection = connection
        self._protocol = protocol
        self._body = body

    def __aiter__(self) -> Self:  # not a generator, which would have to be closed
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._body.readany()
        except aiohttp.SocketTimeoutError as error:
            raise httpx.ReadTimeout("The response stalled.") from error
        except aiohttp.ClientPayloadError as error:
            error_class = IncompleteBody if self._protocol.closed_cleanly else httpx.ReadError
            raise error_class("The response ended prematurely.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError("The connection failed.") from error
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        is_complete = self._body.is_eof() and self._body.exception() is None
        if not is_complete:  # else the connection is released, or serves another request
            self._connection.close()

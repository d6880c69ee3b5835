"""HTTP transport: httpx's interface over aiohttp's connections.

A call over httpx's own transport costs twice the CPU time of one over this. The package httpx-aiohttp
connects the two as well, but reports refused and dropped connections as time-outs, stores the upstream's
cookies, and quotes URLs a second time; each of these matters to a gateway.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import nullcontext
from functools import lru_cache

import aiohttp
import httpx
import yarl

from gateway.config.proxies import Proxy
from gateway.upstream.http.connection_pool import (
    PARSER_LIMIT,
    ConnectionPool,
    IncompleteBody,
    ResponseProtocol,
    force_new_connections,
)

NEW_CONNECTION = "new_connection"
"""Extension of a request: whether a connection is opened for the request."""

_CHUNK_BYTES = 65_536

_KEEP_ALIVE_SECONDS = 4.0
"""How long an unused connection is kept open: less than servers keep theirs (5 seconds and more), so that a
request seldom meets the end of its connection half-way."""


class CertificateVerificationFailed(httpx.ConnectError):
    """The upstream's TLS certificate could not be verified: no request was sent."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Transport over a pool of keep-alive connections; opened by the first request, in its event loop.

    Of httpx's timeouts, `connect` and `read` are applied; a limit for the whole request is up to the code
    that calls. Redirects are not followed, cookies not stored, bodies not decompressed, and a request is sent
    once. Bytes that arrived before a request was written are never its response.

    Raises:
        CertificateVerificationFailed: The upstream's certificate could not be verified.
        httpx.ConnectError: No connection could be made, by the proxy if there is one.
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
        self._proxy_url = None if proxy is None else proxy.url
        self._proxy_headers = [] if proxy is None else proxy.headers
        self._client_session: aiohttp.ClientSession | None = None

    def _open_client_session(self) -> aiohttp.ClientSession:
        if self._client_session is None:
            self._client_session = aiohttp.ClientSession(
                connector=ConnectionPool(
                    limit=self._max_connections,
                    keepalive_timeout=_KEEP_ALIVE_SECONDS,
                    ssl=self._tls or True,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept"),
                timeout=aiohttp.ClientTimeout(total=None),
                max_line_size=PARSER_LIMIT,
                max_field_size=PARSER_LIMIT,
                max_headers=PARSER_LIMIT,
            )
        return self._client_session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # Lets the loop read bytes that arrived on idle connections: for unread ones the pool asks
        # the system. Requests that begin together are sent together, which saves time as well.
        # The first pass may end before the loop looks at its sockets, the second does not.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        is_new = request.extensions.get(NEW_CONNECTION, False)
        try:
            with force_new_connections() if is_new else nullcontext():
                response = await self._open_client_session().request(
                    request.method,
                    yarl.URL(str(request.url), encoded=True),
                    headers=self._headers(request),
                    data=request.content or None,
                    allow_redirects=False,
                    timeout=_client_timeout(**request.extensions.get("timeout", {})),
                    proxy=self._proxy_url,
                    proxy_headers=dict(self._proxy_headers),
                )
        except aiohttp.SocketTimeoutError as error:
            raise httpx.ReadTimeout("No response in time.") from error
        except aiohttp.ServerTimeoutError as error:
            raise httpx.ConnectTimeout("No connection in time.") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise CertificateVerificationFailed(
                "The TLS certificate could not be verified."
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError("No connection.") from error
        except aiohttp.ClientHttpProxyError as error:
            raise httpx.ConnectError("The proxy did not connect.") from error
        except aiohttp.ClientResponseError as error:
            raise httpx.RemoteProtocolError("The response is not HTTP.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError("The connection failed.") from error
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=_ResponseStream(response),
            request=request,
        )

    def _headers(self, request: httpx.Request) -> list[tuple[str, str]]:
        """The headers of a request, with those for the proxy where the request is not encrypted.

        For an encrypted request, the proxy gets its headers when the connection is made.
        """
        headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
        return headers if request.url.scheme == "https" else headers + self._proxy_headers

    async def aclose(self) -> None:
        if self._client_session is not None:
            await self._client_session.close()


@lru_cache(maxsize=8)  # the values are settings, equal for every request
def _client_timeout(
    connect: float | None = None, read: float | None = None, **_: float | None
) -> aiohttp.ClientTimeout:
    # `connect` as well: `sock_connect` alone does not include the DNS lookup.
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect, sock_read=read)


class _ResponseStream(httpx.AsyncByteStream):
    """The body of aiohttp's response as a stream of httpx, with exceptions of httpx."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._protocol = response.connection.protocol if response.connection else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_chunked(_CHUNK_BYTES):
                yield chunk
        except aiohttp.SocketTimeoutError as error:
            raise httpx.ReadTimeout("The response stalled.") from error
        except aiohttp.ClientPayloadError as error:
            protocol = self._protocol
            is_incomplete = isinstance(protocol, ResponseProtocol) and protocol.closed_cleanly
            error_class = IncompleteBody if is_incomplete else httpx.ReadError
            raise error_class("The response ended prematurely.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError("The connection failed.") from error

    async def aclose(self) -> None:
        self._response.close() if not self._response.content.is_eof() else self._response.release()

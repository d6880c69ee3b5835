"""httpx's requests over aiohttp's connections.

A call over httpx's own transport costs twice the CPU time of one over this. The package httpx-aiohttp
joins the two as well, but reports refused and dropped connections as time-outs, keeps the upstream's
cookies, and quotes addresses a second time; each of those matters to a gateway.
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
"""An extension of a request: whether a connection is to be made for it."""

_CHUNK_BYTES = 65_536

_KEEP_ALIVE_SECONDS = 4.0
"""How long an unused connection is kept: less than servers keep theirs (5 seconds and more), so that
a request seldom meets the end of its connection half-way."""


class CertificateVerificationFailed(httpx.ConnectError):
    """Whoever answers has not proved to be the upstream: nothing was sent to it."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """One pool of keep-alive connections; opened by the first request, in its event loop.

    Of httpx's time limits it knows `connect` and `read`; how long all of a request may take is the
    caller's business. Redirects are not followed, cookies not kept, bodies not decompressed, and a
    request is sent once. What came before a request was written is never its answer.

    Raises:
        CertificateRefused: The upstream's certificate is not in order.
        httpx.ConnectError: No connection could be made, by the proxy for one.
        httpx.ConnectTimeout: None could be made in time.
        httpx.ReadTimeout: Nothing came for too long.
        ConnectionOver: The connection had served before, and ended before a byte of this answer.
        CutOff: The connection was closed before the answer was complete.
        httpx.ReadError: The connection failed.
        HeadTooLarge: The answer's head is above 64 kB, or its trailers above twice that.
        httpx.RemoteProtocolError: What arrived is not HTTP.
    """

    def __init__(
        self,
        *,
        max_connections: int,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        """Keep so many connections.

        Args:
            max_connections: How many there are at most.
            tls: Whom to trust; by default those whom the system trusts.
            proxy: By whom to call, if by anybody.
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
        # Lets the loop see what has come on idle connections: what it has not seen by then, the pool
        # asks the system for. Requests that begin together leave together, which saves time as well.
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
            raise httpx.ReadTimeout("No answer in time.") from error
        except aiohttp.ServerTimeoutError as error:
            raise httpx.ConnectTimeout("No connection in time.") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise CertificateVerificationFailed("The certificate is not in order.") from error
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError("No connection.") from error
        except aiohttp.ClientHttpProxyError as error:
            raise httpx.ConnectError("The proxy has made no connection.") from error
        except aiohttp.ClientResponseError as error:
            raise httpx.RemoteProtocolError("The answer is not HTTP.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError("The connection failed.") from error
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=_ResponseStream(response),
            request=request,
        )

    def _headers(self, request: httpx.Request) -> list[tuple[str, str]]:
        """A proxy reads those of a request that is not encrypted; else it is told when it connects."""
        headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
        return headers if request.url.scheme == "https" else headers + self._proxy_headers

    async def aclose(self) -> None:
        if self._client_session is not None:
            await self._client_session.close()


@lru_cache(maxsize=8)  # they are settings, and the same each time
def _client_timeout(
    connect: float | None = None, read: float | None = None, **_: float | None
) -> aiohttp.ClientTimeout:
    # `connect` as well: `sock_connect` alone leaves looking up the name out.
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect, sock_read=read)


class _ResponseStream(httpx.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._protocol = response.connection.protocol if response.connection else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_chunked(_CHUNK_BYTES):
                yield chunk
        except aiohttp.SocketTimeoutError as error:
            raise httpx.ReadTimeout("The answer stopped in the middle.") from error
        except aiohttp.ClientPayloadError as error:
            protocol = self._protocol
            is_incomplete = isinstance(protocol, ResponseProtocol) and protocol.closed_cleanly
            error_class = IncompleteBody if is_incomplete else httpx.ReadError
            raise error_class("The answer ended too soon.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError("The connection failed.") from error

    async def aclose(self) -> None:
        self._response.close() if not self._response.content.is_eof() else self._response.release()

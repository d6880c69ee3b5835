"""Exchange: one GET request and whatever came back, whatever its status. For `gateway probe`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from msgspec import Struct

from gateway.config.headers import RawHeaders
from gateway.config.settings import Settings
from gateway.errors import InvalidUpstreamResponse, ResponseTooLarge
from gateway.upstream.http.attempt import TRANSPORT_ERRORS, failure_reason
from gateway.upstream.http.failure_reason import FailureReason
from gateway.upstream.http.request import RequestFactory, Unsendable
from gateway.upstream.http.response_body import ResponseBody, declared_charset, to_utf8
from gateway.upstream.http.transport import AiohttpTransport


class Exchange(Struct, frozen=True):
    """A request and its response.

    Attributes:
        status: The HTTP status; None where no whole response arrived.
        headers: The headers of the response, names in lower case.
        body: The body, decompressed and in UTF-8; None where it cannot be read.
        problem: Why the request cannot be sent, or the body not be read, in the gateway's own words.
        reason: Why no whole response arrived.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    problem: str = ""
    reason: FailureReason | None = None

    def header(self, name: str) -> str:
        """The value of a header, by its name in lower case; empty where the response lacks it."""
        return next((value for each, value in self.headers if each == name), "")


class ExchangeClient:
    """Makes single requests: no retry, no cache, no breaker, within the limits of time and size."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport
        self._requests = RequestFactory(settings)
        self._timeout_seconds = settings.upstream_attempt_timeout_seconds
        self._max_bytes = settings.max_upstream_bytes

    async def get(self, target: str, headers: RawHeaders) -> Exchange:
        """Make a GET request for a target, which is percent-encoded, with these headers added."""
        try:
            request = self._requests.create(target, headers)
        except Unsendable:
            return Exchange(None, problem="The request cannot be encoded.")
        try:
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._transport.handle_async_request(request)
                response.headers.encoding = "latin-1"
                stream = response.stream
                assert isinstance(stream, httpx.AsyncByteStream)
                try:
                    return await self._read(response, stream)
                finally:
                    await stream.aclose()
        except TRANSPORT_ERRORS as error:
            return Exchange(None, reason=failure_reason(error))

    async def _read(self, response: httpx.Response, stream: httpx.AsyncByteStream) -> Exchange:
        headers = tuple((name.lower(), value) for name, value in response.headers.multi_items())
        try:
            body = ResponseBody(
                response.headers.get("content-encoding", ""), max_bytes=self._max_bytes
            )
            async for chunk in stream:
                body.add(chunk)
            text = to_utf8(body.to_bytes(), declared_charset(response.headers.get("content-type")))
        except (InvalidUpstreamResponse, ResponseTooLarge) as error:
            return Exchange(response.status_code, headers, problem=str(error))
        return Exchange(response.status_code, headers, text)


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[ExchangeClient]:
    """A client over the network, by the proxy of the settings if there is one."""
    transport = AiohttpTransport(max_connections=1, proxy=settings.proxy)
    try:
        yield ExchangeClient(settings, transport)
    finally:
        await transport.aclose()

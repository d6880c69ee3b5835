"""The endpoint at /schema.graphql: the schema in SDL."""

from collections.abc import Callable
from functools import cached_property

from starlette.types import Receive, Scope, Send

from gateway.web.compression import Compression
from gateway.web.conditional_get import add_entity_tag, revalidate
from gateway.web.responses import EncodedResponse, content_length


class SchemaEndpoint:
    """Responds with the same text each time, which is compressed once in each coding."""

    def __init__(
        self, sdl: Callable[[], str], *, compression: Compression | None, is_conditional: bool
    ) -> None:
        """Prepare the endpoint.

        Args:
            sdl: Renders the schema; called by the first request.
            compression: Compresses responses, if any are.
            is_conditional: Whether browsers may store the schema and revalidate it.
        """
        self._sdl = sdl
        self._compression = compression
        self._is_conditional = is_conditional
        self._response_by_coding: dict[str, EncodedResponse] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._response
        if self._is_conditional:
            response = revalidate(response, scope["headers"])
        if self._compression is not None:
            coding = self._compression.coding_for(scope["headers"], response.body)
            if coding is not None:
                if coding.name not in self._response_by_coding:
                    compressed = await self._compression.compress(response, coding)
                    self._response_by_coding[coding.name] = compressed
                response = self._response_by_coding[coding.name]
        await response(scope, receive, send)

    @cached_property
    def _response(self) -> EncodedResponse:
        """The uncompressed response."""
        body = self._sdl().encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), content_length(body)]
        if self._compression is not None:
            headers.append((b"vary", b"Accept-Encoding"))
        response = EncodedResponse(200, headers, body)
        return add_entity_tag(response) if self._is_conditional else response

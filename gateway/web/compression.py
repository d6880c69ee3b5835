"""Compression of responses, for the callers that accept it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from gateway.config.headers import RawHeaders
from gateway.config.origins import AllowedOrigins
from gateway.web.content_coding import ContentCoding, preference
from gateway.web.responses import EncodedResponse, content_length

_MIN_BODY_BYTES = 1_024
"""The smallest body that is compressed: a smaller one fits into the packet of its head."""

_MAX_BLOCKING_BYTES = 262_144
"""The largest body that is compressed on the event loop, which it blocks for 0.1 to 1.5 ms."""

_MAX_THREADS = 2
"""The number of threads that compress larger bodies. Further ones wait."""

_SAME_PARTY = frozenset({b"same-origin", b"none"})
"""Values of `Sec-Fetch-Site` of requests that no other site has a part in (Fetch Metadata)."""

_MAX_MEMOS = 256
_MAX_ORIGIN_BYTES = 300


class Compression:
    """Compresses responses.

    The length of a compressed response reveals something of its content to whoever can repeat a request with
    text of their own beside it (as in the attack BREACH). So a page of another site gets no compressed response,
    unless its origin is listed.
    """

    def __init__(self, origins: AllowedOrigins) -> None:
        """`origins` are those whose pages may read responses."""
        self._is_listed = lru_cache(_MAX_MEMOS)(origins.__contains__)
        self._threads = ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix="compression")

    def coding_for(self, headers: RawHeaders, body: bytes) -> ContentCoding | None:
        """The coding of a response with this body to a request with these headers; None: uncompressed."""
        accepted = [value for name, value in headers if name == b"accept-encoding"]
        if not accepted or not body:
            return None
        coding, rejects_identity = preference(b",".join(accepted))
        if len(body) < _MIN_BODY_BYTES and not rejects_identity:
            return None
        return None if coding is None or self._is_foreign(headers) else coding

    def _is_foreign(self, headers: RawHeaders) -> bool:
        """Whether a page of another site, which is not listed, may have sent the request."""
        if all(value in _SAME_PARTY for name, value in headers if name == b"sec-fetch-site"):
            return False  # other clients than browsers do not send it
        origins = [value for name, value in headers if name == b"origin"]
        if len(origins) != 1 or len(origins[0]) > _MAX_ORIGIN_BYTES:
            return True
        return not self._is_listed(origins[0].decode("latin-1"))

    async def compress(self, response: EncodedResponse, coding: ContentCoding) -> EncodedResponse:
        """The response in this coding. A large one is compressed in a thread, if the caller still waits then."""
        if len(response.body) <= _MAX_BLOCKING_BYTES:
            body = coding.compress(response.body)
        else:
            loop = asyncio.get_running_loop()
            body = await loop.run_in_executor(self._threads, coding.compress, response.body)
        headers = [(b"content-encoding", coding.name.encode()), content_length(body)]
        return response.replace(headers, body)

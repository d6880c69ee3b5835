"""The HTTP request at /graphql: the headers that the gateway reads, the body, and the caller's disconnect."""

from collections.abc import Coroutine, MutableMapping
from typing import Any, Self, TypeVar

from starlette.types import Receive

from gateway.errors import PayloadTooLarge
from gateway.web.disconnects import (
    DISCONNECT_EXTENSION,
    CallerDisconnected,
    SetDisconnectCallback,
    until_disconnect,
)

_T = TypeVar("_T")

_SCOPE_KEY = "gateway.web.http_request"

_READ_HEADERS = frozenset(
    {b"accept", b"content-encoding", b"content-length", b"content-type", b"transfer-encoding"}
)


class HttpRequest:
    """One request at /graphql. Its body is received once, by the first component that asks for it.

    Attributes:
        accept: The list of acceptable media types, of all its lines; empty where there are none.
        content_encoding: The list of codings of the body, likewise.
        content_type: The media type of the body; None where there is none.
    """

    __slots__ = (
        "_body",
        "_has_unread_body",
        "_is_disconnected",
        "_is_too_large",
        "_max_body_bytes",
        "_receive",
        "_set_disconnect_callback",
        "accept",
        "content_encoding",
        "content_type",
    )

    def __init__(
        self, scope: MutableMapping[str, Any], receive: Receive, *, max_body_bytes: int
    ) -> None:
        self._receive = receive
        self._max_body_bytes = max_body_bytes
        extension = scope.get("extensions", {}).get(DISCONNECT_EXTENSION)
        self._set_disconnect_callback: SetDisconnectCallback | None = (
            extension["set_callback"] if extension else None
        )
        lines: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            if name in _READ_HEADERS:
                lines.setdefault(name, []).append(value)
        self.accept = _join(lines.get(b"accept"))
        self.content_encoding = _join(lines.get(b"content-encoding"))
        content_type = lines.get(b"content-type")
        self.content_type = content_type[0].decode("latin-1") if content_type else None
        content_length = _parse_length(lines.get(b"content-length", [b""])[0])
        self._has_unread_body = content_length > 0 or b"transfer-encoding" in lines
        self._is_too_large = content_length > max_body_bytes
        self._is_disconnected = False
        self._body: bytes | None = None

    @classmethod
    def from_scope(
        cls, scope: MutableMapping[str, Any], receive: Receive, *, max_body_bytes: int
    ) -> Self:
        """The request of an ASGI scope, created where there is none yet."""
        request: Self | None = scope.get(_SCOPE_KEY)
        if request is None:
            request = scope[_SCOPE_KEY] = cls(scope, receive, max_body_bytes=max_body_bytes)
        return request

    async def receive_body(self) -> bool:
        """Whether the body is complete: within the limit, and received as a whole, which is done once."""
        chunks: list[bytes] = []
        size = 0
        while self._body is None and not self._is_too_large and not self._is_disconnected:
            message = await self._receive()
            if message["type"] != "http.request":
                self._is_disconnected = True
                break
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._max_body_bytes:
                self._is_too_large = True
            elif not message.get("more_body", False):
                self._body = b"".join(chunks)
                self._has_unread_body = False
        return self._body is not None

    async def body(self) -> bytes:
        """The body.

        Raises:
            PayloadTooLarge: It exceeds the limit.
            CallerDisconnected: The caller has disconnected before its end.
        """
        if self._body is None:
            await self.receive_body()
        if self._body is not None:
            return self._body
        if self._is_disconnected:
            raise CallerDisconnected
        raise PayloadTooLarge(
            f"The request body exceeds {self._max_body_bytes} bytes, the maximum."
        )

    def until_disconnect(self, work: Coroutine[Any, Any, _T]) -> Coroutine[Any, Any, _T]:
        """The result of work, which is cancelled where the caller disconnects first.

        Raises:
            CallerDisconnected: The caller has disconnected.
        """
        # The server reads on to the disconnect only after the body, so an unread body has to be received.
        set_callback = None if self._has_unread_body else self._set_disconnect_callback
        return until_disconnect(work, set_callback, self._receive)


def _join(lines: list[bytes] | None) -> str:
    """The value of a header with several lines, which are one list (RFC 9110, 5.3)."""
    return b", ".join(lines).decode("latin-1") if lines else ""


def _parse_length(value: bytes) -> int:
    """The length of a body as its header declares it; 0 where that is no number."""
    return int(value[:20]) if value.isdigit() else 0

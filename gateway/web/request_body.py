"""Buffering of a request's body, before any other work is done for the request."""

from typing import NamedTuple

from starlette.types import Message, Receive, Scope


class BufferedRequest(NamedTuple):
    """A request, received as far as possible.

    Attributes:
        receive: Receives the request from its beginning.
        is_complete: Whether the request can be answered: its body is within the limit and has arrived.
    """

    receive: Receive
    is_complete: bool


async def buffer_request(scope: Scope, receive: Receive, *, max_bytes: int) -> BufferedRequest:
    """Buffer a body up to `max_bytes`; incomplete after the limit or a disconnect."""
    if content_length(scope) > max_bytes:
        return BufferedRequest(receive, is_complete=False)
    message = await receive()
    chunks, size = [], 0
    while message["type"] == "http.request":
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        has_more = message.get("more_body", False)
        if size > max_bytes or not has_more:
            body = {"type": message["type"], "body": b"".join(chunks), "more_body": has_more}
            return BufferedRequest(_ReplayReceive(body, receive), is_complete=size <= max_bytes)
        message = await receive()
    return BufferedRequest(_ReplayReceive(message, receive), is_complete=False)


def content_length(scope: Scope) -> int:
    """The length of the body in bytes, as the headers declare it; 0 where they do not."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length[:20]) if length.isdigit() else 0


class _ReplayReceive:
    """An ASGI `receive` that repeats one message, then receives the following ones."""

    def __init__(self, message: Message, receive: Receive) -> None:
        self._message: Message | None = message
        self._receive = receive

    async def __call__(self) -> Message:
        message, self._message = self._message, None
        return await self._receive() if message is None else message

"""The arrival of a request: its body is waited for before anything else is done for it."""

from typing import NamedTuple

from starlette.types import Message, Receive, Scope


class BufferedRequest(NamedTuple):
    """A request that has arrived as far as it will.

    Attributes:
        receive: Receives it from its beginning.
        is_complete: Whether it can be answered: it is not too large, and its sender is still there.
    """

    receive: Receive
    is_complete: bool


async def buffer_request(scope: Scope, receive: Receive, *, max_bytes: int) -> BufferedRequest:
    """The request, once its body is there or cannot be had: it has more bytes than are taken."""
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
    """How long the body is, as far as its headers tell."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length[:20]) if length.isdigit() else 0


class _ReplayReceive:
    """What was received, once more; then what comes after it."""

    def __init__(self, message: Message, receive: Receive) -> None:
        self._message: Message | None = message
        self._receive = receive

    async def __call__(self) -> Message:
        message, self._message = self._message, None
        return await self._receive() if message is None else message

"""The arrival of a request: its body is waited for before anything else is done for it."""

from typing import NamedTuple

from starlette.types import Message, Receive, Scope


class Arrival(NamedTuple):
    """A request that has arrived as far as it will.

    Attributes:
        receive: Receives it from its beginning.
        is_whole: Whether it can be answered: it is not too large, and its sender is still there.
    """

    receive: Receive
    is_whole: bool


async def arrival(scope: Scope, receive: Receive, *, most: int) -> Arrival:
    """The request, once its body is there or cannot be had: it has more bytes than are taken."""
    if announced_bytes(scope) > most:
        return Arrival(receive, is_whole=False)
    message = await receive()
    chunks, size = [], 0
    while message["type"] == "http.request":
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        has_more = message.get("more_body", False)
        if size > most or not has_more:
            body = {"type": message["type"], "body": b"".join(chunks), "more_body": has_more}
            return Arrival(_Again(body, receive), is_whole=size <= most)
        message = await receive()
    return Arrival(_Again(message, receive), is_whole=False)


def announced_bytes(scope: Scope) -> int:
    """How long the body is, as far as its headers tell."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length[:20]) if length.isdigit() else 0


class _Again:
    """What was received, once more; then what comes after it."""

    def __init__(self, message: Message, receive: Receive) -> None:
        self._message: Message | None = message
        self._receive = receive

    async def __call__(self) -> Message:
        message, self._message = self._message, None
        return await self._receive() if message is None else message

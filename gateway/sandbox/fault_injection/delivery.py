"""How an answer reaches the wire, whole or spoilt on purpose."""

import asyncio
from collections.abc import Iterator

from starlette.types import Receive, Scope, Send

from gateway.sandbox.fault_injection.body_faults import padding
from gateway.sandbox.fault_injection.faults import Fault
from gateway.sandbox.responses import Answer

DROP = "sandbox.drop"
"""The ASGI extension that closes the connection; `wire.py` provides it."""


async def deliver(
    answer: Answer, fault: Fault | None, scope: Scope, receive: Receive, send: Send
) -> None:
    """Where a fault cuts the body short, `Content-Length` promises all of it nevertheless."""
    drop = fault.drop if fault else None
    if drop == "before":
        await _drop(scope, receive)
        return
    await send(_start(answer))
    if drop == "headers":
        await _drop(scope, receive)
        return
    length = answer.padding or len(answer.body)
    limit = _limit(fault, length)
    if not await _sent(_pieces(answer, limit), receive, send, is_endless=bool(answer.padding)):
        return
    if drop == "body" or (limit < length and DROP in scope.get("extensions", {})):
        await _drop(scope, receive)
        return
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _start(answer: Answer) -> dict[str, object]:
    headers = list(answer.headers)
    if not answer.padding and answer.status not in (204, 304):
        headers.append(("content-length", str(len(answer.body))))
    return {
        "type": "http.response.start",
        "status": answer.status,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }


def _limit(fault: Fault | None, length: int) -> int:
    """How many bytes of the body are sent."""
    if fault is None:
        return length
    cut = length if fault.truncate is None else min(length, fault.truncate)
    return min(cut, length // 2) if fault.drop == "body" else cut


def _pieces(answer: Answer, limit: int) -> Iterator[bytes]:
    """No more than `limit` bytes, and never the whole padding at once."""
    for piece in padding(answer.padding) if answer.padding else (answer.body,):
        if limit <= 0:
            return
        yield piece[:limit]
        limit -= len(piece)


async def _sent(pieces: Iterator[bytes], receive: Receive, send: Send, *, is_endless: bool) -> bool:
    """Whether all was sent. What may be endless ends when nobody listens: the server would not say."""
    leaving = asyncio.create_task(_left(receive)) if is_endless else None
    try:
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if leaving is not None:
                await asyncio.sleep(0)
                if leaving.done():
                    return False
    finally:
        if leaving is not None:
            leaving.cancel()
    return True


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drop(scope: Scope, receive: Receive) -> None:
    """Close the connection, and wait until it is closed, so that the server misses no answer."""
    extension = scope.get("extensions", {}).get(DROP)
    if extension is None:
        raise ConnectionResetError("The connection was dropped, as a fault told the sandbox to.")
    extension["close"]()
    await _left(receive)

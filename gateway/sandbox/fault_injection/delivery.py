"""Sending of a response over ASGI: whole, or with its body cut or its connection dropped by a fault."""

import asyncio
from collections.abc import Iterator

from starlette.types import Receive, Scope, Send

from gateway.sandbox.fault_injection.body_faults import generate_padding
from gateway.sandbox.fault_injection.faults import Fault
from gateway.sandbox.responses import Response

DROP_EXTENSION = "sandbox.drop"
"""The ASGI extension that closes the connection; `SandboxProtocol` provides it."""


async def deliver(
    response: Response, fault: Fault | None, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send a response. Where a fault cuts the body, `Content-Length` still declares the whole body."""
    drop = fault.drop if fault else None
    if drop == "before":
        await _drop_connection(scope, receive)
        return
    await send(_response_start(response))
    if drop == "headers":
        await _drop_connection(scope, receive)
        return
    length = response.padding_length or len(response.body)
    limit = _body_limit(fault, length)
    if not await _send_body(
        _body_chunks(response, limit), receive, send, is_unbounded=bool(response.padding_length)
    ):
        return
    if drop == "body" or (limit < length and DROP_EXTENSION in scope.get("extensions", {})):
        await _drop_connection(scope, receive)
        return
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _response_start(response: Response) -> dict[str, object]:
    headers = list(response.headers)
    if not response.padding_length and response.status not in (204, 304):
        headers.append(("content-length", str(len(response.body))))
    return {
        "type": "http.response.start",
        "status": response.status,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }


def _body_limit(fault: Fault | None, length: int) -> int:
    """The number of bytes of the body to send."""
    if fault is None:
        return length
    truncated_length = length if fault.truncate is None else min(length, fault.truncate)
    return min(truncated_length, length // 2) if fault.drop == "body" else truncated_length


def _body_chunks(response: Response, limit: int) -> Iterator[bytes]:
    """The first `limit` bytes of the body; padding is generated in chunks, never at once."""
    for chunk in (
        generate_padding(response.padding_length) if response.padding_length else (response.body,)
    ):
        if limit <= 0:
            return
        yield chunk[:limit]
        limit -= len(chunk)


async def _send_body(
    chunks: Iterator[bytes], receive: Receive, send: Send, *, is_unbounded: bool
) -> bool:
    """Send the body; False where the caller disconnected before the end of an unbounded body.

    The server reports no disconnect to `send`, so an unbounded body needs a task that waits for one.
    """
    disconnect_task = asyncio.create_task(_wait_for_disconnect(receive)) if is_unbounded else None
    try:
        for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if disconnect_task is not None:
                await asyncio.sleep(0)
                if disconnect_task.done():
                    return False
    finally:
        if disconnect_task is not None:
            disconnect_task.cancel()
    return True


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drop_connection(scope: Scope, receive: Receive) -> None:
    """Close the connection, and wait until it is closed.

    Without the wait, the server would report an incomplete response.
    """
    extension = scope.get("extensions", {}).get(DROP_EXTENSION)
    if extension is None:
        raise ConnectionResetError("The connection was dropped by a fault.")
    extension["close"]()
    await _wait_for_disconnect(receive)

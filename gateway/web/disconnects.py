"""The caller's disconnect: our server calls back; of any other, `receive` is awaited."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from gateway.web.cancel_scope import CancelScope

_T = TypeVar("_T")

DISCONNECT_EXTENSION = "gateway.disconnect"
"""The key of the ASGI extension by which a server calls back when the caller of a request disconnects.

Its `set_callback` is a `SetDisconnectCallback`. ASGI itself has only `receive`, which would take a task for each request.
"""

SetDisconnectCallback = Callable[[Callable[[], None] | None], None]
"""Sets the callback of a request, which is called once, soon where the caller has disconnected already; None
removes it."""


class CallerDisconnected(Exception):
    """The caller disconnected before its response was complete."""


async def until_disconnect(
    work: Coroutine[Any, Any, _T], set_callback: SetDisconnectCallback | None, receive: Receive
) -> _T:
    """The result of work, which is cancelled where the caller disconnects first.

    Args:
        work: The work.
        set_callback: The server's extension; None where it has none.
        receive: The ASGI `receive` of the request, awaited where there is no extension.

    Raises:
        CallerDisconnected: The caller has disconnected.
    """
    if set_callback is None:
        return await _until_received_disconnect(work, receive)
    with CancelScope() as cancel_scope:
        set_callback(cancel_scope.cancel)
        try:
            return await work
        finally:
            set_callback(None)
    raise CallerDisconnected


async def _until_received_disconnect(work: Coroutine[Any, Any, _T], receive: Receive) -> _T:
    """The same, by a task that awaits `receive`, unless the work ends without waiting."""
    cancel_scope = CancelScope()
    watches: list[asyncio.Task[None]] = []

    def start_watch() -> None:
        watch = asyncio.create_task(_receive_disconnect(receive))
        watch.add_done_callback(lambda _: cancel_scope.cancel())
        watches.append(watch)

    start = asyncio.get_running_loop().call_soon(start_watch)
    try:
        with cancel_scope:
            return await work
        raise CallerDisconnected
    finally:
        start.cancel()
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)


async def _receive_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""The ASGI extension by which an application is called back when the caller of its request disconnects."""

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.flow_control import FlowControl


class DisconnectCallback:
    """The callback for the disconnect of one request: `set_callback` of the extension, a `SetDisconnectCallback`."""

    __slots__ = ("_callback", "_flow", "_is_disconnected")

    def __init__(self, flow: FlowControl) -> None:
        self._flow = flow
        self._callback: Callable[[], None] | None = None
        self._is_disconnected = False

    def __call__(self, callback: Callable[[], None] | None) -> None:
        """Set the callback of the application; None removes it."""
        self._callback = callback
        if callback is None:
            return
        if self._is_disconnected:
            asyncio.get_running_loop().call_soon(self.on_disconnect)
        else:
            self._flow.resume_reading()  # the end of a connection is noticed by reading

    def on_disconnect(self) -> None:
        """Call back, where there is a callback."""
        self._is_disconnected = True
        if self._callback is not None:
            self._callback()

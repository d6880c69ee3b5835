"""The accept queues of listening sockets. The kernel resets what is in them when the port closes."""

import asyncio
import select
import socket
from collections.abc import Iterable

_MAX_TURNS = 10_000
"""The number of turns of the event loop after which a queue that callers refill is left to the kernel.

Some event loops accept one connection per turn, and a queue has some thousands.
"""

_CONNECTING_TURNS = 2
"""The number of turns after which an accepted connection has its transport and its protocol."""


async def accept_queued_connections(sockets: Iterable[socket.socket]) -> None:
    """Let the event loop accept all connections in the queues of these sockets, which it listens on.

    When this returns, the queues are empty, and all connections have their protocol.
    """
    queues = select.poll()
    for each in sockets:
        queues.register(each, select.POLLIN)
    empty_turns = 0
    for _ in range(_MAX_TURNS):
        empty_turns = 0 if queues.poll(0) else empty_turns + 1
        if empty_turns > _CONNECTING_TURNS:
            return
        await asyncio.sleep(0)

"""What is in the queue of a port when it closes."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest
import uvloop
from starlette.responses import Response

from gateway.server.http_protocol import http_protocol_class
from gateway.server.lifecycle import bind_listening_socket, build_server
from gateway.server.pending_bodies import PendingBodies

pytestmark = pytest.mark.socket

CALLERS = 100
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def answer(scope, receive, send):
    if scope["type"] == "http":
        await Response(status_code=204)(scope, receive, send)


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_a_request_that_has_arrived_when_the_port_closes_is_answered(
    new_loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch
):
    """The callers connect and ask in the turn of the event loop in which the server begins to close the port."""
    protocol_class = http_protocol_class(60, PendingBodies(1_000))
    server = build_server(answer, "127.0.0.1", 0, protocol_class=protocol_class)
    callers: list[socket.socket] = []
    with ExitStack() as stack, asyncio.Runner(loop_factory=new_loop) as runner:
        listener = bind_listening_socket("127.0.0.1", 0)

        async def connect_callers(_: int) -> bool:
            for _ in range(CALLERS):
                caller = socket.create_connection(listener.getsockname())
                callers.append(stack.enter_context(caller))
                caller.sendall(REQUEST)
            return True  # the server exits

        monkeypatch.setattr(server, "on_tick", connect_callers)
        runner.run(server.serve([listener]))
        heads = [caller.recv(1_000).partition(b"\r\n")[0] for caller in callers]
        assert heads == [b"HTTP/1.1 204 No Content"] * CALLERS
        assert listener.fileno() == -1

"""Serving: the servers of one process, and the stages in which they come to their end."""

import asyncio
import errno
import gc
import math
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum

import uvicorn
from starlette.types import ASGIApp

from gateway.config.origins import AllowedOrigins
from gateway.config.settings import Settings
from gateway.server.body_limits import PendingBodies
from gateway.server.http_protocol import http_protocol_class
from gateway.web.app import create_app
from gateway.web.concurrency import ConcurrencyLimiter

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_KEEP_ALIVE_SECONDS = 75
"""How long an unused connection is kept: longer than balancers keep theirs (60 seconds, most of them),
so that a request does not meet the end of its connection half-way."""

_FINAL_FLUSH_SECONDS = 0.5
"""How long callers have to take the answers of what was cancelled."""

_BACKLOG = 2048

_HEARTBEAT_SECONDS = 1.0
"""How often a worker tells its parent that its loop goes round."""


_PORT_ERRNOS = {errno.EADDRINUSE, errno.EACCES}
"""Where another port may be used; others are about the address."""


class PortUnavailable(Exception):
    """A port cannot be listened on; the message says which, and why."""


class ShutdownPhase(IntEnum):
    """How far a process is. It only ever goes on."""

    RUNNING = 0
    DRAINING = 1
    """Callers are told to go elsewhere; whoever comes is served."""
    CLOSING = 2
    """Nobody can come any more; what was asked before is answered."""
    CANCELLING = 3
    """What is not answered yet is cancelled."""


def next_phase(phase: ShutdownPhase, signal_number: int) -> ShutdownPhase:
    """The stage that a signal leads to.

    SIGTERM is sent by who also sends the requests, and drains. SIGINT is a person at a terminal, who
    need not wait for it; and whoever sends a second signal does not want to wait at all.
    """
    if phase > ShutdownPhase.RUNNING:
        return ShutdownPhase.CANCELLING
    return ShutdownPhase.DRAINING if signal_number == signal.SIGTERM else ShutdownPhase.CLOSING


class Server(uvicorn.Server):
    """A server among others: signals are the process's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone. uvicorn's own would raise each again when done, and so end the process."""
        yield


def build_server(
    app: ASGIApp, host: str, port: int, *, protocol_class: type[asyncio.Protocol] | None = None
) -> Server:
    """A server of an application, by uvicorn's protocol or another."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol_class or "auto",
        ws="none",  # else whatever is installed takes connections over
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        log_level="warning",
        log_config=None,  # what it says goes where all libraries' words go: see telemetry
        access_log=False,
        server_header=False,
        workers=1,  # else it reads WEB_CONCURRENCY, which may be empty
    )
    return Server(config)


def bind_listening_socket(
    host: str, port: int, *, reuse_port: bool = False, port_variable: str = "PORT"
) -> socket.socket:
    """A socket that listens there, alone or with others; `port_variable` is what the port is set by.

    Raises:
        PortRefused: The port is taken, or the address is not of this machine.
    """
    with _translate_bind_errors(host, port, port_variable):
        return socket.create_server(
            (host, port), family=_address_family(host), backlog=_BACKLOG, reuse_port=reuse_port
        )


@contextmanager
def _translate_bind_errors(host: str, port: int, port_variable: str) -> Iterator[None]:
    """What the system refuses inside is told with the variable to set."""
    try:
        yield
    except OSError as error:
        remedy = f"set {port_variable} to another" if error.errno in _PORT_ERRNOS else "see HOST"
        reason, *_ = str(error.strerror).partition(" (")  # where it was attempted is said already
        message = f"Port {port} of {host} cannot be used: {reason}: {remedy}."
        raise PortUnavailable(message) from error


def reserve_port(host: str, port: int) -> socket.socket:
    """A socket that does not listen; with it, the port is there for those who share it, and nobody else.

    Raises:
        PortRefused: As `bind_listening_socket` does.
    """
    with bind_listening_socket(host, port) as listener:
        address = listener.getsockname()
    bound = socket.socket(_address_family(host))
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # Connections of an earlier process may still be about to end, but nobody else shall have the port.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with _translate_bind_errors(host, port, "PORT"):
        bound.bind(address)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return bound


def _address_family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class GracefulShutdown:
    """How the servers of a process end: stage after stage, each after its time or when it is asked for."""

    def __init__(
        self,
        servers: Sequence[Server],
        limiter: ConcurrencyLimiter | None = None,
        *,
        drain_seconds: float = 0.0,
        grace_seconds: float = 0.0,
    ) -> None:
        self.phase = ShutdownPhase.RUNNING
        self.servers = servers
        self._limiter = limiter
        self._drain_seconds = drain_seconds
        self._grace_seconds = grace_seconds

    def on_signal(self, signal_number: int) -> None:
        self.advance_to(next_phase(self.phase, signal_number))

    def advance_to(self, phase: ShutdownPhase) -> None:
        """Go on to this stage, through those before; nothing happens where it was reached already."""
        while self.phase < phase:
            self.phase = ShutdownPhase(self.phase + 1)
            self._enter_phase(self.phase)

    def _enter_phase(self, phase: ShutdownPhase) -> None:
        loop = asyncio.get_running_loop()
        match phase:
            case ShutdownPhase.DRAINING:
                if self._limiter:
                    self._limiter.start_draining()
                loop.call_later(self._drain_seconds, self.advance_to, ShutdownPhase.CLOSING)
            case ShutdownPhase.CLOSING:
                for each in self.servers:
                    # Ours come first; this is for what not even a lost connection ends.
                    each.config.timeout_graceful_shutdown = math.ceil(self._grace_seconds) + 2
                    each.should_exit = True
                loop.call_later(self._grace_seconds, self.advance_to, ShutdownPhase.CANCELLING)
            case ShutdownPhase.CANCELLING:
                if self._limiter:
                    self._limiter.cancel_all()
                loop.call_later(_FINAL_FLUSH_SECONDS, self._abort_connections)

    def _abort_connections(self) -> None:
        for each in self.servers:
            for connection in [*each.server_state.connections]:
                connection.transport.abort()


def gateway_server(settings: Settings, *, sandbox_server: Server | None = None) -> GracefulShutdown:
    """The server of the gateway, alone, or beside the sandbox's, which has no traffic to drain.

    Raises:
        SettingsRefused: The settings describe no gateway.
    """
    limiter = ConcurrencyLimiter(settings.max_concurrency)
    app = create_app(settings, limiter=limiter)
    pending_bodies, allowed_origins = (
        PendingBodies(settings.max_body_bytes),
        AllowedOrigins(settings.cors_origins),
    )
    protocol_class = http_protocol_class(
        settings.request_timeout_seconds, pending_bodies, allowed_origins
    )
    gateway = build_server(app, settings.host, settings.port, protocol_class=protocol_class)
    return GracefulShutdown(
        [gateway] if sandbox_server is None else [sandbox_server, gateway],
        limiter,
        drain_seconds=settings.drain_seconds if sandbox_server is None else 0.0,
        grace_seconds=settings.shutdown_grace_seconds,
    )


def run(
    shutdown: GracefulShutdown,
    sockets: Sequence[socket.socket],
    control_socket: socket.socket | None = None,
) -> None:
    """Serve until a signal or an order ends it, and what was asked before is answered.

    Args:
        shutdown: What is served, and how it ends.
        sockets: Where, for each of its servers.
        control_socket: Where a parent is told that this process serves, again and again, and where the stages
            that it wants come from, a byte each. Its end is the parent's, and then its workers end as well.
    """
    # What is there by now stays: the collector need not look at it again, and the rest is short-lived,
    # but for operations that are forgotten: cycles that lived long, so the oldest have their turn too.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)

    async def serve_all() -> None:
        if control_socket is None:
            install_signal_handlers(shutdown.on_signal)
        else:
            # A service's processes may all get the same signal: it means no more than their parent's word.
            install_signal_handlers(lambda _: shutdown.advance_to(ShutdownPhase.DRAINING))
            _follow_supervisor(control_socket, shutdown)
        async with asyncio.TaskGroup() as group:
            for each, bound in zip(shutdown.servers, sockets, strict=True):
                group.create_task(each.serve([bound]))

    with asyncio.Runner(loop_factory=shutdown.servers[0].config.get_loop_factory()) as runner:
        runner.run(serve_all())
    gc.freeze()  # nor when Python ends: looking at all that is remembered would take seconds


def install_signal_handlers(callback: Callable[[int], None]) -> None:
    """Tell of signals in the running loop, between two of its steps."""
    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        signal.signal(number, lambda number, _: loop.call_soon_threadsafe(callback, number))


def _follow_supervisor(control_socket: socket.socket, shutdown: GracefulShutdown) -> None:
    """Tell the parent that there is somebody to talk to, and do what it says."""
    loop = asyncio.get_running_loop()

    def on_command() -> None:
        try:
            command = control_socket.recv(1)
        except ConnectionError:  # the parent has ended, and not read all that it was told
            command = b""
        if not command:
            loop.remove_reader(control_socket)
        shutdown.advance_to(ShutdownPhase(command[0]) if command else ShutdownPhase.DRAINING)

    def send_heartbeat() -> None:
        with suppress(OSError):  # it has ended, or has not listened for long
            control_socket.send(b"+")
        loop.call_later(_HEARTBEAT_SECONDS, send_heartbeat)

    control_socket.setblocking(False)
    loop.add_reader(control_socket, on_command)
    send_heartbeat()

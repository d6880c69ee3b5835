"""Serving and graceful shutdown: the servers of one process, and the phases of their shutdown."""

import asyncio
import errno
import gc
import math
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext, suppress
from enum import IntEnum

import uvicorn

from gateway.config.origins import AllowedOrigins
from gateway.config.settings import Settings
from gateway.observability.logging import log_info
from gateway.server.accept_queue import accept_queued_connections
from gateway.server.http_protocol import http_protocol_class
from gateway.server.pending_bodies import PendingBodies
from gateway.web.app import create_app
from gateway.web.concurrency import ConcurrencyLimiter

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open: longer than load balancers keep theirs (60 seconds, most of
them), so that no request meets the close of its connection.
"""

FINAL_FLUSH_SECONDS = 0.5
"""How long callers have to read the responses to cancelled requests."""

_BACKLOG = 2048

_HEARTBEAT_SECONDS = 1.0
"""The interval of a worker's heartbeats, which its event loop sends to its supervisor."""

HEARTBEAT = b"+"
DRAINING_HEARTBEAT = b"-"


_PORT_ERRNOS = {errno.EADDRINUSE, errno.EACCES}
"""Errors that another port may avoid; all others concern the address."""


class PortUnavailable(Exception):
    """A port cannot be listened on; the message names each such port and the reason."""


RELOAD_COMMAND = b"r"
"""What a supervisor sends its workers so that they reload files: no phase."""


class ShutdownPhase(IntEnum):
    """A phase of graceful shutdown. A process only advances."""

    RUNNING = 0
    DRAINING = 1
    """Callers are asked to use another process; requests are still served."""
    CLOSING = 2
    """The port is closed; earlier requests are answered."""
    CANCELLING = 3
    """Requests without a response are cancelled."""


def next_phase(phase: ShutdownPhase, signal_number: int) -> ShutdownPhase:
    """The phase that a signal leads to.

    SIGTERM comes from the orchestrator that also routes requests, and drains. SIGINT comes from a person
    at a terminal, and skips draining. A second signal skips all waiting.
    """
    if phase > ShutdownPhase.RUNNING:
        return ShutdownPhase.CANCELLING
    return ShutdownPhase.DRAINING if signal_number == signal.SIGTERM else ShutdownPhase.CLOSING


def log_stopping(phase: ShutdownPhase) -> None:
    """Log the start of the shutdown of this process, and the phase that it begins with."""
    log_info("stopping", pid=os.getpid(), phase=phase.name.lower())


def log_stopped() -> None:
    """Log the end of the shutdown of this process."""
    log_info("stopped", pid=os.getpid())


class Server(uvicorn.Server):
    """A uvicorn server among others in its process, which handles signals for all of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture no signals. uvicorn would raise each again at its end, and so end the process."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port once all connections to it are accepted, and wait for the responses."""
        await accept_queued_connections(sockets or [])
        await super().shutdown(sockets)


def build_server(
    app: Callable[..., Awaitable[None]],
    host: str,
    port: int,
    *,
    protocol_class: type[asyncio.Protocol] | None = None,
    reads_proxy_headers: bool = False,
) -> Server:
    """A server of an application, with uvicorn's HTTP protocol or another.

    `reads_proxy_headers` is whether the scheme and the client of a request are those that a trusted proxy names.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol_class or "auto",
        ws="none",  # otherwise an installed WebSocket library takes over connections
        backlog=_BACKLOG,
        proxy_headers=reads_proxy_headers,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        log_level="warning",
        log_config=None,  # its records become log events, as those of all libraries
        access_log=False,
        server_header=False,
        workers=1,  # else it reads WEB_CONCURRENCY, which may be empty
    )
    return Server(config)


def bind_listening_socket(
    host: str,
    port: int,
    *,
    reuse_port: bool = False,
    port_setting: str = "PORT",
    host_setting: str = "HOST",
) -> socket.socket:
    """A listening socket, alone or among others on the port. Messages name what sets the host and the port.

    Raises:
        PortUnavailable: The port is in use, or the address is not of this machine.
    """
    with _translate_bind_errors(host, port, port_setting, host_setting):
        return socket.create_server(
            (host, port), family=_address_family(host), backlog=_BACKLOG, reuse_port=reuse_port
        )


@contextmanager
def _translate_bind_errors(
    host: str, port: int, port_setting: str, host_setting: str
) -> Iterator[None]:
    """Translate errors of the operating system into `PortUnavailable`, with what sets the host and the port."""
    try:
        yield
    except OSError as error:
        remedy = (
            f"set {port_setting} to another"
            if error.errno in _PORT_ERRNOS
            else f"see {host_setting}"
        )
        reason, *_ = str(error.strerror).partition(" (")  # the message has the address already
        message = f"Port {port} of {host} cannot be used: {reason}: {remedy}."
        raise PortUnavailable(message) from error


def reserve_port(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen: it reserves the port for the sockets that share it.

    Raises:
        PortUnavailable: As for `bind_listening_socket`.
    """
    with bind_listening_socket(host, port) as listener:
        address = listener.getsockname()
    bound = socket.socket(_address_family(host))
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # Closing connections of an earlier process may still use the port; no other process may take it.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with _translate_bind_errors(host, port, "PORT", "HOST"):
        bound.bind(address)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return bound


def _address_family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class GracefulShutdown:
    """Graceful shutdown of a process's servers: phase after phase, each after its time or on a signal.

    Attributes:
        phase: The phase of the process.
        servers: The servers.
        admin_app: The application of the admin address, if the settings have one.
        request_reload: What SIGHUP calls; None where it ends the process.
    """

    def __init__(
        self,
        servers: Sequence[Server],
        limiter: ConcurrencyLimiter | None = None,
        *,
        admin_app: Callable[..., Awaitable[None]] | None = None,
        drain_seconds: float = 0.0,
        grace_seconds: float = 0.0,
        request_reload: Callable[[], None] | None = None,
    ) -> None:
        self.phase = ShutdownPhase.RUNNING
        self.servers = servers
        self.admin_app = admin_app
        self.request_reload = request_reload
        self._limiter = limiter
        self._drain_seconds = drain_seconds
        self._grace_seconds = grace_seconds

    def on_signal(self, signal_number: int) -> None:
        self.advance_to(next_phase(self.phase, signal_number))

    def advance_to(self, phase: ShutdownPhase) -> None:
        """Advance to this phase through all before; do nothing where it was reached already."""
        if self.phase is ShutdownPhase.RUNNING and phase > self.phase:
            log_stopping(phase)
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
                    # Our timers fire first; uvicorn's ends requests that outlive their aborted connection.
                    each.config.timeout_graceful_shutdown = math.ceil(self._grace_seconds) + 2
                    each.should_exit = True
                loop.call_later(self._grace_seconds, self.advance_to, ShutdownPhase.CANCELLING)
            case ShutdownPhase.CANCELLING:
                if self._limiter:
                    self._limiter.cancel_all()
                loop.call_later(FINAL_FLUSH_SECONDS, self._abort_connections)

    def _abort_connections(self) -> None:
        for each in self.servers:
            abort_connections(each)


def abort_connections(server: Server) -> None:
    """Abort all connections of a server, whatever is left to send."""
    for connection in [*server.server_state.connections]:
        connection.transport.abort()


def gateway_server(
    settings: Settings, *, sandbox_server: Server | None = None, has_sample_data: bool = False
) -> GracefulShutdown:
    """The gateway's server, alone or beside the sandbox's, which has no traffic to drain.

    Args:
        settings: The settings.
        sandbox_server: The server of the sandbox, if the gateway is over it.
        has_sample_data: Whether the sandbox has the clients that GraphiQL's first queries name.

    Raises:
        ConfigurationError: The settings do not describe a gateway.
    """
    app = create_app(settings, over_sandbox=has_sample_data)
    pending_bodies, allowed_origins = (
        PendingBodies(settings.max_body_bytes),
        AllowedOrigins(settings.cors_origins),
    )
    protocol_class = http_protocol_class(
        settings.request_timeout_seconds, pending_bodies, allowed_origins
    )
    gateway = build_server(
        app,
        settings.host,
        settings.port,
        protocol_class=protocol_class,
        # Only spans have the scheme of a request, and nothing has its client. Where trusted proxies are
        # set, the application reads their headers: uvicorn would hide the address of the proxy from it.
        reads_proxy_headers=settings.otel_exporter_otlp_endpoint is not None
        and not settings.trusted_proxies,
    )
    return GracefulShutdown(
        [gateway] if sandbox_server is None else [sandbox_server, gateway],
        app.state.limiter,
        admin_app=app.state.admin_app,
        drain_seconds=settings.drain_seconds if sandbox_server is None else 0.0,
        grace_seconds=settings.shutdown_grace_seconds,
        request_reload=app.state.reloader.request if settings.names_files else None,
    )


def run(
    shutdown: GracefulShutdown,
    sockets: Sequence[socket.socket],
    control_socket: socket.socket | None = None,
    *,
    beside: AbstractAsyncContextManager[None] | None = None,
) -> None:
    """Serve until a signal or a command starts the shutdown, and earlier requests are answered.

    Args:
        shutdown: The servers, and their graceful shutdown.
        sockets: The listening socket of each server.
        control_socket: The connection to the supervisor: takes heartbeats, and sends the phases to advance
            to, and commands to reload, one byte each. It ends with the supervisor, and then the workers shut
            down as well.
        beside: Runs beside the servers, and ends after them.
    """
    # Objects that exist by now stay: the collector need not traverse them again. Others are short-lived,
    # except evicted operations, which are long-lived cycles: so the oldest generation is collected too.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)

    async def serve_all() -> None:
        if shutdown.request_reload is not None:
            install_hangup_handler(shutdown.request_reload)
        if control_socket is None:
            install_signal_handlers(shutdown.on_signal)
        else:
            # All processes of a service may get the same signal: a worker drains, and follows its supervisor.
            install_signal_handlers(lambda _: shutdown.advance_to(ShutdownPhase.DRAINING))
            _follow_supervisor(control_socket, shutdown)
        async with beside or nullcontext(), asyncio.TaskGroup() as group:
            for each, bound in zip(shutdown.servers, sockets, strict=True):
                group.create_task(each.serve([bound]))

    with asyncio.Runner(loop_factory=shutdown.servers[0].config.get_loop_factory()) as runner:
        runner.run(serve_all())
    log_stopped()
    gc.freeze()  # a collection of all caches at exit would take seconds


def install_signal_handlers(callback: Callable[[int], None]) -> None:
    """Call back in the running event loop for each stop signal, between two of its callbacks."""
    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        signal.signal(number, lambda number, _: loop.call_soon_threadsafe(callback, number))


def install_hangup_handler(callback: Callable[[], None]) -> None:
    """Call back in the running event loop for SIGHUP, which else ends the process."""
    loop = asyncio.get_running_loop()
    signal.signal(signal.SIGHUP, lambda *_: loop.call_soon_threadsafe(callback))


def _follow_supervisor(control_socket: socket.socket, shutdown: GracefulShutdown) -> None:
    """Send heartbeats to the supervisor, and follow the commands that it sends."""
    loop = asyncio.get_running_loop()

    def on_command() -> None:
        try:
            command = control_socket.recv(1)
        except ConnectionError:  # the supervisor has ended without reading all heartbeats
            command = b""
        if command == RELOAD_COMMAND:
            if shutdown.request_reload is not None:
                shutdown.request_reload()
            return
        if not command:
            loop.remove_reader(control_socket)
        shutdown.advance_to(ShutdownPhase(command[0]) if command else ShutdownPhase.DRAINING)

    def send_heartbeat() -> None:
        with suppress(OSError):  # the supervisor has ended, or has not read for long
            is_running = shutdown.phase is ShutdownPhase.RUNNING
            control_socket.send(HEARTBEAT if is_running else DRAINING_HEARTBEAT)
        loop.call_later(_HEARTBEAT_SECONDS, send_heartbeat)

    control_socket.setblocking(False)
    loop.add_reader(control_socket, on_command)
    send_heartbeat()

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

from gateway.config.origins import Origins
from gateway.config.settings import Settings
from gateway.server.body_limits import Bodies
from gateway.server.http_protocol import within
from gateway.web.app import create_app
from gateway.web.concurrency import Admission

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_IDLE_SECONDS = 75
"""How long an unused connection is kept: longer than balancers keep theirs (60 seconds, most of them),
so that a request does not meet the end of its connection half-way."""

_LAST_WORDS_SECONDS = 0.5
"""How long callers have to take the answers of what was cancelled."""

_BACKLOG = 2048

_BEAT_SECONDS = 1.0
"""How often a worker tells its parent that its loop goes round."""


_PORT_ERRORS = {errno.EADDRINUSE, errno.EACCES}
"""Where another port may be used; others are about the address."""


class PortRefused(Exception):
    """A port cannot be listened on; the message says which, and why."""


class Stage(IntEnum):
    """How far a process is. It only ever goes on."""

    SERVING = 0
    DRAINING = 1
    """Callers are told to go elsewhere; whoever comes is served."""
    FINISHING = 2
    """Nobody can come any more; what was asked before is answered."""
    ENDING = 3
    """What is not answered yet is cancelled."""


def after(stage: Stage, number: int) -> Stage:
    """The stage that a signal leads to.

    SIGTERM is sent by who also sends the requests, and drains. SIGINT is a person at a terminal, who
    need not wait for it; and whoever sends a second signal does not want to wait at all.
    """
    if stage > Stage.SERVING:
        return Stage.ENDING
    return Stage.DRAINING if number == signal.SIGTERM else Stage.FINISHING


class Server(uvicorn.Server):
    """A server among others: signals are the process's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone. uvicorn's own would raise each again when done, and so end the process."""
        yield


def server(
    app: ASGIApp, host: str, port: int, *, protocol: type[asyncio.Protocol] | None = None
) -> Server:
    """A server of an application, by uvicorn's protocol or another."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol or "auto",
        ws="none",  # else whatever is installed takes connections over
        backlog=_BACKLOG,
        timeout_keep_alive=_IDLE_SECONDS,
        log_level="warning",
        log_config=None,  # what it says goes where all libraries' words go: see telemetry
        access_log=False,
        server_header=False,
        workers=1,  # else it reads WEB_CONCURRENCY, which may be empty
    )
    return Server(config)


def listening(
    host: str, port: int, *, is_shared: bool = False, set_by: str = "PORT"
) -> socket.socket:
    """A socket that listens there, alone or with others; `set_by` is what the port is set by.

    Raises:
        PortRefused: The port is taken, or the address is not of this machine.
    """
    with _refusing(host, port, set_by):
        return socket.create_server(
            (host, port), family=_family(host), backlog=_BACKLOG, reuse_port=is_shared
        )


@contextmanager
def _refusing(host: str, port: int, set_by: str) -> Iterator[None]:
    """What the system refuses inside is told with the variable to set."""
    try:
        yield
    except OSError as error:
        remedy = f"set {set_by} to another" if error.errno in _PORT_ERRORS else "see HOST"
        reason, *_ = str(error.strerror).partition(" (")  # where it was attempted is said already
        message = f"Port {port} of {host} cannot be used: {reason}: {remedy}."
        raise PortRefused(message) from error


def reserved(host: str, port: int) -> socket.socket:
    """A socket that does not listen; with it, the port is there for those who share it, and nobody else.

    Raises:
        PortRefused: As `listening` does.
    """
    with listening(host, port) as alone:
        address = alone.getsockname()
    bound = socket.socket(_family(host))
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # Connections of an earlier process may still be about to end, but nobody else shall have the port.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with _refusing(host, port, "PORT"):
        bound.bind(address)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return bound


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class Departure:
    """How the servers of a process end: stage after stage, each after its time or when it is asked for."""

    def __init__(
        self,
        servers: Sequence[Server],
        admission: Admission | None = None,
        *,
        drain_seconds: float = 0.0,
        grace_seconds: float = 0.0,
    ) -> None:
        self.stage = Stage.SERVING
        self.servers = servers
        self._admission = admission
        self._drain_seconds = drain_seconds
        self._grace_seconds = grace_seconds

    def signalled(self, number: int) -> None:
        self.reach(after(self.stage, number))

    def reach(self, stage: Stage) -> None:
        """Go on to this stage, through those before; nothing happens where it was reached already."""
        while self.stage < stage:
            self.stage = Stage(self.stage + 1)
            self._enter(self.stage)

    def _enter(self, stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        match stage:
            case Stage.DRAINING:
                if self._admission:
                    self._admission.drain()
                loop.call_later(self._drain_seconds, self.reach, Stage.FINISHING)
            case Stage.FINISHING:
                for each in self.servers:
                    # Ours come first; this is for what not even a lost connection ends.
                    each.config.timeout_graceful_shutdown = math.ceil(self._grace_seconds) + 2
                    each.should_exit = True
                loop.call_later(self._grace_seconds, self.reach, Stage.ENDING)
            case Stage.ENDING:
                if self._admission:
                    self._admission.end()
                loop.call_later(_LAST_WORDS_SECONDS, self._hang_up)

    def _hang_up(self) -> None:
        for each in self.servers:
            for connection in [*each.server_state.connections]:
                connection.transport.abort()


def gateway_departure(settings: Settings, *, beside: Server | None = None) -> Departure:
    """The server of the gateway, alone, or beside the sandbox's, which has no traffic to drain.

    Raises:
        SettingsRefused: The settings describe no gateway.
    """
    admission = Admission(settings.max_concurrency)
    app = create_app(settings, admission=admission)
    bodies, pages = Bodies(settings.max_body_bytes), Origins(settings.cors_origins)
    protocol = within(settings.request_timeout_seconds, bodies, pages)
    gateway = server(app, settings.host, settings.port, protocol=protocol)
    return Departure(
        [gateway] if beside is None else [beside, gateway],
        admission,
        drain_seconds=settings.drain_seconds if beside is None else 0.0,
        grace_seconds=settings.shutdown_grace_seconds,
    )


def run(
    departure: Departure, sockets: Sequence[socket.socket], orders: socket.socket | None = None
) -> None:
    """Serve until a signal or an order ends it, and what was asked before is answered.

    Args:
        departure: What is served, and how it ends.
        sockets: Where, for each of its servers.
        orders: Where a parent is told that this process serves, again and again, and where the stages
            that it wants come from, a byte each. Its end is the parent's, and then its workers end as well.
    """
    # What is there by now stays: the collector need not look at it again, and the rest is short-lived,
    # but for operations that are forgotten: cycles that lived long, so the oldest have their turn too.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)

    async def serve_all() -> None:
        if orders is None:
            on_stop_signals(departure.signalled)
        else:
            # A service's processes may all get the same signal: it means no more than their parent's word.
            on_stop_signals(lambda _: departure.reach(Stage.DRAINING))
            _obey(orders, departure)
        async with asyncio.TaskGroup() as group:
            for each, bound in zip(departure.servers, sockets, strict=True):
                group.create_task(each.serve([bound]))

    with asyncio.Runner(loop_factory=departure.servers[0].config.get_loop_factory()) as runner:
        runner.run(serve_all())
    gc.freeze()  # nor when Python ends: looking at all that is remembered would take seconds


def on_stop_signals(tell: Callable[[int], None]) -> None:
    """Tell of signals in the running loop, between two of its steps."""
    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        signal.signal(number, lambda number, _: loop.call_soon_threadsafe(tell, number))


def _obey(orders: socket.socket, departure: Departure) -> None:
    """Tell the parent that there is somebody to talk to, and do what it says."""
    loop = asyncio.get_running_loop()

    def ordered() -> None:
        try:
            order = orders.recv(1)
        except ConnectionError:  # the parent has ended, and not read all that it was told
            order = b""
        if not order:
            loop.remove_reader(orders)
        departure.reach(Stage(order[0]) if order else Stage.DRAINING)

    def beat() -> None:
        with suppress(OSError):  # it has ended, or has not listened for long
            orders.send(b"+")
        loop.call_later(_BEAT_SECONDS, beat)

    orders.setblocking(False)
    loop.add_reader(orders, ordered)
    beat()

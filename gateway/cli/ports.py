"""The ports that a command listens on, all bound before it serves, and their URLs."""

import socket
from collections.abc import Iterable
from typing import NamedTuple

from gateway.config.settings import Settings, env_name
from gateway.server.lifecycle import PortUnavailable, bind_listening_socket


class Port(NamedTuple):
    """A port to listen on, and what sets it and its host."""

    host: str
    number: int
    port_setting: str = "PORT"
    host_setting: str = "HOST"


def admin_ports(settings: Settings) -> list[Port]:
    """The port of the admin address, if there is one."""
    address, name = settings.admin_address, env_name("admin_address")
    return [] if address is None else [Port(address.host, address.port, name, name)]


def bind_all(ports: Iterable[Port]) -> list[socket.socket]:
    """Listening sockets of all ports.

    Raises:
        PortUnavailable: Names every port that cannot be used; then none is.
    """
    sockets, problems = [], []
    for each in ports:
        try:
            sockets.append(
                bind_listening_socket(
                    each.host,
                    each.number,
                    port_setting=each.port_setting,
                    host_setting=each.host_setting,
                )
            )
        except PortUnavailable as error:
            problems.append(str(error))
    if problems:
        for bound in sockets:
            bound.close()
        raise PortUnavailable("\n".join(problems))
    return sockets


def bound_url(host: str, bound: socket.socket, path: str = "") -> str:
    """The URL of a bound socket, whose port the operating system chose where 0 was given."""
    port = bound.getsockname()[1]
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"

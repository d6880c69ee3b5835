"""The HTTP proxy of upstream calls: which one the settings select for an address, if any."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from socket import inet_aton
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, InstanceOf, SecretStr
from pydantic_settings import NoDecode

DIRECT: Literal["none"] = "none"
"""Calls without a proxy, whatever the other settings."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,253}")


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy.

    Attributes:
        scheme: The scheme of its URL: `http` or `https`.
        host: Its name or address.
        port: Its port.
        user: The user for its authentication, if any.
        password: The password of the user; never part of the repr.
    """

    scheme: str
    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """The URL of the proxy, without the user."""
        return f"{self.scheme}://{self.authority}"

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers that authenticate the user (RFC 7617)."""
        if self.user is None:
            return []
        credentials = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return [("Proxy-Authorization", f"Basic {credentials}")]

    @property
    def authority(self) -> str:
        """The host and port of the proxy, for messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _parse_proxy(text: object) -> object:
    """A proxy in the usual form: `http://user:password@host:port`, of which only the host is required."""
    if not isinstance(text, str):
        return text
    if text.strip().lower() == DIRECT:
        return DIRECT
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    has_extra_parts = (
        parts.path not in {"", "/"} or parts.query or parts.fragment
    )  # perhaps parts of a password
    is_http = parts.scheme in _DEFAULT_PORTS and _HOST_NAME.fullmatch(host)
    if has_extra_parts or not is_http or not text.isprintable():
        raise ValueError("must be the address of an HTTP proxy, such as http://proxy:3128")
    user = None if parts.username is None else unquote(parts.username)
    default_port = _DEFAULT_PORTS[parts.scheme]
    return Proxy(
        parts.scheme,
        host,
        default_port if port is None else port,
        user,
        unquote(parts.password or ""),
    )


ProxyAddress = Annotated[
    InstanceOf[Proxy] | Literal["none"] | None, NoDecode, BeforeValidator(_parse_proxy)
]


def is_loopback(host: str) -> bool:
    """Whether a host is a loopback address or name, in any notation."""
    name = host.lower().rstrip(".")
    try:
        address = ip_address(name)
    except ValueError:
        try:
            address = ip_address(inet_aton(name))  # such as 127.1
        except OSError:
            return name == "localhost" or name.endswith(".localhost")
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def bypasses_proxy(host: str, port: int, no_proxy: str) -> bool:
    """Whether a list in the format of `NO_PROXY` contains a host.

    Its entries are names, which include their subdomains, addresses and networks, perhaps with
    a port, and `*` for all; the separators are commas or blanks.
    """
    return any(_entry_matches(each, host.lower(), port) for each in _split_no_proxy(no_proxy))


def _split_no_proxy(no_proxy: str) -> Iterator[str]:
    for each in re.split(r"[,\s]+", no_proxy.lower()):
        if each:
            yield each


def _entry_matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass  # one of the two is a name
    match = re.fullmatch(r"(?P<name>\[.+\]|[^:]+)(?::(?P<port>[0-9]+))?", entry)
    if match is None or match["port"] not in {None, str(port)}:
        return False
    name = match["name"].strip("[]").removeprefix("*").strip(".")
    return host == name or host.endswith(f".{name}")


def proxy_for(
    origin: str,
    *,
    explicit: Proxy | Literal["none"] | None,
    url_by_scheme: Mapping[str, SecretStr | None],
    no_proxy: str,
) -> Proxy | None:
    """The proxy of calls to an origin, if any; calls to a loopback address have none.

    Args:
        origin: The origin to call, such as `https://api.agendize.com`.
        explicit: The proxy set for this origin, which takes precedence.
        url_by_scheme: The general proxies, by the scheme of the address to call.
        no_proxy: The hosts to call without the general proxies, in the format of `NO_PROXY`.

    Raises:
        ValueError: The proxy for the scheme is needed, and is no HTTP proxy.
    """
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if is_loopback(host):
        return None
    if explicit is not None:
        return explicit if isinstance(explicit, Proxy) else None
    proxy_url = url_by_scheme[parts.scheme]
    if proxy_url is None or bypasses_proxy(
        host, parts.port or _DEFAULT_PORTS[parts.scheme], no_proxy
    ):
        return None
    proxy = _parse_proxy(proxy_url.get_secret_value())
    return proxy if isinstance(proxy, Proxy) else None

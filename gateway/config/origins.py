"""Origins of web pages, as browsers send them and as a setting lists them."""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

_LABEL = r"[a-z0-9_\-]{1,63}"
_LABELS = rf"(?:{_LABEL}\.)*{_LABEL}"
_FEWEST_LABELS = rf"(?:{_LABEL}\.)*?{_LABEL}"

_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.\-]*)://"
    rf"(?P<host>\[[0-9a-f:.]+\]|(?:{_LABEL}|\*)(?:\.(?:{_LABEL}|\*))*\.?)"
    r"(?::(?P<port>[0-9]{1,5}|\*))?",
    re.IGNORECASE | re.ASCII,
)
_MOST_CHARACTERS = 300
"""A host name has at most 253. What is longer is no origin, and not worth reading."""

_MOST_PORT = 65_535
_OPAQUE = {"about", "blob", "data", "file", "javascript"}
"""Schemes whose pages have the origin `null` (the URL standard, 4.7)."""

_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Origin(NamedTuple):
    """The origin of a page; each part in the one way in which browsers write it.

    Attributes:
        scheme: Of any kind: pages in apps and extensions have schemes of their own.
        host: A name, or an address: one of IPv6 in brackets.
        port: Also where it is the scheme's; empty where the scheme has none and none was written.
    """

    scheme: str
    host: str
    port: str

    def __str__(self) -> str:
        is_default = self.port == _DEFAULT_PORTS.get(self.scheme, "")
        return f"{self.scheme}://{self.host}" + ("" if is_default else f":{self.port}")

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address: browsers take a name for one where it ends in a number."""
        return self.host.startswith("[") or self.host.rpartition(".")[2].isdigit()

    @property
    def has_wildcard(self) -> bool:
        return "*" in self.host or self.port == "*"


def listed(text: str) -> Origin:
    """An origin as a setting has it: `*` stands for one or more labels of the host's name, or for the port.

    Raises:
        ValueError: No page ever has this origin, whatever `*` stands for.
    """
    origin = _read(text)
    if origin is None or origin.scheme in _OPAQUE or (origin.is_address and "*" in origin.host):
        raise ValueError(
            f"{_presentable(text)} is the origin of no page: write a scheme, a host and a port that "
            "is not the scheme's own, such as https://app.example.com, https://*.example.com or "
            "http://localhost:*"
        )
    return origin


def _presentable(text: str) -> str:
    """Without what is no part of an origin and may be secret: a user, a password, a query."""
    beginning, _, rest = re.sub(r"[?#].*", "?…", text, flags=re.DOTALL).rpartition("@")
    scheme, mark, _ = beginning.partition("://")
    return f"{scheme}{mark}…@{rest}" if mark else f"…@{rest}" if beginning else rest


def _read(text: str) -> Origin | None:
    found = _ORIGIN.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    if found is None:
        return None
    scheme, host, port = found["scheme"].lower(), found["host"].lower(), found["port"]
    port = _DEFAULT_PORTS.get(scheme, "") if port is None else port.lstrip("0")
    if found["port"] is not None and port != "*" and not 0 < int(port or 0) <= _MOST_PORT:
        return None
    origin = Origin(scheme, host, port)
    try:
        if host.startswith("["):
            origin = origin._replace(host=f"[{IPv6Address(host[1:-1]).compressed}]")
        elif origin.is_address and "*" not in host:
            IPv4Address(host)
    except AddressValueError:
        return None
    return origin


class Origins:
    """Those whose pages may read answers. `null`, which any page can have, is never one of them."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Raises ValueError for what is the origin of no page."""
        origins = [listed(text) for text in texts]
        self._exact = {each for each in origins if not each.has_wildcard}
        self._patterns = [(each, _names(each.host)) for each in origins if each.has_wildcard]

    def __bool__(self) -> bool:
        return bool(self._exact or self._patterns)

    def __contains__(self, text: str) -> bool:
        sent = _read(text)
        if sent is None or sent.has_wildcard:
            return False
        return sent in self._exact or any(
            sent.scheme == pattern.scheme
            and pattern.port in ("*", sent.port)
            and (sent.host == pattern.host or (not sent.is_address and names.fullmatch(sent.host)))
            for pattern, names in self._patterns
        )


def _names(host: str) -> re.Pattern[str]:
    """The names for which a host with `*` stands; read once from left to right, whatever was sent."""
    *parts, last = map(re.escape, host.split("*"))
    if not parts:
        return re.compile(last)
    first, *between = parts
    # What comes between two wildcards is best found as early as it can be.
    early = "".join(f"(?>{_FEWEST_LABELS}{part})" for part in between)
    return re.compile(f"{first}{early}{_LABELS}{last}")

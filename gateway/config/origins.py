"""Origins of web pages: as browsers send them, and as a setting lists them."""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

_LABEL = r"[a-z0-9_\-]{1,63}"
_LABELS = rf"(?:{_LABEL}\.)*{_LABEL}"
_LAZY_LABELS = rf"(?:{_LABEL}\.)*?{_LABEL}"

_ORIGIN_PATTERN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.\-]*)://"
    rf"(?P<host>\[[0-9a-f:.]+\]|(?:{_LABEL}|\*)(?:\.(?:{_LABEL}|\*))*\.?)"
    r"(?::(?P<port>[0-9]{1,5}|\*))?",
    re.IGNORECASE | re.ASCII,
)
_MAX_CHARACTERS = 300
"""A host name has at most 253 characters. A longer text is no origin, and is not parsed."""

_MAX_PORT = 65_535
_OPAQUE_SCHEMES = {"about", "blob", "data", "file", "javascript"}
"""Schemes whose pages have the origin `null` (the URL standard, 4.7)."""

_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Origin(NamedTuple):
    """The origin of a page, each part in the canonical form of browsers.

    Attributes:
        scheme: Any scheme: pages in apps and extensions have schemes of their own.
        host: A name or an address; an IPv6 address is in brackets.
        port: Also a default port is explicit; empty where the scheme has none and none was written.
    """

    scheme: str
    host: str
    port: str

    def __str__(self) -> str:
        is_default = self.port == _DEFAULT_PORTS.get(self.scheme, "")
        return f"{self.scheme}://{self.host}" + ("" if is_default else f":{self.port}")

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address: for browsers, any name is one that ends in a number."""
        return self.host.startswith("[") or self.host.rpartition(".")[2].isdigit()

    @property
    def has_wildcard(self) -> bool:
        return "*" in self.host or self.port == "*"


def parse_allowed_origin(text: str) -> Origin:
    """An origin in a setting: `*` stands for one or more labels of the host's name, or for the port.

    Raises:
        ValueError: No page ever has this origin, whatever `*` stands for.
    """
    origin = _parse(text)
    if (
        origin is None
        or origin.scheme in _OPAQUE_SCHEMES
        or (origin.is_address and "*" in origin.host)
    ):
        raise ValueError(
            f"{_redact(text)} is not the origin of a page: write a scheme, a host and a port "
            "other than the scheme's default, such as https://app.example.com, https://*.example.com or "
            "http://localhost:*"
        )
    return origin


def _redact(text: str) -> str:
    """The text without parts that are not of an origin and may be secret: a user, a password, a query."""
    beginning, _, rest = re.sub(r"[?#].*", "?…", text, flags=re.DOTALL).rpartition("@")
    scheme, mark, _ = beginning.partition("://")
    return f"{scheme}{mark}…@{rest}" if mark else f"…@{rest}" if beginning else rest


def _parse(text: str) -> Origin | None:
    match = _ORIGIN_PATTERN.fullmatch(text) if len(text) <= _MAX_CHARACTERS else None
    if match is None:
        return None
    scheme, host, port = match["scheme"].lower(), match["host"].lower(), match["port"]
    port = _DEFAULT_PORTS.get(scheme, "") if port is None else port.lstrip("0")
    if match["port"] is not None and port != "*" and not 0 < int(port or 0) <= _MAX_PORT:
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


class AllowedOrigins:
    """The origins whose pages may read responses (CORS). Never contains `null`, which any page can have."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Raises ValueError for a text that is the origin of no page."""
        origins = [parse_allowed_origin(text) for text in texts]
        self._exact = {each for each in origins if not each.has_wildcard}
        self._patterns = [(each, _host_pattern(each.host)) for each in origins if each.has_wildcard]

    def __bool__(self) -> bool:
        return bool(self._exact or self._patterns)

    def __contains__(self, text: str) -> bool:
        origin = _parse(text)
        if origin is None or origin.has_wildcard:
            return False
        return origin in self._exact or any(
            origin.scheme == pattern.scheme
            and pattern.port in ("*", origin.port)
            and (
                origin.host == pattern.host
                or (not origin.is_address and host_pattern.fullmatch(origin.host))
            )
            for pattern, host_pattern in self._patterns
        )


def _host_pattern(host: str) -> re.Pattern[str]:
    """The pattern of a host with `*`; matches in one pass from left to right, for any input."""
    *parts, last = map(re.escape, host.split("*"))
    if not parts:
        return re.compile(last)
    first, *between = parts
    # A part between two wildcards matches at its first occurrence.
    middle = "".join(f"(?>{_LAZY_LABELS}{part})" for part in between)
    return re.compile(f"{first}{middle}{_LABELS}{last}")

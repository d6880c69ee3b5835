"""The reverse proxies in front of the gateway: the prefix they publish it under, and which of them are trusted."""

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_PATH_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~\-]+)*")
MAX_PREFIX_CHARACTERS = 200
_MAX_MEMOS = 1_024
"""The number of addresses whose trust is memoized: few proxies call, and few other peers."""

Network = IPv4Network | IPv6Network


def is_path_prefix(text: str) -> bool:
    """Whether the text is a path without dot segments and without a slash at its end; perhaps an empty one."""
    return len(text) <= MAX_PREFIX_CHARACTERS and _PATH_PREFIX.fullmatch(text) is not None


def parse_network(text: str) -> Network:
    """A network, or one address as the network that has no other.

    Raises:
        ValueError: The text is neither.
    """
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError("must be addresses or networks such as 10.0.0.0/8") from None


class TrustedProxies:
    """The networks of trusted proxies, which contain the addresses of peers."""

    def __init__(self, networks: tuple[Network, ...]) -> None:
        self._networks = networks
        self._is_trusted = lru_cache(_MAX_MEMOS)(self._compute_trust)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, peer: str) -> bool:
        return self._is_trusted(peer)

    def _compute_trust(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:  # the peer of a Unix socket has no address
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

"""Types of settings, parsed and validated: origins, paths, secrets, zones, names, contents of files."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    InstanceOf,
    SecretStr,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_settings import NoDecode

from gateway.config import origins
from gateway.config.caller_keys import CallerKeys, read_caller_keys
from gateway.config.environment import named_problem
from gateway.config.manifest import Manifest, read_manifest
from gateway.config.secret_files import (
    HEADER_VALUE_RULE,
    SecretFile,
    is_header_value,
    read_secret,
)
from gateway.config.time_zones import zone_by_name
from gateway.config.trusted_proxies import Network, is_path_prefix, parse_network

PositiveSeconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeSeconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]

_NEVER_FORWARDED = {
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-gateway-key",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
}
"""Headers that are never forwarded: hop-by-hop, body, conditional, method-override, and the gateway's own."""

MAX_CLIENT_APPLICATION_CHARACTERS = 64
"""The maximum length of the name and of the version of a client application."""

_RESERVED_APPLICATION_NAMES = {"none", "other"}
"""The values of the metric's label where there is no name, and where the name is not listed."""

_HOST = r"(?=.{1,253}(:|/|\Z))[A-Za-z0-9_\-]{1,63}(\.[A-Za-z0-9_\-]{1,63})*\.?"
_BRACKETED_ADDRESS = r"\[(?P<address>[0-9A-Fa-f:.]{2,45})\]"


def _check_origin(url: str) -> str:
    match = re.fullmatch(
        rf"https?://({_HOST}|{_BRACKETED_ADDRESS})(:(?P<port>[0-9]{{1,5}}))?/?", url
    )
    if (
        match is None
        or int(match["port"] or 0) > 65535
        or not _is_ipv6(match["address"])
        or not _is_name_or_ipv4(match[1])
    ):
        raise ValueError("must be an origin such as https://api.agendize.com, without a path")
    return url.rstrip("/")


def _is_ipv6(address: str | None) -> bool:
    """Whether the text in brackets, if any, is an IPv6 address."""
    if address is None:
        return True
    try:
        IPv6Address(address)
    except ValueError:
        return False
    return True


def _is_name_or_ipv4(host: str) -> bool:
    """Whether four numbers with dots, if the host has that form, are an IPv4 address."""
    if not re.fullmatch(r"\d+(\.\d+){3}", host):
        return True
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An address to listen on.

    Attributes:
        host: A name or an address; an IPv6 address is without brackets.
        port: The port; 0: any.
    """

    host: str
    port: int


def _parse_listen_address(text: object) -> object:
    if not isinstance(text, str):
        return text
    match = re.fullmatch(
        rf"(?P<host>{_HOST}|{_BRACKETED_ADDRESS}):(?P<port>[0-9]{{1,5}})", text, re.ASCII
    )
    if (
        match is None
        or int(match["port"]) > 65535
        or not _is_ipv6(match["address"])
        or not _is_name_or_ipv4(match["host"])
    ):
        raise ValueError("must be a host and a port, such as 127.0.0.1:9000 or [::1]:9000")
    return ListenAddress(match["address"] or match["host"], int(match["port"]))


def _check_path(path: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._~\-]+)*/?", path):
        raise ValueError("must be a path such as /api/2.3")
    return path.rstrip("/")


def _check_path_prefix(path: str) -> str:
    if not is_path_prefix(path):
        raise ValueError(
            "must be a path such as /activities, of at most 200 characters, without a slash at its end"
        )
    return path


def _parse_networks(texts: object) -> object:
    """Networks, of addresses and networks in a comma-separated list."""
    names = _split_names(texts)
    if not isinstance(names, tuple):
        return names
    return tuple(parse_network(each) if isinstance(each, str) else each for each in names)


def _check_collector_url(url: str) -> str:
    origin = re.match(r"https?://[^/]*", url)
    try:
        return (
            _check_origin(origin[0]) + _check_path(url[origin.end() :])
            if origin
            else _check_origin(url)
        )
    except ValueError:
        raise ValueError("must be an address such as http://collector:4318") from None


def _check_time_zone(name: str) -> str:
    if zone_by_name(name) is None:
        raise ValueError("must be an IANA time-zone name such as Europe/Paris")
    return name


def _read_secret_file(secret: object, validate: ValidatorFunctionWrapHandler) -> SecretStr:
    """The secret, which knows its file where it was read from one."""
    if not isinstance(secret, SecretFile):
        validated: SecretStr = validate(secret)
        return validated
    try:
        return read_secret(secret)
    except ValueError as error:
        raise named_problem(str(error)) from error


def _check_header_value(secret: SecretStr) -> SecretStr:
    if not is_header_value(secret.get_secret_value()):
        raise ValueError(HEADER_VALUE_RULE)
    return secret


def _split_names(value: object) -> object:
    """A comma-separated list as a tuple."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _check_forwardable(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9\-]+", name) or name.lower() in _NEVER_FORWARDED:
            raise ValueError(f"{name} cannot be forwarded")
    return names


def _check_application_names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not re.fullmatch(rf"[\x20-\x7e]{{1,{MAX_CLIENT_APPLICATION_CHARACTERS}}}", name):
            raise ValueError(
                "names must have at most "
                f"{MAX_CLIENT_APPLICATION_CHARACTERS} characters, all of them printable ASCII"
            )
        if name in _RESERVED_APPLICATION_NAMES:
            raise ValueError(f"{name} is reserved: the metric counts other requests by it")
    return names


def _normalize_page_origins(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Origins of pages, in the canonical form of browsers."""
    return tuple(str(origins.parse_allowed_origin(text)) for text in texts)


def _read_manifest(path: object) -> object:
    return read_manifest(Path(path)) if isinstance(path, str | Path) else path


def _read_caller_keys(path: object) -> object:
    return read_caller_keys(Path(path)) if isinstance(path, str | Path) else path


AdminAddress = Annotated[
    InstanceOf[ListenAddress] | None, NoDecode, BeforeValidator(_parse_listen_address)
]
OriginUrl = Annotated[str, AfterValidator(_check_origin)]
CollectorUrl = Annotated[str, AfterValidator(_check_collector_url)]
UrlPath = Annotated[str, AfterValidator(_check_path)]
PathPrefix = Annotated[str, AfterValidator(_check_path_prefix)]
ProxyNetworks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_parse_networks)]
Secret = Annotated[SecretStr, AfterValidator(_check_header_value), WrapValidator(_read_secret_file)]
ZoneName = Annotated[str, AfterValidator(_check_time_zone)]
CommaSeparatedNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_names)]
PageOrigins = Annotated[CommaSeparatedNames, AfterValidator(_normalize_page_origins)]
ClientApplicationNames = Annotated[CommaSeparatedNames, AfterValidator(_check_application_names)]
HeaderNames = Annotated[CommaSeparatedNames, AfterValidator(_check_forwardable)]
ManifestFile = Annotated[InstanceOf[Manifest] | None, NoDecode, BeforeValidator(_read_manifest)]
CallerKeysFile = Annotated[
    InstanceOf[CallerKeys] | None, NoDecode, BeforeValidator(_read_caller_keys)
]

"""Who a read is made for: credentials to send along, and what was called so far."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.config.settings import Settings
from gateway.errors import BadRequest
from gateway.observability.tracing import HeaderPairs
from gateway.upstream.read_log import ReadLogEntry

CREDENTIAL_HEADERS = ("apikey", "token", "authorization")
TRACE_HEADERS = ("x-request-id", "traceparent")

_DIGEST_BYTES = hashlib.blake2b().digest_size

RawHeaders = Iterable[tuple[bytes, bytes]]
"""The headers of a request as ASGI has them: names in lower case, in the order of their lines."""

_PER_REQUEST_HEADER = re.compile(
    r"traceparent|tracestate|baggage|sentry-trace|b3|x-b3-.*|x-datadog-.*|x-cloud-trace-context"
    r"|x-amzn-trace-id|x-request-id|x-correlation-id|apollographql-client-.*|graphql-client-.*"
)
"""Headers of tracing and of client awareness. They may differ with each request of a caller, and no
answer depends on them, so they are no part of its identity. The list is closed."""

_IDS = r"-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
_TRACEPARENT = re.compile(rf"00{_IDS}|(?!00|ff)[0-9a-f]{{2}}{_IDS}(-[\x21-\x7e]*)?")
"""The forms of version 00 and of those to come (W3C Trace Context, 3.2)."""

_SENDABLE_VALUE = re.compile(r"[\t\x20-\x7e]*")
"""Header values that go over the wire as they are."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom reads are made for. Never printed.

    Attributes:
        headers: What goes along with each read.
        identity: What tells callers apart whose answers may differ: reads are shared within one. It
            begins with what tells their credentials apart.
        deadline: When its operation has to end, by the event loop's clock; None: whenever.
        read_log: What was read so far.
        fairness_key: What tells callers apart among whom the upstream's capacity is divided: each key, and
            each credential, has one share, whatever else is forwarded.
        has_token: Whether there is something to send: false for `Authorization: Bearer` alone.
    """

    headers: HeaderPairs = field(repr=False)
    identity: bytes = field(repr=False)
    deadline: float | None = field(default=None, repr=False)
    read_log: list[ReadLogEntry] = field(default_factory=list, repr=False)
    fairness_key: bytes = field(default=b"", repr=False)
    has_token: bool = field(default=True, repr=False)

    def __post_init__(self) -> None:
        """Where nothing else is said, credentials have a share."""
        object.__setattr__(self, "fairness_key", self.fairness_key or self.credentials)

    @property
    def has_credentials(self) -> bool:
        """Whether any credentials go along, the caller's or the service's."""
        return any(name.lower() in CREDENTIAL_HEADERS for name, _ in self.headers)

    @property
    def credentials(self) -> bytes:
        """What tells credentials apart, whatever other headers are forwarded with them."""
        return self.identity[:_DIGEST_BYTES]


class CallerFactory:
    """Makes callers of request headers."""

    def __init__(self, settings: Settings) -> None:
        names = dict.fromkeys(map(str.lower, settings.forward_headers))
        own = {*CREDENTIAL_HEADERS, *TRACE_HEADERS}
        forwarded = [name for name in names if name not in own]
        self._forwarded_names = tuple(
            name for name in forwarded if not _PER_REQUEST_HEADER.fullmatch(name)
        )
        self._per_request_names = (
            *TRACE_HEADERS,
            *(name for name in forwarded if _PER_REQUEST_HEADER.fullmatch(name)),
        )
        self._known_names = frozenset(name.encode() for name in (*own, *forwarded))
        self._service_credentials = _service_credentials(settings)

    def from_headers(
        self, headers: RawHeaders, deadline: float | None = None, *, key_name: str | None = None
    ) -> Caller:
        """Who sends a request with these headers: its credentials, else ours, never a mixture.

        Args:
            headers: What was sent.
            deadline: When its operation has to end.
            key_name: The name of the caller's key, where it has one: it has a share of its own.

        Raises:
            BadRequest: A credential is sent more than once.
        """
        header_values = _header_values(headers, self._known_names)
        credentials = _select_headers(header_values, CREDENTIAL_HEADERS)
        has_token = header_values.get("authorization", "").lower() != "bearer"
        if credentials:
            key_name = None
        else:
            credentials = self._service_credentials
        forwarded = _select_headers(header_values, self._forwarded_names)
        return Caller(
            credentials + forwarded + _tracing_headers(header_values, self._per_request_names),
            _digest(credentials) + (_digest(forwarded) if forwarded else b""),
            deadline,
            fairness_key=_fairness_key(credentials, key_name),
            has_token=has_token,
        )


def _fairness_key(credentials: HeaderPairs, key_name: str | None) -> bytes:
    """The digest of what a caller is known by: a key, or else one form of credentials.

    A caller with both forms is known by the first: else whoever adds a made-up one would be several.
    """
    if key_name is not None:
        return _digest((("key", key_name),))
    credential_values = dict(credentials)
    if "apikey" in credential_values and "token" in credential_values:
        credential_values.pop("authorization", None)
    elif "authorization" in credential_values:
        credential_values = {"authorization": credential_values["authorization"]}
    return (
        b""
        if len(credential_values) == len(credentials)
        else _digest(tuple(credential_values.items()))
    )


def has_credentials(headers: RawHeaders) -> bool:
    """Whether a request has upstream credentials of its own.

    Raises:
        BadRequest: One of them is sent more than once.
    """
    return bool(_header_values(headers, _RAW_CREDENTIAL_NAMES))


_RAW_CREDENTIAL_NAMES = frozenset(name.encode() for name in CREDENTIAL_HEADERS)


def _header_values(headers: RawHeaders, names: frozenset[bytes]) -> dict[str, str]:
    """The value of each of these headers: several lines are one list (RFC 9110, 5.3), an empty credential is none."""
    values: dict[str, str] = {}
    for raw, line in headers:
        if raw in names:
            name, value = raw.decode(), line.decode("latin-1").strip(" \t")
            if name in values and raw in _RAW_CREDENTIAL_NAMES:
                raise BadRequest(f"The header {name} is sent more than once.")
            values[name] = f"{values[name]}, {value}" if name in values else value
    return {
        name: value for name, value in values.items() if value or name not in CREDENTIAL_HEADERS
    }


def _select_headers(values: Mapping[str, str], names: Iterable[str]) -> HeaderPairs:
    return tuple((name, values[name]) for name in names if name in values)


def _tracing_headers(values: Mapping[str, str], names: Iterable[str]) -> HeaderPairs:
    """What is passed on of one request. Others may share its reads: what cannot be sent is left out."""
    selected = {
        name: value
        for name, value in _select_headers(values, names)
        if _SENDABLE_VALUE.fullmatch(value)
    }
    if not _TRACEPARENT.fullmatch(selected.get("traceparent", "")):
        selected.pop("traceparent", None)
        selected.pop("tracestate", None)  # which means nothing without it
    return tuple(selected.items())


def _service_credentials(settings: Settings) -> HeaderPairs:
    if settings.api_key is not None and settings.token is not None:
        return (
            ("apiKey", settings.api_key.get_secret_value()),
            ("token", settings.token.get_secret_value()),
        )
    if settings.bearer_token is not None:
        return (("Authorization", f"Bearer {settings.bearer_token.get_secret_value()}"),)
    return ()


def _digest(headers: HeaderPairs) -> bytes:
    return hashlib.blake2b(repr(headers).encode("utf-8", "surrogatepass")).digest()

"""Credentials: the caller of a request, its upstream credentials, and the headers forwarded with a call."""

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
"""Request headers as ASGI passes them: names in lower case, in the order of their lines."""

_PER_REQUEST_HEADER = re.compile(
    r"traceparent|tracestate|baggage|sentry-trace|b3|x-b3-.*|x-datadog-.*|x-cloud-trace-context"
    r"|x-amzn-trace-id|x-request-id|x-correlation-id|apollographql-client-.*|graphql-client-.*"
)
"""Headers of tracing and of client awareness. They may differ with each request of a caller, and no response
depends on them, so they are no part of the caller's identity. The list is closed."""

_IDS = r"-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
_TRACEPARENT = re.compile(rf"00{_IDS}|(?!00|ff)[0-9a-f]{{2}}{_IDS}(-[\x21-\x7e]*)?")
"""The forms of version 00 and of later versions (W3C Trace Context, 3.2)."""

_SENDABLE_VALUE = re.compile(r"[\t\x20-\x7e]*")
"""Header values that can be sent unchanged."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller for which reads are made: its headers, identity, deadline and read log. Never printed.

    Attributes:
        headers: The headers sent with each call.
        identity: Digest that separates callers whose responses may differ: reads are coalesced within one
            identity only. Its first bytes are the digest of the credentials.
        deadline: When the caller's operation has to end, by the event loop's clock; None for no deadline.
        read_log: The reads made so far.
        fairness_key: Key by which the upstream's capacity is divided: each caller's key, and each credential,
            has one share, whatever other headers are forwarded.
        has_token: Whether there is a token to send: false for `Authorization: Bearer` alone.
    """

    headers: HeaderPairs = field(repr=False)
    identity: bytes = field(repr=False)
    deadline: float | None = field(default=None, repr=False)
    read_log: list[ReadLogEntry] = field(default_factory=list, repr=False)
    fairness_key: bytes = field(default=b"", repr=False)
    has_token: bool = field(default=True, repr=False)

    def __post_init__(self) -> None:
        """Use the credentials as the default fairness key."""
        object.__setattr__(self, "fairness_key", self.fairness_key or self.credentials)

    @property
    def has_credentials(self) -> bool:
        """Whether credentials are sent, the caller's own or the configured ones."""
        return any(name.lower() in CREDENTIAL_HEADERS for name, _ in self.headers)

    @property
    def credentials(self) -> bytes:
        """Digest of the credentials, whatever other headers are forwarded with them."""
        return self.identity[:_DIGEST_BYTES]


class CallerFactory:
    """Factory of callers from request headers."""

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
        """The caller of a request: with its own credentials, else the configured ones, never a mixture.

        Args:
            headers: The request headers.
            deadline: When the caller's operation has to end.
            key_name: The name of the caller's key, where the caller has one: the key has a share of its own.

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
    """The fairness key of a caller: the digest of its key's name, or else of one form of credentials.

    A caller with both forms is identified by the first: otherwise a made-up second form would give one caller
    several shares. Empty where the credentials have a single form: their digest is the default.
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
    """Whether a request carries upstream credentials of its own.

    Raises:
        BadRequest: A credential is sent more than once.
    """
    return bool(_header_values(headers, _RAW_CREDENTIAL_NAMES))


_RAW_CREDENTIAL_NAMES = frozenset(name.encode() for name in CREDENTIAL_HEADERS)


def _header_values(headers: RawHeaders, names: frozenset[bytes]) -> dict[str, str]:
    """The value of each of these headers.

    Several lines are one list (RFC 9110, 5.3); an empty credential is none.
    """
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
    """The tracing headers of one request that are forwarded with its calls.

    Other requests may share the calls, so a value that cannot be sent is omitted instead of refused.
    """
    selected = {
        name: value
        for name, value in _select_headers(values, names)
        if _SENDABLE_VALUE.fullmatch(value)
    }
    if not _TRACEPARENT.fullmatch(selected.get("traceparent", "")):
        selected.pop("traceparent", None)
        selected.pop("tracestate", None)  # tracestate means nothing without traceparent
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

"""Credentials: the caller of a request, its upstream credentials, and the headers forwarded with a call."""

import hashlib
import re
from collections.abc import Iterable

from gateway.config.headers import RawHeaders
from gateway.config.settings import Settings
from gateway.errors import BadRequest
from gateway.upstream.read_log import ReadLogEntry

CREDENTIAL_HEADERS = (b"apikey", b"token", b"authorization")
TRACE_HEADERS = (b"x-request-id", b"traceparent")

_DIGEST_BYTES = hashlib.blake2b().digest_size

_PER_REQUEST_HEADER = re.compile(
    rb"traceparent|tracestate|baggage|sentry-trace|b3|x-b3-.*|x-datadog-.*|x-cloud-trace-context"
    rb"|x-amzn-trace-id|x-request-id|x-correlation-id|apollographql-client-.*|graphql-client-.*"
)
"""Headers of tracing and of client awareness. They may differ with each request of a caller, and no response
depends on them, so they are no part of the caller's identity. The list is closed."""

_IDS = rb"-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
_TRACEPARENT = re.compile(
    rb"00%(ids)b|(?!00|ff)[0-9a-f]{2}%(ids)b(-[\x21-\x7e]*)?" % {b"ids": _IDS}
)
"""The forms of version 00 and of later versions (W3C Trace Context, 3.2)."""

_SENDABLE_VALUE = re.compile(rb"[\t\x20-\x7e]*")
"""Header values that can be sent unchanged."""


class Caller:
    """The caller for which reads are made: its headers, identity, deadline and read log. Never printed.

    Attributes:
        headers: The headers sent with each call.
        identity: Digest that separates callers whose responses may differ: reads are coalesced within one
            identity only. Its first bytes are the digest of the credentials.
        credentials: Digest of the credentials, whatever other headers are forwarded with them.
        deadline: When the caller's operation has to end, by the event loop's clock; None for no deadline.
        read_log: The reads made so far.
        fairness_key: Key by which the upstream's capacity is divided: each caller's key, and each credential,
            has one share, whatever other headers are forwarded.
        has_token: Whether there is a token to send: false for `Authorization: Bearer` alone.
    """

    __slots__ = (
        "credentials",
        "deadline",
        "fairness_key",
        "has_token",
        "headers",
        "identity",
        "read_log",
    )

    def __init__(
        self,
        headers: RawHeaders,
        identity: bytes,
        deadline: float | None = None,
        *,
        fairness_key: bytes = b"",
        has_token: bool = True,
    ) -> None:
        """Identify a caller; without a fairness key of its own, its credentials are that."""
        self.headers = headers
        self.identity = identity
        self.credentials = identity[:_DIGEST_BYTES]
        self.deadline = deadline
        self.read_log: list[ReadLogEntry] = []
        self.fairness_key = fairness_key or self.credentials
        self.has_token = has_token

    def __repr__(self) -> str:
        return "Caller()"

    @property
    def has_credentials(self) -> bool:
        """Whether credentials are sent, the caller's own or the configured ones."""
        return any(name.lower() in CREDENTIAL_HEADERS for name, _ in self.headers)


class CallerFactory:
    """Factory of callers from request headers."""

    def __init__(self, settings: Settings) -> None:
        names = dict.fromkeys(name.lower().encode() for name in settings.forward_headers)
        own = {*CREDENTIAL_HEADERS, *TRACE_HEADERS}
        forwarded = [name for name in names if name not in own]
        self._forwarded_names = tuple(name for name in forwarded if not is_per_request_header(name))
        self._per_request_names = (
            *TRACE_HEADERS,
            *(name for name in forwarded if is_per_request_header(name)),
        )
        self._known_names = frozenset((*own, *forwarded))
        self._service_credentials: RawHeaders = ()
        self._service_digest = b""
        self.replace_service_credentials(settings)

    def replace_service_credentials(self, settings: Settings) -> bool:
        """Give later callers the service credentials of these settings; whether they differ from those before.

        They are another identity, with which no read or response of the former one is shared. Callers that
        exist keep theirs: the reads of one operation, and the attempts of one read, have one identity.
        """
        credentials = _service_credentials(settings)
        is_changed = credentials != self._service_credentials
        self._service_credentials = credentials
        self._service_digest = _digest(credentials)
        return is_changed

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
        values = _header_values(headers, self._known_names)
        credentials = _select_headers(values, CREDENTIAL_HEADERS)
        if credentials:
            identity = _digest(credentials)
            fairness_key = _fairness_key(credentials)
        else:
            credentials, identity = self._service_credentials, self._service_digest
            fairness_key = b"" if key_name is None else _digest(((b"key", key_name.encode()),))
        forwarded = _select_headers(values, self._forwarded_names)
        if forwarded:
            identity += _digest(forwarded)
        return Caller(
            (*credentials, *forwarded, *_tracing_headers(values, self._per_request_names)),
            identity,
            deadline,
            fairness_key=fairness_key,
            has_token=values.get(b"authorization", b"").lower() != b"bearer",
        )


def is_per_request_header(name: bytes) -> bool:
    """Whether a header, whose name is in lower case, may differ with each request without any effect."""
    return _PER_REQUEST_HEADER.fullmatch(name) is not None


def _fairness_key(credentials: RawHeaders) -> bytes:
    """The fairness key of a caller that sends both forms of credentials: the digest of one form.

    A caller with both forms is identified by the first: otherwise a made-up second form would give one caller
    several shares. Empty where the credentials have a single form: their digest is the default.
    """
    names = [name for name, _ in credentials]
    if b"authorization" not in names or len(names) == 1:
        return b""
    if len(names) == 3:
        return _digest(credentials[:-1])
    return _digest(credentials[-1:])


def has_credentials(headers: RawHeaders) -> bool:
    """Whether a request carries upstream credentials of its own.

    Raises:
        BadRequest: A credential is sent more than once.
    """
    return bool(_header_values(headers, _CREDENTIAL_NAMES))


_CREDENTIAL_NAMES = frozenset(CREDENTIAL_HEADERS)


def _header_values(headers: RawHeaders, names: frozenset[bytes]) -> dict[bytes, bytes]:
    """The value of each of these headers.

    Several lines are one list (RFC 9110, 5.3); an empty credential is none.
    """
    values: dict[bytes, bytes] = {}
    for name, line in headers:
        if name in names:
            value = line.strip(b" \t")
            if name not in values:
                values[name] = value
            elif name in _CREDENTIAL_NAMES:
                raise BadRequest(f"The header {name.decode()} is sent more than once.")
            else:
                values[name] += b", " + value
    for name in CREDENTIAL_HEADERS:
        if values.get(name) == b"":
            del values[name]
    return values


def _select_headers(values: dict[bytes, bytes], names: Iterable[bytes]) -> RawHeaders:
    return tuple([(name, values[name]) for name in names if name in values])


def _tracing_headers(values: dict[bytes, bytes], names: Iterable[bytes]) -> RawHeaders:
    """The tracing headers of one request that are forwarded with its calls.

    Other requests may share the calls, so a value that cannot be sent is omitted instead of refused.
    """
    selected = {
        name: value
        for name, value in _select_headers(values, names)
        if _SENDABLE_VALUE.fullmatch(value)
    }
    if not _TRACEPARENT.fullmatch(selected.get(b"traceparent", b"")):
        selected.pop(b"traceparent", None)
        selected.pop(b"tracestate", None)  # tracestate means nothing without traceparent
    return tuple(selected.items())


def _service_credentials(settings: Settings) -> RawHeaders:
    if settings.api_key is not None and settings.token is not None:
        return (
            (b"apiKey", settings.api_key.get_secret_value().encode()),
            (b"token", settings.token.get_secret_value().encode()),
        )
    if settings.bearer_token is not None:
        return ((b"Authorization", f"Bearer {settings.bearer_token.get_secret_value()}".encode()),)
    return ()


def _digest(headers: RawHeaders) -> bytes:
    return hashlib.blake2b(repr(headers).encode()).digest()

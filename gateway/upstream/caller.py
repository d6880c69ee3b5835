"""Who a read is made for: credentials to send along, and what was called so far."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gateway.settings import Settings
from gateway.tracing import Headers
from gateway.upstream.sharing import Outcome

CREDENTIAL_HEADERS = ("apikey", "token", "authorization")
TRACE_HEADERS = ("x-request-id", "traceparent")

_DIGEST_BYTES = hashlib.blake2b().digest_size


@dataclass(frozen=True, slots=True)
class Call:
    """One read of the upstream, as `extensions.gateway` tells it: no ids, hosts or credentials.

    Attributes:
        path: The template of the path.
        status: The HTTP status, or None where there was no answer.
        outcome: Whether the upstream was called for it.
        milliseconds: How long this caller waited.
        bytes: The size of the body after decompression.
        attempts: How often the upstream was asked, until there was an answer or no use in it; where
            an earlier answer stands in, how often for this caller.
    """

    path: str
    status: int | None
    outcome: Outcome
    milliseconds: float
    bytes: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom reads are made for. Never printed.

    Attributes:
        headers: What goes along with each read.
        identity: What tells callers apart whose answers may differ: reads are shared within one. It
            begins with what tells their credentials apart.
        deadline: When its operation has to end, by the event loop's clock; None: whenever.
        calls: What was read so far.
    """

    headers: Headers = field(repr=False)
    identity: bytes = field(repr=False)
    deadline: float | None = field(default=None, repr=False)
    calls: list[Call] = field(default_factory=list, repr=False)

    @property
    def credentials(self) -> bytes:
        """What tells credentials apart, whatever other headers are forwarded with them."""
        return self.identity[:_DIGEST_BYTES]


class Callers:
    """Makes callers of request headers."""

    def __init__(self, settings: Settings) -> None:
        names = dict.fromkeys(map(str.lower, settings.forward_headers))
        own = {*CREDENTIAL_HEADERS, *TRACE_HEADERS}
        self._forwarded = tuple(name for name in names if name not in own)
        self._service_credentials = _service_credentials(settings)

    def of(self, headers: Mapping[str, str], deadline: float | None = None) -> Caller:
        """Who sends a request with these headers: its credentials, else ours, never a mixture."""
        credentials = _present(headers, CREDENTIAL_HEADERS) or self._service_credentials
        identity = _digest(credentials)
        if forwarded := _present(headers, self._forwarded):
            identity += _digest(forwarded)
        sent = credentials + forwarded + _present(headers, TRACE_HEADERS)
        return Caller(sent, identity, deadline)


def _digest(headers: Headers) -> bytes:
    return hashlib.blake2b(repr(headers).encode("utf-8", "surrogatepass")).digest()


def _service_credentials(settings: Settings) -> Headers:
    if settings.api_key is not None and settings.token is not None:
        return (
            ("apiKey", settings.api_key.get_secret_value()),
            ("token", settings.token.get_secret_value()),
        )
    if settings.bearer_token is not None:
        return (("Authorization", f"Bearer {settings.bearer_token.get_secret_value()}"),)
    return ()


def _present(headers: Mapping[str, str], names: Collection[str]) -> Headers:
    return tuple((name, headers[name]) for name in names if name in headers)

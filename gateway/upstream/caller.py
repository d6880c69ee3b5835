"""Who a read is made for: credentials to send along, and what was called so far."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gateway.settings import Settings
from gateway.tracing import Headers
from gateway.upstream.sharing import Outcome

CREDENTIAL_HEADERS = ("apikey", "token", "authorization")
TRACE_HEADERS = ("x-request-id", "traceparent")


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
        identity: What tells callers apart whose answers may differ: reads are shared within one.
        deadline: When its operation has to end, by the event loop's clock; None: whenever.
        calls: What was read so far.
    """

    headers: Headers = field(repr=False)
    identity: bytes = field(repr=False)
    deadline: float | None = field(default=None, repr=False)
    calls: list[Call] = field(default_factory=list, repr=False)


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
        own = credentials + _present(headers, self._forwarded)
        identity = hashlib.blake2b(repr(own).encode("utf-8", "surrogatepass")).digest()
        return Caller(own + _present(headers, TRACE_HEADERS), identity, deadline)


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

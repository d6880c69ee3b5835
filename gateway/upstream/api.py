"""Upstream: one method per endpoint; every foreign failure becomes one of ours here."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from math import ceil

import httpx

from gateway.errors import (
    ContractBroken,
    Forbidden,
    InputRefused,
    NotFound,
    ResponseTooLarge,
    Unauthenticated,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.settings import Settings
from gateway.telemetry import event
from gateway.upstream import decode
from gateway.upstream.records import Activity, ActivityKind

CREDENTIAL_HEADERS = ("apikey", "token", "authorization")
_TRACE_HEADERS = ("x-request-id", "traceparent")

_MEANINGS: Mapping[int, tuple[type[UpstreamError], str]] = {
    401: (Unauthenticated, "The upstream does not accept these credentials."),
    403: (Forbidden, "These credentials do not give access to this."),
    404: (NotFound, "The upstream does not know this."),
    408: (UpstreamTimeout, "The upstream did not answer in time."),
    504: (UpstreamTimeout, "The upstream did not answer in time."),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a call is made for: the headers that go along with it. Never printed."""

    headers: tuple[tuple[str, str], ...] = field(repr=False)


class Upstream:
    """The REST API. Safe to share between requests: it keeps nothing of any caller.

    Every method raises an `UpstreamError`, and nothing else, where the upstream gives no answer.
    """

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport) -> None:
        self._activities_path = f"{settings.activities_prefix}/activities"
        self._timeout_seconds = settings.upstream_timeout_seconds
        self._max_bytes = settings.max_upstream_bytes
        names = dict.fromkeys(map(str.lower, (*settings.forward_headers, *_TRACE_HEADERS)))
        self._forwarded = tuple(name for name in names if name not in CREDENTIAL_HEADERS)
        self._service_credentials = _service_credentials(settings)
        self._http = httpx.AsyncClient(
            base_url=settings.upstream_url,
            transport=transport,
            timeout=settings.upstream_timeout_seconds,
            headers={"Accept": "application/json", "User-Agent": "graphql-gateway"},
            # httpx would keep the cookies of one caller and send them along with the next.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            trust_env=False,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Who sends a request with these headers: its credentials, else ours, never a mixture."""
        credentials = _present(headers, CREDENTIAL_HEADERS) or self._service_credentials
        return Caller(credentials + _present(headers, self._forwarded))

    async def activities(
        self,
        caller: Caller,
        client_id: str,
        *,
        kinds: Collection[ActivityKind] | None = None,
        appointment_id: str | None = None,
    ) -> list[Activity]:
        """A client's timeline, in the order the upstream sends it.

        Args:
            caller: Who asks.
            client_id: Whose timeline.
            kinds: Only these; None for all, also those not known yet.
            appointment_id: Only what belongs to this appointment.
        """
        query = {"clientId": client_id, "sort": "asc"}
        if kinds is not None:
            query["type"] = ",".join(kind.value for kind in ActivityKind if kind in kinds)
        if appointment_id is not None:
            query["appointmentId"] = appointment_id
        return decode.activities(await self._read(caller, self._activities_path, query))

    async def _read(self, caller: Caller, path: str, query: Mapping[str, str]) -> bytes:
        """The body of a successful answer, in UTF-8. `path` must be a template: it is logged."""
        try:
            async with _foreign_failures(path, self._timeout_seconds):
                request = self._http.build_request(
                    "GET", path, params=query, headers=list(caller.headers)
                )
                response = await self._http.send(request, stream=True)
                try:
                    body = await self._body(response)
                finally:
                    await response.aclose()
        except UpstreamError as error:
            event("upstream.failed", path=path, code=error.code)
            raise
        if response.status_code == 200:
            body = decode.utf8(body, response.charset_encoding or "utf-8")
        if refusal := _refusal(response, body):
            event("upstream.refused", path=path, code=refusal.code, status=response.status_code)
            raise refusal
        return body

    async def _body(self, response: httpx.Response) -> bytes:
        chunks, size = [], 0
        async for chunk in response.aiter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_bytes:
                raise ResponseTooLarge("The upstream's answer is larger than this gateway takes.")
        return b"".join(chunks)


def _service_credentials(settings: Settings) -> tuple[tuple[str, str], ...]:
    if settings.api_key is not None and settings.token is not None:
        return (
            ("apiKey", settings.api_key.get_secret_value()),
            ("token", settings.token.get_secret_value()),
        )
    if settings.bearer_token is not None:
        return (("Authorization", f"Bearer {settings.bearer_token.get_secret_value()}"),)
    return ()


def _present(headers: Mapping[str, str], names: Collection[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, headers[name]) for name in names if name in headers)


@asynccontextmanager
async def _foreign_failures(path: str, seconds: float) -> AsyncIterator[None]:
    """Translates what httpx raises, and gives up after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise UpstreamTimeout("The upstream did not answer in time.") from error
    except httpx.DecodingError as error:
        raise ContractBroken("The upstream's answer could not be decompressed.") from error
    except (httpx.InvalidURL, UnicodeEncodeError) as error:
        # An id that is too long or half a character, or a header that is not ASCII.
        raise InputRefused("What was sent cannot be passed on to the upstream.") from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise UpstreamUnavailable("The upstream could not be reached.") from error


def _refusal(response: httpx.Response, body: bytes) -> UpstreamError | None:
    """What an answer that is not a success means, or None for a success.

    Failures arrive as HTTP statuses, and as 200 with an `error` object (upstream contract, 12).
    """
    if response.status_code != 200:
        return _meaning(response.status_code, response)
    failure = decode.failure(body)
    return None if failure is None else _meaning(failure.code or 0, response)


def _meaning(status: int, response: httpx.Response) -> UpstreamError:
    if status == 429:
        return UpstreamBusy("The upstream asks to wait.", retry_after=_retry_after(response))
    if status in _MEANINGS:
        error, message = _MEANINGS[status]
        return error(message)
    if 400 <= status < 500:
        return InputRefused("The upstream does not accept these arguments.")
    if 100 <= status < 400:
        return ContractBroken("The upstream's answer has an unexpected status.")
    return UpstreamUnavailable("The upstream failed.")


def _retry_after(response: httpx.Response) -> int | None:
    """Whole seconds, from either form of the header (RFC 9110, 10.2.3)."""
    sent = response.headers.get("retry-after", "")
    if sent.isascii() and sent.isdigit():
        return int(sent[:9])
    try:
        until: datetime = parsedate_to_datetime(sent)
        asked = parsedate_to_datetime(response.headers.get("date", ""))
        return max(0, ceil((until - asked).total_seconds()))
    except (ValueError, TypeError, OverflowError):
        return None

"""Probe client: makes the requests of a probe, one at a time, at a bounded rate and in a bounded number."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from gateway.config.headers import RawHeaders
from gateway.upstream.http.exchange import Exchange, ExchangeClient

MAX_REQUESTS = 60
SECONDS_BETWEEN_REQUESTS = 0.25

TOO_MANY_REQUESTS = 429


UNKNOWN_CLIENT = "unknown client"
MADE_UP_CREDENTIALS = "made-up credentials"
"""Subjects of requests whose values each probe makes up anew."""


class ProbeRequest(NamedTuple):
    """A request and what came back.

    Attributes:
        template: The target, with placeholders for ids.
        target: The target.
        subject: `UNKNOWN_CLIENT`, `MADE_UP_CREDENTIALS` or empty.
        exchange: What came back.
    """

    template: str
    target: str
    subject: str
    exchange: Exchange


class RequestsStopped(Exception):
    """No further request may be made: there were enough, or the upstream refused one for its rate."""


class ProbeClient:
    """Makes the requests of a probe, with one caller's credentials.

    Attributes:
        requests: The requests so far.
    """

    def __init__(
        self,
        client: ExchangeClient,
        credentials: RawHeaders,
        *,
        pause: Callable[[float], Awaitable[None]],
        report_progress: Callable[[str], None],
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._pause = pause
        self._report_progress = report_progress
        self._stop_reason = ""
        self.requests: list[ProbeRequest] = []

    async def get(
        self,
        template: str,
        target: str,
        *,
        subject: str = "",
        further: RawHeaders = (),
        credentials: RawHeaders = (),
    ) -> Exchange:
        """The response for a target, whose template is shown as progress.

        Args:
            template: The target with placeholders for ids.
            target: The target.
            subject: As in `ProbeRequest`.
            further: Further headers.
            credentials: Credentials in place of the configured ones.

        Raises:
            RequestsStopped: No further request may be made.
        """
        if self._stop_reason:
            raise RequestsStopped(self._stop_reason)
        if self.requests:
            await self._pause(SECONDS_BETWEEN_REQUESTS)
        exchange = await self._client.get(target, (*(credentials or self._credentials), *further))
        self.requests.append(ProbeRequest(template, target, subject, exchange))
        outcome = exchange.status or exchange.reason or "no response"
        self._report_progress(f"{len(self.requests)}/{MAX_REQUESTS} GET {template}: {outcome}")
        if exchange.status == TOO_MANY_REQUESTS:
            self._stop_reason = "It was not asked after a response with status 429."
        elif len(self.requests) == MAX_REQUESTS:
            self._stop_reason = f"It was not asked: {MAX_REQUESTS} requests are the most."
        return exchange

"""The gateway with compiled queries and by graphql-core alone, side by side over one made-up upstream."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import httpx
from structlog.testing import capture_logs

from gateway.config.settings import Settings
from gateway.web.app import create_app
from tests.differential.examples import SETTINGS, Example
from tests.differential.upstream import MadeUpUpstream
from tests.support.clock import Clock
from tests.support.gateway import ACCOUNT_1, SANDBOX, Gateway

_ALWAYS: Mapping[str, Any] = {
    "upstream_url": SANDBOX,
    **ACCOUNT_1,
    "explain": True,
    "upstream_attempts": 1,  # chance says when there is another, and so which read finds the breaker open
}
_SETTINGS = [
    [Settings(**_ALWAYS, **chosen, compile_queries=mode) for mode in ("eager", "off")]
    for chosen in SETTINGS
]
"""How both gateways of a pair are set: the one that compiles queries, and the one that does not."""

_EXPLAIN = {"X-Gateway-Explain": "1"}
_ERROR_ID = re.compile(rb'(?<="errorId":")[0-9a-f]{32}(?=")')


class Observed(NamedTuple):
    """What came of an operation, as its caller, the upstream and the operators saw it."""

    status: int
    body: bytes
    calls: Counter[str]
    bugs: int


class _Gateway(Gateway):
    """A gateway whose settings were read before: that takes longer than all else of making one."""

    def __init__(self, transport: httpx.AsyncBaseTransport, settings: Settings) -> None:
        self.clock = Clock()
        self.app = create_app(settings, transport=transport, now=self.clock)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://gateway"
        )


class Both(NamedTuple):
    """What came of it with compiled queries and without; of the first, whether it is fully compiled, and stale."""

    compiled: Observed
    executed: Observed
    is_fully_compiled: bool
    is_stale: bool


class Gateways:
    """A pair of gateways, set alike. They are for one example: what an upstream did before may change the next answer."""

    def __init__(self, runner: asyncio.Runner, settings: int) -> None:
        """`settings` is an index of `SETTINGS`."""
        self._runner = runner
        self._upstream = MadeUpUpstream()
        self._keeps_answers = "stale_if_error_seconds" in SETTINGS[settings]
        transport = httpx.MockTransport(self._upstream)
        self._both = [_Gateway(transport, each) for each in _SETTINGS[settings]]

    def observed(self, example: Example, variables: Mapping[str, Any]) -> Both:
        """What comes of an example's operation with compiled queries and without.

        Where timelines fail, both were asked the same while all was well: so the one may have kept no
        other answers than the other.
        """
        document = example.operation.document
        if example.sent.failures and self._keeps_answers:
            self._upstream.sent = replace(example.sent, failures={})
            for each in self._both:
                self._observed(each, document, variables)
        self._upstream.sent = example.sent
        (compiled, explained), (executed, _) = [
            self._observed(each, document, variables) for each in self._both
        ]
        is_fully_compiled = explained.startswith(b'{"compiled":true')
        return Both(compiled, executed, is_fully_compiled, b'"cacheStatus":"stale"' in explained)

    def _observed(
        self, gateway: Gateway, document: str, variables: Mapping[str, Any]
    ) -> tuple[Observed, bytes]:
        self._upstream.asked = Counter()
        with capture_logs() as logs:  # thousands of lines that nobody reads
            response = self._runner.run(gateway.post(document, variables, _EXPLAIN))
        body, told, explained = response.content.partition(b',"extensions":{"gateway":')
        body += b"}" if told else b""
        observed = Observed(
            response.status_code,
            _ERROR_ID.sub(b"", body),
            self._upstream.asked,
            sum(entry["event"] == "internal_error" for entry in logs),
        )
        return observed, explained

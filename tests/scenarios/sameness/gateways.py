"""The gateway with plans and without, side by side over one made-up upstream."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import httpx
from structlog.testing import capture_logs

from tests.conftest import Gateway
from tests.scenarios.sameness.examples import SETTINGS, Example
from tests.scenarios.sameness.upstream import MadeUpUpstream

_EXPLAIN = {"X-Gateway-Explain": "1"}
_ERROR_ID = re.compile(rb'(?<="errorId":")[0-9a-f]{32}(?=")')


class Observed(NamedTuple):
    """What came of an operation, as its caller, the upstream and the operators saw it."""

    status: int
    body: bytes
    calls: Counter[str]
    bugs: int


class Both(NamedTuple):
    """What came of it with plans and without; of the first, whether a plan made all and what is stale."""

    planned: Observed
    executed: Observed
    by_plan_alone: bool
    is_stale: bool


class Gateways:
    """One pair of gateways for each of `SETTINGS`; they live as long as the runner's loop."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._upstream = MadeUpUpstream()
        transport = httpx.MockTransport(self._upstream)
        self._pairs = [
            tuple(
                Gateway(transport, plans=plans, explain=True, **chosen) for plans in (True, False)
            )
            for chosen in SETTINGS
        ]

    def observed(self, example: Example, variables: Mapping[str, Any]) -> Both:
        """What comes of an example's operation with plans, and without.

        Where timelines fail, both were asked the same while all was well: so the one may have kept no
        other answers than the other.
        """
        document, both = example.operation.document, self._pairs[example.settings]
        if example.sent.failures and SETTINGS[example.settings].get("stale_if_error_seconds"):
            self._upstream.sent = replace(example.sent, failures={})
            for each in both:
                self._observed(each, document, variables)
        self._upstream.sent = example.sent
        (planned, explained), (executed, _) = [
            self._observed(each, document, variables) for each in both
        ]
        by_plan_alone = explained.startswith(b'{"planned":true')
        return Both(planned, executed, by_plan_alone, b'"outcome":"stale"' in explained)

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
            sum(entry["event"] == "bug" for entry in logs),
        )
        return observed, explained

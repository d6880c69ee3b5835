"""The gateway with plans and without, side by side over one made-up upstream."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
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
    """What came of it with plans and without, and whether a plan made all of the first."""

    planned: Observed
    executed: Observed
    by_plan_alone: bool


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
        """What comes of an example's operation with plans, and without."""
        self._upstream.sent = example.sent
        with_plans, without = self._pairs[example.settings]
        document = example.operation.document
        planned, by_plan_alone = self._observed(with_plans, document, variables)
        executed, _ = self._observed(without, document, variables)
        return Both(planned, executed, by_plan_alone)

    def _observed(
        self, gateway: Gateway, document: str, variables: Mapping[str, Any]
    ) -> tuple[Observed, bool]:
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
        return observed, explained.startswith(b'{"planned":true')

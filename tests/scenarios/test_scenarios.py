"""What a caller experiences: query in, answer and upstream calls out."""

from pathlib import Path

import httpx
import pytest

from tests.conftest import Gateway
from tests.scenarios.runner import Scenario

SCENARIOS = sorted(Path(__file__).parent.glob("*.md"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_a_scenario_holds(path, rest, sandbox_app):
    scenario = Scenario.read(path)
    upstream = scenario.upstream(httpx.ASGITransport(sandbox_app))
    gateway = Gateway(upstream, **scenario.settings)
    answer = await gateway.post(scenario.query, scenario.variables, scenario.headers)
    assert answer.json() == scenario.response
    assert upstream.calls == scenario.calls

"""What a caller experiences: query in, answer and upstream calls out; with compiled queries and without."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import Gateway
from tests.scenarios.runner import Scenario, ScriptedUpstream

SCENARIOS = sorted(Path(__file__).parent.glob("*.md"))

LEFT_TO_GRAPHQL_CORE = {
    "a-consent-of-an-earlier-version": "the consent whose date is broken",
    "misprints-to-the-letter": "the items with a misprinted key",
    "numbers-and-texts": "the items with a number of another type than is declared",
    "objects-where-values-stand": "the items with an object where none is declared",
    "changes-whatever-the-event": "the items whose event cannot be read",
    "dates-that-cannot-be-read": "the items whose dates these are",
    "one-broken-value": "the item whose date is broken",
    "snapshots-without-ids": "the items whose ids cannot be read, or with an empty text for one",
    "the-same-timeline-twice": "the items with a broken body, for each of the timelines",
    "what-a-registration-changed": "the items with a number or a text of another type than is declared",
    "what-says-nothing": "the items with an empty text, list or object where that is not declared",
}
"""What of a scenario no compiled query can answer, and so graphql-core does."""


async def asked_before(scenario: Scenario, gateway: Gateway, upstream: ScriptedUpstream) -> None:
    """A minute before, where the scenario says so: what was answered then had no errors."""
    if scenario.has_before:
        answer = await gateway.ask(scenario.query, scenario.variables, scenario.headers)
        assert "errors" not in answer
        gateway.clock.now += 60
        scenario.a_minute_later(upstream)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_a_scenario_holds(path, rest, sandbox_app):
    scenario = Scenario.read(path)
    answers = []
    for compile_queries in ("eager", "off"):
        upstream = scenario.upstream(httpx.ASGITransport(sandbox_app))
        gateway = Gateway(upstream, **scenario.settings, compile_queries=compile_queries)
        await asked_before(scenario, gateway, upstream)
        answer = await gateway.post(scenario.query, scenario.variables, scenario.headers)
        assert answer.json() == scenario.response
        assert upstream.calls == scenario.calls
        answers.append(answer)
    compiled, without = answers
    assert compiled.content == without.content
    assert compiled.status_code == without.status_code


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_a_scenario_is_answered_by_its_plan_alone(path, rest, sandbox_app):
    scenario = Scenario.read(path)
    upstream = scenario.upstream(httpx.ASGITransport(sandbox_app))
    gateway = Gateway(upstream, **{**scenario.settings, "explain": True})
    await asked_before(scenario, gateway, upstream)
    headers = {**scenario.headers, "X-Gateway-Explain": "1"}
    answer = await gateway.ask(scenario.query, scenario.variables, headers)
    assert answer["extensions"]["gateway"]["compiled"] is (path.stem not in LEFT_TO_GRAPHQL_CORE)


def test_without_plans_none_of_their_code_is_there():
    """So that their absence is what compiled queries are compared with."""
    program = """
import sys
from gateway.config.settings import Settings
from gateway.web.app import create_app

create_app(Settings(upstream_url="http://upstream", compile_queries="off"))
print([name for name in sys.modules if name.startswith("gateway.engine.compiler")])
"""
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert printed.stdout.strip() == b"[]"

"""What a caller experiences: query in, answer and upstream calls out; with compiled queries and without."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from tests.scenarios.runner import Scenario, ScriptedUpstream, body_without_chance
from tests.support.gateway import Gateway

SCENARIOS = sorted(Path(__file__).parent.glob("*.md"))

LEFT_TO_GRAPHQL_CORE = {
    "a-blank-client-id": "the non-null field that is refused",
    "a-form-with-an-unreadable-section-title": "the answers, one of whose titles is broken",
    "a-list-with-an-unreadable-element": "the profile whose list is broken",
    "a-zone-that-cannot-be-decoded": "the item whose zone is broken",
    "an-unreadable-value-and-completeness": "the item whose body is broken",
    "an-unreadable-value-that-a-filter-needs": "the items whose event or date is broken",
    "changes-that-cannot-be-decoded": "the item whose names and values are broken",
    "the-reads-of-a-response": "the field of the schema itself",
    "too-many-clients": "the non-null field that is refused",
    "types-with-and-without-an-id": "the fields of the schema itself",
    "consent-dates-of-version-2-0": "the consent whose date is broken",
    "misspelt-keys-of-the-specification": "the items with a misprinted key",
    "numbers-as-texts": "the items with a number of another type than is declared",
    "objects-in-place-of-values": "the items with an object where none is declared",
    "changes-and-events": "the items whose event cannot be read",
    "dates-that-cannot-be-read": "the items whose dates these are",
    "one-broken-value": "the item whose date is broken",
    "snapshots-without-ids": "the items whose ids cannot be read, or with an empty text for one",
    "the-same-timeline-twice": "the items with a broken body, for each of the timelines",
    "the-action-of-an-appointment": "the item whose start is broken",
    "the-changes-of-a-registration": "the items with a number or a text of another type than is declared",
    "empty-values": "the items with an empty text, list or object where that is not declared",
}
"""What of a scenario no compiled query can answer, and so graphql-core does."""

EXECUTED_BY = {"eager": "the compiled query", "off": "graphql-core"}
"""What executes the operations of a scenario, by the setting `compile_queries`."""

NO_HEADERS: Mapping[str, str] = {}


def documented_codes() -> list[str]:
    """The codes of docs/errors.md that a response may have."""
    text = (Path(__file__).parents[2] / "docs/errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*)$", text, re.MULTILINE)
    return [code for code, when in rows if not when.startswith("reserved:")]


def codes(value: object) -> set[str]:
    """The error codes in a response: those of `errors` and of `completeness.missing`."""
    if isinstance(value, list):
        return set().union(*map(codes, value))
    if not isinstance(value, dict):
        return set()
    own = {value["code"]} if isinstance(value.get("code"), str) else set()
    return own.union(*map(codes, value.values()))


async def send(
    scenario: Scenario,
    gateway: Gateway,
    upstream: ScriptedUpstream,
    headers: Mapping[str, str] = NO_HEADERS,
) -> httpx.Response:
    """Sends the request of a scenario, after what it says was before; that had no errors."""
    if scenario.has_before:
        before = await scenario.send(gateway, headers)
        assert "errors" not in before.json()
        gateway.clock.now += 60
        upstream.advance()
    async with scenario.operation_in_progress(gateway, upstream):
        return await scenario.send(gateway, headers)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_a_scenario_holds(path, rest, sandbox_app, tmp_path):
    scenario = Scenario.read(path)
    expected = {
        "response": scenario.response,
        "status": scenario.status,
        "headers": scenario.response_headers,
        "calls": scenario.calls,
    }
    bodies, found = [], {}
    for compile_queries, executed_by in EXECUTED_BY.items():
        upstream = scenario.upstream(httpx.ASGITransport(sandbox_app))
        settings = scenario.settings(tmp_path)
        gateway = Gateway(upstream, **settings, compile_queries=compile_queries)
        response = await send(scenario, gateway, upstream)
        bodies.append(body_without_chance(response))
        found[executed_by] = {
            "response": json.loads(bodies[-1]),
            "status": response.status_code,
            "headers": {name: response.headers.get(name) for name in scenario.response_headers},
            "calls": upstream.calls,
        }
    assert found == dict.fromkeys(found, expected)  # after both: shows whether one of them is right
    compiled, without = bodies
    assert compiled == without


@pytest.mark.sample(8)
@pytest.mark.parametrize(
    "path",
    [path for path in SCENARIOS if Scenario.read(path).is_executed],
    ids=lambda path: path.stem,
)
async def test_a_scenario_is_answered_by_its_compiled_query_alone(
    path, rest, sandbox_app, tmp_path
):
    scenario = Scenario.read(path)
    upstream = scenario.upstream(httpx.ASGITransport(sandbox_app))
    gateway = Gateway(upstream, **{**scenario.settings(tmp_path), "explain": True})
    response = await send(scenario, gateway, upstream, {"x-gateway-explain": "1"})
    compiled = response.json()["extensions"]["gateway"]["compiled"]
    assert compiled is (path.stem not in LEFT_TO_GRAPHQL_CORE)


def test_all_blocks_of_the_scenarios_are_read():
    assert {path.stem: Scenario.read(path).unused_blocks for path in SCENARIOS} == {
        path.stem: set() for path in SCENARIOS
    }


def test_the_scenarios_left_to_graphql_core_exist():
    assert LEFT_TO_GRAPHQL_CORE.keys() <= {path.stem for path in SCENARIOS}


@pytest.mark.parametrize("code", documented_codes())
def test_every_code_has_a_scenario(code):
    assert any(code in codes(Scenario.read(path).response) for path in SCENARIOS)


@pytest.mark.slow
def test_without_compiled_queries_their_code_is_not_loaded():
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

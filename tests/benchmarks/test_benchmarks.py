"""The benchmark compares what is the same: contenders without Node.js answer alike, nothing is timed."""

import json
import platform
import sys
from contextlib import AsyncExitStack

import pytest

from tests.benchmarks import interpreters
from tests.benchmarks.answers import same_answers
from tests.benchmarks.bounds import growth
from tests.benchmarks.comparison import Figures
from tests.benchmarks.contenders import (
    CONTENDERS,
    GATEWAY,
    MERCURIUS,
    PASS_THROUGH,
    STRAWBERRY,
)
from tests.benchmarks.examinations import Examiner
from tests.benchmarks.interpreters import describe
from tests.benchmarks.load import CALLERS, Asked, connected, load, load_steadily
from tests.benchmarks.scenarios import ALONE, SCENARIOS, Condition
from tests.benchmarks.servers import Placement, running
from tests.benchmarks.targets import verdicts
from tests.benchmarks.timelines import timeline
from tests.benchmarks.upstream import UpstreamServer, client_id, timeline_of

KINDS = {
    *("appointment", "note", "consent", "formResult", "emailNotification"),
    *("textMessageNotification", "conferenceRegistration"),
}


@pytest.mark.socket
async def test_contenders_answer_alike_for_as_many_upstream_calls():
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(UpstreamServer())
        servers = {
            one: await stack.enter_async_context(running(one, upstream.origin))
            for one in CONTENDERS.values()
            if not one.over_node
        }
        for scenario in SCENARIOS.values():
            asked = [servers[one] for one in scenario.contenders if one in servers]
            assert all(await same_answers(scenario, asked, upstream))


@pytest.mark.socket
async def test_a_gateway_that_is_watched_from_inside_serves():
    async with UpstreamServer() as upstream:
        assert await Examiner(upstream, Placement()).holds(SCENARIOS["hundred"], 0.1)


@pytest.mark.socket
async def test_what_the_machine_does_to_latencies_is_measured_at_the_same_rate():
    measured = Asked(seconds=0.1, latencies=[0.002] * 20)
    async with UpstreamServer() as upstream:
        asked = await Examiner(upstream, Placement()).fixed_work(measured, body_bytes=300)
    assert len(asked.latencies) == 20
    assert min(asked.latencies) >= 0.0025


@pytest.mark.socket
@pytest.mark.parametrize("connections", [1, CALLERS])
async def test_callers_take_turns_however_many_connections_there_are(connections):
    ask = SCENARIOS["one"].requests(PASS_THROUGH)
    callers: list[int] = []

    def next_request(caller: int) -> bytes:
        callers.append(caller)
        return ask(caller).replace(b"/activities", b"/api/2.3/activities")

    async with UpstreamServer() as upstream:
        with connected(int(upstream.origin.rpartition(":")[2]), connections) as opened:
            length = len(timeline_of(client_id(1, 0)))
            await load(opened, next_request, seconds=0.1, expected_bytes=length)
    assert callers[:CALLERS] == [*range(CALLERS)]


def test_an_interpreter_says_its_version_and_build():
    current = describe(sys.executable)
    assert current.executable == sys.executable
    assert str(current).startswith(platform.python_version())


DEBIAN = "--enable-shared --with-wheel-pkg-dir=/usr/share/python-wheels/"


@pytest.mark.parametrize(
    ("variables", "is_optimised"),
    [
        ({"CONFIG_ARGS": "--enable-shared --enable-optimizations"}, True),
        ({"CONFIG_ARGS": "", "PY_CORE_CFLAGS": "-O3 -fprofile-use"}, True),
        ({"CONFIG_ARGS": DEBIAN, "PGO_PROF_USE_FLAG": ""}, True),
        ({"CONFIG_ARGS": DEBIAN, "PGO_PROF_USE_FLAG": "-fprofile-use"}, False),
        ({"CONFIG_ARGS": "--enable-shared", "PGO_PROF_USE_FLAG": "-fprofile-use"}, False),
    ],
    ids=["an option", "a flag", "Debian", "Debian's source", "no option"],
)
def test_pgo_is_recognized_by_the_configuration_of_the_build(variables, is_optimised):
    assert interpreters._has_pgo(variables) == is_optimised


def test_a_hundred_activities_are_of_all_kinds():
    items = json.loads(timeline(100))["items"]
    assert {item["type"] for item in items} == KINDS
    assert len({item["id"] for item in items}) == 100


def test_a_cold_request_is_never_the_same():
    ask = SCENARIOS["cold"].requests(GATEWAY)
    one, other = ask(0), ask(0)
    assert one != other
    assert len(one) == len(other)


def test_callers_have_no_upstream_call_in_common():
    ask = SCENARIOS["hundred"].requests(GATEWAY)
    assert ask(0) == ask(0)
    assert ask(0) != ask(1)


def test_a_target_is_judged_under_each_condition():
    scenario, apart = SCENARIOS["hundred"], Condition(20, 64)
    measured = [
        Figures(scenario, condition, contender, cpu_milliseconds=[cpu])
        for condition, contender, cpu in (
            (ALONE, GATEWAY, 1.0),
            (ALONE, MERCURIUS, 4.0),
            (apart, GATEWAY, 3.0),
            (apart, MERCURIUS, 4.0),
            (apart, STRAWBERRY, 96.0),
        )
    ]
    against_mercurius, against_strawberry = verdicts(measured)
    assert against_strawberry.ratios == {apart: 0.03125}
    assert (against_strawberry.reached, against_strawberry.aims_reached) == (1, 0)
    assert against_mercurius.ratios == {ALONE: 0.25, apart: 0.75}
    assert (against_mercurius.reached, against_mercurius.aims_reached) == (1, 1)


def test_the_growth_of_cost_is_judged_by_the_cost_of_one_activity():
    measured = [
        Figures(SCENARIOS[name], ALONE, GATEWAY, cpu_milliseconds=[cpu])
        for name, cpu in (("hundred", 1.0), ("thousand", 4.0), ("ten-thousand", 70.0))
    ]
    [bound] = growth(measured)
    assert bound.measured == 1.75
    assert not bound.is_kept
    assert not list(growth(measured[:2]))


@pytest.mark.socket
async def test_a_steady_load_is_timed_from_when_each_request_was_due():
    ask = SCENARIOS["one"].requests(PASS_THROUGH)
    upstream = UpstreamServer()
    upstream.delay_seconds = 0.03
    async with upstream:
        with connected(int(upstream.origin.rpartition(":")[2]), 1) as connections:
            asked = await load_steadily(
                connections,
                lambda caller: ask(caller).replace(b"/activities", b"/api/2.3/activities"),
                per_second=100,
                seconds=0.1,
                expected_bytes=len(timeline_of(client_id(1, 0))),
            )
    assert len(asked.latencies) == 10
    assert max(asked.latencies) >= 0.03 * 10 - 0.09

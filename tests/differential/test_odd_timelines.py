"""Timelines in which values have other forms are answered as those in which they have the declared ones.

With compiled queries and without, and no activity is lost without being counted. A thousand timelines, always the same ones;
`ODD_TIMELINES=10000 pytest tests/differential/test_odd_timelines.py -n 2` goes on with their numbers.
"""

import asyncio
import gzip
import json
import os
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import httpx
import pytest
from graphql import GraphQLInterfaceType
from structlog.testing import capture_logs

from gateway.schema import build_schema
from tests.differential.changes import written
from tests.differential.drafts import whole
from tests.differential.draws import Draws
from tests.differential.oddities import in_other_forms, spoilt
from tests.differential.samples import CARRIED, REGISTRATION, activity
from tests.support.gateway import Gateway
from tests.support.upstream import Upstream

pytestmark = pytest.mark.slow

TIMELINES = int(os.environ.get("ODD_TIMELINES", "1000"))
TESTS = 4
"""Among which the timelines are divided, so that both workers have some."""

SURPRISES = "gateway_upstream_surprises_total"
DATES = ("2025-06-02T12:00:00", "2024-11-24T02:59:00", "2026-06-15T17:51:31.5")
ZONES = ("Europe/Paris", "US/Eastern")


PLAIN = {
    **{kind: carried[0] for kind, carried in CARRIED.items()},
    "conferenceRegistration": {"conferenceRegistration": REGISTRATION},  # without the misprint
}


def document() -> str:
    """All that activities have without a read of their own, but for a text that shows the form of a number."""
    kinds = build_schema()
    interface = kinds.type_map["Activity"]
    assert isinstance(interface, GraphQLInterfaceType)
    inside = " ".join(
        f"... on {each.name} {{ {whole(each)} }}" for each in kinds.get_possible_types(interface)
    )
    inside = inside.replace(" capacityRaw", "")
    counted = "totalCount completeness { missing { code count } }"
    return f'{{ activities(clientId: "1") {{ {counted} nodes {{ __typename {inside} }} }} }}'


def timeline(draws: Draws) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Activities as they are declared, and the same in other forms."""
    plain, odd = [], []
    percent = draws.one_of((3, 10, 40))
    for number in range(draws.number(1, 8)):
        kind = draws.one_of(tuple(CARRIED))
        date = {"dateTime": draws.one_of(DATES), "timeZone": draws.one_of(ZONES)}
        event = draws.one_of(("updated", "created", "deleted"))
        sample = activity(str(100 + number), kind, event, date, PLAIN[kind])
        plain.append(sample)
        odd.append(in_other_forms(draws, sample, percent))
    return plain, odd


def as_it_is(body: bytes) -> httpx.Response:
    return httpx.Response(200, content=body, headers={"Content-Type": "application/json"})


def in_members(body: bytes) -> httpx.Response:
    half = len(body) // 2
    members = gzip.compress(body[:half]) + gzip.compress(body[half:])
    return httpx.Response(
        200, stream=httpx.ByteStream(members), headers={"Content-Encoding": "gzip"}
    )


def in_no_charset(body: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json; charset=utf8mb4"}
    return httpx.Response(200, content=body, headers=headers)


def in_windows(body: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json; charset=iso-8859-1"}
    return httpx.Response(200, content=body.replace(rb"\u20ac", b"\x80"), headers=headers)


def unescaped(body: bytes) -> httpx.Response:
    return as_it_is(body.replace(rb"\t", b"\t").replace(rb"\n", b"\n"))


def bare(body: bytes) -> httpx.Response:
    return as_it_is(body.removeprefix(b'{"items":').removesuffix(b"}"))


def under_another_key(body: bytes) -> httpx.Response:
    return as_it_is(body.replace(b'{"items":', b'{"total":1,"results":', 1))


BODIES = (
    *(as_it_is, as_it_is, as_it_is, in_members, in_no_charset, in_windows, unescaped),
    *(bare, under_another_key),
)


class OddUpstream(Upstream):
    """Sends activities in one of the forms of bodies."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: Callable[[bytes], httpx.Response] = as_it_is

    def answer(self, _request: httpx.Request) -> httpx.Response:
        return self.sent(written({"items": self.items}))


class Pair:
    """Two gateways over an upstream, with compiled queries and without."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._upstream = OddUpstream()
        transport = httpx.MockTransport(self._upstream)
        self._gateways = [
            Gateway(transport, compile_queries=compile_queries)
            for compile_queries in ("eager", "off")
        ]
        self._document = document()

    def answer(
        self, items: Sequence[object], sent: Callable[[bytes], httpx.Response] = as_it_is
    ) -> dict[str, Any]:
        """What both answer to these activities, which are sent in some form."""
        self._upstream.items, self._upstream.sent = [*items], sent
        with capture_logs():
            compiled, executed = [
                self._runner.run(each.post(self._document)).content for each in self._gateways
            ]
        assert compiled == executed
        answer: dict[str, Any] = json.loads(compiled)
        return answer

    def surprises(self) -> list[str]:
        """What both counted so far."""
        with capture_logs():
            compiled, executed = [
                self._runner.run(each.http.get("/metrics")).text for each in self._gateways
            ]
        counted = [line for line in compiled.splitlines() if line.startswith(SURPRISES)]
        assert counted == [line for line in executed.splitlines() if line.startswith(SURPRISES)]
        return counted


@pytest.mark.parametrize("part", range(TESTS))
def test_other_forms_are_answered_as_the_declared_ones(part):
    with asyncio.Runner() as runner:
        pair = Pair(runner)
        for number in range(part, TIMELINES, TESTS):
            draws = Draws(Random(f"odd {number}"))
            plain, odd = timeline(draws)
            assert pair.answer(odd, draws.one_of(BODIES)) == pair.answer(plain), number
        counted = {
            reason for line in pair.surprises() for reason in re.findall('what="(\\w+)"', line)
        }
        assert counted == {
            *("odd_value", "odd_date", "odd_envelope"),
            *("unknown_charset", "control_characters"),
        }


@pytest.mark.parametrize("part", range(TESTS))
def test_no_activity_is_lost_without_being_counted(part):
    with asyncio.Runner() as runner:
        pair = Pair(runner)
        for number in range(part, TIMELINES, TESTS):
            draws = Draws(Random(f"spoilt {number}"))
            _, items = timeline(draws)
            items = [spoilt(draws, each) if draws.chance(40) else each for each in items]
            found = pair.answer(items)["data"]["activities"]
            missing = sum(each["count"] for each in found["completeness"]["missing"])
            assert found["totalCount"] + missing == len(items), number
            assert len(found["nodes"]) == found["totalCount"], number

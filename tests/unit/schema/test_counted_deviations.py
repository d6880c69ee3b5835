"""What differs from the contract is counted when an operation meets it, however it is executed."""

import asyncio
import re

import pytest
from structlog.testing import capture_logs

EVENTS = """
{ activities(clientId: "1") { nodes { id event user { userName }
    ... on AppointmentActivity { appointment { status previousStatus } } } } }
"""
ITEMS = [
    {"id": "1", "type": "appointment", "event": "secret", "appointment": {"status": "secret"}},
    {"id": "2", "type": "appointment", "event": "secret", "appointment": {"status": "accepted"}},
    {"id": "3", "type": "appointment", "event": "created", "user": [1]},
    {"id": "4", "type": "appointment", "event": "created", "user": [2]},
    {"type": "appointment", "event": "created"},
    7,
]


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_wrong_types_and_unknown_words_are_counted_as_they_are_met(
    gateway_over_items, compile_queries
):
    gateway = gateway_over_items(*ITEMS, compile_queries=compile_queries)
    with capture_logs() as events:
        await gateway.ask(EVENTS)
    text = (await gateway.http.get("/metrics")).text
    pattern = r'upstream_surprises_total{path="/api/2.3/activities",what="(.*)"} (.*)'
    assert {what: float(count) for what, count in re.findall(pattern, text)} == {
        "unknown_word": 2,
        "wrong_type": 2,
        "missing": 1,
    }
    told = [each for each in events if each["event"] == "upstream.surprise"]
    assert {(each["field"], each["what"]) for each in told} == {
        ("event", "unknown_word"),
        ("appointment.status", "unknown_word"),
        ("user", "wrong_type"),
        ("items", "wrong_type"),
        ("id", "missing"),
    }


async def test_a_served_response_is_sampled_for_what_no_query_selects(gateway_over_items):
    gateway = gateway_over_items({"id": "1", "type": "note", "note": {"secret": 1}, "user": [1]})
    with capture_logs() as events:
        async with gateway.app.router.lifespan_context(gateway.app):
            await asyncio.sleep(0)
            await gateway.ask('{ activities(clientId: "1") { nodes { id } } }')
            for _ in range(20):
                await asyncio.sleep(0)
    told = [each for each in events if each["event"] == "upstream.surprise"]
    assert {(each["field"], each["what"]) for each in told} == {
        ("note", "unknown_field"),
        ("user", "wrong_type"),
    }

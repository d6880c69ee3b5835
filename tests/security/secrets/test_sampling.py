"""What the upstream sends is in no event and in no metric about its deviations: keys and words included."""

import asyncio

import pytest

from gateway.observability import logging
from tests.security.secrets.planted_sandbox import PlantedSandbox, parts
from tests.support.documents import EVERYTHING
from tests.support.gateway import Gateway

RESPONSES = 1_000
PASSES = 3_000
"""Passes of the event loop in which the last response is surveyed."""

EXPECTED = {"unknown_field", "unknown_word", "wrong_type", "missing"}


@pytest.mark.slow
async def test_deviations_are_told_without_anything_that_was_sent(log):
    logging.configure("debug")
    answers, planted, told = 0, set[str](), set[str]()
    for seed in range(RESPONSES):
        upstream = PlantedSandbox(seed)
        gateway = Gateway(upstream)
        async with gateway.app.router.lifespan_context(gateway.app):
            await asyncio.sleep(0)
            for client in ("1020", "1100"):
                await gateway.ask(EVERYTHING, {"client": client})
            for _ in range(PASSES):
                await asyncio.sleep(0)
            metrics = (await gateway.http.get("/metrics")).text
        told.update(line for line in metrics.splitlines() if "surprises_total{" in line)
        planted |= upstream.planted
        answers += upstream.answers
        if answers >= RESPONSES:
            break
    text = log()
    assert {what for what in EXPECTED for line in told if f'what="{what}"' in line} == EXPECTED
    assert '"event":"upstream.surprise"' in text.replace(" ", "")
    found = {part for each in (text, *told) for part in parts(each.lower())}
    assert {part for each in planted for part in parts(each.lower())} & found == set()

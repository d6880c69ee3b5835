"""Kept connections: whose answer comes on them, and what it costs that they end."""

import asyncio
from collections import Counter

import pytest

from tests.resilience import before, peer, surplus
from tests.resilience.before import Detour

pytestmark = pytest.mark.socket

READS = 300
CALLERS = 10
TIMELINE = "query ($client: ID!) { activities(clientId: $client) { nodes { id } } }"


async def test_nobody_gets_what_was_not_an_answer_to_him(capsys):
    assert await surplus.run(2 * len(surplus.CASES) * len(surplus.CREDENTIALS)) == 0, (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("hangs_up", [peer.reset, peer.close], ids=["reset", "closed"])
async def test_no_read_is_lost_where_each_connection_serves_once(hangs_up):
    """And ends when it is asked again: as behind a balancer that forgets connections."""

    async def serves_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await surplus.read_request(reader)
        writer.write(surplus.answer("1"))
        await surplus.read_request(reader)
        ended.append(writer)
        hangs_up(writer)

    async def ask(caller: int) -> None:
        for number in range(READS // CALLERS):
            sent = {"client": f"{caller}-{number}"}
            answer = await gateway.ask(TIMELINE, variables=sent, headers={"X-Gateway-Explain": "1"})
            assert answer["data"] == {"activities": {"nodes": [{"id": "1"}]}}
            made[answer["extensions"]["gateway"]["upstreamCalls"]] += 1

    ended: list[asyncio.StreamWriter] = []
    made: Counter[int] = Counter()
    async with (
        peer.playing(serves_once) as upstream,
        before.gateway(
            f"http://127.0.0.1:{upstream.port}", Detour(), upstream_attempts=1
        ) as gateway,
    ):
        await asyncio.gather(*[ask(caller) for caller in range(CALLERS)])
        told = (await gateway.http.get("/metrics")).text
    assert made.total() == READS
    assert made[2] == len(ended) > READS / 3
    assert made[1] + made[2] == READS
    assert "gateway_circuit_breaker_open 0.0" in told

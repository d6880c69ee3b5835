"""Mixed traffic over an upstream with random faults: `python -m tests.resilience.soak --minutes 15`.

Every answer is checked against what it should be; the gateway's memory and descriptors are to stay flat.
Ends with status 1 where they do not.
"""

import argparse
import asyncio
import contextlib
import itertools
import random
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import aiohttp

from tests.resilience import expected, peer
from tests.resilience.before import KEYS
from tests.support.documents import EVERYTHING
from tests.support.processes import free_ports, running

CALLERS = 24
TIMELINE = "query ($client: ID!) { activities(clientId: $client) { totalCount nodes { id kind date { instant } } } }"
LAST = "query ($client: ID!) { activities(clientId: $client, last: 3) { nodes { id } pageInfo { endCursor } } }"
CLIENTS = "query { clients(ids: [1000, 1001, 1020, 1100]) { id profile { firstName } activities { totalCount } } }"
STAFF = "query ($client: ID!) { activities(clientId: $client, filter: {kinds: [APPOINTMENT]}) { nodes { ... on AppointmentActivity { appointment { staff { lastName current { emailAddress } } current { status } } } } } }"
ASKED = [
    *itertools.product([TIMELINE, LAST, STAFF], ["1000", "1001", "1020", "1100"]),
    *itertools.product([CLIENTS, EVERYTHING], ["1020"]),
]
SPOILT: list[dict[str, Any]] = [
    *({"status": status} for status in (400, 401, 403, 408, 429, 500, 502, 503, 504)),
    *({"drop": where} for where in ("before", "headers", "body")),
    {"truncate": 30},
    {"delayMilliseconds": 300},
    {"delayMilliseconds": 3000},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"body": "<h1>Maintenance</h1>", "contentType": "text/html"},
    {"body": {"error": {"code": 503}}},
    {"bodyBytes": 3_000_000},
]
SETTINGS = {
    "GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS": "1",
    "GATEWAY_UPSTREAM_CONNECT_TIMEOUT_SECONDS": "0.5",
    "GATEWAY_OPERATION_TIMEOUT_SECONDS": "4",
    "GATEWAY_MAX_UPSTREAM_BYTES": "2000000",
    "GATEWAY_FORWARD_HEADERS": "X-Caller",
    "LOG_LEVEL": "error",
}


class Sample(NamedTuple):
    """What the gateway holds at a moment: kilobytes of memory, and descriptors."""

    memory: int
    files: int


def sample(process: int) -> Sample:
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    memory = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return Sample(int(memory.split()[1]), len(list(Path(f"/proc/{process}/fd").iterdir())))


class Soak:
    """The traffic, the faults, and what came of them."""

    def __init__(self, gateway: str, rest: str, upstream: peer.Peer, seed: int) -> None:
        self.answers: Counter[str] = Counter()
        self.problems: list[str] = []
        self.samples: list[Sample] = []
        self.slowest = 0.0
        self._gateway = gateway
        self._rest = rest
        self._upstream = upstream
        self._random = random.Random(seed)
        self._expected: dict[tuple[str, str], Any] = {}

    async def run(self, seconds: float, process: int) -> None:
        async with (
            aiohttp.ClientSession(headers=KEYS) as rest,
            aiohttp.ClientSession(headers=KEYS, connector=aiohttp.TCPConnector(limit=0)) as http,
        ):
            for asked in ASKED:
                answer = await self._answer(http, asked, caller=0)
                assert "errors" not in answer, answer["errors"]
                self._expected[asked] = answer["data"]
            endless = [
                *(self._call(http, number) for number in range(CALLERS)),
                self._spoil(rest),
                self._watch(process),
            ]
            tasks = [asyncio.create_task(each) for each in endless]
            done, _ = await asyncio.wait(
                tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()
        await self._upstream.listen()

    async def _answer(
        self, http: aiohttp.ClientSession, asked: tuple[str, str], *, caller: int
    ) -> Any:
        body = {"query": asked[0], "variables": {"client": asked[1]}}
        headers = {"X-Caller": str(caller)}
        async with http.post(f"{self._gateway}/graphql", json=body, headers=headers) as sent:
            return await sent.json()

    async def _call(self, http: aiohttp.ClientSession, number: int) -> None:
        """A caller, who now and then shares its reads with others, and sometimes leaves."""
        while True:
            asked = self._random.choice(ASKED)
            patience = self._random.choice([None] * 9 + [0.05])
            started = time.monotonic()
            try:
                async with asyncio.timeout(patience):
                    answer = await self._answer(http, asked, caller=number % 8)
            except TimeoutError:
                self.answers["left"] += 1
                continue
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.problems += expected.problems(answer, self._expected[asked])
            codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
            self.answers.update(codes or ["whole"])
            await asyncio.sleep(self._random.random() / 10)

    async def _spoil(self, rest: aiohttp.ClientSession) -> None:
        """One trouble after the other, with time to recover."""
        while True:
            kind = self._random.choice(["answers"] * 6 + ["dead", "frozen", "none", "none"])
            faults = [
                {
                    **self._random.choice(SPOILT),
                    "path": self._random.choice(["/api/2.3/*", "/api/*"]),
                }
                for _ in range(3)
            ]
            faults = [{**fault, "times": self._random.randint(1, 10)} for fault in faults]
            if kind == "answers":
                await rest.put(f"{self._rest}/_sandbox/faults", json=faults)
            elif kind == "dead":
                await self._upstream.die()
            elif kind == "frozen":
                await self._upstream.freeze()
            await asyncio.sleep(self._random.uniform(0.2, 3))
            await rest.delete(f"{self._rest}/_sandbox/faults")
            if kind in {"dead", "frozen"}:
                await self._upstream.listen()
                await asyncio.sleep(1)

    async def _watch(self, process: int) -> None:
        while True:
            self.samples.append(sample(process))
            await asyncio.sleep(2)


def grown(samples: list[Sample], first: Sample, last: Sample) -> list[str]:
    """What is not flat: of memory, the last quarter beside the second; of descriptors, the ends."""
    quarter = max(1, len(samples) // 4)
    early = median(each.memory for each in samples[quarter : 2 * quarter] or samples)
    late = median(each.memory for each in samples[-quarter:])
    found = []
    if late > early * 1.1 + 4_000:
        found.append(f"memory grew from {early:.0f} to {late:.0f} kB")
    if last.files > first.files:
        found.append(f"descriptors grew from {first.files} to {last.files}")
    return found


async def soak(minutes: float, seed: int) -> int:
    port, rest_port = free_ports(2)
    address, rest = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{rest_port}"
    upstream = peer.Peer(peer.before(rest_port))
    await upstream.listen()
    given = {"GATEWAY_UPSTREAM_URL": f"http://127.0.0.1:{upstream.port}", "PORT": str(port)}
    with contextlib.ExitStack() as stack:
        arguments = ["sandbox", "--rest-only", "--port", str(rest_port)]
        stack.enter_context(running(*arguments, ready=rest))
        gateway = stack.enter_context(
            running("serve", ready=f"{address}/livez", **given, **SETTINGS)
        )
        process = gateway.process.pid
        first = sample(process)
        run = Soak(address, rest, upstream, seed)
        await run.run(minutes * 60, process)
        await asyncio.sleep(8)  # so that idle connections are closed
        last = sample(process)
        bugs = [
            line for line in gateway.stderr if '"internal_error"' in line or "Traceback" in line
        ]
    await upstream.die()
    failures = run.problems[:10] + grown(run.samples, first, last) + bugs[:10]
    memory = [each.memory for each in run.samples]
    tell(
        f"{minutes} minutes, seed {seed}: {run.answers.total()} answers, {len(run.problems)} wrong"
    )
    tell(f"  {dict(run.answers.most_common())}")
    tell(f"  slowest answer {run.slowest:.2f} s")
    tell(
        f"  memory in kB: first {memory[0]}, median {median(memory):.0f}, most {max(memory)}, last {last.memory}"
    )
    tell(
        f"  descriptors: first {first.files}, most {max(each.files for each in run.samples)}, last {last.files}"
    )
    tell("\n".join(failures) if failures else "  all well")
    return 1 if failures else 0


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(asyncio.run(soak(options.minutes, options.seed)))

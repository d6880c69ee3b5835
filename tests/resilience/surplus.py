"""Upstreams that send what nobody asked for: `python -m tests.resilience.surplus --requests 10000`.

Each answer names the request that it was made for, by its credentials and its client: whose answer a caller
gets is beyond doubt. Ends with status 1 where one gets another's, or none, or where a request is sent on a connection
on which something unsolicited has come.
"""

import argparse
import asyncio
import itertools
import logging
import random
import ssl
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.parser import BytesParser
from typing import NamedTuple

import structlog

from gateway.errors import FieldError
from gateway.upstream.api import UpstreamApi
from gateway.upstream.credentials import Caller
from gateway.upstream.http.transport import AiohttpTransport
from gateway.upstream.records import decoding
from tests.resilience import before, certificates, peer
from tests.unit.upstream.conftest import settings_of
from tests.unit.upstream.reading import result_of

CREDENTIALS = [f"key-{number}" for number in range(8)]
LATER_SECONDS = 0.5
SECONDS = 60.0  # for a machine that has other things to do
LEAVING = "leaving"
"""The client of a read whose caller does not wait for the end of the answer."""


def answer(made_for: str, status: str = "200 OK", *headers: str) -> bytes:
    body = b'{"items":[{"type":"note","id":"%s"}]}' % made_for.encode()
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


SURPLUS: dict[str, Callable[[str], bytes]] = {
    "an answer": answer,
    "a refusal": lambda made_for: answer(made_for, "401 Unauthorized"),
    "a time-out": lambda made_for: answer(made_for, "408 Request Timeout", "Connection: close"),
    "an interim answer": lambda _: b"HTTP/1.1 100 Continue\r\n\r\n",
    "half a head": lambda made_for: answer(made_for)[:20],
    "half a body": lambda made_for: answer(made_for)[:-20],
    "garbage": lambda _: b"\x16\x03\x01 what?",
}


class Case(NamedTuple):
    """What comes unasked, and how.

    Attributes:
        surplus: What it is.
        is_later: Whether it comes half a second after an answer, or in one piece with it.
        is_closed: Whether the connection is closed then.
        is_tls: Whether all of it is encrypted.
        is_left: Whether it comes after reads, half answered, whose callers have left.
    """

    surplus: str
    is_later: bool
    is_closed: bool
    is_tls: bool
    is_left: bool

    @property
    def name(self) -> str:
        facts = [
            "later" if self.is_later else "with an answer",
            *["and closes"] * self.is_closed,
            *["over TLS"] * self.is_tls,
            *["after a cancelled read"] * self.is_left,
        ]
        return f"{self.surplus}, {', '.join(facts)}"

    @property
    def connections(self) -> int:
        """How many there are: few, so that callers follow each other on them; but one for each where
        a caller who comes before the surplus does could not know better.
        """
        return len(CREDENTIALS) if self.is_later else 3

    @property
    def is_answer_spoilt(self) -> bool:
        """Whether it may make nonsense of the answer that it comes with."""
        return self.surplus == "garbage" and not self.is_later


_ANY = (False, True)
CASES = [Case(*each) for each in itertools.product(SURPLUS, _ANY, _ANY, _ANY, _ANY)]


class Talker:
    """An upstream that says more than it is asked.

    Attributes:
        case: What it says.
        saying: How many surpluses are yet to come.
        asked_after: How many requests came on connections on which one had been sent.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.saying = 0
        self.asked_after = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made_for = await read_request(reader)
        self.saying += 1
        try:
            await self._answer(made_for, writer)
        finally:
            self.saying -= 1
        if not self.case.is_closed:
            with suppress(asyncio.IncompleteReadError):
                await read_request(reader)
                self.asked_after += 1

    async def _answer(self, made_for: str, writer: asyncio.StreamWriter) -> None:
        sent, surplus = answer(made_for), SURPLUS[self.case.surplus](f"surplus of {made_for}")
        if made_for.endswith(LEAVING):
            sent = await _begun(sent, writer, seconds=0.05)
        elif made_for[-1] in "13579":  # some in one piece with a surplus, of others the end only
            sent = await _begun(sent, writer, seconds=0.005)
        if self.case.is_later:
            writer.write(sent)
            await asyncio.sleep(LATER_SECONDS)
            writer.write(surplus)
        else:
            writer.write(sent + surplus)
        await writer.drain()


async def _begun(sent: bytes, writer: asyncio.StreamWriter, *, seconds: float) -> bytes:
    writer.write(sent[:-20])
    await asyncio.sleep(seconds)
    return sent[-20:]


async def read_request(reader: asyncio.StreamReader) -> str:
    line, _, head = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
    client = line.split()[1].partition(b"clientId=")[2].partition(b"&")[0].decode()
    return f"{BytesParser().parsebytes(head)['apikey']} of {client}"


class Fared(NamedTuple):
    """What came of a case: how many got their own answer, none, or another's; and `asked_after`."""

    case: Case
    answers: Counter[str]
    asked_after: int

    @property
    def is_well(self) -> bool:
        expected = {"own", "none"} if self.case.is_answer_spoilt else {"own"}
        return self.answers.keys() <= expected and not self.asked_after


async def fared(case: Case, rounds: int, trusting: ssl.SSLContext) -> Fared:
    """Each of the credentials asks once in each round; between rounds, everything is said that will be."""
    talker = Talker(case)
    tls = certificates.serving(certificates.in_order()) if case.is_tls else None
    answers: Counter[str] = Counter()
    chance = random.Random(case.name)
    async with peer.playing(talker, tls=tls) as upstream_peer:
        settings = settings_of(
            upstream_url=f"{'https' if case.is_tls else 'http'}://localhost:{upstream_peer.port}",
            upstream_attempt_timeout_seconds=SECONDS,
            upstream_connect_timeout_seconds=SECONDS,
            upstream_read_timeout_seconds=SECONDS,
            operation_timeout_seconds=2 * SECONDS,
            max_concurrent_reads=case.connections,
            circuit_breaker_reset_seconds=0.001,
        )
        transport = AiohttpTransport(max_connections=case.connections, tls=trusting)
        upstream = UpstreamApi(settings, transport)
        for number in range(rounds):
            if case.is_left:
                await asyncio.gather(
                    *[_leave(_read(upstream, key, LEAVING)) for key in CREDENTIALS]
                )
            callers = chance.sample(CREDENTIALS, k=len(CREDENTIALS))
            asking = [_whose(upstream, key, str(number)) for key in callers]
            answers.update(await asyncio.gather(*asking))
            await before.until(lambda: not talker.saying)
            await asyncio.sleep(0.005)  # so that it arrives
        await transport.aclose()
    return Fared(case, answers, talker.asked_after)


async def _read(upstream: UpstreamApi, key: str, client: str) -> list[str]:
    caller = Caller(((b"apiKey", key.encode()), (b"token", key.encode())), key.encode())
    found = await result_of(upstream.activities(caller, client))
    return [str(decoding.activity(each).id) for each in found.content]


async def _leave(read: Awaitable[list[str]]) -> None:
    with suppress(TimeoutError, FieldError):
        async with asyncio.timeout(0.02):
            await read


async def _whose(upstream: UpstreamApi, key: str, client: str) -> str:
    try:
        found = await _read(upstream, key, client)
    except FieldError as error:
        return "none" if error.code == "UPSTREAM_UNAVAILABLE" else error.code
    return "own" if found == [f"{key} of {client}"] else "foreign"


async def run(requests: int) -> int:
    rounds = -(-requests // (len(CASES) * len(CREDENTIALS)))
    trusting = certificates.trusting()
    found = await asyncio.gather(*[fared(case, rounds, trusting) for case in CASES])
    answers = sum((each.answers for each in found), Counter[str]())
    failures = [each for each in found if not each.is_well]
    tell(f"{answers.total()} requests, {len(CREDENTIALS)} credentials, {len(CASES)} cases")
    tell(f"  answers: {dict(answers.most_common())}")
    tell(f"  requests after something unsolicited: {sum(each.asked_after for each in found)}")
    for each in failures:
        tell(f"  {each.case.name}: {dict(each.answers)}, {each.asked_after} requests after it")
    return 1 if failures else 0


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.exit(asyncio.run(run(parser.parse_args().requests)))

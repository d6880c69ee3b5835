"""The upstream of the benchmark: a bare HTTP/1.1 server of prepared answers, in the loop of the load.

It costs a contender as little as an upstream can, and the same for all. A client's id says how many
activities it has: 00100 and whatever follows has a hundred. One that begins with html has notes of HTML.
"""

import asyncio
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Self, cast

from tests.benchmarks.timelines import notes_of_html, staff, timeline

_ACTIVITIES = re.compile(rb"/api/2\.3/activities\?(?:[^#]*&)?clientId=([0-9]{5})")
_HTML = re.compile(rb"/api/2\.3/activities\?(?:[^#]*&)?clientId=html")
_STAFF = re.compile(rb"/api/2\.1/scheduling/companies/([0-9]+)/staff")


def client_id(activities: int, number: int) -> str:
    """The id of one of many clients that have so many activities."""
    return f"{activities:05d}{number:03d}"


def html_client_id(number: int) -> str:
    """The id of one of many clients that have notes of HTML."""
    return f"html{number:03d}"


def timeline_of(client: str) -> bytes:
    """The body of the answer about a client of this id."""
    target = f"/api/2.3/activities?clientId={client}".encode()
    return answer_to(target).partition(b"\r\n\r\n")[2]


class UpstreamServer:
    """Answers after a delay that can be changed at any time, and counts the calls."""

    def __init__(self) -> None:
        self.delay_seconds = 0.0
        self.calls = 0
        self.origin = ""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.origin = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await asyncio.sleep(0)


class _Connection(asyncio.Protocol):
    """One keep-alive connection; a request at a time, none with a body."""

    def __init__(self, upstream: UpstreamServer) -> None:
        self._upstream = upstream
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._answer(head.split(b" ", 2)[1])

    def _answer(self, target: bytes) -> None:
        assert self._transport is not None
        self._upstream.calls += 1
        answer = answer_to(target)
        if self._upstream.delay_seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(self._upstream.delay_seconds, self._transport.write, answer)
        else:
            self._transport.write(answer)


def answer_to(target: bytes) -> bytes:
    """The whole answer to a GET, head and body."""
    if found := _ACTIVITIES.match(target):
        return _timeline(int(found[1]))
    if _HTML.match(target):
        return _notes_of_html()
    if (found := _STAFF.fullmatch(target)) and (body := _staff().get(found[1].decode())):
        return _response(body)
    return _response(b'{"error":{"code":404}}', HTTPStatus.NOT_FOUND)


@cache
def _timeline(activities: int) -> bytes:
    return _response(timeline(activities))


@cache
def _notes_of_html() -> bytes:
    return _response(notes_of_html())


@cache
def _staff() -> Mapping[str, bytes]:
    return staff()


def _response(body: bytes, status: HTTPStatus = HTTPStatus.OK) -> bytes:
    head = (
        f"HTTP/1.1 {status} {status.phrase}\r\n"
        "Content-Type: application/json;charset=UTF-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body

"""Scenarios: Markdown files that a product person can read, executed over HTTP semantics.

A scenario has a title, a text, and fenced blocks:

- `http upstream`: the calls that the upstream must get, exactly these and in any order, each with its answer:
  `→ sandbox`, or `→ STATUS` and the name of a block `json NAME` with the body, or one of `_FAILURES`.
  `→ sandbox, after all calls have arrived` waits for the others, so it proves that all are made at once.
- `json settings`: the settings of the gateway. One that takes a file has the name of the block with its content.
- `graphql` with `json variables` and `http headers`: the operation, sent by POST. Or `http request`: the whole request.
- `http response`: the status and the headers that the response must have; without this block the status is 200.
- `json response`: the body of the response. Words stand for what is different each time, see `_CHANCE`.

A body may have headers of its own, `http headers of NAME`: it is then sent in the charset that they name, and compressed as
they say, each line as a member of its own. Where there is `http upstream a minute before`, the same request was sent then, and
the upstream answered that; the clock then showed 09:00 in UTC on 2026-03-29. Where there is `graphql in progress`, that operation
was sent before, and waits for the upstream.
"""

import asyncio
import gzip
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self
from urllib.parse import unquote

import httpx

from tests.support.gateway import Gateway

_BLOCK = re.compile(r"^```([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"(?P<call>GET \S+)\s+→ (?:(?P<status>\d{3})(?: (?P<body>\S+))?|(?P<words>\D+))")
_NOW = "http upstream"
_BEFORE = "http upstream a minute before"

_BLOCKS = {
    *(_NOW, _BEFORE, "http request", "http headers", "http response"),
    *("graphql", "graphql in progress"),
    *("json settings", "json variables", "json response"),
}

_CHARSETS = {"iso-8859-1": "windows-1252", "utf8mb4": "utf-8"}
"""What senders mean by a charset, where that is not what it says."""

_CHANCE = {
    re.compile(rb'(?<="errorId":)"[0-9a-f]{32}"'): b'"32 hexadecimal digits"',
    re.compile(rb'(?<="milliseconds":)[0-9.]+'): b'"a number"',
}
"""What is different in each response, and the words for it in a scenario."""

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]
Answers = Mapping[str, Answer]


async def _refuse_connection(request: httpx.Request) -> NoReturn:
    raise httpx.ConnectError("refused", request=request)


async def _time_out(request: httpx.Request) -> NoReturn:
    raise httpx.ReadTimeout("no answer", request=request)


async def _fail_unexpectedly(_: httpx.Request) -> NoReturn:
    raise RuntimeError("an error that nothing expects")


async def _wait(_: httpx.Request) -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError("the wait is only cancelled")


_FAILURES: Mapping[str, Answer] = {
    "no connection": _refuse_connection,
    "no answer in time": _time_out,
    "no answer yet": _wait,
    "an unexpected exception in the gateway": _fail_unexpectedly,
}


@dataclass(frozen=True)
class Scenario:
    """One file, read."""

    title: str
    blocks: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        text = path.read_text(encoding="utf-8")
        title = text.splitlines()[0].removeprefix("# ")
        return cls(title, {match[1].strip(): match[2] for match in _BLOCK.finditer(text)})

    @property
    def unused_blocks(self) -> set[str]:
        """The blocks that nothing reads, such as one whose name is misspelt."""
        bodies = {match["body"] for block in (_BEFORE, _NOW) for match in self._calls(block)}
        files = set(map(str, self._json("json settings", {}).values()))
        named = {f"{form} {name}" for form in ("json", "http headers of") for name in bodies}
        named |= {f"{Path(file).suffix[1:]} {file}" for file in files}
        return self.blocks.keys() - _BLOCKS - named

    @property
    def query(self) -> str:
        return self.blocks["graphql"]

    @property
    def is_executed(self) -> bool:
        """Whether the operation is executed: a response to any other request has no `data`."""
        return "data" in self.response

    @property
    def response(self) -> dict[str, Any]:
        return self._json("json response", {})

    @property
    def status(self) -> int:
        """The status of the response, which is written with a phrase, as in `404 Not Found`."""
        return int(self.blocks.get("http response", "200 OK").partition(" ")[0])

    @property
    def response_headers(self) -> dict[str, str]:
        return _parse_headers(self.blocks.get("http response", "").splitlines()[1:])

    def settings(self, directory: Path) -> dict[str, Any]:
        """The settings; the files that they name are written to `directory`."""
        settings = self._json("json settings", {})
        for setting, value in settings.items():
            block = f"{Path(str(value)).suffix[1:]} {value}"
            if block in self.blocks:
                settings[setting] = directory / value
                settings[setting].write_text(self.blocks[block], encoding="utf-8")
        return settings

    async def send(self, gateway: Gateway, headers: Mapping[str, str]) -> httpx.Response:
        """Sends the request of the scenario, with further headers."""
        if "http request" not in self.blocks:
            given = _parse_headers(self.blocks.get("http headers", "").splitlines())
            variables = self._json("json variables", {})
            return await gateway.post(self.query, variables, {**given, **headers})
        head, _, body = self.blocks["http request"].partition("\n\n")
        request_line, *lines = head.splitlines()
        method, _, url = request_line.partition(" ")
        given = {**_parse_headers(lines), **headers}
        return await gateway.http.request(method, url, content=body.strip(), headers=given)

    @asynccontextmanager
    async def operation_in_progress(
        self, gateway: Gateway, upstream: "ScriptedUpstream"
    ) -> AsyncIterator[None]:
        """While the operation in progress, if there is one, waits for the upstream."""
        if "graphql in progress" not in self.blocks:
            yield
            return
        task = asyncio.create_task(gateway.post(self.blocks["graphql in progress"]))
        try:
            await upstream.called.wait()
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    @property
    def has_before(self) -> bool:
        """Whether the same was asked a minute before."""
        return _BEFORE in self.blocks

    @property
    def calls(self) -> Counter[str]:
        return Counter(match["call"] for match in (*self._calls(_BEFORE), *self._calls(_NOW)))

    def upstream(self, sandbox: httpx.AsyncBaseTransport) -> "ScriptedUpstream":
        """The upstream, as it is at first: a minute before, if the request was sent then."""
        blocks = [_BEFORE, _NOW] if self.has_before else [_NOW]
        return ScriptedUpstream([self._answers(block, sandbox) for block in blocks])

    def _answers(self, block: str, sandbox: httpx.AsyncBaseTransport) -> Answers:
        calls = self._calls(block)
        answer_by_words = {
            **_FAILURES,
            "sandbox": sandbox.handle_async_request,
            "sandbox, after all calls have arrived": _answer_together(sandbox, len(calls)),
        }
        return {
            match["call"]: self._answer(int(match["status"]), match["body"])
            if match["status"]
            else answer_by_words[match["words"]]
            for match in calls
        }

    def _answer(self, status: int, name: str | None) -> Answer:
        given = _parse_headers(self.blocks.get(f"http headers of {name}", "").splitlines())
        headers = {"content-type": "application/json", **given}
        charset = headers["content-type"].partition("charset=")[2] or "utf-8"
        body = self.blocks.get(f"json {name}", "").encode(_CHARSETS.get(charset, charset))
        if headers.get("content-encoding") == "gzip":
            body = b"".join(map(gzip.compress, body.splitlines(keepends=True)))

        async def answer(_: httpx.Request) -> httpx.Response:
            return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

        return answer

    def _calls(self, block: str) -> list[re.Match[str]]:
        lines = self.blocks.get(block, "").splitlines()
        matches = [_CALL.fullmatch(line.strip()) for line in lines]
        assert None not in matches, f"not a call: {lines}"
        return [match for match in matches if match is not None]

    def _json(self, name: str, default: dict[str, Any]) -> dict[str, Any]:
        return json.loads(self.blocks[name]) if name in self.blocks else default


def _parse_headers(lines: list[str]) -> dict[str, str]:
    return {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }


def _answer_together(sandbox: httpx.AsyncBaseTransport, number: int) -> Answer:
    """The sandbox's answers to so many calls, none before the last of them has arrived."""
    arrived, all_arrived = [0], asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        arrived[0] += 1
        if arrived[0] == number:
            all_arrived.set()
        await all_arrived.wait()
        return await sandbox.handle_async_request(request)

    return answer


def body_without_chance(response: httpx.Response) -> bytes:
    """The body of a response, with words in place of what is different in each response."""
    body = response.content
    for pattern, words in _CHANCE.items():
        body = pattern.sub(words, body)
    return body


class ScriptedUpstream(httpx.AsyncBaseTransport):
    """Answers what the scenario says and counts; a call that it does not name fails the test.

    Attributes:
        calls: The calls so far.
        called: Set by the first call.
    """

    def __init__(self, answers_by_minute: Sequence[Answers]) -> None:
        self.calls: Counter[str] = Counter()
        self.called = asyncio.Event()
        self._answers, *self._later_answers = answers_by_minute

    def advance(self) -> None:
        """Answers what it answers a minute later."""
        self._answers = self._later_answers.pop(0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = f"{request.method} {unquote(request.url.raw_path.decode())}"
        self.calls[call] += 1
        self.called.set()
        assert call in self._answers, f"unexpected: {call}"
        return await self._answers[call](request)

"""Scenarios: Markdown files that a product person can read, executed over HTTP semantics.

A scenario is a title and, in fenced blocks: `http upstream`, the calls that the upstream must get, exactly these
and in any order, each with its answer (`→ sandbox`, or `→ STATUS` and a block `json NAME` with the body);
`http headers`, what the caller sends along; `json settings`, what is set; `graphql`, the operation; `json variables`;
`json response`, the answer. A body may have headers of its own, `http headers of NAME`: it is then sent in the charset that they name,
and compressed as they say, each line as a member of its own. Where there is `http upstream a minute before`, the same was asked then, and the upstream
answered that; the clock then showed 09:00 in UTC on 2026-03-29.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

import httpx

_BLOCK = re.compile(r"^```([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CALL = re.compile(
    r"(?P<call>GET \S+)\s+→ (?:(?P<sandbox>sandbox)|(?P<status>\d{3})(?: (?P<body>\S+))?)"
)
_NOW = "http upstream"
_BEFORE = "http upstream a minute before"

_CHARSETS = {"iso-8859-1": "windows-1252", "utf8mb4": "utf-8"}
"""What senders mean by a charset, where that is not what it says."""

Answer = tuple[int, bytes, Mapping[str, str]]
Answers = Mapping[str, Answer | None]


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
    def query(self) -> str:
        return self.blocks["graphql"]

    @property
    def variables(self) -> dict[str, Any]:
        return self._json("json variables", {})

    @property
    def settings(self) -> dict[str, Any]:
        return self._json("json settings", {})

    @property
    def response(self) -> dict[str, Any]:
        return self._json("json response", {})

    @property
    def headers(self) -> dict[str, str]:
        return self._headers("http headers")

    @property
    def has_before(self) -> bool:
        """Whether the same was asked a minute before."""
        return _BEFORE in self.blocks

    @property
    def calls(self) -> Counter[str]:
        return Counter(match["call"] for match in (*self._calls(_BEFORE), *self._calls(_NOW)))

    def upstream(self, sandbox: httpx.AsyncBaseTransport) -> "ScriptedUpstream":
        """What is there at first: a minute before, if anything was asked then."""
        return ScriptedUpstream(self._answers(_BEFORE if self.has_before else _NOW), sandbox)

    def a_minute_later(self, upstream: "ScriptedUpstream") -> None:
        upstream.answers = self._answers(_NOW)

    def _answers(self, block: str) -> Answers:
        return {
            match["call"]: None
            if match["sandbox"]
            else self._answer(int(match["status"]), match["body"])
            for match in self._calls(block)
        }

    def _answer(self, status: int, name: str | None) -> Answer:
        headers = {"content-type": "application/json", **self._headers(f"http headers of {name}")}
        charset = headers["content-type"].partition("charset=")[2] or "utf-8"
        body = self.blocks.get(f"json {name}", "").encode(_CHARSETS.get(charset, charset))
        if headers.get("content-encoding") == "gzip":
            body = b"".join(map(gzip.compress, body.splitlines(keepends=True)))
        return status, body, headers

    def _headers(self, block: str) -> dict[str, str]:
        lines = self.blocks.get(block, "").splitlines()
        return {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }

    def _calls(self, block: str) -> list[re.Match[str]]:
        lines = self.blocks.get(block, "").splitlines()
        matches = [_CALL.fullmatch(line.strip()) for line in lines]
        assert None not in matches, f"not a call: {lines}"
        return [match for match in matches if match is not None]

    def _json(self, name: str, default: dict[str, Any]) -> dict[str, Any]:
        return json.loads(self.blocks[name]) if name in self.blocks else default


class ScriptedUpstream(httpx.AsyncBaseTransport):
    """Answers what the scenario says and counts; a call that it does not name fails the test."""

    def __init__(
        self,
        answers: Answers,
        sandbox: httpx.AsyncBaseTransport,
    ) -> None:
        self.answers = answers
        self._sandbox = sandbox
        self.calls: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = f"{request.method} {unquote(request.url.raw_path.decode())}"
        self.calls[call] += 1
        assert call in self.answers, f"unexpected: {call}"
        answer = self.answers[call]
        if answer is None:
            return await self._sandbox.handle_async_request(request)
        status, body, headers = answer
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

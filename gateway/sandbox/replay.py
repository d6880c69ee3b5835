"""Replay: the recorded responses of `gateway probe --record`, served by target."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct, json
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.sandbox.responses import error_response

_UPSTREAM_HOST = "{upstream}"
_MADE_UP_CREDENTIALS = "made-up credentials"
_UNKNOWN_CLIENT = "unknown client"
_MADE_UP_KEY_START = "probe-"
_NOT_MODIFIED = 304

_Key = tuple[str, tuple[tuple[str, str], ...]]


class RecordedResponse(Struct, rename={"content": "json"}):
    """One file of a recording.

    Attributes:
        target: The path and the query of the request.
        subject: What is special about the request, if anything.
        status: The HTTP status.
        headers: The headers.
        content: The body as JSON.
        text: The body, where it is not JSON.
    """

    target: str
    subject: str
    status: int
    headers: list[tuple[str, str]]
    content: Any = None
    text: str | None = None


class UnreadableRecording(Exception):
    """A folder has no recording, or a file in it is none."""


def read_recording(folder: Path) -> list[RecordedResponse]:
    """The recorded responses in a folder, in the order of the requests.

    Raises:
        UnreadableRecording: There is none, or a file is not one.
    """
    recorded = []
    for file in sorted(folder.glob("*.json")):
        try:
            recorded.append(json.decode(file.read_bytes(), type=RecordedResponse))
        except (OSError, ValueError) as error:
            raise UnreadableRecording(f"{file} is no recorded response.") from error
    if not recorded:
        raise UnreadableRecording(f"{folder} has no recorded response.")
    return recorded


class Replay:
    """Responds to each request with what was recorded for its target; in turn, where that is several responses.

    Any credentials are accepted, but those that a probe makes up.
    """

    def __init__(self, recorded: Sequence[RecordedResponse]) -> None:
        self._by_target: defaultdict[_Key, list[RecordedResponse]] = defaultdict(list)
        self._turn_by_target: defaultdict[tuple[_Key, bool], int] = defaultdict(int)
        self._special: Mapping[str, RecordedResponse] = {each.subject: each for each in recorded}
        for each in recorded:
            if not each.subject:
                self._by_target[_key(each.target)].append(each)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        recorded = self._find(request)
        if recorded is None:
            missing = error_response(404, "There is no recorded response.")
            response = Response(missing.body, missing.status, dict(missing.headers))
        else:
            response = _to_response(recorded, request.headers.get("host", ""))
        await response(scope, receive, send)

    def _find(self, request: Request) -> RecordedResponse | None:
        credentials = request.headers.get("apikey") or request.headers.get("authorization", "")
        if credentials.removeprefix("Bearer ").startswith(_MADE_UP_KEY_START):
            return self._special.get(_MADE_UP_CREDENTIALS)
        key = _key(f"{request.url.path}?{request.url.query}")
        is_conditional = (
            "if-none-match" in request.headers or "if-modified-since" in request.headers
        )
        candidates = [
            each
            for each in self._by_target.get(key, ())
            if is_conditional or each.status != _NOT_MODIFIED
        ]
        if is_conditional:
            candidates = candidates[-1:]
        if not candidates:
            return self._special.get(_UNKNOWN_CLIENT) if "clientId" in dict(key[1]) else None
        turn = self._turn_by_target[key, is_conditional]
        self._turn_by_target[key, is_conditional] += 1
        return candidates[turn % len(candidates)]


def _key(target: str) -> _Key:
    path, _, query = target.partition("?")
    return path, tuple(sorted(parse_qsl(query, keep_blank_values=True)))


def _to_response(recorded: RecordedResponse, host: str) -> Response:
    body = json.encode(recorded.content) if recorded.text is None else recorded.text.encode()
    if recorded.status == _NOT_MODIFIED:
        body = b""
    response = Response(body.replace(_UPSTREAM_HOST.encode(), host.encode()), recorded.status)
    response.raw_headers += [
        (name.encode(), value.encode("latin-1", "replace")) for name, value in recorded.headers
    ]
    return response

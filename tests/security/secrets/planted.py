"""What is planted wherever it must not come out again, and how to find it in what did come out."""

import json
import re
from typing import Any

import httpx

from tests.support.secret import SECRET

WRITTEN = "wr1tten"
"""Stands in what a caller writes in documents and variables: the caller may read it again, the log not."""

UPSTREAM = f"http://{SECRET}-host.internal:8443"
OWN_CREDENTIALS = {"api_key": f"own-key-{SECRET}", "token": f"own-token-{SECRET}"}
SENT = {
    "Cookie": f"session={SECRET}-of-a-browser",
    "User-Agent": f"browser-{SECRET}",
    "Referer": f"https://page.example/?{SECRET}",
    "traceparent": f"00-{SECRET}",
    "X-Request-Id": f"{SECRET} is no id",
    "X-Forwarded-Host": f"{SECRET}.example",
    "X-Gateway-Explain": "1",
}
"""Headers of every caller here."""

CALLERS = {
    "nothing": {},
    "a key and a token": {"apiKey": f"key-{SECRET}", "token": f"token-{SECRET}"},
    "an access token": {"Authorization": f"Bearer access-{SECRET}"},
}

_INSIDE = re.compile(
    r"""
    Traceback | File\ " | \.py\b | site-packages | /(work|tmp|usr|home|root|opt|app)/ | ~/
    | <class | \bobject\ at\ 0x | \b0x[0-9a-f]{6,}
    | \b[A-Z]\w*(Error|Exception|Warning|Group)\b
    | \b(gateway|graphql(?!\.org)|httpx|aiohttp|yarl|msgspec|strawberry|starlette|uvicorn|pydantic|builtins|asyncio)\.\w
    | NoneType | coroutine | dataclass
    """,
    re.VERBOSE,
)
"""How Python speaks of itself: files, frames, types."""


def found_in_answer(answer: httpx.Response, *, shown: bool = False) -> list[str]:
    """What an answer tells that it must not. `shown`: its data is what the upstream rightly sent."""
    told = {"headers": answer.headers.multi_items(), "body": _body(answer, shown=shown)}
    text = json.dumps(told, ensure_ascii=False)
    return [SECRET] * (SECRET in text) + [found[0] for found in _INSIDE.finditer(text)]


def _body(answer: httpx.Response, *, shown: bool) -> Any:
    if "json" not in answer.headers.get("content-type", ""):
        return answer.text
    body = answer.json()
    return {**body, "data": None} if shown and isinstance(body, dict) else body


def found_in_log(text: str) -> list[str]:
    """What a log tells that it must not: besides secrets, anything that is not an event on one line."""
    odd = [line for line in text.splitlines() if not _is_event(line)]
    planted = [
        word
        for word in (SECRET, WRITTEN, "Traceback", 'File \\"', "/site-packages/")
        if word in text
    ]
    return planted + odd


def found_in_numbers(text: str) -> list[str]:
    """What metrics or traces tell that they must not: they hold words of ours, and numbers."""
    return [word for word in (SECRET, WRITTEN, "Traceback", "exception.") if word in text]


def _is_event(line: str) -> bool:
    try:
        return "event" in json.loads(line)
    except ValueError:
        return False


def codes_of(answer: httpx.Response) -> set[str]:
    """The codes of an answer's errors."""
    if "json" not in answer.headers.get("content-type", ""):
        return set()
    return {error["extensions"]["code"] for error in answer.json().get("errors", [])}

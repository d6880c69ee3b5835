"""The sandbox with random texts in everything that it sends, and how to find parts of them."""

from collections.abc import Iterator
from random import Random
from string import ascii_letters, digits
from typing import Any

import httpx

from gateway.sandbox.app import create_sandbox

ALPHABET = ascii_letters + digits + "-_.@+/ éß"
SANDBOX_APP = create_sandbox()


class PlantedSandbox(httpx.AsyncBaseTransport):
    """The sandbox, with random texts in place of keys, words, values and headers.

    Attributes:
        planted: The texts so far.
        answers: The number of responses so far.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._sandbox = httpx.ASGITransport(SANDBOX_APP)
        self.planted: set[str] = set()
        self.answers = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._sandbox.handle_async_request(request)
        await response.aread()
        self.answers += 1
        content = response.json() if response.status_code == 200 else {"error": self._text()}
        header = self._text(ascii_letters)
        return httpx.Response(
            response.status_code,
            headers={header: self._text(ascii_letters), "etag": f'"{self._text(digits)}"'},
            json=self._plant(content),
        )

    def _plant(self, sent: Any, depth: int = 0) -> Any:
        if isinstance(sent, dict):
            planted = {
                self._text() if depth > 1 and self._is_chosen() else key: self._plant(
                    value, depth + 1
                )
                for key, value in sent.items()
            }
            return {**planted, self._text(): self._text()} if self._is_chosen() else planted
        if isinstance(sent, list):
            return [self._plant(each, depth + 1) for each in sent]
        if not self._is_chosen():
            return sent
        if isinstance(sent, str) and sent.startswith("http"):
            return (
                f"https://{self._text(digits)}.example/{self._text(ascii_letters)}/7?{self._text()}"
            )
        return self._text()

    def _is_chosen(self) -> bool:
        return self._random.random() < 0.1

    def _text(self, alphabet: str = ALPHABET) -> str:
        text = "".join(self._random.choices(alphabet, k=12))
        self.planted.add(text)
        return text


def parts(text: str) -> Iterator[str]:
    """All parts of eight characters."""
    return (text[begin : begin + 8] for begin in range(len(text) - 7))

"""What the upstream sends is in no report of `gateway probe`: not even eight characters of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from string import ascii_letters, digits
from typing import Any

import httpx
import pytest

from gateway.cli.probe.asking import Asked
from gateway.cli.probe.command import run_probe
from gateway.cli.probe.recording import prepare_folder, write_recording
from gateway.cli.probe.timeline_questions import NothingToAsk
from gateway.sandbox.app import create_sandbox
from gateway.upstream.http.exchange import ExchangeClient
from tests.support.clock import Clock
from tests.support.gateway import ACCOUNT_1, SANDBOX, settings_of

ANSWERS = 1_000
CLIENT = "1020"
ALPHABET = ascii_letters + digits + "-_.@+/ éß"


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


SANDBOX_APP = create_sandbox()


def parts(text: str) -> Iterator[str]:
    return (text[begin : begin + 8] for begin in range(len(text) - 7))


def recorded(folder: Path, asked: Sequence[Asked]) -> str:
    """All that is recorded."""
    prepare_folder(folder)
    write_recording(folder, asked, (CLIENT,), "sandbox", Random(1))
    return "".join(file.read_text() for file in folder.iterdir())


@pytest.mark.slow
async def test_a_report_and_a_recording_have_nothing_that_the_upstream_sent(capfd, tmp_path):
    settings = settings_of(upstream_url=SANDBOX, **ACCOUNT_1)
    answers, texts, planted = 0, [], set[str]()
    for seed in range(ANSWERS):
        upstream = PlantedSandbox(seed)
        try:
            report, asked = await run_probe(
                settings, ExchangeClient(settings, upstream), (CLIENT,), pause=Clock().sleep
            )
            texts += [report.to_text(), report.to_json(), recorded(tmp_path / str(seed), asked)]
        except NothingToAsk as nothing:
            texts.append(str(nothing))
        planted |= upstream.planted
        answers += upstream.answers
        if answers >= ANSWERS:
            break
    out, err = capfd.readouterr()
    reported = {part for text in (*texts, out, err) for part in parts(text.lower())}
    assert {part for text in planted for part in parts(text.lower())} & reported == set()
    assert len(texts) > answers / 60

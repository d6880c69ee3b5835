"""What the upstream sends is in no report of `gateway probe`: not even eight characters of it."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from gateway.cli.probe.command import run_probe
from gateway.cli.probe.probe_client import ProbeRequest
from gateway.cli.probe.recording import prepare_folder, write_recording
from gateway.cli.probe.timeline_checks import NoTimeline
from gateway.upstream.http.exchange import ExchangeClient
from tests.security.secrets.planted_sandbox import PlantedSandbox, parts
from tests.support.clock import Clock
from tests.support.gateway import ACCOUNT_1, SANDBOX, settings_of

ANSWERS = 1_000
CLIENT = "1020"


def recorded(folder: Path, requests: Sequence[ProbeRequest]) -> str:
    """All that is recorded."""
    prepare_folder(folder)
    write_recording(folder, requests, (CLIENT,), "sandbox", Random(1))
    return "".join(file.read_text() for file in folder.iterdir())


@pytest.mark.slow
async def test_a_report_and_a_recording_have_nothing_that_the_upstream_sent(capfd, tmp_path):
    settings = settings_of(upstream_url=SANDBOX, **ACCOUNT_1)
    answers, texts, planted = 0, [], set[str]()
    for seed in range(ANSWERS):
        upstream = PlantedSandbox(seed)
        try:
            report, requests = await run_probe(
                settings, ExchangeClient(settings, upstream), (CLIENT,), pause=Clock().sleep
            )
            texts += [report.to_text(), report.to_json(), recorded(tmp_path / str(seed), requests)]
        except NoTimeline as nothing:
            texts.append(str(nothing))
        planted |= upstream.planted
        answers += upstream.answers
        if answers >= ANSWERS:
            break
    out, err = capfd.readouterr()
    reported = {part for text in (*texts, out, err) for part in parts(text.lower())}
    assert {part for text in planted for part in parts(text.lower())} & reported == set()
    assert len(texts) > answers / 60

"""Trusted documents of a gateway in process, from real files that change."""

import asyncio
import gc
import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.unit.web.test_health import scraped, value

TIMELINE = 'query %s { activities(clientId: "7") { totalCount } }'


def text_of(name: str) -> str:
    return TIMELINE % name


def write(file: Path, *names: str) -> None:
    """A manifest in place of the former one, with a document by the name of each operation."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps({name: text_of(name) for name in names}), encoding="utf-8")
    new.replace(file)


async def reload(gateway: Any, *, is_requested: bool = False) -> None:
    for each in gateway.app.state.reloader.files:
        await each.reload(is_requested=is_requested)


async def answer_to(gateway: Any, document_id: str) -> Any:
    """The data of an answer, or the code of its error."""
    answer = (await gateway.http.post("/graphql", json={"documentId": document_id})).json()
    errors = answer.get("errors")
    return errors[0]["extensions"]["code"] if errors else answer["data"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "web.json"
    write(file, "One")
    return file


@pytest.fixture
def enforcing(gateway_over_items, tmp_path, file):
    """A gateway that reads its documents from the folder."""
    return gateway_over_items(trusted_documents="enforce", trusted_documents_path=tmp_path)


FOUND = {"activities": {"totalCount": 0}}


async def test_a_document_of_a_changed_folder_runs_and_a_removed_one_does_not(
    enforcing, file, tmp_path
):
    assert await answer_to(enforcing, "Two") == "PERSISTED_QUERY_NOT_FOUND"
    write(tmp_path / "app.json", "Two")
    await reload(enforcing)
    assert [await answer_to(enforcing, each) for each in ("One", "Two")] == [FOUND, FOUND]
    file.unlink()
    await reload(enforcing)
    assert await answer_to(enforcing, "One") == "PERSISTED_QUERY_NOT_FOUND"
    assert await answer_to(enforcing, "Two") == FOUND


async def test_kubernetes_swaps_all_documents_by_one_link(gateway_over_items, tmp_path):
    for version, name in (("..v1", "One"), ("..v2", "Two")):
        (tmp_path / version).mkdir()
        write(tmp_path / version / "web.json", name)
        os.utime(tmp_path / version / "web.json", ns=(0, 0))
    (tmp_path / "..data").symlink_to("..v1")
    (tmp_path / "web.json").symlink_to("..data/web.json")
    gateway = gateway_over_items(trusted_documents="enforce", trusted_documents_path=tmp_path)
    await reload(gateway)
    (tmp_path / "..data_tmp").symlink_to("..v2")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    await reload(gateway)
    assert await answer_to(gateway, "One") == "PERSISTED_QUERY_NOT_FOUND"
    assert await answer_to(gateway, "Two") == FOUND


async def test_a_half_written_manifest_changes_nothing_until_it_is_whole(enforcing, file):
    file.write_text('{"Two": "query Secret { act', encoding="utf-8")
    with capture_logs() as log:
        for _ in range(2):
            await reload(enforcing)
        assert await answer_to(enforcing, "One") == FOUND
        write(file, "Two")
        await reload(enforcing)
    events = [each for each in log if each["event"].startswith("reload.")]
    assert [each["event"] for each in events] == ["reload.failed", "reload.changed"]
    assert events[0]["setting"] == "GATEWAY_TRUSTED_DOCUMENTS_PATH"
    assert events[0]["problem"].startswith("web.json must contain a JSON object of strings")
    assert "Secret" not in str(events)
    assert await answer_to(enforcing, "Two") == FOUND


async def test_a_folder_that_is_removed_changes_nothing_until_it_is_back(enforcing, file, tmp_path):
    away = tmp_path.with_name("away")
    tmp_path.rename(away)
    await reload(enforcing)
    assert await answer_to(enforcing, "One") == FOUND
    away.rename(tmp_path)
    write(file, "Two")
    await reload(enforcing)
    assert await answer_to(enforcing, "Two") == FOUND


async def test_a_document_that_can_never_run_keeps_the_former_ones(enforcing, file, tmp_path):
    faulty = {f"id{number}": "{ secretField }" for number in range(12)}
    (tmp_path / "app.json").write_text(json.dumps(faulty), encoding="utf-8")
    write(file, "Two")
    with capture_logs() as log:
        await reload(enforcing)
    named = ", ".join(f"id{number}: GRAPHQL_VALIDATION_FAILED" for number in range(10))
    assert [each["problem"] for each in log] == [f"12 documents can never run: {named}, …"]
    assert await answer_to(enforcing, "One") == FOUND
    assert await answer_to(enforcing, "Two") == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_request_under_way_is_answered_though_its_document_is_removed(
    gateway_over, tmp_path, file
):
    called, gate = asyncio.Event(), asyncio.Event()

    async def upstream(_: httpx.Request) -> httpx.Response:
        called.set()
        await gate.wait()
        return httpx.Response(200, json={"items": []})

    gateway = gateway_over(upstream, trusted_documents="enforce", trusted_documents_path=file)
    answering = asyncio.create_task(answer_to(gateway, "One"))
    await called.wait()
    write(file, "Two")
    await reload(gateway)
    assert await answer_to(gateway, "One") == "PERSISTED_QUERY_NOT_FOUND"
    gate.set()
    assert await answering == FOUND


async def test_the_metrics_tell_of_documents_and_reloads(enforcing, file):
    assert value(await scraped(enforcing), "trusted_documents") == 1
    write(file, "One", "Two", "Three")
    await reload(enforcing)
    await reload(enforcing, is_requested=True)
    file.write_text("{}", encoding="utf-8")
    await reload(enforcing)
    found = await scraped(enforcing)
    assert value(found, "trusted_documents") == 3
    for outcome in ("changed", "unchanged", "failed"):
        assert value(found, "trusted_documents_reloads_total", outcome=outcome) == 1


async def test_a_manifest_that_is_not_used_is_not_reloaded(gateway_over_items, file):
    gateway = gateway_over_items(trusted_documents="off", trusted_documents_path=file)
    assert list(gateway.app.state.reloader.files) == []
    assert value(await scraped(gateway), "trusted_documents") == 0


@pytest.mark.slow
async def test_a_thousand_reloads_leave_nothing_behind(gateway_over_items, file):
    gateway = gateway_over_items(
        trusted_documents="enforce", trusted_documents_path=file, compile_queries="on"
    )
    blocks: list[int] = []
    for number in range(1_000):
        write(file, "One", f"Next{number}")
        await reload(gateway)
        if number % 300 == 99:
            assert await answer_to(gateway, "One") == FOUND
            gc.collect()
            blocks.append(sys.getallocatedblocks())
    # A leak grows in each part of the reloads; caches of the process grow in some.
    least = min(after - before for before, after in pairwise(blocks))
    assert least < 300, "less than one block of memory by reload"

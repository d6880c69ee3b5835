"""Service credentials and caller keys of a gateway in process, from real files that change."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.config.secret_files import SecretFile
from tests.support.processes import PATIENCE_SECONDS
from tests.unit.web.test_reloaded_documents import reload

TIMELINE = '{ activities(clientId: "7") { totalCount } }'
KEY, OTHER = "k" * 43, "o" * 43


class Upstream:
    """Answers with as many activities as calls came so far, and remembers the tokens that were sent.

    Attributes:
        tokens: The token of each call, in their order.
        gate: Calls wait here while it is closed.
        called: Set by each call.
        status: The status of every answer.
    """

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.called = asyncio.Event()
        self.status = 200

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.tokens.append(request.headers["token"])
        items = [{"id": number, "type": "note"} for number in range(len(self.tokens))]
        self.called.set()
        await self.gate.wait()
        return httpx.Response(self.status, json={"items": items})


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("first\n", encoding="utf-8")
    return file


@pytest.fixture
def gateway(gateway_over, upstream, token_file):
    token = SecretFile("GATEWAY_TOKEN_FILE", token_file)
    return gateway_over(upstream, api_key="key", token=token, stale_if_error_seconds=60.0)


async def read(gateway: Any) -> Any:
    return (await gateway.data(TIMELINE))["activities"]["totalCount"]


async def test_a_request_after_a_reload_has_the_new_credentials(gateway, upstream, token_file):
    await read(gateway)
    token_file.write_text("second", encoding="utf-8")
    with capture_logs() as log:
        await reload(gateway)
        await reload(gateway)
    await read(gateway)
    assert upstream.tokens == ["first", "second"]
    assert log == [
        {"event": "reload.changed", "log_level": "info", "setting": "GATEWAY_TOKEN_FILE"}
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "GATEWAY_TOKEN_FILE: the named file is empty"),
        (
            b"se\ncret",
            "GATEWAY_TOKEN_FILE: must be printable ASCII, without line breaks",
        ),
        (b"secret\xff", "GATEWAY_TOKEN_FILE cannot be read: it is not UTF-8"),
    ],
)
async def test_an_unusable_secret_keeps_the_old_one_and_is_logged_without_its_content(
    gateway, upstream, token_file, content, problem
):
    token_file.write_bytes(content)
    with capture_logs() as log:
        for _ in range(2):
            await reload(gateway)
    await read(gateway)
    assert upstream.tokens == ["first"]
    assert [(each["event"], each["problem"]) for each in log] == [("reload.failed", problem)]


async def test_all_secrets_are_replaced_or_none(gateway_over, upstream, token_file, tmp_path):
    key_file = tmp_path / "key"
    key_file.write_text("key", encoding="utf-8")
    gateway = gateway_over(
        upstream,
        api_key=SecretFile("GATEWAY_API_KEY_FILE", key_file),
        token=SecretFile("GATEWAY_TOKEN_FILE", token_file),
    )
    token_file.write_text("second", encoding="utf-8")
    key_file.unlink()
    await reload(gateway)
    await read(gateway)
    key_file.write_text("other key", encoding="utf-8")
    await reload(gateway)
    await read(gateway)
    assert upstream.tokens == ["first", "second"]


async def test_a_read_under_way_keeps_its_credentials_and_is_not_shared(
    gateway, upstream, token_file
):
    upstream.gate.clear()
    before = asyncio.create_task(read(gateway))
    await upstream.called.wait()
    upstream.called.clear()
    token_file.write_text("second", encoding="utf-8")
    await reload(gateway)
    after = asyncio.create_task(read(gateway))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await upstream.called.wait()
    upstream.gate.set()
    assert [*await asyncio.gather(before, after)] == [1, 2]
    assert upstream.tokens == ["first", "second"]


async def test_a_retry_has_the_credentials_that_its_read_began_with(gateway, upstream, token_file):
    upstream.gate.clear()
    upstream.status = 503
    reading = asyncio.create_task(gateway.ask(TIMELINE))
    await upstream.called.wait()
    token_file.write_text("second", encoding="utf-8")
    await reload(gateway)
    upstream.gate.set()
    await reading
    assert len(upstream.tokens) > 1
    assert set(upstream.tokens) == {"first"}


async def test_a_stale_response_of_the_old_credentials_is_not_served(gateway, upstream, token_file):
    await read(gateway)
    upstream.status = 503
    assert await read(gateway) == 1, "the last good response"
    token_file.write_text("second", encoding="utf-8")
    await reload(gateway)
    assert (await gateway.ask(TIMELINE))["data"]["activities"] is None


def write_keys(file: Path, *keys: str) -> None:
    lines = [f"web:{hashlib.sha256(key.encode()).hexdigest()}\n" for key in keys]
    file.write_text("".join(lines), encoding="utf-8")


async def test_a_removed_caller_key_is_refused_and_a_new_one_admitted(
    gateway_over, upstream, tmp_path
):
    file = tmp_path / "keys"
    write_keys(file, KEY)
    gateway = gateway_over(upstream, caller_keys_file=str(file))

    async def statuses() -> list[int]:
        answers = [
            await gateway.post(TIMELINE, headers={"x-gateway-key": key}) for key in (KEY, OTHER)
        ]
        return [each.status_code for each in answers]

    assert await statuses() == [200, 401]
    for lines, expected in (((KEY, OTHER), [200, 200]), ((OTHER,), [401, 200])):
        write_keys(file, *lines)
        await reload(gateway)
        assert await statuses() == expected
    with capture_logs() as log:
        for content in ("", "web:no-hash"):
            file.write_text(content, encoding="utf-8")
            await reload(gateway)
    assert [(each["setting"], each["problem"]) for each in log] == [
        ("GATEWAY_CALLER_KEYS_FILE", "contains no keys"),
        (
            "GATEWAY_CALLER_KEYS_FILE",
            "line 1 is not name:sha256-of-key, as `gateway caller-key` writes it",
        ),
    ]
    assert await statuses() == [401, 200]


@pytest.mark.parametrize("settings", [{}, {"bearer_token": "b", "api_key": None, "token": None}])
async def test_secrets_in_variables_are_not_reloaded(gateway_over, upstream, settings):
    assert list(gateway_over(upstream, **settings).app.state.reloader.files) == []

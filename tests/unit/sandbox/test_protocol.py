import asyncio
import logging
import socket
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from gateway.sandbox.app import create_sandbox
from gateway.sandbox.fault_injection.protocol import SandboxProtocol

pytestmark = pytest.mark.socket

PATH = "/api/2.3/activities"
HEADERS = {"apiKey": "sandbox-key-1", "token": "sandbox-token-1"}


@asynccontextmanager
async def serving():
    """The sandbox behind a port of its own, and an HTTP client of account 1."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(create_sandbox(), http=SandboxProtocol, log_config=None)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=url, headers=HEADERS) as rest:
            yield rest
        server.should_exit = True
        await running


async def spoilt(rest: httpx.AsyncClient, **fault: object) -> httpx.Response:
    await rest.put("/_sandbox/faults", json=[{"path": PATH, **fault}])
    return await rest.get(PATH, params={"clientId": "1100"})


async def test_without_faults_all_of_the_answer_arrives():
    async with serving() as rest:
        answer = await rest.get(PATH, params={"clientId": "1100"})
        assert len(answer.json()["items"]) == 100
        assert len(answer.content) == int(answer.headers["content-length"])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"drop": "before"}, "without sending a response"),
        ({"drop": "headers"}, "received 0 bytes"),
        ({"drop": "body"}, "received [1-9]"),
        ({"truncate": 10}, "received 10 bytes"),
        ({"truncate": 0}, "received 0 bytes"),
        ({"bodyBytes": 200_000, "truncate": 100_000}, "incomplete chunked read"),
        ({"status": 503, "drop": "body"}, "received [1-9]"),
    ],
    ids=["before", "headers", "body", "truncate", "nothing", "chunked", "replaced"],
)
async def test_a_connection_is_dropped_where_the_fault_says_and_without_a_word_in_the_log(
    fault, words, caplog
):
    caplog.set_level(logging.WARNING)
    async with serving() as rest:
        with pytest.raises(httpx.RemoteProtocolError, match=words):
            await spoilt(rest, **fault)
        await rest.delete("/_sandbox/faults")
        assert (await rest.get(PATH, params={"clientId": "1001"})).status_code == 200
    assert caplog.records == []


async def test_an_overlong_body_is_streamed():
    async with serving() as rest:
        await rest.put("/_sandbox/faults", json=[{"path": PATH, "bodyBytes": 5_000_000}])
        async with rest.stream("GET", PATH) as answer:
            assert answer.headers["transfer-encoding"] == "chunked"
            assert sum([len(piece) async for piece in answer.aiter_bytes()]) == 5_000_000

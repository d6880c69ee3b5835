"""An operation whose time is up: what it still waits for ends there, and it begins nothing more."""

import asyncio

import httpx
import pytest

from gateway.errors import FieldError, UpstreamTimeout
from gateway.upstream.api import UpstreamApi
from gateway.upstream.credentials import Caller
from gateway.upstream.endpoints import CLIENT
from gateway.upstream.session import UpstreamSession
from tests.unit.upstream.conftest import settings_of
from tests.unit.upstream.hurry import BACKEND

pytestmark = pytest.mark.usefixtures("no_task_left")


@pytest.fixture
def anyio_backend():
    return BACKEND


def now() -> float:
    return asyncio.get_running_loop().time()


async def fared(session: UpstreamSession, *clients: str) -> dict[str, tuple[str, float]]:
    """How the profile of each client fares, and when."""

    async def one(client: str) -> tuple[str, float]:
        try:
            await session.load(CLIENT, client)
        except FieldError as error:
            return error.code, now()
        return "found", now()

    return dict(zip(clients, await asyncio.gather(*map(one, clients)), strict=True))


@pytest.fixture
async def session_with():
    """Makes a session whose operation has 5 seconds, before an upstream that answers some at once."""
    opened: list[UpstreamSession] = []
    asked: list[str] = []

    def over(*quick: str, **settings: int) -> tuple[UpstreamSession, list[str]]:
        async def answer(request: httpx.Request) -> httpx.Response:
            client = request.url.path.rpartition("/")[2]
            asked.append(client)
            await asyncio.sleep(0.01 if client in quick else 100)
            return httpx.Response(200, json={"id": client})

        given = settings_of(upstream_attempt_timeout_seconds=1000.0, **settings)
        caller = Caller((), b"", now() + 5)
        upstream = UpstreamApi(given, httpx.MockTransport(answer))
        opened.append(UpstreamSession(upstream, caller, given))
        return opened[-1], asked

    yield over
    for each in opened:
        await each.aclose()


async def test_what_has_arrived_is_there_and_the_rest_is_late(session_with):
    session, _ = session_with("1", "3")
    found = await fared(session, "1", "2", "3")
    assert {client: code for client, (code, _) in found.items()} == {
        "1": "found",
        "2": "UPSTREAM_TIMEOUT",
        "3": "found",
    }
    assert found["2"][1] == pytest.approx(5)


async def test_what_still_waits_for_its_turn_ends_with_the_rest_and_is_never_asked(session_with):
    session, asked = session_with(max_concurrent_reads_per_operation=2)
    found = await fared(session, *map(str, range(1, 10)))
    assert {code for code, _ in found.values()} == {"UPSTREAM_TIMEOUT"}
    assert {round(at, 3) for _, at in found.values()} == {5}
    assert asked == ["1", "2"]
    assert sum(call.attempts for call in session.read_log) == 2


async def test_nothing_is_begun_when_the_time_is_up(session_with):
    session, asked = session_with("1")
    await asyncio.sleep(5)
    with pytest.raises(UpstreamTimeout):
        await session.load(CLIENT, "1")
    with pytest.raises(UpstreamTimeout):
        await session.timeline("1", kinds=None, appointment_id=None)
    assert asked == []


async def test_one_that_is_late_leaves_its_turn_to_the_next(session_with):
    """One at a time; the first takes all there is, so that the others come too late as well."""
    session, _ = session_with("2", "3", max_concurrent_reads_per_operation=1)
    found = await fared(session, "1", "2", "3")
    assert {code for code, _ in found.values()} == {"UPSTREAM_TIMEOUT"}
    assert now() == pytest.approx(5)
    first_ones, _ = session_with("1", "2", max_concurrent_reads_per_operation=1)
    found = await fared(first_ones, "1", "2", "3")
    assert [code for code, _ in found.values()] == ["found", "found", "UPSTREAM_TIMEOUT"]

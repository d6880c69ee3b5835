"""The client whose timeline grows with the clock."""

import httpx
import pytest

from gateway.sandbox.app import create_sandbox
from tests.support.clock import Clock
from tests.unit.sandbox.conftest import CREDENTIALS
from tests.unit.sandbox.contract import ACTIVITIES

TIMELINE = f"{ACTIVITIES}?clientId=6000"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def growing(clock):
    transport = httpx.ASGITransport(create_sandbox(activity_every_seconds=5, now=clock))
    return httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=CREDENTIALS)


async def items(growing):
    return (await growing.get(TIMELINE)).json()["items"]


async def test_an_activity_is_added_whenever_the_seconds_have_passed(growing, clock):
    counts = []
    for seconds in (0, 4, 1, 5, 50):
        clock.now += seconds
        counts.append(len(await items(growing)))
    assert counts == [0, 0, 1, 2, 12]


async def test_activities_have_the_dates_on_which_they_were_due(growing, clock):
    clock.now += 12
    dates = [item["date"]["dateTime"][-8:] for item in await items(growing)]
    assert dates == ["09:00:05", "09:00:10"]


async def test_each_added_note_can_be_read(growing, clock):
    clock.now += 60
    for item in await items(growing):
        path = item["note"]["selfLink"].removeprefix("https://api.agendize.com")
        note = (await growing.get(path)).json()
        assert (note["html"], note["date"]) == (item["note"]["body"], item["date"])
    assert (await growing.get("/api/2.0/clients/6000")).json()["id"] == 6000


async def test_a_clock_that_is_set_back_removes_nothing(growing, clock):
    clock.now += 60
    before = await items(growing)
    clock.now -= 3600
    assert await items(growing) == before


async def test_the_growing_client_begins_anew_after_an_undo(growing, clock):
    clock.now += 60
    assert (await growing.delete("/_sandbox/changes")).status_code == 204
    assert await items(growing) == []
    clock.now += 5
    assert len(await items(growing)) == 1


async def test_a_removed_client_does_not_grow(growing, clock):
    await growing.delete("/_sandbox/resources/api/2.0/clients/6000")
    clock.now += 60
    assert (await growing.get(TIMELINE)).status_code == 404


async def test_no_client_grows_unless_it_is_asked_for(rest):
    assert (await rest.get(TIMELINE)).status_code == 404

"""A timeline that grows while it is read: its pages have each activity once, and none is missing."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.sandbox.app import create_sandbox
from tests.support.clock import Clock
from tests.support.gateway import SANDBOX, Gateway

CREDENTIALS = {"apiKey": "sandbox-key-1", "token": "sandbox-token-1"}
FIRST_NEW_ID = 1_000_000

PAGE = """
query ($client: ID!, $sort: SortOrder, $first: Int, $after: String) {
  activities(clientId: $client, sort: $sort, first: $first, after: $after) {
    nodes { id }
    pageInfo { hasNextPage endCursor }
  }
}
"""


class GrowingSandbox:
    """A sandbox, to one client of which an activity can be added, and a gateway over it."""

    def __init__(self, client_id: str = "1100", **options: Any) -> None:
        transport = httpx.ASGITransport(create_sandbox(**options))
        self._client_id = client_id
        self.gateway = Gateway(transport)
        self._rest = httpx.AsyncClient(transport=transport, base_url=SANDBOX, headers=CREDENTIALS)
        self._count = 0

    async def add_activity(self) -> str:
        """Add an activity a second after the one added before; its id."""
        self._count += 1
        id_ = str(FIRST_NEW_ID + self._count)
        date = {"dateTime": f"2026-03-01T12:00:{self._count:02d}", "timeZone": "Europe/Paris"}
        answer = await self._rest.put(
            f"/_sandbox/activities/{id_}",
            params={"clientId": self._client_id},
            json={"type": "note", "date": date},
        )
        assert answer.status_code == 200, answer.text
        return id_

    async def remove_activity(self, id_: str) -> None:
        answer = await self._rest.delete(
            f"/_sandbox/activities/{id_}", params={"clientId": self._client_id}
        )
        assert answer.status_code == 204, answer.text

    async def page(self, sort: str, first: int, after: str | None) -> dict[str, Any]:
        data = await self.gateway.data(
            PAGE, client=self._client_id, sort=sort, first=first, after=after
        )
        page: dict[str, Any] = data["activities"]
        return page

    async def whole(self) -> list[str]:
        """The ids of all activities, oldest first, as the REST API has them."""
        answer = await self._rest.get("/api/2.3/activities", params={"clientId": self._client_id})
        return [str(item["id"]) for item in answer.json()["items"]]

    async def pages(self, sort: str, first: int) -> AsyncIterator[list[str]]:
        """The ids of each page up to the last one."""
        after, has_next_page = None, True
        while has_next_page:
            page = await self.page(sort, first, after)
            yield [node["id"] for node in page["nodes"]]
            after, has_next_page = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize("first", [2, 7, 50])
async def test_a_growing_timeline_is_read_to_its_growing_end(first):
    sandbox = GrowingSandbox()
    before, read = await sandbox.whole(), list[str]()
    added: list[str] = []
    async for page in sandbox.pages("ASC", first):
        read += page
        whole = await sandbox.whole()
        if len(added) < 20:
            added.append(await sandbox.add_activity())
    assert read == whole
    assert len(whole) > len(before)
    assert await sandbox.whole() == [*before, *added]


@pytest.mark.parametrize("first", [2, 7, 50])
async def test_a_growing_timeline_is_read_back_from_where_it_was(first):
    sandbox = GrowingSandbox()
    before, read = await sandbox.whole(), list[str]()
    added: list[str] = []
    async for page in sandbox.pages("DESC", first):
        read += page
        if len(added) < 20:
            added.append(await sandbox.add_activity())
    assert read == before[::-1]
    assert await sandbox.whole() == [*before, *added]


@pytest.mark.parametrize("sort", ["ASC", "DESC"])
async def test_a_timeline_that_grows_each_second_is_read_once(sort):
    clock = Clock()
    sandbox = GrowingSandbox("6000", activity_every_seconds=1, now=clock)
    clock.now += 60
    before, read = await sandbox.whole(), list[str]()
    async for page in sandbox.pages(sort, 3):
        read += page
        whole = await sandbox.whole()
        clock.now += 1
    assert len(before) == 60 < len(whole)
    assert read == (whole if sort == "ASC" else before[::-1])


async def test_a_removed_activity_moves_no_other_one():
    sandbox = GrowingSandbox()
    before, read = await sandbox.whole(), list[str]()
    async for page in sandbox.pages("ASC", 7):
        read += page
        await sandbox.remove_activity(page[-1])
    assert read == before

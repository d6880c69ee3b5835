"""A contender: the gateway's queries as users of Strawberry write them, in its own ASGI view.

Loaders of aiodataloader for what is read once per request, httpx as it comes.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence

import httpx
import strawberry
from aiodataloader import DataLoader
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from tests.benchmarks.stock.activities import KINDS, Activity, activity
from tests.benchmarks.stock.snapshots import (
    URL,
    Context,
    DateTime,
    Info,
    Json,
    LocalDateTime,
    TimeZone,
)

ACTIVITIES = "/api/2.3/activities"
STAFF = "/api/2.1/scheduling/companies/{}/staff"

http = httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=60)
"""Its five seconds are too few where 64 callers keep one another waiting."""


@strawberry.type
class ActivityConnection:
    total_count: int
    nodes: list[Activity]


async def page(info: Info, client_id: str, first: int) -> ActivityConnection:
    activities = await info.context["timelines"].load(client_id)
    return ActivityConnection(total_count=len(activities), nodes=activities[:first])


@strawberry.type
class Client:
    id: strawberry.ID

    @strawberry.field
    async def activities(self, info: Info, first: int) -> ActivityConnection:
        return await page(info, self.id, first)


@strawberry.type
class Query:
    @strawberry.field
    async def activities(
        self, info: Info, client_id: strawberry.ID, first: int
    ) -> ActivityConnection:
        return await page(info, client_id, first)

    @strawberry.field
    def clients(self, ids: list[strawberry.ID]) -> list[Client]:
        return [Client(id=id_) for id_ in ids]


class View(GraphQL[Context, None]):
    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        credentials = {name: request.headers.get(name, "") for name in ("apiKey", "token")}

        async def items(path: str, **query: str) -> list[Json]:
            answer = await http.get(path, params=query, headers=credentials)
            read: list[Json] = answer.raise_for_status().json()["items"]
            return read

        async def timeline(client_id: str) -> list[Activity]:
            activities = [activity(item) for item in await items(ACTIVITIES, clientId=client_id)]
            return sorted(activities, key=lambda each: (each.date.at, each.id))

        async def staff(company_id: str) -> Mapping[str, Json]:
            return {member["id"]: member for member in await items(STAFF.format(company_id))}

        async def timelines(client_ids: Sequence[str]) -> list[list[Activity]]:
            return await asyncio.gather(*map(timeline, client_ids))

        async def staffs(company_ids: Sequence[str]) -> list[Mapping[str, Json]]:
            return await asyncio.gather(*map(staff, company_ids))

        return {"timelines": DataLoader(timelines), "staff": DataLoader(staffs)}


SCALARS: Mapping[object, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        serialize=lambda instant: instant.isoformat(timespec="milliseconds")[:-6] + "Z",
    ),
    LocalDateTime: strawberry.scalar(name="LocalDateTime", serialize=str),
    TimeZone: strawberry.scalar(name="TimeZone", serialize=str),
    URL: strawberry.scalar(name="URL", serialize=str),
}

app = View(
    strawberry.Schema(Query, types=KINDS.values(), config=StrawberryConfig(scalar_map=SCALARS))
)

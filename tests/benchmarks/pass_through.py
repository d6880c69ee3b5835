"""A contender: the gateway's own stack without GraphQL, reading JSON and writing it again."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.upstream.http.transport import AiohttpTransport

ACTIVITIES = os.environ["UPSTREAM_URL"] + "/api/2.3/activities"

http = httpx.AsyncClient(transport=AiohttpTransport(max_connections=100))


async def activities(request: Request) -> Response:
    """The upstream's answer to the same query string, with the caller's credentials."""
    answer = await http.get(
        f"{ACTIVITIES}?{request.scope['query_string'].decode()}",
        headers={name: request.headers.get(name, "") for name in ("apiKey", "token")},
    )
    return Response(
        orjson.dumps(orjson.loads(answer.content)),
        status_code=answer.status_code,
        media_type="application/json",
    )


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    yield
    await http.aclose()


app = Starlette(routes=[Route("/activities", activities)], lifespan=lifespan)

"""A second subgraph: points that clients collect, and who advises them. `python loyalty.py PORT`; without a port, its schema."""

import sys
from typing import Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from strawberry.federation.schema_directives import Key

POINTS = {"1001": 120, "1020": 45, "1100": 3100}
CREDENTIALS = {"apikey", "token", "authorization"}
ADVISERS = {"1001": "10201", "1020": "10202", "1100": "0"}


@strawberry.federation.type(keys=[Key(fields="id", resolvable=False)])
class Staff:
    id: strawberry.ID


@strawberry.federation.type(keys=["id"])
class Client:
    id: strawberry.ID

    @strawberry.field
    def points(self) -> int:
        return POINTS.get(self.id, 0)

    @strawberry.field
    def adviser(self) -> Staff | None:
        return Staff(id=ADVISERS[self.id]) if self.id in ADVISERS else None

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Client":  # noqa: A002 - the key is called so
        return cls(id=id)


@strawberry.federation.type(shareable=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Members:
    nodes: list[Client]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    def members(self) -> Members:
        clients = [Client(id=id_) for id_ in POINTS]
        whole = PageInfo(
            has_next_page=False, has_previous_page=False, start_cursor=None, end_cursor=None
        )
        return Members(nodes=clients, page_info=whole)


schema = strawberry.federation.Schema(query=Query, federation_version="2.0")


async def answer(request: Request) -> JSONResponse:
    if CREDENTIALS & {*request.headers.keys()}:
        return JSONResponse({"errors": [{"message": "Those are none of my business."}]}, 400)
    asked: dict[str, Any] = await request.json()
    result = await schema.execute(asked["query"], asked.get("variables"))
    errors = [{"message": error.message} for error in result.errors or []]
    return JSONResponse({"data": result.data, **({"errors": errors} if errors else {})})


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.stdout.write(schema.as_str())
    else:
        app = Starlette(routes=[Route("/graphql", answer, methods=["POST"])])
        uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")

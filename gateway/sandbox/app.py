"""The REST API, emulated: same paths, same JSON, same faults on request."""

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.requests import Request
from starlette.routing import Router, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.sandbox.accounts import account_of, carries_foreign_cookie
from gateway.sandbox.activities import activities as list_activities
from gateway.sandbox.answers import Answer, refusal
from gateway.sandbox.calls import Calls
from gateway.sandbox.controls import PREFIX, Controls
from gateway.sandbox.delivery import deliver
from gateway.sandbox.faults import Faults
from gateway.sandbox.questions import Question
from gateway.sandbox.world.sample import World

Endpoint = Callable[[Question], Answer]

ENDPOINTS: Mapping[str, Endpoint] = {"/api/2.3/activities": list_activities}
PATTERNS = {template: compile_path(template)[0] for template in ENDPOINTS}
UNKNOWN = "{unknown}"


def create_sandbox(*, seed: int = 1, activities: int | None = None) -> ASGIApp:
    """`activities` adds the client 5000 to account 1, with so many; another `seed`, another world."""
    sandbox = Sandbox(World(seed, activities))
    return Router(default=sandbox, redirect_slashes=False)  # the router knows ASGI's lifespan


class Route(NamedTuple):
    template: str
    ids: Mapping[str, str]


class Sandbox:
    def __init__(self, world: World) -> None:
        self._world = world
        self._calls = Calls()
        self._faults = Faults()
        self._controls = Controls(self._calls, self._faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = scope["path"]
        if path.startswith(PREFIX):
            await deliver(await self._controls.answer(request), None, scope, receive, send)
            return
        route = _route(path)
        call = self._calls.arrived(request, route.template)
        fault = self._faults.hit(route.template, path, request.query_params)
        if fault is None:
            answer = self._normal(request, route)
        else:
            await asyncio.sleep(fault.delay_milliseconds / 1000)
            answer = fault.marked(fault.replacement() or self._normal(request, route))
        if fault is None or fault.drop != "before":
            call.status = answer.status
        await deliver(answer, fault, scope, receive, send)

    def _normal(self, request: Request, route: Route) -> Answer:
        if request.method != "GET":
            return refusal(501, "This method is not implemented.")
        if route.template == UNKNOWN:
            return refusal(404, "There is no such resource.")
        account = account_of(request.headers, request.query_params)
        if account is None:
            return refusal(401, "The credentials are missing or wrong.")
        if carries_foreign_cookie(request.headers, account):
            return refusal(403, "The cookie belongs to another account.")
        question = Question(self._world, account.number, route.ids, request.query_params)
        return ENDPOINTS[route.template](question).with_header("set-cookie", account.cookie)


def _route(path: str) -> Route:
    for template, pattern in PATTERNS.items():
        if found := pattern.match(path):
            return Route(template, found.groupdict())
    return Route(UNKNOWN, {})

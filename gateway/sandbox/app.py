"""The REST API, emulated: same paths, same JSON, same faults on request."""

import asyncio

from starlette.requests import Request
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.sandbox.accounts import account_of, carries_foreign_cookie
from gateway.sandbox.admin_api import PREFIX, Controls
from gateway.sandbox.fault_injection.delivery import deliver
from gateway.sandbox.fault_injection.faults import Faults
from gateway.sandbox.fixtures.sample import World
from gateway.sandbox.request_log import Calls
from gateway.sandbox.responses import Answer, Question, refusal
from gateway.sandbox.routes import ENDPOINTS, UNKNOWN, Route, route_of


def create_sandbox(*, seed: int = 1, activities: int | None = None) -> ASGIApp:
    """`activities` adds the client 5000 to account 1, with so many; another `seed`, another world."""
    sandbox = Sandbox(World(seed, activities))
    return Router(default=sandbox, redirect_slashes=False)  # the router knows ASGI's lifespan


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
        route = route_of(path)
        call = self._calls.arrived(request, route.template)
        fault = self._faults.hit(route.template, path, request.query_params)
        if fault is None:
            answer = self._normal(request, route)
        else:
            await asyncio.sleep(fault.delay_milliseconds / 1000)
            answer = fault.changed(fault.replacement() or self._normal(request, route))
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

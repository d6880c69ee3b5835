"""The sandbox's ASGI application: the emulated REST API, with fault injection."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.sandbox.accounts import authenticate, carries_foreign_cookie
from gateway.sandbox.admin_api import ADMIN_PATH_PREFIX, AdminApi
from gateway.sandbox.conditional_requests import answer_conditionally
from gateway.sandbox.fault_injection.delivery import deliver
from gateway.sandbox.fault_injection.faults import FaultInjector
from gateway.sandbox.fixtures.sample import SampleData
from gateway.sandbox.fixtures_file import read_fixtures
from gateway.sandbox.growth import Growth
from gateway.sandbox.rate_limit import RateLimit
from gateway.sandbox.replay import Replay, read_recording
from gateway.sandbox.request_log import RequestLog
from gateway.sandbox.responses import Response, error_response
from gateway.sandbox.routes import UNKNOWN_TEMPLATE, Route, match_route
from gateway.sandbox.world import World


def create_sandbox(  # noqa: PLR0913 - one parameter per option
    *,
    seed: int = 1,
    activities: int | None = None,
    replay: Path | None = None,
    fixtures: Path | None = None,
    etag: bool = False,
    rate_limit: int | None = None,
    activity_every_seconds: float | None = None,
    now: Callable[[], float] = time.time,
) -> ASGIApp:
    """The sandbox as an ASGI application.

    Args:
        seed: Selects the generated data.
        activities: The number of activities of client 5000, added to account 1; None adds no client.
        replay: The folder of a recording that is served in place of generated data.
        fixtures: A file with a world of one's own, in place of generated data.
        etag: Whether responses have an `ETag`, and `If-None-Match` is answered with 304.
        rate_limit: The number of requests of an account in a second, above which the response is 429.
        activity_every_seconds: After how many seconds an activity is added to client 6000; None adds no client.
        now: The clock, in seconds since 1970.

    Raises:
        UnreadableRecording: There is no recording in the folder.
        UnreadableFixtures: There is no world in the file.
    """
    app: ASGIApp
    if replay is not None:
        app = Replay(read_recording(replay))
    else:
        own = None if fixtures is None else read_fixtures(fixtures)
        generate = partial(SampleData, seed, activities, generates_clients=own is None)
        world = World(generate, own)
        growth = None
        if activity_every_seconds is not None:
            growth = Growth(world, activity_every_seconds, now)
        limit = None if rate_limit is None else RateLimit(rate_limit, now)
        app = Sandbox(world, etag=etag, rate_limit=limit, growth=growth)
    return Router(default=app, redirect_slashes=False)  # the router implements ASGI's lifespan


class Sandbox:
    """The emulated REST API: logs each request, injects the matching fault, and calls the endpoint."""

    def __init__(
        self,
        world: World,
        *,
        etag: bool = False,
        rate_limit: RateLimit | None = None,
        growth: Growth | None = None,
    ) -> None:
        self._world = world
        self._etag = etag
        self._rate_limit = rate_limit
        self._growth = growth
        self._request_log = RequestLog()
        self._fault_injector = FaultInjector()
        self._admin_api = AdminApi(world, self._request_log, self._fault_injector)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = scope["path"]
        if self._growth is not None:
            self._growth.catch_up()
        if path.startswith(ADMIN_PATH_PREFIX):
            await deliver(await self._admin_api.respond(request), None, scope, receive, send)
            return
        route = match_route(path)
        logged_request = self._request_log.add(request, route.template)
        fault = self._fault_injector.match_and_count(route.template, path, request.query_params)
        if fault is None:
            response = self._normal_response(request, route)
        else:
            await asyncio.sleep(fault.delay_milliseconds / 1000)
            response = fault.apply(fault.replacement() or self._normal_response(request, route))
        if self._etag:
            response = answer_conditionally(request.headers, response)
        if fault is None or fault.drop != "before":
            logged_request.status = response.status
        await deliver(response, fault, scope, receive, send)

    def _normal_response(self, request: Request, route: Route) -> Response:
        if request.method != "GET":
            return error_response(501, "This method is not implemented.")
        if route.template == UNKNOWN_TEMPLATE:
            return error_response(404, "Unknown resource.")
        account = authenticate(request.headers, request.query_params)
        if account is None:
            return error_response(401, "The credentials are missing or wrong.")
        if carries_foreign_cookie(request.headers, account):
            return error_response(403, "The cookie belongs to another account.")
        refusal = self._rate_limit.refusal(account.number) if self._rate_limit else None
        if refusal is not None:
            return refusal
        response = self._world.respond(
            account.number, request.scope["path"], route, request.query_params
        )
        return response.with_header("set-cookie", account.cookie)

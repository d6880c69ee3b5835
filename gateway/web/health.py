"""Health checks of an orchestrator (liveness and readiness), and the metrics endpoint."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.config import paths
from gateway.observability.metrics import MEDIA_TYPE, Metrics
from gateway.web.request_middleware import RequestMiddleware

UnreadyReason = Callable[[], str | None]
"""The reason why no requests should be sent here; None where they should.

Neither the upstream's health nor the load of the process counts: taking requests away from all processes
with the same problem would be worse than the problem.
"""

Exposition = Callable[[], bytes | None]
"""All metrics in Prometheus's text format; None where they are not available."""


def health_routes(unready_reason: UnreadyReason, exposition: Exposition) -> list[Route]:
    """The liveness check, the readiness check, and the endpoint that Prometheus scrapes."""

    async def livez(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_request: Request) -> Response:
        if reason := unready_reason():
            return JSONResponse({"status": "not ready", "reason": reason}, status_code=503)
        return JSONResponse({"status": "ready"})

    def metrics(_request: Request) -> Response:  # no coroutine: it runs in a thread
        text = exposition()
        if text is None:
            return PlainTextResponse("The workers cannot share their metrics.", status_code=503)
        return Response(text, headers={"Content-Type": MEDIA_TYPE})

    return [
        Route(paths.LIVEZ, livez, methods=["GET"]),
        Route(paths.READYZ, readyz, methods=["GET"]),
        Route(paths.METRICS, metrics, methods=["GET"]),
    ]


def create_admin_app(
    unready_reason: UnreadyReason, exposition: Exposition, *, metrics: Metrics | None = None
) -> Starlette:
    """The application at an address that has only health checks and metrics."""
    app = Starlette(
        routes=health_routes(unready_reason, exposition),
        middleware=[Middleware(RequestMiddleware, metrics=metrics)],
    )
    app.router.redirect_slashes = False
    return app

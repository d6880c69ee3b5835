"""Health checks of an orchestrator (liveness and readiness), and the metrics endpoint."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.observability.metrics import MEDIA_TYPE, Metrics
from gateway.web.concurrency import ConcurrencyLimiter


async def livez(_request: Request) -> Response:
    """The liveness check: the process responds."""
    return JSONResponse({"status": "alive"})


def readyz(limiter: ConcurrencyLimiter) -> Callable[[Request], Awaitable[Response]]:
    """The readiness check: whether this process should receive requests.

    Neither the upstream's health nor the load of the process counts: taking requests away from all
    processes with the same problem would be worse than the problem.
    """

    async def answer(_request: Request) -> Response:
        if limiter.is_draining:
            return JSONResponse({"status": "not ready", "reason": "draining"}, status_code=503)
        return JSONResponse({"status": "ready"})

    return answer


def metrics_endpoint(metrics: Metrics) -> Callable[[Request], Response]:
    """The endpoint that Prometheus scrapes. No coroutine: it runs in a thread, beside the event loop."""

    def scrape(_request: Request) -> Response:
        return Response(metrics.exposition(), headers={"Content-Type": MEDIA_TYPE})

    return scrape

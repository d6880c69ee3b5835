"""What an orchestrator asks: is the process alive, does it take requests, how does it fare."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.observability.metrics import MEDIA_TYPE, Metrics
from gateway.web.concurrency import ConcurrencyLimiter


async def livez(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


def readyz(limiter: ConcurrencyLimiter) -> Callable[[Request], Awaitable[Response]]:
    """Whether requests should be sent here.

    Not whether the upstream answers, nor how full the process is: to take requests away from all the
    processes that have the same trouble would be worse than the trouble.
    """

    async def answer(_request: Request) -> Response:
        if limiter.is_draining:
            return JSONResponse({"status": "not ready", "reason": "draining"}, status_code=503)
        return JSONResponse({"status": "ready"})

    return answer


def metrics_endpoint(metrics: Metrics) -> Callable[[Request], Response]:
    """The endpoint that Prometheus reads. No coroutine: the loop goes on while it is put together."""

    def scrape(_request: Request) -> Response:
        return Response(metrics.exposition(), headers={"Content-Type": MEDIA_TYPE})

    return scrape

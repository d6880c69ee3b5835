"""What an orchestrator asks: is the process alive, does it take requests, how does it fare."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.metrics import MEDIA_TYPE, Metrics


async def livez(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


async def readyz(_request: Request) -> Response:
    """Requests are taken. Whether the upstream answers is another matter: `serve` starts without it."""
    return JSONResponse({"status": "ready"})


def scraped(metrics: Metrics) -> Callable[[Request], Response]:
    """The endpoint that Prometheus reads. No coroutine: the loop goes on while it is put together."""

    def scrape(_request: Request) -> Response:
        return Response(metrics.exposition(), headers={"Content-Type": MEDIA_TYPE})

    return scrape

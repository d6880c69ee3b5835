"""What an orchestrator asks: is the process alive, does it take requests."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


async def livez(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


async def readyz(_request: Request) -> Response:
    """Requests are taken. Whether the upstream answers is another matter: `serve` starts without it."""
    return JSONResponse({"status": "ready"})

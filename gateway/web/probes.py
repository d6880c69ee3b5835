"""What an orchestrator asks: is the process alive, does it take requests."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.web.admission import Admission


async def livez(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


def readyz(admission: Admission) -> Callable[[Request], Awaitable[Response]]:
    """Whether requests should be sent here.

    Not whether the upstream answers, nor how full the process is: to take requests away from all the
    processes that have the same trouble would be worse than the trouble.
    """

    async def answer(_request: Request) -> Response:
        if admission.is_draining:
            return JSONResponse({"status": "not ready", "reason": "draining"}, status_code=503)
        return JSONResponse({"status": "ready"})

    return answer

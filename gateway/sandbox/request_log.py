"""The log of requests: counted by path template, and listed in order without credentials."""

from collections import Counter, deque
from dataclasses import dataclass

from starlette.requests import Request

MAX_LOGGED_REQUESTS = 10_000
CREDENTIAL_PARAMETERS = ("apikey", "token")


@dataclass(slots=True)
class LoggedRequest:
    """A logged request. `status` is None until a response is sent, and where none is sent."""

    method: str
    path: str
    url: str
    status: int | None = None


class RequestLog:
    """The latest requests, and the number of requests by method and path template."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._requests: deque[LoggedRequest] = deque(maxlen=MAX_LOGGED_REQUESTS)

    def add(self, request: Request, template: str) -> LoggedRequest:
        logged_request = LoggedRequest(request.method, template, _url_without_credentials(request))
        self._counts[f"{logged_request.method} {template}"] += 1
        self._requests.append(logged_request)
        return logged_request

    def as_json(self) -> dict[str, object]:
        return {"calls": dict(self._counts), "requests": list(self._requests)}

    def clear(self) -> None:
        self._counts.clear()
        self._requests.clear()


def _url_without_credentials(request: Request) -> str:
    """Path and query as received, without the credentials in the query."""
    path: str = request.scope["raw_path"].decode("latin-1")
    query: str = request.scope["query_string"].decode("latin-1")
    if not query:
        return path
    parameters = [
        part for part in query.split("&") if _parameter_name(part) not in CREDENTIAL_PARAMETERS
    ]
    return f"{path}?{'&'.join(parameters)}" if parameters else path


def _parameter_name(part: str) -> str:
    return part.partition("=")[0].lower()

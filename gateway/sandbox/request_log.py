"""What was called: counted by path template, and listed in order without credentials."""

from collections import Counter, deque
from dataclasses import dataclass

from starlette.requests import Request

REMEMBERED = 10_000
CREDENTIALS = ("apikey", "token")


@dataclass(slots=True)
class Call:
    """`status` is None until there is an answer, and where none was sent."""

    method: str
    path: str
    url: str
    status: int | None = None


class Calls:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._calls: deque[Call] = deque(maxlen=REMEMBERED)

    def arrived(self, request: Request, template: str) -> Call:
        call = Call(request.method, template, _url(request))
        self._counts[f"{call.method} {template}"] += 1
        self._calls.append(call)
        return call

    def shown(self) -> dict[str, object]:
        return {"calls": dict(self._counts), "requests": list(self._calls)}

    def forget(self) -> None:
        self._counts.clear()
        self._calls.clear()


def _url(request: Request) -> str:
    """Path and query as sent, but for the credentials in the query."""
    path: str = request.scope["raw_path"].decode("latin-1")
    query: str = request.scope["query_string"].decode("latin-1")
    if not query:
        return path
    kept = [part for part in query.split("&") if _name(part) not in CREDENTIALS]
    return f"{path}?{'&'.join(kept)}" if kept else path


def _name(part: str) -> str:
    return part.partition("=")[0].lower()

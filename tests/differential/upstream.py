"""A made-up REST API whose answers follow from the request alone, and which counts what it is asked."""

import re
from collections import Counter
from collections.abc import Mapping

import httpx

from tests.differential.changes import written
from tests.differential.samples import ASKED, ENTITIES
from tests.differential.timelines import Answer, Sent

TIMELINE = "/api/2.3/activities"
_COMPANY = "/api/2.1/scheduling/companies/{id}"
_FORM = "/api/2.3/forms/{id}"
_CONFERENCE = "/conferences/api/1.0/conferences/{id}"
_PATHS = {
    "client": "/api/2.0/clients/{id}",
    "note": "/api/2.0/notes/{id}",
    "company": _COMPANY,
    "staff": f"{_COMPANY}/staff",
    "services": f"{_COMPANY}/services",
    "appointments": f"{_COMPANY}/appointments",
    "appointment": f"{_COMPANY}/appointments/{{id}}",
    "form": _FORM,
    "result": f"{_FORM}/results/{{id}}",
    "conference": _CONFERENCE,
    "session": f"{_CONFERENCE}/sessions/{{id}}",
    "registration": f"{_CONFERENCE}/sessions/{{id}}/registrations/{{id}}",
}
ROUTES: Mapping[str, re.Pattern[str]] = {
    name: re.compile(path.replace("{id}", "([^/]+)")) for name, path in _PATHS.items()
}
_ASKED = f'"{ASKED}"'.encode()
_ALL_WELL = {name: written(sample) for name, sample in ENTITIES.items()}


class MadeUpUpstream:
    """Answers every request from `sent`, which each example replaces."""

    def __init__(self) -> None:
        self.sent = Sent((), 1, {}, {}, frozenset())
        self.asked: Counter[str] = Counter()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked[request.url.raw_path.decode()] += 1
        answer = self._answer(request.url)
        if isinstance(answer, int):
            return httpx.Response(answer)
        return httpx.Response(200, content=answer, headers={"content-type": "application/json"})

    def _answer(self, url: httpx.URL) -> Answer:
        if url.path == TIMELINE:
            return self._timeline(url.params)
        for name, route in ROUTES.items():
            if match := route.fullmatch(url.path):
                answer = self.sent.entities.get(name, _ALL_WELL[name])
                asked = f'"{match[match.lastindex or 0]}"'.encode()
                return answer.replace(_ASKED, asked) if isinstance(answer, bytes) else answer
        return 404

    def _timeline(self, query: httpx.QueryParams) -> Answer:
        client, appointment = query["clientId"], query.get("appointmentId", "").encode()
        if client in self.sent.failures:
            return self.sent.failures[client]
        if client not in {"1", "2", "3"}:
            return 404
        items = (self.sent.items[::2] if client == "2" else self.sent.items) * self.sent.times
        return b'{"items":[' + b",".join(item for item in items if appointment in item) + b"]}"

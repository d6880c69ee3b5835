"""Where a fault can strike, and what a frontend then sees: the timeline, an entity, one of ten clients."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import httpx

ACTIVITIES = "/api/2.3/activities"
PROFILE = "/api/2.0/clients/1001"
TEN = [str(number) for number in range(7001, 7011)]
UNLUCKY = "7007"


class Place(NamedTuple):
    """A query, and the one read of it that fails.

    Attributes:
        query: What is asked.
        fault: Which read it is, as the sandbox's faults name reads.
        reads: How many reads there are in all.
        whole: The data where nothing fails.
        holed: The data where that read has no answer.
        path: Where the error is then.
        answer: What the sandbox has to be told to answer, where it knows nothing itself.
    """

    query: str
    fault: Mapping[str, Any]
    reads: int
    whole: Mapping[str, Any]
    holed: Mapping[str, Any]
    path: list[str | int]
    answer: Mapping[str, Any] = {}

    def spoilt(self, fault: Mapping[str, Any]) -> dict[str, Any]:
        """The sandbox's fault, at this place."""
        replaced = {"status", "body", "bodyBytes"} & fault.keys()
        return {**self.fault, **({} if replaced else self.answer), **fault}

    def hits(self, url: httpx.URL) -> bool:
        query: Mapping[str, str] = self.fault.get("query", {})
        return url.path == self.fault["path"] and all(
            url.params.get(name) == value for name, value in query.items()
        )


def _clients(found: Callable[[str], object]) -> dict[str, object]:
    return {"clients": [{"id": id_, "activities": found(id_)} for id_ in TEN]}


PLACES = {
    "timeline": Place(
        query='{ activities(clientId: "1020") { totalCount } }',
        fault={"path": ACTIVITIES, "query": {"clientId": "1020"}},
        reads=1,
        whole={"activities": {"totalCount": 20}},
        holed={"activities": None},
        path=["activities"],
    ),
    "entity": Place(
        query='{ client(id: "1001") { profile { firstName } activities { totalCount } } }',
        fault={"path": PROFILE},
        reads=2,
        whole={"client": {"profile": {"firstName": "Omar"}, "activities": {"totalCount": 1}}},
        holed={"client": {"profile": None, "activities": {"totalCount": 1}}},
        path=["client", "profile"],
    ),
    "client": Place(
        query=f"{{ clients(ids: {json.dumps(TEN)}) {{ id activities {{ totalCount }} }} }}",
        fault={"path": ACTIVITIES, "query": {"clientId": UNLUCKY}},
        reads=10,
        whole=_clients(lambda _: {"totalCount": 0}),
        holed=_clients(lambda id_: None if id_ == UNLUCKY else {"totalCount": 0}),
        answer={"body": {"items": []}},
        path=["clients", TEN.index(UNLUCKY), "activities"],
    ),
}

MADE_UP = [{"path": ACTIVITIES, "query": {"clientId": id_}, "body": {"items": []}} for id_ in TEN]
"""Faults by which the sandbox knows the ten clients."""

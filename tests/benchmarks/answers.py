"""Whether contenders do the same work: their answers are equal, for as many calls of the upstream."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks.contenders import PASS_THROUGH
from tests.benchmarks.load import Refused, connected
from tests.benchmarks.scenarios import Scenario
from tests.benchmarks.servers import Server
from tests.benchmarks.upstream import UpstreamServer, timeline_of

Json = Mapping[str, Any]


class AnswersDiffer(Exception):
    """What would be measured is not the same work."""


async def same_answers(
    scenario: Scenario, servers: Sequence[Server], upstream: UpstreamServer
) -> list[int]:
    """How many bytes each server answers with, once it is clear that all say the same.

    Raises:
        AnswersDiffer: They do not.
        Refused: One of them does not answer.
    """
    lengths: list[int] = []
    data: Json | None = None
    calls: int | None = None
    for server in servers:
        before = upstream.calls
        body = await _answer(scenario, server)
        lengths.append(len(body))
        name, made = server.contender.name, upstream.calls - before
        calls = made if calls is None else calls
        if made != calls:
            raise AnswersDiffer(f"{scenario.name}: {name} made {made} calls, others {calls}.")
        if server.contender is PASS_THROUGH:
            expected = json.loads(timeline_of(str(scenario.variables(0)["client"])))
            same = json.loads(body) == expected
        else:
            told = _data(json.loads(body))
            data = told if data is None else data
            same = told == data
        if not same:
            raise AnswersDiffer(f"{scenario.name}: {name} answers otherwise.")
    return lengths


async def _answer(scenario: Scenario, server: Server) -> bytes:
    with connected(server.port, 1) as [connection]:
        answer = await connection.ask(scenario.requests(server.contender)(0))
    if answer.status != 200:
        raise Refused(f"{server.contender.name}: {answer.status} {answer.body[:500]!r}")
    return answer.body


def _data(told: Json) -> Json:
    if "errors" in told:
        raise AnswersDiffer(f"There are errors: {told['errors'][:3]}")
    data: Json = told["data"]
    return _schema(data["__schema"]) if "__schema" in data else data


def _schema(told: Json) -> Json:
    """What is ours of a schema, in one order: the introspection system's own types are the library's."""
    types = {type_["name"]: type_ for type_ in told["types"] if type_["name"][:2] != "__"}
    for type_ in types.values():
        if type_["possibleTypes"] is not None:
            type_["possibleTypes"].sort(key=lambda each: each["name"])
    return types

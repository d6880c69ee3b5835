"""The sandbox's clients are people: what is known of them reaches who asked for it, and nobody else."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.observability import logging
from gateway.sandbox.fixtures.malformed import CLIENT_ID as MALFORMED
from tests.security.secrets.traces import Traces
from tests.support.documents import EVERYTHING

CLIENT = {"client": "1100"}
PERSONAL = {"firstName", "lastName", "emailAddress", "number", "phone", "userName", "body", "bodyText", "street", "birthDate"}  # fmt: skip
FAULTS: dict[str, dict[str, Any]] = {
    "half a body": {"truncate": 200},
    "a body of another charset": {"contentType": "application/json; charset=utf-16"},
    "a body that is said to be compressed": {"headers": {"Content-Encoding": "gzip"}},
    "a dropped connection": {"drop": "before"},
    "a dropped body": {"drop": "body"},
    "no time": {"delayMilliseconds": 300},
    **{f"status {status}": {"status": status} for status in (400, 401, 403, 404, 429, 500, 503)},
}


def personal(value: object, key: str = "") -> Iterator[str]:
    """Texts of an answer that are about a person."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from personal(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from personal(inner, key)
    elif isinstance(value, str) and key in PERSONAL and len(value) > 3:
        yield value


def told_of(people: set[str], text: str) -> list[str]:
    return [each for each in people if each in text or json.dumps(each)[1:-1] in text]


def ids_in(text: str) -> list[str]:
    """Numbers that stand by themselves: not part of a random identifier, such as that of a trace."""
    return re.findall(r"(?<![\w.-])[0-9]+(?![\w.-])", text)


@pytest.mark.sample(3)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_a_failure_tells_nothing_of_anybody(
    rest, sandbox_gateway, log, compile_queries, fault
):
    logging.configure("debug")
    traces = Traces()
    gateway = sandbox_gateway(
        compile_queries=compile_queries,
        upstream_attempt_timeout_seconds=0.1,
        tracer_provider=traces.provider,
    )
    people = set(personal(await gateway.data(EVERYTHING, **CLIENT)))
    assert len(people) > 50
    assert told_of(people, log()) == []
    await rest.put("/_sandbox/faults", json=[{"path": "/*", **fault}])
    answer = await gateway.post(EVERYTHING, CLIENT)
    assert answer.json()["errors"]
    assert told_of(people, f"{answer.text} {answer.headers}") == []
    assert told_of(people, log()) == []
    numbers = f"{(await gateway.http.get('/metrics')).text} {traces.text()}"
    assert told_of(people, numbers) == []
    assert CLIENT["client"] not in ids_in(numbers)


async def test_what_cannot_be_read_is_not_told(sandbox_gateway, log):
    """The malformed client: values of every wrong kind, each with an error at its place."""
    logging.configure("debug")
    answer = await sandbox_gateway().ask(EVERYTHING, {"client": MALFORMED})
    people = set(personal(answer["data"]))
    assert people
    assert told_of(people, json.dumps(answer["errors"], ensure_ascii=False)) == []
    assert told_of(people, log()) == []

"""An upstream that means harm, over the network: a code for everything, and memory within bounds."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support.processes import PATIENCE_SECONDS, Running, free_ports, running
from tests.unit.server.test_socket import ACTIVITIES

pytestmark = pytest.mark.socket

MAX_BYTES = 8_000_000
TIMES = 20
"""How many times `GATEWAY_MAX_UPSTREAM_BYTES` the memory may grow for one answer, whatever it holds."""

DOCUMENT = """
    { activities(clientId: "1001", first: 100) {
        totalCount
        nodes {
          id kindRaw date { dateTime timeZone instant } changes { field }
          ... on NoteActivity { note { body bodyText } }
          ... on UnknownActivity { payload }
        }
    } }
"""
BROKEN, TOO_LARGE = "UPSTREAM_CONTRACT_BROKEN", "UPSTREAM_RESPONSE_TOO_LARGE"


def note(**given: str) -> str:
    """An activity, with JSON for some of its fields."""
    fields = {"id": '"1"', "type": '"note"', "note": '{"id":"2"}', **given}
    return "{" + ",".join(f'"{key}":{value}' for key, value in fields.items()) + "}"


def timeline(*items: str) -> str:
    return f'{{"items":[{",".join(items)}]}}'


def fault_with_body(content: bytes, charset: str = "utf-8") -> dict[str, object]:
    encoded = base64.b64encode(content).decode()
    return {"bodyBase64": encoded, **headed(Content_Type=f"application/json; charset={charset}")}


def headed(**headers: str) -> dict[str, object]:
    return {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}


DEEP = 100_000
ONE = timeline(note())
FAULTS: Mapping[str, tuple[dict[str, object], set[str]]] = {
    "endless": ({"bodyBytes": 10**15}, {TOO_LARGE}),
    "a gzip bomb": ({"bodyBytes": 300_000_000, "compress": ["gzip"]}, {TOO_LARGE}),
    "a deflate bomb": ({"bodyBytes": 300_000_000, "compress": ["deflate"]}, {TOO_LARGE}),
    "a bomb in a bomb": ({"bodyBytes": 300_000_000, "compress": ["gzip"] * 2}, {BROKEN}),
    "three bombs": ({"bodyBytes": 300_000_000, "compress": ["gzip", "deflate", "gzip"]}, {BROKEN}),
    "compressed as announced": ({"body": ONE, "compress": ["gzip"]}, set()),
    "not compressed at all": ({"body": ONE, **headed(Content_Encoding="gzip")}, {BROKEN}),
    "a coding nobody asked for": ({"body": ONE, **headed(Content_Encoding="br")}, set()),
    "many zeros": ({"body": timeline(*["0"] * 3_900_000)}, {TOO_LARGE}),
    "many zeros, apart": ({"body": timeline(*["0      "] * 990_000)}, {TOO_LARGE}),
    "many nothings": ({"body": timeline(*["{      }"] * 150_000)}, {BROKEN}),
    "many activities": ({"body": timeline(*[note()] * 150_000)}, set()),
    "many broken activities": ({"body": timeline(*[note(date="7")] * 130_000)}, {BROKEN}),
    "many attributes": (
        {
            "body": timeline(
                note(event='"updated"', updatedAttributes=json.dumps(["body"] * 500_000))
            )
        },
        {BROKEN},
    ),
    "nothing but depth": ({"body": "[" * DEEP}, {BROKEN}),
    "objects in objects": ({"body": '{"items":' * DEEP}, {BROKEN}),
    "depth in an activity": ({"body": timeline(note(note="[" * DEEP + "]" * DEEP))}, {BROKEN}),
    "depth in an unknown kind": (
        {"body": timeline(note(type='"call"', a="[" * DEEP + "]" * DEEP))},
        {BROKEN},
    ),
    "NaN": ({"body": timeline(note(date="NaN"))}, {BROKEN}),
    "Infinity": ({"body": timeline(note(id="-Infinity"))}, {BROKEN}),
    "no JSON in a place": ({"put": {"items/*/date": "}{"}}, {BROKEN}),
    "equal keys": ({"body": '{"items":[],"items":[{"id":1,"id":"2","type":"note"}]}'}, set()),
    "an endless number": ({"body": timeline(note(id="9" * 1_000_000))}, {BROKEN}),
    "a megabyte of text": ({"put": {"items/*/id": json.dumps("x" * 3_000_000)}}, set()),
    "a megabyte of markup": (
        {"body": timeline(note(note=json.dumps({"id": 1, "body": "<div a='" * 400_000})))},
        set(),
    ),
    "a megabyte of half characters": (
        {"body": timeline(note(id='"' + "\\ud800" * 500_000 + '"'))},
        set(),
    ),
    "a megabyte of zone": (
        {
            "body": timeline(
                note(
                    date=json.dumps(
                        {"dateTime": "2025-06-02T12:00:00", "timeZone": "z" * 3_000_000}
                    )
                )
            )
        },
        set(),
    ),
    "UTF-16 as UTF-8": (fault_with_body(ONE.encode("utf-16")), {BROKEN}),
    "UTF-16 as announced": (fault_with_body(ONE.encode("utf-16"), "utf-16"), set()),
    "UTF-8 as UTF-16": (fault_with_body(ONE.encode() + b" ", "utf-16"), {BROKEN}),
    "Latin-1 as UTF-8": (fault_with_body(timeline(note(id='"é"')).encode("latin-1")), {BROKEN}),
    "Latin-1 as announced": (
        fault_with_body(timeline(note(id='"é"')).encode("latin-1"), "latin-1"),
        set(),
    ),
    "with a byte order mark": (fault_with_body(ONE.encode("utf-8-sig")), set()),
    "a charset of nowhere": (fault_with_body(ONE.encode("utf-16"), "x" * 4_000), {BROKEN}),
    "UTF-8 in a charset of nowhere": (fault_with_body(ONE.encode(), "x" * 4_000), set()),
    "a charset that takes its time": (
        fault_with_body(b"a-" + b"b9" * 1_000_000, "punycode"),
        {BROKEN},
    ),
    "a long header": (headed(X="x" * 60_000), set()),
    "many headers": (headed(**{f"X{n}": "x" for n in range(5_000)}), set()),
    "too long a header": (headed(X="x" * 70_000), {TOO_LARGE}),
    "too many headers": (headed(**{f"X{n}": "x" * 50 for n in range(1_400)}), {TOO_LARGE}),
}


class Pair(NamedTuple):
    http: httpx.Client
    rest: httpx.Client
    gateway: Running

    def memory(self, kind: str) -> int:
        """Bytes of it: `VmRSS` is in use now, `VmHWM` was at most."""
        lines = Path(f"/proc/{self.gateway.process.pid}/status").read_text("ascii").splitlines()
        (found,) = [line.split() for line in lines if line.startswith(f"{kind}:")]
        return int(found[1]) * 1024

    def forget_the_most(self) -> None:
        Path(f"/proc/{self.gateway.process.pid}/clear_refs").write_text("5", "ascii")

    def ask(self) -> dict[str, Any]:
        answer = self.http.post("/graphql", json={"query": DOCUMENT})
        assert answer.status_code == 200
        content: dict[str, Any] = json.loads(answer.content, parse_constant=pytest.fail)
        return content


@pytest.fixture(scope="module", params=["eager", "off"])
def pair(request) -> Iterator[Pair]:
    port, rest_port = free_ports(2)
    origin, upstream = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{rest_port}"
    environment = {
        "PORT": str(port),
        "LOG_LEVEL": "error",
        "GATEWAY_COMPILE_QUERIES": request.param,
        "GATEWAY_UPSTREAM_URL": upstream,
        "GATEWAY_API_KEY": "sandbox-key-1",
        "GATEWAY_TOKEN": "sandbox-token-1",
        "GATEWAY_MAX_UPSTREAM_BYTES": str(MAX_BYTES),
        # A bomb takes seconds of CPU time to make.
        "GATEWAY_UPSTREAM_READ_TIMEOUT_SECONDS": str(PATIENCE_SECONDS),
        "GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS": str(PATIENCE_SECONDS),
        "GATEWAY_OPERATION_TIMEOUT_SECONDS": str(PATIENCE_SECONDS),
    }
    with (
        running("sandbox", "--rest-only", "--port", str(rest_port), ready=upstream),
        running("serve", ready=f"{origin}/livez", **environment) as gateway,
        httpx.Client(base_url=origin, trust_env=False, timeout=2 * PATIENCE_SECONDS) as http,
        httpx.Client(base_url=upstream, trust_env=False, timeout=2 * PATIENCE_SECONDS) as rest,
    ):
        yield Pair(http, rest, gateway)


@pytest.mark.parametrize("name", FAULTS)
def test_whatever_the_upstream_sends_there_is_a_code_and_memory_is_bounded(pair, name):
    fault, expected = FAULTS[name]
    pair.rest.delete("/_sandbox/faults")
    assert "errors" not in pair.ask()
    pair.rest.put("/_sandbox/faults", json=[{"path": ACTIVITIES, **fault}]).raise_for_status()
    pair.forget_the_most()
    before = pair.memory("VmRSS")
    answer = pair.ask()
    grown = pair.memory("VmHWM") - before
    assert {error["extensions"]["code"] for error in answer.get("errors", [])} == expected
    assert grown <= TIMES * MAX_BYTES
    assert pair.gateway.process.poll() is None


def test_memory_is_given_back(pair):
    """Last: whatever was sent before, an answer leaves no more than the room for the next."""
    assert pair.memory("VmRSS") < TIMES * MAX_BYTES * 3

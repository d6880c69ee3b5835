"""Appointment threads as callers get them: what they cost, and what happens beside and after them."""

import json
from typing import Any

import httpx
import pytest

from gateway.schema.enums import AppointmentPhase
from tests.support.event_loop import counted_passes
from tests.unit.schema.conftest import ACTIVITIES, codes

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
APPOINTMENTS = "/api/2.1/scheduling/companies/c/appointments"
LINES = "{ client(id: 7) { appointmentThreads { totalCount nodes { appointmentId phase } } } }"


def item(id_: str, appointment: object, **fields: object) -> dict[str, object]:
    return {"id": id_, "type": "appointment", "appointment": appointment, **fields}


def threads_of(answer: dict[str, Any]) -> Any:
    return answer["data"]["client"]["appointmentThreads"]


async def test_the_sandbox_shows_each_phase(gateway):
    query = LINES.replace("7", '"1300"')
    nodes = threads_of({"data": await gateway.data(query)})["nodes"]
    assert {node["phase"] for node in nodes} == {each.name for each in AppointmentPhase}


@pytest.fixture(params=["eager", "off"])
def mode(request):
    return request.param


async def test_an_unreadable_value_of_a_thread_costs_itself_only(gateway_with, mode):
    items = [item("1", {"id": "31", "start": 5, "notes": "x"}), item("2", {"id": "32"})]
    gateway = gateway_with({}, *items, compile_queries=mode)
    fields = "appointmentId latest { notes start { instant } } steps { id }"
    answer = await gateway.ask(LINES.replace("phase", fields))
    assert threads_of(answer)["nodes"] == [
        {
            "appointmentId": "31",
            "latest": {"notes": "x", "start": None},
            "steps": [{"id": "1"}],
        },
        {
            "appointmentId": "32",
            "latest": {"notes": None, "start": None},
            "steps": [{"id": "2"}],
        },
    ]
    assert codes(answer, below=3) == {"0.latest.start": BROKEN}


async def test_omissions_are_reported_once_beside_an_unreadable_value(gateway_with, mode):
    items = [item("1", {"id": "31", "start": 5}), item("2", None)]
    gateway = gateway_with({}, *items, compile_queries=mode)
    answer = await gateway.ask(
        LINES.replace("phase", "originalStart { instant } latest { start { instant } }")
    )
    assert codes(answer, below=1) == {
        "appointmentThreads": BROKEN,
        "appointmentThreads.nodes.0.latest.start": BROKEN,
    }
    assert threads_of(answer)["nodes"][0]["originalStart"] is None


async def test_threads_without_a_timeline_are_null(gateway_with):
    answer = await gateway_with({ACTIVITIES: 404}).ask(LINES)
    assert (threads_of(answer), codes(answer)) == (None, {"client.appointmentThreads": "NOT_FOUND"})


async def test_each_timeline_of_a_thread_is_a_read_of_the_budget(gateway_with, mode):
    items = [item(str(number), {"id": str(number)}) for number in range(3)]
    gateway = gateway_with({}, *items, max_upstream_reads=3, compile_queries=mode)
    answer = await gateway.ask(LINES.replace("phase", "activities { totalCount }"))
    found = [node["activities"] for node in threads_of(answer)["nodes"]]
    assert found == [{"totalCount": 3}, {"totalCount": 3}, None]
    assert codes(answer, below=3) == {"2.activities": "UPSTREAM_BUDGET_EXCEEDED"}
    assert gateway.asked == {ACTIVITIES: 3}


async def test_threads_of_an_earlier_response_say_so(gateway_over, mode):
    answers = [httpx.Response(200, json={"items": [item("1", {"id": "31"})]}), httpx.Response(503)]

    def send(_: httpx.Request) -> httpx.Response:
        return answers[0]

    gateway = gateway_over(
        send, stale_if_error_seconds=600, upstream_attempts=1, compile_queries=mode
    )
    query = LINES.replace("nodes", "completeness { isComplete isStale fetchedAt } nodes")
    fresh = threads_of(await gateway.ask(query))["completeness"]
    at = "2026-03-29T09:00:00.000Z"
    assert fresh == {"isComplete": True, "isStale": False, "fetchedAt": at}
    del answers[0]
    gateway.clock.now += 60
    stale = threads_of(await gateway.ask(query))
    assert stale["completeness"] == {"isComplete": False, "isStale": True, "fetchedAt": at}
    assert stale["totalCount"] == 1


async def test_a_router_asks_for_the_threads_of_a_client(gateway_with, mode):
    gateway = gateway_with({}, item("1", {"id": "31"}), federation=True, compile_queries=mode)
    query = """{ _entities(representations: [{__typename: "Client", id: "7"}]) {
      ... on Client { appointmentThreads { nodes { appointmentId client { id } } } } } }"""
    assert await gateway.data(query) == {
        "_entities": [
            {"appointmentThreads": {"nodes": [{"appointmentId": "31", "client": {"id": "7"}}]}}
        ]
    }


STEPS = LINES.replace("phase", "steps { id appointment { start { instant } } }")


async def test_the_steps_of_a_long_timeline_leave_the_loop_free(gateway_with, mode):
    items = [item(str(number), {"id": str(number % 20)}) for number in range(6_000)]
    passes_by_query = {}
    for query in (LINES, STEPS):
        gateway = gateway_with({}, *items, compile_queries=mode)
        async with counted_passes() as passes:
            threads = threads_of({"data": await gateway.data(query)})
        passes_by_query[query] = passes.count
        assert threads["totalCount"] == 20
    assert [len(each["steps"]) for each in threads["nodes"]] == [300] * 20
    assert passes_by_query[STEPS] - passes_by_query[LINES] >= 17, "at most 1,000 steps a pass"


async def test_steps_that_are_rendered_later_have_their_errors_and_ids(gateway_with):
    """Whichever way a query runs, and whether its steps are rendered at once or not."""
    items = [
        item(str(number), {"id": str(number % 4), "start": 5 if number % 400 > 397 else None})
        for number in range(1_600)
    ]
    fields = "steps { id client { id } appointment { start { instant } } }"
    answers = []
    for mode in ("eager", "off"):
        gateway = gateway_with({}, *items, compile_queries=mode)
        answers.append(await gateway.ask(LINES.replace("phase", fields)))
    assert answers[0] == answers[1]
    threads = threads_of(answers[0])["nodes"]
    assert [len(each["steps"]) for each in threads] == [400] * 4
    assert {step["client"]["id"] for each in threads for step in each["steps"]} == {"7"}
    assert sum(error["extensions"]["code"] == BROKEN for error in answers[0]["errors"]) == 8


LONG_PAGES = {
    "aliases": """{ client(id: 7) { appointmentThreads { nodes {
        ...Steps a: steps { id } b: steps { id } c: steps { event } } } } }""",
    "fragments": """query($no: Boolean! = false) { client(id: 7) { appointmentThreads { nodes {
        ...Steps phase ... on AppointmentThread @skip(if: $no) { steps { event } } } } } }""",
    "nodes and edges": """{ client(id: 7) { appointmentThreads {
        edges { node { ...Steps } } nodes { ...Steps } } } }""",
    "several pages": """{
        client(id: 7) { a: appointmentThreads { nodes { ...Steps } } b: appointmentThreads { nodes { ...Steps } }
                        c: appointmentThreads(last: 3) { nodes { phase ...Steps } } }
        other: client(id: 8) { appointmentThreads { nodes { ...Steps } } } }""",
    "entities": """{ _entities(representations: [{__typename: "Client", id: "7"}, {__typename: "Client", id: "8"}]) {
        ... on Client { appointmentThreads { nodes { ...Steps } } } } }""",
}  # fmt: skip
STEPS_FRAGMENT = """ fragment Steps on AppointmentThread {
    appointmentId steps { id client { id } appointment { start { instant } } } }"""


@pytest.mark.parametrize("unreadable", [[], [398, 399], range(0, 400, 50)], ids=len)
@pytest.mark.parametrize("query", LONG_PAGES.values(), ids=LONG_PAGES)
async def test_long_pages_are_the_same_however_a_query_runs(gateway_with, query, unreadable):
    """With unreadable values in steps that are rendered at once, and in those that are rendered later."""
    items = [
        item(
            str(number), {"id": str(number % 4), "start": 5 if number // 4 in unreadable else None}
        )
        for number in range(1_600)
    ]
    contents = []
    for mode in ("eager", "off"):
        gateway = gateway_with({}, *items, federation=True, compile_queries=mode)
        contents.append((await gateway.post(query + STEPS_FRAGMENT)).content)
    assert contents[0] == contents[1]
    assert contents[0].count(b'"start":') >= 1_600
    errors = json.loads(contents[0]).get("errors", [])
    assert any("start" in error["path"] for error in errors) == bool(unreadable)


@pytest.mark.parametrize(
    ("sizes", "broken"),
    [
        ((600, 300), set()),
        ((600, 300), {0}),
        ((300, 600), {1}),
        ((400, 150, 300), {0, 1}),
        ((1_200, 3, 3), {0, 2}),
    ],
)
async def test_the_same_reads_are_refused_however_a_query_runs(gateway_with, sizes, broken):
    """Of threads with so many steps, the first of which is unreadable in the broken ones, one may be read."""
    threads = [str(index) for index, size in enumerate(sizes) for _ in range(size)]
    items = [
        item(
            str(number),
            {
                "id": thread,
                "selfLink": f"https://x.example/api/2.3/companies/c/appointments/{thread}",
                "start": 5 if int(thread) in broken and threads.index(thread) == number else None,
            },
        )
        for number, thread in enumerate(threads)
    ]
    known = {f"{APPOINTMENTS}/{index}": {"id": str(index)} for index in range(len(sizes))}
    fields = "steps { id appointment { start { instant } current { notes } } }"
    contents = []
    for mode in ("eager", "off"):
        gateway = gateway_with(known, *items, max_upstream_reads=2, compile_queries=mode)
        contents.append((await gateway.post(LINES.replace("phase", fields))).content)
    assert contents[0] == contents[1]
    errors = json.loads(contents[0])["errors"]
    assert any(error["extensions"]["code"] == "UPSTREAM_BUDGET_EXCEEDED" for error in errors)
    assert sum("start" in error["path"] for error in errors) == len(broken)


async def test_several_pages_of_an_operation_leave_the_loop_free(gateway_with, mode):
    items = [item(str(number), {"id": str(number % 8)}) for number in range(1_600)]
    passes_by_fields = {}
    for fields in ("phase", "steps { id }"):
        page = f"appointmentThreads {{ nodes {{ {fields} }} }}"
        gateway = gateway_with({}, *items, compile_queries=mode)
        async with counted_passes() as passes:
            data = await gateway.data(
                f"{{ client(id: 7) {{ {page} }} other: client(id: 8) {{ {page} }} }}"
            )
        passes_by_fields[fields] = passes.count
        assert [len(each["appointmentThreads"]["nodes"]) for each in data.values()] == [8, 8]
    later = passes_by_fields["steps { id }"] - passes_by_fields["phase"]
    assert later >= 2 * 3, "of each page, at most five threads are rendered at once"

"""While a large answer of the upstream is read, others are answered."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest

LARGE_BYTES = 4_500_000
STEPS = 8
"""Of a thousand items or half a megabyte each, at most."""

NOTE = (
    b'{"type":"note","id":"%d","date":{"dateTime":"2026-03-29T09:00:00","timeZone":"Europe/Paris"},'
    b'"event":"created","user":{"firstName":"Ren","lastName":"N"},"note":{"id":"1","body":"%s"}}'
)
APPOINTMENT = (
    b'{"type":"appointment","id":"%d","date":null,"appointment":{"id":"%s","staff":{"id":"7"},"selfLink":'
    b'"https://api.agendize.com/api/2.1/scheduling/companies/3/appointments/2"}}'
)
STEP = (
    b'{"type":"appointment","id":"%d","date":{"dateTime":"2026-03-29T09:00:00","timeZone":"UTC"},'
    b'"event":"updated","appointment":{"id":"%s","start":{"dateTime":"2026-04-01T09:00:00"}}}'
)
STAFF = b'{"id":"%d","firstName":"Ren","email":"ren@example.com","description":"%s"}'
MARKUP = b"<p>one <b>two</b> &amp; three</p>" * 20

OF_NOTES = """{ activities(clientId: "1", first: 2) {
    totalCount
    nodes { id ... on NoteActivity { note { body } } }
} }"""
OF_THREADS = """{ client(id: "1") {
    activities: appointmentThreads(first: 2) { nodes { phase rescheduleCount steps { id } } }
} }"""
OF_TEXTS = """{ activities(clientId: "1", first: 100) {
    totalCount
    nodes { id ... on NoteActivity { note { bodyText } } }
} }"""
OF_STAFF = """{ activities(clientId: "1", first: 1) {
    nodes { id ... on AppointmentActivity { appointment { staff { current { emailAddress } } } } }
} }"""

OF_A_TEXT = """{ activities(clientId: "1", first: 1) {
    nodes { ... on NoteActivity { note { current { bodyText } } } }
} }"""
OF_A_NOTE = OF_A_TEXT.replace("bodyText", "body")


class Case(NamedTuple):
    """What is asked, and what the upstream answers, by the end of the path; the last is the large answer."""

    query: str
    answers: dict[str, bytes]


def listed(size: int, item: bytes, text: bytes) -> bytes:
    """A list of about so many bytes: items of an id and a text."""
    count = size // (len(item) + len(text)) + 1
    return b'{"items":[' + b",".join(item % (id_, text) for id_ in range(count)) + b"]}"


def notes(text: bytes, query: str = OF_NOTES) -> Callable[[int], Case]:
    return lambda size: Case(query, {"/activities": listed(size, NOTE, text)})


def threads(size: int) -> Case:
    return Case(OF_THREADS, {"/activities": listed(size, STEP, b"31")})


def unfit_notes(size: int) -> Case:
    body = listed(size, NOTE, b"hello").replace(b'"dateTime"', b'"dateTime":{},"sent"')
    return Case(OF_NOTES, {"/activities": body})


def one_body(text: bytes, query: str = OF_NOTES) -> Callable[[int], Case]:
    def case(size: int) -> Case:
        body = rb"\ud83d" + text * (size // len(text))
        return Case(query, {"/activities": listed(0, NOTE, body)})

    return case


def note(text: bytes, query: str) -> Callable[[int], Case]:
    def case(size: int) -> Case:
        body = b'{"id":"1","html":"%s"}' % (text * (size // len(text) + 1))
        return Case(query, {"/activities": listed(0, NOTE, b""), "/notes/1": body})

    return case


def staff(name: bytes) -> Callable[[int], Case]:
    def case(size: int) -> Case:
        body = listed(size, STAFF, b"hello").replace(b'"Ren"', name)
        return Case(OF_STAFF, {"/activities": listed(0, APPOINTMENT, b"2"), "/staff": body})

    return case


CASES = {
    "a timeline": (notes(b"hello"), STEPS),
    "a timeline of few but large activities": (notes(b"hello" * 20_000), STEPS),
    "a timeline of which nothing fits": (unfit_notes, STEPS),
    "a thread of appointments": (threads, STEPS),
    "a timeline with half a character": (notes(rb"hello \ud83d"), STEPS),
    "a text of escapes and half a character": (one_body(rb"\n"), LARGE_BYTES // 1_048_576),
    "a page of much HTML": (notes(MARKUP * 70, OF_TEXTS), STEPS + LARGE_BYTES // 65_536),
    "a page of one large body of HTML": (one_body(MARKUP, OF_TEXTS), LARGE_BYTES // 65_536),
    "a list of staff": (staff(b'"Ren"'), STEPS),
    "a list of staff of which nothing fits": (staff(b"{}"), STEPS),
    "a large note": (note(b"hello ", OF_A_NOTE), 1),
    "a large note with half a character": (
        note(rb"hello \ud83d", OF_A_NOTE),
        LARGE_BYTES // 1_048_576,
    ),
    "the text of a large note": (note(MARKUP, OF_A_TEXT), LARGE_BYTES // 65_536),
}


class PreparedUpstream:
    """Answers, and knows when it has sent the large answer."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self._answers = answers
        self.has_sent = asyncio.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        [path] = [each for each in self._answers if request.url.path.endswith(each)]
        if path == [*self._answers][-1]:
            self.has_sent.set()
        return httpx.Response(200, content=self._answers[path])


async def others_answered(gateway_over: Any, case: Case, **settings: Any) -> int:
    """How many requests of others are answered between the upstream's answer and the operation's."""
    upstream = PreparedUpstream(case.answers)
    gateway = gateway_over(
        upstream, company_id="3", upstream_attempt_timeout_seconds=60, **settings
    )
    asking = asyncio.create_task(gateway.data(case.query))
    await upstream.has_sent.wait()
    answered = 0
    while not asking.done():
        assert (await gateway.http.get("/livez")).status_code == 200
        answered += 1
        await asyncio.sleep(0)
    data = await asking
    assert data.get("client", data)["activities"]["nodes"]
    return answered


@pytest.mark.sample(1)
@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(("case", "steps"), CASES.values(), ids=CASES)
async def test_others_are_answered_before_each_step_of_a_large_answer(
    gateway_over, case, steps, compile_queries
):
    with_small = await others_answered(gateway_over, case(0), compile_queries=compile_queries)
    with_large = await others_answered(
        gateway_over, case(LARGE_BYTES), compile_queries=compile_queries
    )
    assert with_large >= with_small + steps


@pytest.mark.slow
@pytest.mark.parametrize("text", [MARKUP * 70, MARKUP], ids=["few", "many"])
async def test_texts_that_are_read_in_steps_are_the_same_with_plans_and_without(gateway_over, text):
    query = OF_TEXTS.replace("bodyText", "bodyText again: bodyText body").replace("id ...", "...")
    case = notes(rb"\ud83d" + text, query)(LARGE_BYTES)
    planned, other = [
        await gateway_over(PreparedUpstream(case.answers), compile_queries=compile_queries).post(
            query
        )
        for compile_queries in ("eager", "off")
    ]
    assert planned.content == other.content
    nodes = planned.json()["data"]["activities"]["nodes"]
    texts = {each["note"][key] for each in nodes for key in ("bodyText", "again")}
    assert texts == {"\ufffd\n" + "\n".join(["one two & three"] * text.count(b"<p>"))}


@pytest.mark.slow
async def test_a_long_page_that_is_selected_several_times_is_made_once(gateway_over):
    selected = OF_NOTES.strip()[1:-1]
    several = f"{{ {selected} {selected.replace('activities', 'again: activities', 1)} }}"
    body = listed(LARGE_BYTES, NOTE, b"hello")
    answered = [
        await others_answered(
            gateway_over, Case(query, {"/activities": body}), compile_queries="eager"
        )
        for query in (OF_NOTES, several)
    ]
    assert answered[1] < answered[0] + STEPS


@pytest.mark.slow
async def test_long_threads_that_are_selected_several_times_are_folded_once(gateway_over):
    others = "past: appointmentThreads(phases: [PAST]) { totalCount } activities:"
    several = OF_THREADS.replace("activities:", others)
    case = threads(LARGE_BYTES)
    answered = [
        await others_answered(gateway_over, case._replace(query=query), compile_queries="eager")
        for query in (OF_THREADS, several)
    ]
    assert answered[1] < answered[0] + STEPS

"""While a large answer of the upstream is read, others are answered."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest

LARGE_BYTES = 4_500_000
STEPS = 8
"""Of a thousand items each, at least, of which there are several thousand in so many bytes."""

NOTE = (
    b'{"type":"note","id":"%d","date":{"dateTime":"2026-03-29T09:00:00","timeZone":"Europe/Paris"},'
    b'"event":"created","user":{"firstName":"Ren","lastName":"N"},"note":{"id":"1","body":"%s"}}'
)
APPOINTMENT = (
    b'{"type":"appointment","id":"%d","date":null,"appointment":{"id":"%s","staff":{"id":"7"},"selfLink":'
    b'"https://api.agendize.com/api/2.1/scheduling/companies/3/appointments/2"}}'
)
STAFF = b'{"id":"%d","firstName":"Ren","email":"ren@example.com","description":"%s"}'

OF_NOTES = """{ activities(clientId: "1", first: 2) {
    totalCount
    nodes { id ... on NoteActivity { note { body } } }
} }"""
OF_STAFF = """{ activities(clientId: "1", first: 1) {
    nodes { id ... on AppointmentActivity { appointment { staff { email } } } }
} }"""


class Case(NamedTuple):
    """What is asked, and what the upstream answers, by the end of the path; the last is the large answer."""

    query: str
    answers: dict[str, bytes]


def listed(size: int, item: bytes, text: bytes) -> bytes:
    """A list of about so many bytes: items of an id and a text."""
    count = size // (len(item) + len(text)) + 1
    return b'{"items":[' + b",".join(item % (id_, text) for id_ in range(count)) + b"]}"


def notes(text: bytes) -> Callable[[int], Case]:
    return lambda size: Case(OF_NOTES, {"/activities": listed(size, NOTE, text)})


def unfit_notes(size: int) -> Case:
    body = listed(size, NOTE, b"hello").replace(b'"dateTime"', b'"dateTime":{},"sent"')
    return Case(OF_NOTES, {"/activities": body})


def staff(name: bytes) -> Callable[[int], Case]:
    def case(size: int) -> Case:
        body = listed(size, STAFF, b"hello").replace(b'"Ren"', name)
        return Case(OF_STAFF, {"/activities": listed(0, APPOINTMENT, b"2"), "/staff": body})

    return case


CASES = {
    "a timeline": (notes(b"hello"), STEPS),
    "a timeline of which nothing fits": (unfit_notes, STEPS),
    "a timeline with half a character": (notes(rb"hello \ud83d"), STEPS),
    "a list of staff": (staff(b'"Ren"'), STEPS),
    "a list of staff of which nothing fits": (staff(b"{}"), STEPS),
}


class Upstream:
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
    upstream = Upstream(case.answers)
    gateway = gateway_over(upstream, company_id="3", upstream_timeout_seconds=60, **settings)
    asking = asyncio.create_task(gateway.data(case.query))
    await upstream.has_sent.wait()
    answered = 0
    while not asking.done():
        assert (await gateway.http.get("/livez")).status_code == 200
        answered += 1
        await asyncio.sleep(0)
    assert (await asking)["activities"]["nodes"]
    return answered


@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize(("case", "steps"), CASES.values(), ids=CASES)
async def test_others_are_answered_before_each_step_of_a_large_answer(
    gateway_over, case, steps, plans
):
    with_small = await others_answered(gateway_over, case(0), plans=plans)
    with_large = await others_answered(gateway_over, case(LARGE_BYTES), plans=plans)
    assert with_large >= with_small + steps


async def test_a_long_page_that_is_selected_several_times_is_made_once(gateway_over):
    selected = OF_NOTES.strip()[1:-1]
    several = f"{{ {selected} {selected.replace('activities', 'again: activities', 1)} }}"
    body = listed(LARGE_BYTES, NOTE, b"hello")
    answered = [
        await others_answered(gateway_over, Case(query, {"/activities": body}), plans_at_once=True)
        for query in (OF_NOTES, several)
    ]
    assert answered[1] < answered[0] + STEPS

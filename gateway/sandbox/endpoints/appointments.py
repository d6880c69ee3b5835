"""`GET …/appointments` and `…/appointments/{appointmentId}`, where a reference does too.

The company `0` is every company of the account. Without `levelDetail=full` a list says less of each.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from operator import itemgetter

from starlette.datastructures import QueryParams

from gateway.sandbox.endpoints.companies import company_asked
from gateway.sandbox.fixtures.clock import instant
from gateway.sandbox.fixtures.entities import Appointment, Json
from gateway.sandbox.fixtures.history import Story, appointment_id
from gateway.sandbox.fixtures.malformed_entities import MALFORMED_APPOINTMENTS
from gateway.sandbox.representations.appointment import FULL_ONLY, appointment as shown
from gateway.sandbox.responses import Answer, Question, item, items, refusal

EVERY_COMPANY = "0"

FILTERS: Mapping[str, Callable[[Appointment], str]] = {
    "clientId": lambda one: one.client_id,
    "staffId": lambda one: one.staff.id,
    "serviceId": lambda one: one.service.id,
    "status": lambda one: one.status,
}


def appointments(question: Question) -> Answer:
    """In the order of their starts. Blank filters are none; `startDate`, `endDate` are exclusive."""
    company_id, query = question.ids["companyId"], question.query
    if company_id != EVERY_COMPANY and company_asked(question) is None:
        return item(None)
    try:
        period = _local(query, "startDate"), _local(query, "endDate")
    except ValueError:
        return refusal(400, "The parameters startDate and endDate must be local dates.")
    wanted = {name: value for name in FILTERS if (value := query.get(name))}
    found = [
        (instant(one.start), shown(one, story, question.world.today[question.account]))
        for story in _stories(question, wanted.get("clientId"))
        for one in story.appointments.values()
        if _lies_in(company_id, one)
        and all(FILTERS[name](one) == value for name, value in wanted.items())
        and _passes(one, *period)
    ]
    listed = [one for _, one in sorted(found, key=itemgetter(0))]
    if period == (None, None) and wanted.keys() <= {"clientId"}:
        listed += _malformed(question, wanted.get("clientId"))
    if query.get("levelDetail") != "full":
        listed = [
            {name: value for name, value in one.items() if name not in FULL_ONLY} for one in listed
        ]
    return items(listed)


def appointment(question: Question) -> Answer:
    """As it is after its last activity."""
    id_ = appointment_id(question.ids["appointmentId"])
    for one in _malformed(question):
        if one["id"] == id_:
            return item(one)
    story = question.world.story_of(question.account, id_)
    found = story.appointments.get(id_) if story else None
    if story is None or found is None or not _lies_in(question.ids["companyId"], found):
        return item(None)
    return item(shown(found, story, question.world.today[question.account]))


def _stories(question: Question, client_id: str | None) -> Iterator[Story]:
    world, account = question.world, question.account
    for one in world.clients[account] if client_id is None else (client_id,):
        if life := world.life(account, one):
            yield life.story


def _lies_in(company_id: str, one: Appointment) -> bool:
    return company_id in (EVERY_COMPANY, one.company.id) and not one.deleted


def _passes(one: Appointment, after: datetime | None, before: datetime | None) -> bool:
    start, end = one.start.replace(tzinfo=None), one.end.replace(tzinfo=None)
    return (after is None or start > after) and (before is None or end < before)


def _local(query: QueryParams, name: str) -> datetime | None:
    """A date, or a local date-time."""
    value = query.get(name)
    moment = datetime.fromisoformat(value) if value else None
    if moment and moment.tzinfo:
        raise ValueError("not a local time")
    return moment


def _malformed(question: Question, client_id: str | None = None) -> list[Json]:
    """No filter but that of the client can read them."""
    return [
        one
        for company_id, one in MALFORMED_APPOINTMENTS.get(question.account, ())
        if question.ids["companyId"] in (EVERY_COMPANY, company_id)
        and client_id in (None, one["client"]["id"])
    ]

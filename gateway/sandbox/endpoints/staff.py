"""`GET …/staff` and `…/staff/{staffId}`, where an external id does too."""

from gateway.sandbox.endpoints.companies import company_asked
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.malformed_entities import MALFORMED_STAFF
from gateway.sandbox.representations.staff import staff as shown
from gateway.sandbox.responses import Answer, Question, item, items


def staff(question: Question) -> Answer:
    members = _members(question)
    if members is None:
        return item(None)
    malformed = MALFORMED_STAFF.get(question.ids["companyId"], ())
    return items([*members[:1], *malformed, *members[1:]])


def member(question: Question) -> Answer:
    asked = question.ids["staffId"]
    for one in _members(question) or ():
        if asked in (str(one["id"]), one.get("externalId")):
            return item(one)
    return item(None)


def _members(question: Question) -> list[Json] | None:
    """None where there is no such company."""
    company = company_asked(question)
    if company is None:
        return None
    today = question.world.today[question.account]
    services = today.services_of(company)
    return [shown(one, company, services) for one in today.staff_of(company)]

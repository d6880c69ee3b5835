"""`GET …/services` and `…/services/{serviceId}`."""

from gateway.sandbox.endpoints.companies import company_asked
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.representations.scheduling import service as shown
from gateway.sandbox.responses import Answer, Question, item, items


def services(question: Question) -> Answer:
    offered = _offered(question)
    return item(None) if offered is None else items(offered)


def service(question: Question) -> Answer:
    asked = question.ids["serviceId"]
    found = (one for one in _offered(question) or () if str(one["id"]) == asked)
    return item(next(found, None))


def _offered(question: Question) -> list[Json] | None:
    """None where there is no such company."""
    company = company_asked(question)
    if company is None:
        return None
    today = question.world.today[question.account]
    staff = today.staff_of(company)
    return [shown(one, staff) for one in today.services_of(company)]

"""`GET …/companies` and `…/companies/{companyId}`: the list has a row of one that was deleted."""

from gateway.sandbox.fixtures.catalogue import Company
from gateway.sandbox.fixtures.entities import DELETED_COMPANIES
from gateway.sandbox.representations.company import company as shown
from gateway.sandbox.responses import Answer, Question, item, items


def companies(question: Question) -> Answer:
    owned = question.world.today[question.account].companies.values()
    deleted = DELETED_COMPANIES.get(question.account, ())
    return items([*map(shown, owned), *deleted])


def company(question: Question) -> Answer:
    found = company_asked(question)
    return item(found and shown(found))


def company_asked(question: Question) -> Company | None:
    """The company in the path, also for what belongs to one."""
    return question.world.today[question.account].companies.get(question.ids["companyId"])

"""`GET …/companies` and `…/companies/{companyId}`: the list has a row of one that was deleted."""

from gateway.sandbox.answers import Answer, item, items
from gateway.sandbox.questions import Question
from gateway.sandbox.shown.company import company as shown
from gateway.sandbox.world.catalogue import Company
from gateway.sandbox.world.today import DELETED_COMPANIES


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

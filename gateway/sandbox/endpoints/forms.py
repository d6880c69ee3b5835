"""`GET /api/2.3/forms`, one of them, and what somebody answered to it."""

from gateway.sandbox.representations.form import form as shown, form_result as shown_result
from gateway.sandbox.responses import Answer, Question, item, items


def forms(question: Question) -> Answer:
    return items(map(shown, question.world.today[question.account].forms.values()))


def form(question: Question) -> Answer:
    found = question.world.today[question.account].forms.get(question.ids["formId"])
    return item(found and shown(found))


def form_result(question: Question) -> Answer:
    id_ = question.ids["resultId"]
    story = question.world.story_of(question.account, id_)
    found = story.form_results.get(id_) if story else None
    if story is None or found is None or found.form.id != question.ids["formId"]:
        return item(None)
    return item(shown_result(found, story.client))

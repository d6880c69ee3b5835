"""`GET /api/2.0/notes/{noteId}`: a note or a consent, unless it was deleted."""

from gateway.sandbox.representations.note import note as shown
from gateway.sandbox.responses import Answer, Question, item


def note(question: Question) -> Answer:
    id_ = question.ids["noteId"]
    story = question.world.story_of(question.account, id_)
    found = story.notes.get(id_) if story else None
    return item(None if found is None or found.deleted else shown(found))

"""`GET /conferences/api/1.0/conferences/{conferenceId}`, its sessions, and registrations to them."""

from gateway.sandbox.fixtures.catalogue import Conference, Session
from gateway.sandbox.representations.conference import (
    conference as shown,
    external_id,
    registration as shown_registration,
    session as shown_session,
)
from gateway.sandbox.responses import Answer, Question, item, items


def conference(question: Question) -> Answer:
    """By its id, or by its external id."""
    found = _conference(question)
    return item(found and shown(found))


def sessions(question: Question) -> Answer:
    found = _conference(question)
    return item(None) if found is None else items(map(shown_session, found.sessions))


def session(question: Question) -> Answer:
    found = _session(question)
    return item(found and shown_session(found))


def registration(question: Question) -> Answer:
    """Unless it was deleted; one that was only cancelled is still there."""
    id_ = question.ids["registrationId"]
    story = question.world.story_of(question.account, id_)
    found = story.registrations.get(id_) if story else None
    if story is None or found is None or found.deleted or found.session != _session(question):
        return item(None)
    return item(shown_registration(found, story.client))


def _conference(question: Question) -> Conference | None:
    asked = question.ids["conferenceId"]
    for one in question.world.today[question.account].conferences.values():
        if asked in (one.id, external_id(one)):
            return one
    return None


def _session(question: Question) -> Session | None:
    found = _conference(question)
    for one in found.sessions if found else ():
        if one.id == question.ids["sessionId"]:
            return one
    return None

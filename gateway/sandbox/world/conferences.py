"""Conference registrations: made, enlarged, cancelled."""

from collections.abc import Iterator
from datetime import timedelta

from gateway.sandbox.world.entities import Json, Registration
from gateway.sandbox.world.links import registration_link
from gateway.sandbox.world.moments import zoned
from gateway.sandbox.world.story import Happening, Story
from gateway.sandbox.world.texts import CANCEL_REASONS, MARKETING_CONSENTS, SOURCES


def conference_thread(story: Story) -> Iterator[Happening]:
    registration = _registered(story)
    when = registration.registered
    by_widget = registration.source_type == "widget"
    yield Happening(
        when,
        "conferenceRegistration",
        "created",
        {"conferenceRegistration": snapshot(registration)},
        user=None if by_widget else story.user(),
        marketing_consent=story.choice(MARKETING_CONSENTS) if by_widget else None,
    )
    registration.seats += 1
    yield Happening(
        when + timedelta(hours=5),
        "conferenceRegistration",
        "updated",
        {"conferenceRegistration": snapshot(registration)},
        user=story.user(),
        updated=("numberOfSeats",),
    )
    registration.status = "cancelled"
    registration.cancel_reason = story.choice(CANCEL_REASONS)
    registration.cancelled = when + timedelta(days=3)
    registration.deleted = deleted = story.turn("cancellation") % 2 == 0
    yield Happening(
        registration.cancelled,
        "conferenceRegistration",
        "deleted" if deleted else "updated",
        {"conferenceRegistration": snapshot(registration)},
        user=story.user(),
        updated=() if deleted else ("status", "cancelReason"),
    )


def snapshot(registration: Registration) -> Json:
    conference, session = registration.conference, registration.session
    shown: Json = {
        "selfLink": registration_link(conference.id, session.id, registration.id),
        "id": registration.id,
        "numberOfSeats": registration.seats,
        "conference": {
            "id": conference.id,
            "title": conference.title,
            "capacity": conference.capacity,
        },
        "session": {"id": session.id, "start": zoned(session.start), "end": zoned(session.end)},
        "source": registration.source,
        "sourceType": registration.source_type,
        "status": registration.status,
    }
    if registration.cancel_reason is not None:
        shown["cancelReason"] = registration.cancel_reason
    return shown


def _registered(story: Story) -> Registration:
    conference = story.choice(tuple(story.catalogue.conferences.values()))
    session = story.choice(conference.sessions)
    turn = story.turn("conference_thread")
    registration = Registration(
        id=story.new_id("conferenceRegistration"),
        client_id=story.client.id,
        conference=conference,
        session=session,
        seats=1 + turn % 3,
        registered=session.start - timedelta(days=10, minutes=int(story.draw.random() * 9_000)),
        source=story.choice(SOURCES),
        source_type="api" if turn % 2 else "widget",
    )
    story.registrations[registration.id] = registration
    return registration

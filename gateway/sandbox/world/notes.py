"""Notes and consents: two kinds of activity, one kind of thing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway.sandbox.world.entities import Appointment, Json, Note
from gateway.sandbox.world.links import note_link
from gateway.sandbox.world.story import Happening, Story
from gateway.sandbox.world.texts import CONSENTS, MARKETING_CONSENTS, NOTES

LAST_WORDS = ("deleted", "deleted", "archived")
"""What becomes of a note; the last word is one that the specification does not list."""


def note_thread(story: Story) -> Iterator[Happening]:
    note = _noted(story, story.some_day(story.zone()), story.choice(NOTES))
    yield _told(note, "note", "created", note.date)
    was, note.body = note.body, f"{note.body}<p>Rappelée le lendemain.</p>"
    yield _told(note, "note", "updated", note.date + timedelta(days=1), was)
    last_word = LAST_WORDS[story.turn("last word") % len(LAST_WORDS)]
    note.deleted = last_word == "deleted"
    yield _told(note, "note", last_word, note.date + timedelta(days=9))


def consent_thread(story: Story) -> Iterator[Happening]:
    note = _noted(story, story.some_day(story.zone()), CONSENTS[0])
    yield Happening(
        note.date,
        "consent",
        "created",
        {"note": snapshot(note)},
        marketing_consent=story.choice(MARKETING_CONSENTS),
    )
    if story.turn("consent") % 3 == 2:
        note.deleted = True
        yield _told(note, "consent", "deleted", note.date + timedelta(days=30))
    else:
        was, note.body = note.body, CONSENTS[1]
        yield _told(note, "consent", "updated", note.date + timedelta(days=30), was)


def note_written(story: Story, when: datetime, appointment: Appointment) -> Happening:
    """A note about an appointment; only the upstream knows that it is about one."""
    note = _noted(story, when, story.choice(NOTES))
    return Happening(
        when,
        "note",
        "created",
        {"note": snapshot(note)},
        user=note.writer,
        appointment_id=appointment.id,
    )


def snapshot(note: Note, was: str | None = None) -> Json:
    shown = {"id": note.id, "body": note.body, "selfLink": note_link(note.id)}
    return shown if was is None else {**shown, "previousBody": was}


def _noted(story: Story, when: datetime, body: str) -> Note:
    note = Note(story.new_id("note"), story.client.id, body, when, story.user())
    story.notes[note.id] = note
    return note


def _told(note: Note, kind: str, event: str, when: datetime, was: str | None = None) -> Happening:
    return Happening(
        when,
        kind,
        event,
        {"note": snapshot(note, was)},
        user=note.writer,
        updated=() if was is None else ("body",),
    )

"""A client whose timeline grows: every so many seconds of the clock, a note is added to it."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.sandbox.changes.activity_format import checked_entry
from gateway.sandbox.fixtures.clock import zoned_date_time
from gateway.sandbox.fixtures.links import note_link
from gateway.sandbox.fixtures.sample import FIRST_ACTIVITY_ID, MAX_ACTIVITIES
from gateway.sandbox.routes import NOTE_PATH
from gateway.sandbox.world import World

ACCOUNT = "1"
GROWING_CLIENT = "6000"

FIRST_ID = FIRST_ACTIVITY_ID + int(GROWING_CLIENT) * 10**9
ZONE = ZoneInfo("UTC")
"""A zone without summer time: no local time occurs twice, so all are in the order of their instants."""

WRITER = {"firstName": "Nora", "lastName": "Lindqvist"}
WRITER_EMAIL = "nora.lindqvist@example.com"


class Growth:
    """Adds what is due when it is asked: no time passes in between, and no task waits for it."""

    def __init__(self, world: World, every_seconds: float, now: Callable[[], float]) -> None:
        world.add_client(ACCOUNT, GROWING_CLIENT)
        self._world = world
        self._every_seconds = every_seconds
        self._now = now
        self._started = now()
        self._count = 0

    def catch_up(self) -> None:
        """Add all activities that are due, each with the date on which it was."""
        due_count = int((self._now() - self._started) / self._every_seconds)
        while self._count < min(due_count, MAX_ACTIVITIES):
            self._count += 1
            self._add_note(self._started + self._count * self._every_seconds)

    def _add_note(self, seconds: float) -> None:
        timeline = self._world.timeline(ACCOUNT, GROWING_CLIENT)
        if timeline is None:
            return  # the client was removed
        date = zoned_date_time(datetime.fromtimestamp(seconds, ZONE))
        note_id = f"42{GROWING_CLIENT}{self._count:06d}"
        body = f"<p>Note {self._count}</p>"
        self._world.set_resource(
            ACCOUNT,
            NOTE_PATH.format(noteId=note_id),
            {
                "id": note_id,
                "clientId": GROWING_CLIENT,
                "html": body,
                "date": date,
                "writer": {**WRITER, "email": WRITER_EMAIL},
                "selfLink": note_link(note_id),
                "contactedByClient": False,
            },
        )
        timeline.add(
            checked_entry(
                {
                    "id": str(FIRST_ID + self._count),
                    "type": "note",
                    "date": date,
                    "event": "created",
                    "user": {**WRITER, "userName": WRITER_EMAIL, "emailAddress": WRITER_EMAIL},
                    "note": {"id": note_id, "body": body, "selfLink": note_link(note_id)},
                }
            )
        )

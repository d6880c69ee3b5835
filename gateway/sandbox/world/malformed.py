"""A timeline that breaks the contract: what no client should have, and a gateway must survive."""

from collections.abc import Iterator

import msgspec

from gateway.sandbox.world.timeline import Entry

CLIENT_ID = "1999"
NOON = {"dateTime": "2025-06-02T12:00:00", "timeZone": "Europe/Paris"}
NOTE = {
    "id": "421999000001",
    "body": "<p>Fine</p>",
    "selfLink": "https://api.agendize.com/api/2.0/notes/421999000001",
}
LINK = "https://api.agendize.com/api/2.1/scheduling/companies/199/appointments/411999000001"
APPOINTMENT = {
    "id": "411999000001",
    "start": NOON,
    "end": NOON,
    "service": {"id": "19951", "name": "First consultation"},
    "staff": {"id": "19901", "firstName": "Léa", "lastName": "Ito"},
    "status": "accepted",
    "selfLink": LINK,
}
REGISTRATION = {"id": "441999000001", "numberOfSeats": 2, "status": "accepted", "sourceType": "api"}

ITEMS: tuple[object, ...] = (
    {"id": "1", "type": "note", "date": NOON, "event": "created", "note": NOTE},
    {"type": "note", "date": NOON, "event": "created", "note": NOTE},
    {"id": "3", "date": NOON, "event": "created", "note": NOTE},
    "an activity was here",
    {
        "id": "5",
        "type": "note",
        "date": {"dateTime": "2 June 2025, noon", "timeZone": "Europe/Paris"},
        "event": "created",
        "note": NOTE,
    },
    {
        "id": "6",
        "type": "appointment",
        "date": NOON,
        "event": "created",
        "appointment": {
            **APPOINTMENT,
            "start": {"dateTime": "2025-02-30T09:00:00", "timeZone": "Europe/Paris"},
        },
    },
    {
        "id": "7",
        "type": "appointment",
        "date": NOON,
        "event": "created",
        "appointment": {**APPOINTMENT, "status": {"name": "accepted"}},
    },
    {
        "id": "8",
        "type": "note",
        "date": NOON,
        "event": "updated",
        "note": NOTE,
        "updatedAttributes": "body",
    },
    {
        "id": "9",
        "type": "appointment",
        "date": NOON,
        "event": "created",
        "appointment": {**APPOINTMENT, "service": {"name": "First consultation"}},
    },
    {
        "id": "10",
        "type": "conferenceRegistration",
        "date": NOON,
        "event": "created",
        "conferenceRegistration": {**REGISTRATION, "numberOfSeats": "two"},
    },
    {
        "id": "11",
        "type": "consent",
        "date": NOON,
        "event": "created",
        "note": NOTE,
        "marketingConsent": "yes",
    },
    {
        "id": "12",
        "type": "appointment",
        "date": NOON,
        "event": "created",
        "appointment": APPOINTMENT,
    },
    {
        "id": "13",
        "type": "conferenceRegistration",
        "date": NOON,
        "event": "created",
        "conferenceRegistration": REGISTRATION,
    },
)
"""Three of them are healthy: the first and the last two."""


def malformed_entries() -> Iterator[Entry]:
    """In the order written, for what has no date cannot be sorted by it."""
    for place, item in enumerate(ITEMS):
        kind = item.get("type", "") if isinstance(item, dict) else ""
        yield Entry(float(place), kind, None, msgspec.json.encode(item))

"""A note or a consent, as the notes API sends it: its text is under `html`."""

from gateway.sandbox.fixtures.clock import zoned_date_time
from gateway.sandbox.fixtures.entities import Json, Note
from gateway.sandbox.fixtures.links import note_link
from gateway.sandbox.representations.parts import json_id, sequence_number


def note_json(one: Note) -> Json:
    """A note. Every fourth has numbers as ids; every fifth lacks `contactedByClient`."""
    n = sequence_number(one.id)
    content: Json = {
        "id": json_id(one.id, as_number=n % 4 == 0),
        "clientId": json_id(one.client_id, as_number=n % 4 == 0),
        "html": one.body,
        "date": zoned_date_time(one.date),
        "writer": {
            "email": one.writer.user_name,
            "firstName": one.writer.first_name,
            "lastName": one.writer.last_name,
        },
        "selfLink": note_link(one.id),
    }
    return content if n % 5 == 0 else {**content, "contactedByClient": n % 2 == 0}

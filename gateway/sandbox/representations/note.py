"""A note or a consent (upstream contract, 5): its text is called `html` here."""

from gateway.sandbox.fixtures.clock import zoned
from gateway.sandbox.fixtures.entities import Json, Note
from gateway.sandbox.fixtures.links import note_link
from gateway.sandbox.representations.parts import id_in_turn, number


def note(one: Note) -> Json:
    """Ids of every fourth are numbers; every fifth does not say who made contact."""
    n = number(one.id)
    shown: Json = {
        "id": id_in_turn(one.id, as_number=n % 4 == 0),
        "clientId": id_in_turn(one.client_id, as_number=n % 4 == 0),
        "html": one.body,
        "date": zoned(one.date),
        "writer": {
            "email": one.writer.user_name,
            "firstName": one.writer.first_name,
            "lastName": one.writer.last_name,
        },
        "selfLink": note_link(one.id),
    }
    return shown if n % 5 == 0 else {**shown, "contactedByClient": n % 2 == 0}

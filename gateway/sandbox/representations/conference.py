"""A conference, its sessions, and registrations to them (upstream contract, 9)."""

from collections.abc import Mapping

from gateway.sandbox.fixtures.catalogue import Conference, Session
from gateway.sandbox.fixtures.clock import REFERENCE, zoned
from gateway.sandbox.fixtures.entities import Client, Json, Registration
from gateway.sandbox.representations.form import CONTACT, PREFERENCES, contact_given
from gateway.sandbox.representations.parts import PAGES, ciphered, id_in_turn, number, picture

LOCATIONS: Mapping[int, Json] = {
    1: {
        "type": "address",
        "text": None,
        "street": "1, place de la Bourse",
        "additionalStreet": "Salle « Été »",
        "zipCode": "33000",
        "state": None,
        "city": "Bordeaux",
        "country": "FR",
        "geolocation": {"lat": 44.8412, "lng": -0.5697},
    },
    2: {"type": "link", "text": "https://meet.example.com/retraite?room=7&lang=fr"},
}


def external_id(one: Conference) -> str:
    return f"CONF-{one.id}"


def conference(one: Conference) -> Json:
    """The capacity is a number; the second of an account has an id that is one, and no picture."""
    n = number(one.id)
    return {
        "id": id_in_turn(one.id, as_number=n == 2),
        "title": one.title,
        "description": "<p>Entrée libre &amp; gratuite.</p>",
        "externalId": external_id(one),
        "picture": None if n == 2 else picture("conferences", one.id),
        "location": LOCATIONS[n],
        "capacity": one.capacity,
        "duration": one.minutes,
        "webLink": f"{PAGES}/conferences/{ciphered(one.id)}",
        "code": f"C{one.id}",
        "tags": [{"id": 1, "text": "santé"}, {"id": "2", "text": "evening"}][:n],
        "form": {"contactFields": CONTACT, "additionalFields": [PREFERENCES]},
        "availability": "public",
        "registrationRules": {"allowAdditionalSeats": True, "numberOfAdditionalSeats": 4},
        "cipherId": ciphered(one.id),
    }


def session(one: Session) -> Json:
    """Without an end: the conference's duration tells it."""
    return {
        "id": id_in_turn(one.id, as_number=number(one.id) == 3),
        "start": zoned(one.start),
        "status": "opened" if one.start > REFERENCE else "closed",
        "cipherId": ciphered(one.id),
        "webLink": f"{PAGES}/sessions/{ciphered(one.id)}",
    }


def registration(one: Registration, client: Client) -> Json:
    """The seats are called `seats` here. Nothing leads back to the session or the conference."""
    shown: Json = {
        "id": id_in_turn(one.id, as_number=number(one.id) % 2 == 0),
        "client": {
            "id": client.id,
            "firstName": client.first_name,
            "lastName": client.last_name,
            "emailAddress": client.email,
            "phoneNumber": client.phone,
        },
        "status": one.status,
        "seats": one.seats,
        "registered": zoned(one.registered),
        "cipherId": ciphered(one.id),
        "source": one.source,
        "sourceType": one.source_type,
        "form": contact_given(client, one.registered),
        "webLink": f"{PAGES}/registrations/{ciphered(one.id)}",
    }
    if one.cancelled is not None:
        shown |= {
            "cancelReason": one.cancel_reason,
            "cancelSource": "console",
            "cancelled": zoned(one.cancelled),
        }
    return shown

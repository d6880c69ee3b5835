"""A conference, its sessions, and their registrations, as the conferences API sends them."""

from collections.abc import Mapping

from gateway.sandbox.fixtures.catalogue import Conference, ConferenceSession
from gateway.sandbox.fixtures.clock import REFERENCE_TIME, zoned_date_time
from gateway.sandbox.fixtures.entities import Client, Json, Registration
from gateway.sandbox.representations.form import CONTACT_ITEMS, PREFERENCES, contact_answers
from gateway.sandbox.representations.parts import (
    PAGES_URL,
    cipher_id,
    json_id,
    picture,
    sequence_number,
)

LOCATION_BY_CONFERENCE_NUMBER: Mapping[int, Json] = {
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


def conference_json(one: Conference) -> Json:
    """A conference; its capacity is a number. An account's second has a number as its id, and no picture."""
    n = sequence_number(one.id)
    return {
        "id": json_id(one.id, as_number=n == 2),
        "title": one.title,
        "description": "<p>Entrée libre &amp; gratuite.</p>",
        "externalId": external_id(one),
        "picture": None if n == 2 else picture("conferences", one.id),
        "location": LOCATION_BY_CONFERENCE_NUMBER[n],
        "capacity": one.capacity,
        "duration": one.minutes,
        "webLink": f"{PAGES_URL}/conferences/{cipher_id(one.id)}",
        "code": f"C{one.id}",
        "tags": [{"id": 1, "text": "santé"}, {"id": "2", "text": "evening"}][:n],
        "form": {"contactFields": CONTACT_ITEMS, "additionalFields": [PREFERENCES]},
        "availability": "public",
        "registrationRules": {"allowAdditionalSeats": True, "numberOfAdditionalSeats": 4},
        "cipherId": cipher_id(one.id),
    }


def session_json(one: ConferenceSession) -> Json:
    """A session without an end, which the conference's duration determines."""
    return {
        "id": json_id(one.id, as_number=sequence_number(one.id) == 3),
        "start": zoned_date_time(one.start),
        "status": "opened" if one.start > REFERENCE_TIME else "closed",
        "cipherId": cipher_id(one.id),
        "webLink": f"{PAGES_URL}/sessions/{cipher_id(one.id)}",
    }


def registration_json(one: Registration, client: Client) -> Json:
    """A registration. Seats are named `seats` here; no key refers to the session or the conference."""
    content: Json = {
        "id": json_id(one.id, as_number=sequence_number(one.id) % 2 == 0),
        "client": {
            "id": client.id,
            "firstName": client.first_name,
            "lastName": client.last_name,
            "emailAddress": client.email,
            "phoneNumber": client.phone,
        },
        "status": one.status,
        "seats": one.seats,
        "registered": zoned_date_time(one.registered_at),
        "cipherId": cipher_id(one.id),
        "source": one.source,
        "sourceType": one.source_type,
        "form": contact_answers(client, one.registered_at),
        "webLink": f"{PAGES_URL}/registrations/{cipher_id(one.id)}",
    }
    if one.cancelled_at is not None:
        content |= {
            "cancelReason": one.cancel_reason,
            "cancelSource": "console",
            "cancelled": zoned_date_time(one.cancelled_at),
        }
    return content

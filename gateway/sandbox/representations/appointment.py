"""An appointment as it is today (upstream contract, 6.3): it has no link to itself."""

from gateway.sandbox.fixtures.catalogue import Catalogue
from gateway.sandbox.fixtures.clock import zoned
from gateway.sandbox.fixtures.entities import Appointment, Json
from gateway.sandbox.fixtures.history import Happening, Story, reference
from gateway.sandbox.representations.company import CURRENCIES
from gateway.sandbox.representations.form import answers_given
from gateway.sandbox.representations.parts import ciphered, id_in_turn, number

FULL_ONLY = ("form", "history", "extendedProperties")
"""What a list leaves out unless it is asked for the full representation."""

HISTORY = {"created": "Booked", "updated": "Changed & saved"}


def appointment(one: Appointment, story: Story, today: Catalogue) -> Json:
    """Whom and what it concerns under the names of today; who was deleted keeps the last one."""
    n = number(one.id)
    service = today.services.get(one.service.id, one.service)
    staff = today.staff.get(one.staff.id, one.staff)
    history = story.histories[one.id]
    by_widget = history[0].user is None
    online = one.service.price == 0
    shown: Json = {
        "id": id_in_turn(one.id, as_number=n % 4 == 2),
        "reference": reference(one.id),
        "company": {
            "id": id_in_turn(one.company.id, as_number=n % 5 == 4),
            "name": one.company.name,
        },
        "service": {"id": id_in_turn(service.id, as_number=n % 3 == 0), "name": service.name},
        "resource": None,
        "staff": {
            "id": id_in_turn(staff.id, as_number=n % 3 == 0),
            "firstName": staff.first_name,
            "lastName": staff.last_name,
        },
        "client": _client(one, story),
        "start": zoned(one.start),
        "end": zoned(one.end),
        "created": zoned(one.created),
        "status": one.status,
        "customStatus": {"id": 31, "name": "Dossier complet"} if n % 3 == 1 else None,
        "notes": one.notes,
        "history": [_told(happening) for happening in history],
        "service-resource": [{"id": "1", "name": "Salle 1"}] if n % 2 else [],
        "meta-event": False,
        "type": "normal",
        "paid": one.status == "completed",
        "addToWaitingList": False,
        "source": "widget" if by_widget else "console",
        "iterationCount": 1,
        "synchronization": {"googleCalendar": {"id": ciphered(one.id)}},
        "rescheduleLink": f"https://example.com/reschedule?a={one.id}&lang=en",
        "onlineMeeting": _meeting(one) if online else None,
        "encryptedId": ciphered(one.id),
        "price": _price(one),
        "location": "online" if online else "company",
        "extendedProperties": {"private": {}, "public": {"visit": n}},
    }
    if one.form_result is not None:
        shown["form"] = answers_given(one.form_result, story.client)
    if n % 5 == 0:
        for name in ("customStatus", "onlineMeeting", "source", "location"):
            del shown[name]
    if n % 7 == 6:
        del shown["end"]["timeZone"]
    return shown


def _client(one: Appointment, story: Story) -> Json:
    client = story.client
    return {
        "id": id_in_turn(client.id, as_number=number(one.id) % 6 == 5),
        "firstName": client.first_name,
        "lastName": client.last_name,
        "email": client.email,
        "phone": client.phone,
        "mobilePhone": None,
        "timeZone": story.companies[0].time_zone.key,
    }


def _price(one: Appointment) -> object:
    """Version 2.0 had a plain number; some still have one."""
    if number(one.id) % 6 == 4:
        return one.service.price
    return {"amount": one.service.price, "currency": CURRENCIES.get(one.company.time_zone.key)}


def _meeting(one: Appointment) -> Json:
    return {"provider": "jitsi", "videoLink": f"https://meet.example.com/{ciphered(one.id)}"}


def _told(happening: Happening) -> Json:
    """Who books through a widget has no user name."""
    user = happening.user
    shown: Json = {
        "text": HISTORY[happening.event],
        "date": zoned(happening.at),
        "source": "widget" if user is None else "console",
        "type": happening.event,
        "user": None,
    }
    if user is not None:
        shown["user"] = {
            "firstName": user.first_name,
            "lastName": user.last_name,
            "email": user.user_name,
            "userName": user.user_name,
        }
    return shown

"""An appointment in its current state, as the scheduling API sends it: without a `selfLink`."""

from gateway.sandbox.fixtures.catalogue import Catalogue
from gateway.sandbox.fixtures.clock import zoned_date_time
from gateway.sandbox.fixtures.entities import Appointment, Json
from gateway.sandbox.fixtures.history import ClientHistory, HistoryEvent, reference_code
from gateway.sandbox.representations.company import CURRENCY_BY_TIME_ZONE
from gateway.sandbox.representations.form import form_answers
from gateway.sandbox.representations.parts import cipher_id, json_id, sequence_number

FULL_DETAIL_KEYS = ("form", "history", "extendedProperties")
"""Keys that a list omits unless the full representation is requested."""

HISTORY_TEXT_BY_EVENT = {"created": "Booked", "updated": "Changed & saved"}


def appointment_json(
    one: Appointment, client_history: ClientHistory, current_state: Catalogue
) -> Json:
    """An appointment with the current names of service and staff; deleted staff keep their last name."""
    n = sequence_number(one.id)
    service = current_state.services.get(one.service.id, one.service)
    staff = current_state.staff.get(one.staff.id, one.staff)
    history = client_history.events_by_appointment_id[one.id]
    by_widget = history[0].user is None
    online = one.service.price == 0
    content: Json = {
        "id": json_id(one.id, as_number=n % 4 == 2),
        "reference": reference_code(one.id),
        "company": {
            "id": json_id(one.company.id, as_number=n % 5 == 4),
            "name": one.company.name,
        },
        "service": {"id": json_id(service.id, as_number=n % 3 == 0), "name": service.name},
        "resource": None,
        "staff": {
            "id": json_id(staff.id, as_number=n % 3 == 0),
            "firstName": staff.first_name,
            "lastName": staff.last_name,
        },
        "client": _client(one, client_history),
        "start": zoned_date_time(one.start),
        "end": zoned_date_time(one.end),
        "created": zoned_date_time(one.created_at),
        "status": one.status,
        "customStatus": {"id": 31, "name": "Dossier complet"} if n % 3 == 1 else None,
        "notes": one.notes,
        "history": [_history_entry(history_event) for history_event in history],
        "service-resource": [{"id": "1", "name": "Salle 1"}] if n % 2 else [],
        "meta-event": False,
        "type": "normal",
        "paid": one.status == "completed",
        "addToWaitingList": False,
        "source": "widget" if by_widget else "console",
        "iterationCount": 1,
        "synchronization": {"googleCalendar": {"id": cipher_id(one.id)}},
        "rescheduleLink": f"https://example.com/reschedule?a={one.id}&lang=en",
        "onlineMeeting": _online_meeting(one) if online else None,
        "encryptedId": cipher_id(one.id),
        "price": _price(one),
        "location": "online" if online else "company",
        "extendedProperties": {"private": {}, "public": {"visit": n}},
    }
    if one.form_result is not None:
        content["form"] = form_answers(one.form_result, client_history.client)
    if n % 5 == 0:
        for name in ("customStatus", "onlineMeeting", "source", "location"):
            del content[name]
    if n % 7 == 6:
        del content["end"]["timeZone"]
    return content


def _client(one: Appointment, client_history: ClientHistory) -> Json:
    client = client_history.client
    return {
        "id": json_id(client.id, as_number=sequence_number(one.id) % 6 == 5),
        "firstName": client.first_name,
        "lastName": client.last_name,
        "email": client.email,
        "phone": client.phone,
        "mobilePhone": None,
        "timeZone": client_history.companies[0].time_zone.key,
    }


def _price(one: Appointment) -> object:
    """The price as an object; some appointments have a plain number, as in version 2.0."""
    if sequence_number(one.id) % 6 == 4:
        return one.service.price
    return {
        "amount": one.service.price,
        "currency": CURRENCY_BY_TIME_ZONE.get(one.company.time_zone.key),
    }


def _online_meeting(one: Appointment) -> Json:
    return {"provider": "jitsi", "videoLink": f"https://meet.example.com/{cipher_id(one.id)}"}


def _history_entry(history_event: HistoryEvent) -> Json:
    """An entry of an appointment's history. A booking through a widget has no user."""
    user = history_event.user
    content: Json = {
        "text": HISTORY_TEXT_BY_EVENT[history_event.event],
        "date": zoned_date_time(history_event.at),
        "source": "widget" if user is None else "console",
        "type": history_event.event,
        "user": None,
    }
    if user is not None:
        content["user"] = {
            "firstName": user.first_name,
            "lastName": user.last_name,
            "email": user.user_name,
            "userName": user.user_name,
        }
    return content

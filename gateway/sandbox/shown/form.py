"""A form, and what somebody answered to it (upstream contract, 7)."""

from collections.abc import Mapping

from gateway.sandbox.shown.answers_given import answers_given
from gateway.sandbox.shown.form_items import FIELDS
from gateway.sandbox.shown.parts import id_in_turn, number, picture
from gateway.sandbox.world.catalogue import Form
from gateway.sandbox.world.entities import Client, FormResult, Json

ROUTES: Mapping[int, Json] = {
    1: {"type": "message", "title": "Thank you", "message": "<p>Merci&nbsp;!</p>"},
    2: {"type": "link", "link": "https://pages.example.com/merci", "title": "Read on"},
}


def form(one: Form) -> Json:
    """The second of an account has an id that is a number, and no title."""
    n = number(one.id)
    return {
        "id": id_in_turn(one.id, as_number=n == 2),
        "name": one.name,
        "title": None if n == 2 else f"{one.name}: five minutes of your time",
        "submitMessage": "<p>Merci&nbsp;!</p>",
        "fields": FIELDS[n],
        "followUp": n == 1,
        "emailNotifications": True,
        "emailNotificationsAddresses": ["office@example.com"],
        "clientEmailNotifications": False,
        "finalizeLater": n == 3,
        "useAccountConsent": True,
        "picture": None if n == 3 else picture("forms", one.id),
    }


def form_result(one: FormResult, client: Client) -> Json:
    """The form and the client are bare ids, of which some are numbers; the date is bare text."""
    n = number(one.id)
    shown: Json = {
        "id": id_in_turn(one.id, as_number=n % 5 == 4),
        "form": id_in_turn(one.form.id, as_number=n % 4 == 2),
        "client": id_in_turn(one.client_id, as_number=n % 3 == 0),
        "ipAddress": f"203.0.113.{n}" if n % 2 else f"2001:db8::{n}",
        "date": one.date.isoformat(" ")[:19],
        "currentStatus": one.status,
        "result": answers_given(one, client),
    }
    if route := ROUTES.get(number(one.form.id)):
        shown["route"] = route
    return shown

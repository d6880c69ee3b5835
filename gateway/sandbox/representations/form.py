"""A form, and what somebody answered to it (upstream contract, 7)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random

from gateway.sandbox.fixtures.catalogue import Form
from gateway.sandbox.fixtures.clock import zoned
from gateway.sandbox.fixtures.entities import Client, FormResult, Json
from gateway.sandbox.fixtures.texts import APPOINTMENT_NOTES
from gateway.sandbox.representations.parts import id_in_turn, number, picture

NOT_REPEATED = ("help", "placeholder", "valueFormat", "values", "subItem")


@dataclass(frozen=True, slots=True)
class Filler:
    """Who fills a form in, and when."""

    client: Client
    at: datetime
    draw: Random


def answers_given(result: FormResult, client: Client) -> list[Json]:
    """As they were, whatever became of the result."""
    filler = Filler(client, result.date, Random(result.id))
    return _filled_in(FIELDS[number(result.form.id)], filler)


def contact_given(client: Client, at: datetime) -> list[Json]:
    """The few questions of a conference's registration."""
    return _filled_in(CONTACT, Filler(client, at, Random(client.id)))


def _filled_in(items: Iterable[Json], filler: Filler) -> list[Json]:
    return [_answered(one, filler) for one in items]


def _answered(item: Json, filler: Filler) -> Json:
    shown = {name: value for name, value in item.items() if name not in NOT_REPEATED}
    if "subItem" in item:
        return {**shown, "subItem": _filled_in(item["subItem"], filler)}
    return {**shown, **ANSWERS[item["type"]](item, filler)}


def _text(item: Json, filler: Filler) -> Json:
    client = filler.client
    bound = {
        "crm-last-name": client.last_name,
        "crm-first-name": client.first_name,
        "crm-email": client.email,
        "crm-phone": client.phone,
    }
    return {"value": bound[item["bind"]]}


def _several(item: Json, filler: Filler) -> Json:
    """Two or more of the choices, each with one of those below it."""
    chosen = sorted(filler.draw.sample(range(len(item["values"])), 2 + filler.draw.randrange(2)))
    return {"value": None, "values": [_chosen(item["values"][n], filler) for n in chosen]}


def _one(item: Json, filler: Filler) -> Json:
    chosen = filler.draw.choice(item["values"])
    return {"value": chosen["value"], "values": [chosen]}


def _chosen(option: Json, filler: Filler) -> Json:
    below = option.get("values")
    return {**option, "values": [filler.draw.choice(below)]} if below else option


def _words(item: Json, filler: Filler) -> Json:
    """Not everybody writes something."""
    return {"value": filler.draw.choice((*APPOINTMENT_NOTES, None))}


def _day(item: Json, filler: Filler) -> Json:
    day = filler.at - timedelta(days=filler.draw.randrange(1, 300))
    return {"value": f"{day:%d/%m/%Y}", "zonedDateTime": zoned(day.replace(hour=9, minute=0))}


def _file(item: Json, filler: Filler) -> Json:
    address = f"https://files.example.com/{filler.draw.getrandbits(48):012x}"
    return {"value": address, "fileName": "compte-rendu été.pdf"}


ANSWERS: Mapping[str, Callable[[Json, Filler], Json]] = {
    "input": _text,
    "email": _text,
    "phone": _text,
    "checkbox": _several,
    "radio": _one,
    "select": _one,
    "textarea": _words,
    "date": _day,
    "file": _file,
    "number": lambda item, filler: {"value": filler.draw.randrange(1, 9)},
    "scalerating": lambda item, filler: {"value": str(filler.draw.randrange(1, 6))},
}
"""By the type of item. A number stays one, where all else is text."""


def item(id_: str, kind: str, title: str, **more: object) -> Json:
    return {"id": id_, "type": kind, "title": title, **more}


def choice(name: str, *below: Json) -> Json:
    shown: Json = {"id": f"c-{name.lower()}", "name": name, "value": name.lower()}
    return {**shown, "values": list(below)} if below else shown


CONTACT = [
    item("1", "input", "Last name", bind="crm-last-name", mandatory=True, visible=True),
    item("2", "input", "First name", bind="crm-first-name", mandatory=True, visible=True),
    item("3", "email", "E-mail", bind="crm-email", placeholder="you@example.com"),
    item("4", "phone", "Téléphone", bind="crm-phone", mandatory=False),
]

INTAKE = [
    item("10", "section", "About you", subItem=CONTACT, bindGroup="crm"),
    item(
        "20",
        "section",
        "Your health",
        subItem=[
            item(
                "21",
                "checkbox",
                "Allergies",
                multiple=True,
                otherValue=True,
                values=[
                    choice("Pollen", choice("Birch"), choice("Grass")),
                    choice("Nuts", choice("Peanuts"), choice("Noix")),
                    choice("Pénicilline"),
                ],
            ),
            item("22", "radio", "Do you smoke?", values=[choice("Yes"), choice("No")]),
            item(
                "23",
                "section",
                "Last check-up",
                subItem=[
                    item("24", "date", "When was it?"),
                    item("25", "file", "Its report", help="PDF, <10 MB"),
                ],
            ),
        ],
    ),
    item("30", "textarea", "Anything else?", valueFormat={"maxLength": 2_000}),
]

PREFERENCES = [
    item(
        "40",
        "checkbox",
        "Jours préférés",
        multiple=True,
        values=[choice("Lundi"), choice("Mardi"), choice("Samedi")],
    ),
    item("41", "select", "Language", values=[choice("Français"), choice("English")]),
    item("42", "number", "How many of you come?", valueFormat={"regexType": "number"}),
    item("43", "date", "Not before"),
]

SATISFACTION = [
    item("50", "scalerating", "How was <it>?", mandatory=True),
    item("51", "textarea", "Why?", category="free"),
    item("52", "section", "Who are you?", subItem=CONTACT, visible=False),
]

FIELDS: Mapping[int, list[Json]] = dict(zip(count(1), (INTAKE, PREFERENCES, SATISFACTION)))
"""By the number at the end of the form's id."""


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

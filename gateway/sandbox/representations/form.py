"""A form, and the answers of a result, as the forms API sends them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random

from gateway.sandbox.fixtures.catalogue import Form
from gateway.sandbox.fixtures.clock import zoned_date_time
from gateway.sandbox.fixtures.entities import Client, FormResult, Json
from gateway.sandbox.fixtures.texts import APPOINTMENT_NOTES
from gateway.sandbox.representations.parts import json_id, picture, sequence_number

OMITTED_ITEM_KEYS = ("help", "placeholder", "valueFormat", "values", "subItem")


@dataclass(frozen=True, slots=True)
class FormFiller:
    """The client who fills in a form, the time, and the source of random answers."""

    client: Client
    at: datetime
    rng: Random


def form_answers(result: FormResult, client: Client) -> list[Json]:
    """The answers as submitted, whatever the status of the result."""
    filler = FormFiller(client, result.date, Random(result.id))
    return _answer_items(ITEMS_BY_FORM_NUMBER[sequence_number(result.form.id)], filler)


def contact_answers(client: Client, at: datetime) -> list[Json]:
    """The answers to the contact items of a conference's registration."""
    return _answer_items(CONTACT_ITEMS, FormFiller(client, at, Random(client.id)))


def _answer_items(items: Iterable[Json], filler: FormFiller) -> list[Json]:
    return [_answer_item(one, filler) for one in items]


def _answer_item(item: Json, filler: FormFiller) -> Json:
    content = {name: value for name, value in item.items() if name not in OMITTED_ITEM_KEYS}
    if "subItem" in item:
        return {**content, "subItem": _answer_items(item["subItem"], filler)}
    return {**content, **ANSWER_BY_ITEM_TYPE[item["type"]](item, filler)}


def _text_answer(item: Json, filler: FormFiller) -> Json:
    client = filler.client
    value_by_binding = {
        "crm-last-name": client.last_name,
        "crm-first-name": client.first_name,
        "crm-email": client.email,
        "crm-phone": client.phone,
    }
    return {"value": value_by_binding[item["bind"]]}


def _multiple_choice_answer(item: Json, filler: FormFiller) -> Json:
    """Two or more of the choices, each with one of its subchoices."""
    indexes = sorted(filler.rng.sample(range(len(item["values"])), 2 + filler.rng.randrange(2)))
    return {"value": None, "values": [_pick_subchoice(item["values"][n], filler) for n in indexes]}


def _single_choice_answer(item: Json, filler: FormFiller) -> Json:
    option = filler.rng.choice(item["values"])
    return {"value": option["value"], "values": [option]}


def _pick_subchoice(option: Json, filler: FormFiller) -> Json:
    subchoices = option.get("values")
    return {**option, "values": [filler.rng.choice(subchoices)]} if subchoices else option


def _free_text_answer(item: Json, filler: FormFiller) -> Json:
    """A free text, or null: not every client writes one."""
    return {"value": filler.rng.choice((*APPOINTMENT_NOTES, None))}


def _date_answer(item: Json, filler: FormFiller) -> Json:
    day = filler.at - timedelta(days=filler.rng.randrange(1, 300))
    return {
        "value": f"{day:%d/%m/%Y}",
        "zonedDateTime": zoned_date_time(day.replace(hour=9, minute=0)),
    }


def _file_answer(item: Json, filler: FormFiller) -> Json:
    address = f"https://files.example.com/{filler.rng.getrandbits(48):012x}"
    return {"value": address, "fileName": "compte-rendu été.pdf"}


ANSWER_BY_ITEM_TYPE: Mapping[str, Callable[[Json, FormFiller], Json]] = {
    "input": _text_answer,
    "email": _text_answer,
    "phone": _text_answer,
    "checkbox": _multiple_choice_answer,
    "radio": _single_choice_answer,
    "select": _single_choice_answer,
    "textarea": _free_text_answer,
    "date": _date_answer,
    "file": _file_answer,
    "number": lambda item, filler: {"value": filler.rng.randrange(1, 9)},
    "scalerating": lambda item, filler: {"value": str(filler.rng.randrange(1, 6))},
}
"""Functions by the type of item. The answer to a number is a number, all others are text."""


def item(id_: str, kind: str, title: str, **more: object) -> Json:
    return {"id": id_, "type": kind, "title": title, **more}


def choice(name: str, *subchoices: Json) -> Json:
    content: Json = {"id": f"c-{name.lower()}", "name": name, "value": name.lower()}
    return {**content, "values": list(subchoices)} if subchoices else content


CONTACT_ITEMS = [
    item("1", "input", "Last name", bind="crm-last-name", mandatory=True, visible=True),
    item("2", "input", "First name", bind="crm-first-name", mandatory=True, visible=True),
    item("3", "email", "E-mail", bind="crm-email", placeholder="you@example.com"),
    item("4", "phone", "Téléphone", bind="crm-phone", mandatory=False),
]

INTAKE = [
    item("10", "section", "About you", subItem=CONTACT_ITEMS, bindGroup="crm"),
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
    item("52", "section", "Who are you?", subItem=CONTACT_ITEMS, visible=False),
]

ITEMS_BY_FORM_NUMBER: Mapping[int, list[Json]] = dict(
    zip(count(1), (INTAKE, PREFERENCES, SATISFACTION))
)
"""Items by the number at the end of the form's id."""


ROUTE_BY_FORM_NUMBER: Mapping[int, Json] = {
    1: {"type": "message", "title": "Thank you", "message": "<p>Merci&nbsp;!</p>"},
    2: {"type": "link", "link": "https://pages.example.com/merci", "title": "Read on"},
}


def form_json(one: Form) -> Json:
    """A form. The second of an account has a number as its id, and no title."""
    n = sequence_number(one.id)
    return {
        "id": json_id(one.id, as_number=n == 2),
        "name": one.name,
        "title": None if n == 2 else f"{one.name}: five minutes of your time",
        "submitMessage": "<p>Merci&nbsp;!</p>",
        "fields": ITEMS_BY_FORM_NUMBER[n],
        "followUp": n == 1,
        "emailNotifications": True,
        "emailNotificationsAddresses": ["office@example.com"],
        "clientEmailNotifications": False,
        "finalizeLater": n == 3,
        "useAccountConsent": True,
        "picture": None if n == 3 else picture("forms", one.id),
    }


def form_result_json(one: FormResult, client: Client) -> Json:
    """A form result. Form and client are bare ids, some of them numbers; the date is plain text."""
    n = sequence_number(one.id)
    content: Json = {
        "id": json_id(one.id, as_number=n % 5 == 4),
        "form": json_id(one.form.id, as_number=n % 4 == 2),
        "client": json_id(one.client_id, as_number=n % 3 == 0),
        "ipAddress": f"203.0.113.{n}" if n % 2 else f"2001:db8::{n}",
        "date": one.date.isoformat(" ")[:19],
        "currentStatus": one.status,
        "result": form_answers(one, client),
    }
    if route := ROUTE_BY_FORM_NUMBER.get(sequence_number(one.form.id)):
        content["route"] = route
    return content

"""A form filled in: its items again, each with what was answered, from the result's id."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from gateway.sandbox.shown.form_items import CONTACT, FIELDS
from gateway.sandbox.shown.parts import number
from gateway.sandbox.world.entities import Client, FormResult, Json
from gateway.sandbox.world.moments import zoned
from gateway.sandbox.world.texts import APPOINTMENT_NOTES

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

"""What the forms ask: items, sections of items, and choices of choices, to any depth."""

from collections.abc import Mapping
from itertools import count

from gateway.sandbox.world.entities import Json


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

"""A service of a company, as the scheduling API sends it."""

from collections.abc import Iterable

from gateway.sandbox.fixtures.catalogue import Service, Staff
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.representations.parts import (
    color,
    json_id,
    picture,
    sequence_number,
    without_nulls,
)


def service_json(one: Service, staff: Iterable[Staff]) -> Json:
    """A service. The third of a company has a number as its id; the fourth is free of charge."""
    n = sequence_number(one.id) % 10
    content: Json = {
        "id": json_id(one.id, as_number=n == 3),
        "name": one.name,
        "capacity": 1,
        "duration": one.minutes,
        "bufferDuration": 0 if n == 4 else 5,
        "preparationDuration": None,
        "price": one.price if one.price % 1 else int(one.price),
        "payable": one.price > 0,
        "color": color(one.id),
        "description": None if n == 3 else f"<p>{one.minutes} minutes, sur rendez-vous.</p>",
        "picture": None if n == 3 else picture("services", one.id),
        "staff": [
            {"id": member.id, "firstName": member.first_name, "lastName": member.last_name}
            for member in staff
        ],
        "resource": [],
        "i18n": {"en": {"name": one.name, "description": None}},
        "availability": "all",
        "allowBookingIteration": False,
        "externalId": f"SERV-{one.id}",
        "locations": ["online" if n == 4 else "company"],
        "waitingList": n == 2,
        "extendedProperties": {"private": {}, "public": {}},
    }
    return without_nulls(content) if n == 3 else content

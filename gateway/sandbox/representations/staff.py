"""A member of a company's staff, as the scheduling API sends them."""

from collections.abc import Iterable

from gateway.sandbox.fixtures.catalogue import Company, Service, Staff
from gateway.sandbox.fixtures.clock import REFERENCE_TIME, zoned_date_time
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.representations.parts import (
    WORKING_HOURS,
    color,
    json_id,
    picture,
    sequence_number,
    without_nulls,
)

TITLES = ("mr", "mrs", "dr")
ROLES = ("administrator", "scheduler", "reader", "none")


def staff_json(one: Staff, company: Company, services: Iterable[Service]) -> Json:
    """A member of staff. Some have a number as id; the fourth omits null keys, the third has no picture."""
    n = sequence_number(one.id)
    content: Json = {
        "id": json_id(one.id, as_number=n % 3 == 2),
        "firstName": one.first_name,
        "lastName": one.last_name,
        "gender": "female" if n % 2 else "male",
        "title": TITLES[n % len(TITLES)],
        "email": one.email,
        "phone": f"+336000{one.id}",
        "otherPhone": None if n % 2 else f"+331000{one.id}",
        "color": color(one.id),
        "description": None if n == 4 else f"<p>Reçoit le {'matin' if n % 2 else 'soir'}.</p>",
        "picture": None if n in (3, 4) else picture("staff", one.id),
        "workingHours": WORKING_HOURS,
        "services": [
            {"id": service.id, "name": service.name, "price": f"{service.price:.2f}"}
            for service in services
        ],
        "vacations": [],
        "availableForWidget": n != 5,
        "role": ROLES[n % len(ROLES)],
        "updated": zoned_date_time(REFERENCE_TIME.astimezone(company.time_zone)),
        "externalId": None if n == 4 else f"EMP-{one.id}",
        "additionalFields": [
            {"id": "1", "type": "input", "name": "Languages", "values": [{"value": "fr"}]}
        ],
    }
    return without_nulls(content) if n == 4 else content

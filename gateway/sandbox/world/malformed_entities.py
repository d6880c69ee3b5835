"""What the malformed timeline points at: a company of its own, so that the others stay clean."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from gateway.sandbox.world.catalogue import Catalogue, Company, Service, Staff, User
from gateway.sandbox.world.entities import Json, Note
from gateway.sandbox.world.malformed import APPOINTMENT, CLIENT_ID, NOON, NOTE
from gateway.sandbox.world.moments import PARIS

COMPANY = Company("199", "Atelier Brisé", PARIS)
STAFF = (
    Staff("19901", COMPANY.id, "Léa", "Ito", "lea.ito@example.com"),
    Staff("19902", COMPANY.id, "Hugo", "Garçon", "hugo.garcon@example.com"),
)
SERVICE = Service("19951", COMPANY.id, "First consultation", 45, 60.0)
WRITER = User("lea.ito@example.com", "Léa", "Ito")

MALFORMED_STAFF: Mapping[str, tuple[Json, ...]] = {
    COMPANY.id: ({"firstName": "Nobody", "lastName": "Noone", "email": "nobody@example.com"},)
}
"""By company: who has no id, among those who have one."""

MALFORMED_APPOINTMENTS: Mapping[str, tuple[tuple[str, Json], ...]] = {
    "1": (
        (
            COMPANY.id,
            {
                "id": APPOINTMENT["id"],
                "reference": f"RDV-{CLIENT_ID}-1",
                "company": {"id": COMPANY.id, "name": COMPANY.name},
                "client": {"id": CLIENT_ID},
                "service": {"id": SERVICE.id, "name": SERVICE.name},
                "staff": {"id": "19901", "firstName": "Léa", "lastName": "Ito"},
                "start": [NOON, NOON],
                "end": NOON,
                "status": "accepted",
                "price": {"amount": "sixty", "currency": "EUR"},
                "history": {"text": "Booked"},
            },
        ),
    )
}
"""By account, beside their company: the start, the price and the history cannot be read."""


def healthy_note() -> Note:
    """Not all that the timeline points at is malformed."""
    noon = datetime.fromisoformat(NOON["dateTime"]).replace(tzinfo=PARIS)
    return Note(NOTE["id"], CLIENT_ID, NOTE["body"], noon, WRITER)


def with_malformed(owned: Catalogue) -> Catalogue:
    """The catalogue with the company that belongs to the malformed timeline."""
    return replace(
        owned,
        companies={**owned.companies, COMPANY.id: COMPANY},
        staff={**owned.staff, **{one.id: one for one in STAFF}},
        services={**owned.services, SERVICE.id: SERVICE},
    )

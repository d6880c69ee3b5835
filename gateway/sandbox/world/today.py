"""What became of the people and the things since the activities were recorded.

Snapshots keep the old names, and name who is no longer there; entities show how things are today.
"""

from collections.abc import Mapping
from dataclasses import replace

from gateway.sandbox.world.catalogue import Catalogue
from gateway.sandbox.world.entities import Json

RENAMED_STAFF = {"10105": "Fontaine", "10203": "Marchetti"}
"""Their last names today; their addresses are the old ones."""

DELETED_STAFF = frozenset({"10103"})

RENAMED_SERVICES = {"10152": "Bilan de santé complet"}

DELETED_COMPANIES: Mapping[str, tuple[Json, ...]] = {
    "1": ({"id": "100", "name": "Cabinet Lumière", "deleted": True},)
}
"""By account. The list of companies still shows them; nothing else knows them."""


def today(owned: Catalogue) -> Catalogue:
    return replace(
        owned,
        staff={
            id_: replace(one, last_name=RENAMED_STAFF.get(id_, one.last_name))
            for id_, one in owned.staff.items()
            if id_ not in DELETED_STAFF
        },
        services={
            id_: replace(one, name=RENAMED_SERVICES.get(id_, one.name))
            for id_, one in owned.services.items()
        },
    )

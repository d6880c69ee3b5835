"""The human codes of appointments, such as `RDV-1100-4`: as good as an id in a path."""

import re

from gateway.sandbox.world.story import PREFIXES

_REFERENCE = re.compile(r"RDV-(\d+)-(\d{1,6})", re.ASCII)


def reference(appointment_id: str) -> str:
    return f"RDV-{appointment_id[2:-6]}-{int(appointment_id[-6:])}"


def appointment_id(name: str) -> str:
    """Of a reference; an id is its own."""
    found = _REFERENCE.fullmatch(name)
    return f"{PREFIXES['appointment']}{found[1]}{int(found[2]):06d}" if found else name

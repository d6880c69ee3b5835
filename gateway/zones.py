"""Time zones by their names, from the package `tzdata`, whatever else the machine knows of them.

By itself, `zoneinfo` reads the machine's files first: these may be older than the package, and have
names that no other machine knows, such as `localtime`. What it reads and keeps is the process's
business and stays as it is.
"""

from importlib import resources
from zoneinfo import ZoneInfo

_PACKAGE = resources.files("tzdata")
_NAMES = frozenset(_PACKAGE.joinpath("zones").read_text(encoding="utf-8").split())
"""Some six hundred. Nothing else is ever part of a path, or kept."""

_loaded: dict[str, ZoneInfo] = {}


def zone_by_name(name: str) -> ZoneInfo | None:
    """The zone that a name of the IANA database stands for, read once; None for any other text."""
    zone = _loaded.get(name)
    if zone is None and name in _NAMES:
        with _PACKAGE.joinpath("zoneinfo", name).open("rb") as file:
            zone = _loaded[name] = ZoneInfo.from_file(file, key=name)
    return zone

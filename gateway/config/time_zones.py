"""Time zones by name, from the package `tzdata`, whatever zones the machine has.

By default, `zoneinfo` reads the machine's files first: these may be older than the package, and have
names that no other machine has, such as `localtime`. Its search path and its cache are global to the
process, and are left alone.

Other systems have other names: Java and Windows their own, tzdata has removed some, and an offset may
stand for a zone. Each is accepted where it means one zone, whatever its source.
"""

import re
from collections.abc import Mapping
from datetime import timedelta, timezone, tzinfo
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

_PACKAGE = resources.files("tzdata")
NAMES = frozenset(_PACKAGE.joinpath("zones").read_text(encoding="utf-8").split()) - {"Factory"}
"""The IANA names in tzdata without `Factory`; only these are used as paths or cached."""

_JAVA_SHORT_IDS = {
    "AET": "Australia/Sydney",
    "AGT": "America/Argentina/Buenos_Aires",
    "BET": "America/Sao_Paulo",
    "CAT": "Africa/Harare",
    "CNT": "America/St_Johns",
    "CTT": "Asia/Shanghai",
    "EAT": "Africa/Addis_Ababa",
    "IET": "America/Indiana/Indianapolis",
    "JST": "Asia/Tokyo",
    "NET": "Asia/Yerevan",
    "PLT": "Asia/Karachi",
    "PNT": "America/Phoenix",
    "PRT": "America/Puerto_Rico",
    "PST": "America/Los_Angeles",
    "VST": "Asia/Ho_Chi_Minh",
}
"""Java's short ids (`ZoneId.SHORT_IDS`), without those that tzdata has as names, such as EST.

Also without those that mean another zone elsewhere: ACT, ART, AST, BST, CST, ECT, IST, MIT, NST and SST.
"""

_REMOVED_NAMES = {
    "Canada/East-Saskatchewan": "America/Regina",
    "US/Pacific-New": "America/Los_Angeles",
    **{
        f"SystemV/{name}": zone
        for name, zone in {
            "AST4": "Etc/GMT+4",
            "CST6": "Etc/GMT+6",
            "EST5": "Etc/GMT+5",
            "HST10": "Etc/GMT+10",
            "MST7": "Etc/GMT+7",
            "PST8": "Etc/GMT+8",
            "YST9": "Etc/GMT+9",
        }.items()
    },
}
"""Names that tzdata had until 2017 or 2020, some of which Java kept for longer, and their meanings.

Without those that had rules of their own, such as `SystemV/EST5EDT`.
"""

_OFFSET = re.compile(r"[+-](?:[0-9]{1,2}(?::[0-9]{2})?|[0-9]{4})")
_MAX_OFFSET_MINUTES = 18 * 60
"""The maximum of Java. No zone was ever further from UTC than 16 hours."""
_MAX_NAME_LENGTH = 64

_zone_cache: dict[str, ZoneInfo] = {}


def zone_by_name(name: str) -> ZoneInfo | None:
    """The zone of a name of the IANA database, cached; None for any other text."""
    zone = _zone_cache.get(name)
    if zone is None and name in NAMES:
        with _PACKAGE.joinpath("zoneinfo", name).open("rb") as file:
            zone = _zone_cache[name] = ZoneInfo.from_file(file, key=name)
    return zone


def zone_by_alias(name: str) -> tzinfo | None:
    """The zone of an alias: a text with one clear meaning that is no name of the IANA database.

    An offset from UTC with or without `UTC`, `GMT` or `UT` before it, then a name of Java, of Windows or one
    that tzdata has removed. Case and blanks are ignored, since no two names differ by these alone. None for
    a text that may mean several zones, such as `IST`, or means none.
    """
    if len(name) > _MAX_NAME_LENGTH or not name.isascii():
        return None
    key = _alias_key(name)
    offset = parse_offset(re.sub(r"^(?:utc|gmt|ut)_?(?=[+-])", "", key))
    if offset is not None:
        return timezone(offset)
    zone_name = _name_by_alias().get(key)
    return None if zone_name is None else zone_by_name(zone_name)


def parse_offset(text: str) -> timedelta | None:
    """The offset from UTC in a text: `Z`, `+02:00`, `+0200`, `+02` or `+2`, at most 18 hours; else None."""
    if text in {"Z", "z"}:
        return timedelta(0)
    if not _OFFSET.fullmatch(text):
        return None
    digits = text[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    total = int(hours) * 60 + int(minutes)
    if int(minutes) >= 60 or total > _MAX_OFFSET_MINUTES:
        return None
    return timedelta(minutes=-total if text[0] == "-" else total)


@cache
def _name_by_alias() -> Mapping[str, str]:
    """Names of the IANA database by alias, each alias in the form of `_alias_key`."""
    aliases = {**win_tz, **_REMOVED_NAMES, **_JAVA_SHORT_IDS, "UT": "UTC"}
    return {
        **{_alias_key(name): zone for name, zone in aliases.items()},
        **{_alias_key(name): name for name in NAMES},
    }


def _alias_key(name: str) -> str:
    return name.strip().lower().replace(" ", "_")

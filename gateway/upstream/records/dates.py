"""Date-times in other forms than the contract's: converted to its form where they have one meaning.

The contract's form is RFC 3339 without an offset: docs/rest-mapping.md lists the other forms that are read.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from msgspec import UNSET, ValidationError, convert, structs

from gateway.config.time_zones import parse_offset, zone_by_alias
from gateway.upstream.records.field_types import EmptyObject
from gateway.upstream.surprises import (
    ODD_DATE,
    ODD_TIME_ZONE,
    OFFSET_DIFFERS,
    UNKNOWN_TIME_ZONE,
    report_surprise,
)

_DATE_TIME = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]"
    r"(?P<minute>[0-9]{2}:[0-9]{2})(?:(?P<second>:[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"(?: ?(?P<offset>[Zz]|[+-][0-9:]{1,5}))?"
)
_MAX_LENGTH = 100
LENGTH_TO_DAY = len("2026-03-01")
"""The characters of a date-time up to its day."""

LENGTH_TO_SECONDS = len("2026-03-01T09:00:00")
"""The characters of a local date-time without a fraction of a second."""


def normalise(date: Any) -> None:
    """Convert the date-time of a new record to its canonical form, and each part to the field where it belongs.

    Args:
        date: A `ZonedDateTime`, or the decoded part of one.

    Raises:
        ValueError: The date-time is invalid: `EmptyObject` where there is none.
    """
    sent: object = date.date_time or date.with_offset
    if not isinstance(sent, str):
        raise ValueError("not a text")  # noqa: TRY004 - what a record's check raises
    if not sent:
        raise EmptyObject
    text, is_zone_moved = canonical_form(sent), _move_lower_case_zone(date)
    zone = date.time_zone
    if not has_offset(text):
        if text != date.date_time or is_zone_moved:
            report_surprise(ODD_DATE, sent, zone)
        structs.force_setattr(date, "date_time", text)
        structs.force_setattr(date, "with_offset", "")
        return
    report_surprise(ODD_DATE, sent, zone)
    if isinstance(zone, str) and _offset_differs(text, zone):
        report_surprise(OFFSET_DIFFERS, sent, zone)
    structs.force_setattr(date, "date_time", "")
    structs.force_setattr(date, "with_offset", text)


def _move_lower_case_zone(date: Any) -> bool:
    """Move the time zone from the key `timezone` to the declared one; false where that has a zone already."""
    zone: object = date.lower_case_zone
    structs.force_setattr(date, "lower_case_zone", None)
    if zone in {None, "", UNSET} or date.time_zone not in {None, ""}:
        return False
    structs.force_setattr(date, "time_zone", zone)
    return True


def report_nonstandard_zone(date: Any) -> None:
    """Report the zone of a date that has no name of the IANA database, if it has any name."""
    zone: object = date.time_zone
    if zone == "":
        return
    is_known = isinstance(zone, str) and zone_by_alias(zone) is not None
    surprise = ODD_TIME_ZONE if is_known else UNKNOWN_TIME_ZONE
    report_surprise(surprise, str(zone), date.date_time or date.with_offset)


def canonical_form(sent: str) -> str:
    """A date-time as `2026-03-01T09:00:00`, with all of a fraction, and `+02:00` where an offset was sent.

    A date-time in that form is unchanged. `24:00` is midnight of the next day.

    Raises:
        ValueError: The form is unknown, or there is no such date or time.
    """
    parts = _DATE_TIME.fullmatch(sent) if len(sent) <= _MAX_LENGTH else None
    if parts is None:
        raise ValueError("not a date-time")
    day, minute, second = parts["day"], parts["minute"], parts["second"] or ":00"
    fraction = "" if parts["fraction"] is None else f".{parts['fraction']}"
    if minute + second == "24:00:00" and not fraction.strip(".0"):
        day, minute = _next_day(day), "00:00"
    local = f"{day}T{minute}{second}{fraction}"
    datetime.fromisoformat(local)  # refuses 30 February
    return local + _canonical_offset(parts["offset"])


def local_times(texts: Sequence[str]) -> list[datetime] | None:
    """The local times of date-times in the contract's form, to the second; None where one has another form."""
    try:
        times = convert(texts, list[datetime])  # refuses 30 February, and whatever is shorter
    except ValidationError:
        return None
    # Each has at least the length to the second, so each has just this length where all together do.
    joined = "".join(texts)
    separators = joined[LENGTH_TO_DAY::LENGTH_TO_SECONDS]
    is_standard = len(joined) == LENGTH_TO_SECONDS * len(texts) and separators == "T" * len(texts)
    return times if is_standard else None


def without_offset(text: str) -> str:
    """A date-time as `canonical_form` with an offset, with the offset removed."""
    return text[:-6]


def has_offset(text: str) -> bool:
    """Whether a date-time as `canonical_form` has an offset."""
    return text[-6] in "+-"


def in_zone(text: str, zone: tzinfo) -> str:
    """A date-time as `canonical_form` with an offset, as the local date-time of a zone.

    Outside years 1 to 9999, the date-time is as sent, without the offset.
    """
    local = without_offset(text)
    try:
        at = datetime.fromisoformat(text).astimezone(zone)
    except OverflowError:
        return local
    return at.replace(tzinfo=None).isoformat(timespec="seconds") + local[LENGTH_TO_SECONDS:]


def _offset_differs(text: str, zone_name: str) -> bool:
    """Whether a date-time as `canonical_form` has another offset than its zone; false for an unknown zone."""
    zone = zone_by_alias(zone_name)
    return zone is not None and in_zone(text, zone) != without_offset(text)


def _next_day(day: str) -> str:
    try:
        return (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()
    except OverflowError:
        raise ValueError("after year 9999") from None


def _canonical_offset(sent: str | None) -> str:
    if sent is None:
        return ""
    offset = parse_offset(sent)
    if offset is None:
        raise ValueError("not an offset")
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"

"""Local times and their zones, as the upstream writes them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")

REFERENCE = datetime(2026, 2, 1, 12, tzinfo=UTC)
"""Today, in the made-up world: no clock is read, so the same seed gives the same bytes for ever."""

HAPPENS_TWICE = datetime(2025, 10, 26, 2, 30, tzinfo=PARIS)
"""Summer time ends that night: 02:30 comes, and half an hour later 02:00 comes again."""

NEVER_HAPPENS = datetime(2025, 3, 30, 2, 30, tzinfo=PARIS)
"""Summer time begins that night: 01:59 is followed by 03:00."""


def zoned(moment: datetime) -> dict[str, str]:
    """The local time without an offset, beside the name of its zone."""
    zone = moment.tzinfo
    assert isinstance(zone, ZoneInfo)
    return {"dateTime": moment.isoformat()[:19], "timeZone": zone.key}


def instant(moment: datetime) -> float:
    """What can be known from the written form: a time that happens twice is read as the first."""
    return moment.replace(fold=0).timestamp()

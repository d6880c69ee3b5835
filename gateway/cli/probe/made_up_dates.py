"""Made-up dates: other days in the same order, each in the form and the time zone of the date that it replaces."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from random import Random
from typing import Any, NamedTuple, Self

from gateway.config.time_zones import parse_offset, zone_by_alias, zone_by_name

_DATE = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?P<separator>[Tt ])(?P<minute>[0-9]{2}:[0-9]{2})"
    r"(?P<second>:[0-9]{2})?(?P<fraction>[.,][0-9]+)?(?P<offset> ?(?:[Zz]|[+-][0-9:]{1,5}))?"
)
_DATE_KEYS = ("dateTime", "datetime")
_ZONE_KEYS = ("timeZone", "timezone")
_FIRST = datetime(2002, 3, 4, 12, tzinfo=UTC)
_END_OF_DAY = "24:00"
_MILLISECONDS_END = 4
"""The length of a fraction of a second to three digits, with its point."""

_DISTANCE = timedelta(days=3)
"""Between two dates, so that their order is the same in all time zones."""


def is_date(text: str) -> bool:
    """Whether a text has the form of a date and a time, perhaps with an offset that there is."""
    parts = _DATE.fullmatch(text)
    if parts is None:
        return False
    return not parts["offset"] or parse_offset(parts["offset"].strip()) is not None


class SentDate(NamedTuple):
    """A date as it was sent, with the name of its time zone."""

    text: str
    zone: str

    @classmethod
    def of(cls, sent: Mapping[str, Any]) -> Self | None:
        """The date of an object that has one."""
        texts = [sent[key] for key in _DATE_KEYS if isinstance(sent.get(key), str) and sent[key]]
        zones = [sent[key] for key in _ZONE_KEYS if isinstance(sent.get(key), str)]
        if not texts or not is_date(texts[0]):
            return None
        return cls(texts[0], zones[0] if zones else "")

    @property
    def instant(self) -> datetime | None:
        """The instant, to the second; in UTC where the zone is unknown. None where there is no such date."""
        parts = _DATE.fullmatch(self.text)
        assert parts is not None
        is_end_of_day = parts["minute"] == _END_OF_DAY
        minute = "00:00" if is_end_of_day else parts["minute"]
        try:
            local = datetime.fromisoformat(f"{parts['day']}T{minute}{parts['second'] or ':00'}")
            local += timedelta(days=is_end_of_day)
            return local.replace(tzinfo=self._offset_or_zone).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    @property
    def _offset_or_zone(self) -> tzinfo:
        parts = _DATE.fullmatch(self.text)
        assert parts is not None
        offset = parse_offset(parts["offset"].strip()) if parts["offset"] else None
        if offset is not None:
            return timezone(offset)
        return zone_by_name(self.zone) or zone_by_alias(self.zone) or UTC

    def move(self, instant: datetime) -> str:
        """The date in the same form at another instant, of which the minute counts.

        Of a fraction of a second, the milliseconds are kept, for the order of dates: the rest could be anything.
        """
        parts = _DATE.fullmatch(self.text)
        assert parts is not None
        local = instant.astimezone(self._offset_or_zone)
        minute = _END_OF_DAY if parts["minute"] == _END_OF_DAY else f"{local:%H:%M}"
        fraction = parts["fraction"] or ""
        milliseconds = fraction[:_MILLISECONDS_END].ljust(len(fraction), "0")
        return (
            f"{local:%Y-%m-%d}{parts['separator']}{minute}"
            f"{parts['second'] or ''}{milliseconds}{parts['offset'] or ''}"
        )


class MadeUpDates:
    """The made-up dates of one recording."""

    def __init__(self, bodies: Iterable[Any], random: Random) -> None:
        """Choose the dates for all that occur in bodies, which are JSON."""
        sent = {date for body in bodies for date in _dates(body)}
        instants = sorted({date.instant for date in sent if date.instant is not None})
        begin = _FIRST + timedelta(weeks=random.randint(0, 300))
        made_up = {
            instant: begin + index * _DISTANCE + timedelta(minutes=random.randint(-59, 59))
            for index, instant in enumerate(instants)
        }
        self._text_by_date = {
            date: date.move(made_up[date.instant]) for date in sent if date.instant is not None
        }

    def find(self, date: SentDate) -> str | None:
        """The made-up text for a date; None where there is no such date in the calendar."""
        return self._text_by_date.get(date)


def _dates(sent: Any) -> Iterator[SentDate]:
    if isinstance(sent, dict):
        if date := SentDate.of(sent):
            yield date
        for key, value in sent.items():
            if isinstance(value, str) and key not in _DATE_KEYS and is_date(value):
                yield SentDate(value, "")
            yield from _dates(value)
    elif isinstance(sent, list):
        for each in sent:
            yield from _dates(each)

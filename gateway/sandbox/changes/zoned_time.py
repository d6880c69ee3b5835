"""A local time and its zone, as callers of the admin API send them."""

from datetime import UTC, datetime, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from gateway.sandbox.fixtures.clock import instant

LocalDateTime = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")]


class ZonedTime(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A local time without an offset, and the name of its zone, which some of the upstream's JSON lacks."""

    date_time: LocalDateTime
    time_zone: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError, with the key, where the local time or the zone does not exist."""
        try:
            self._zone()
        except (ValueError, LookupError, OSError):
            raise ValueError("`timeZone` is not the name of a time zone") from None
        try:
            self.instant()
        except (ValueError, OverflowError):
            raise ValueError("`dateTime` is not a date and a time of day") from None

    def instant(self) -> float:
        """Seconds since 1970; a time without a zone is one in UTC."""
        return instant(datetime.fromisoformat(self.date_time).replace(tzinfo=self._zone()))

    def _zone(self) -> tzinfo:
        return UTC if self.time_zone is None else ZoneInfo(self.time_zone)

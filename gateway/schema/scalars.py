"""Scalars and value types: values without an identity of their own."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NewType

import msgspec
import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from gateway.config.time_zones import zone_by_alias, zone_by_name
from gateway.errors import InvalidUpstreamResponse
from gateway.schema.context import Context
from gateway.schema.enums import AppointmentStatus
from gateway.schema.resolvers import (
    UNEXPECTED_TYPE_MESSAGE,
    computed_field,
    is_readable,
    is_type_of_records,
    text_attribute,
)
from gateway.upstream.records import activities, dates

DateTime = NewType("DateTime", datetime)
"""An instant in UTC, in Python without an offset: no instant here is in another zone."""

LocalDateTime = NewType("LocalDateTime", str)
TimeZone = NewType("TimeZone", str)
URL = NewType("URL", str)
JSON = NewType("JSON", msgspec.Raw)

_NO_OFFSET = timedelta(0)
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def to_utc(zoned: activities.ZonedDateTime, default_zone: str | None) -> datetime | None:
    """The instant of a date-time, by its zone or its offset, in UTC, without an offset.

    None where the date-time has no offset and its zone is missing or unknown, or the instant lies outside of
    years 1 to 9999. For a local time that occurs twice or never, the offset before the change applies.
    """
    try:
        if not (text := zoned.date_time):  # the date-time has an offset
            return zoned.local.astimezone(UTC).replace(tzinfo=None)
        if (zone := _zone(zoned, default_zone)) is None:
            return None
        local = datetime.fromisoformat(text)
        return local - (zone.utcoffset(local) or _NO_OFFSET)
    except OverflowError:
        return None


def local_date_time(zoned: activities.ZonedDateTime, default_zone: str | None) -> str:
    """The local date-time: in its zone, where an offset was sent and the zone is known; otherwise as sent."""
    if zoned.date_time:
        return zoned.date_time
    zone = _zone(zoned, default_zone)
    raw = zoned.with_offset
    return dates.without_offset(raw) if zone is None else dates.in_zone(raw, zone)


def _zone(zoned: activities.ZonedDateTime, default: str | None) -> tzinfo | None:
    raw: object = zoned.time_zone
    name = default if raw in {None, ""} else raw
    if not isinstance(name, str):
        return None
    return zone_by_name(name) or zone_by_alias(name)


def _serialize_date_time(value: datetime) -> str:
    if value.microsecond == 0:  # nearly always, and in half the time
        return value.isoformat() + ".000Z"
    return value.isoformat(timespec="milliseconds") + "Z"


def _parse_date_time(value: object) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise GraphQLError(
            "A DateTime is an RFC 3339 date-time with an offset, such as 2026-03-29T09:00:00+02:00."
        )
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise GraphQLError("Invalid date-time.") from None


def _reject_input(value: object) -> object:
    raise GraphQLError("This scalar cannot be used as input.")


SCALARS: dict[object, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant: an RFC 3339 date-time with an offset. Answers are in UTC with "
            "milliseconds, such as `2026-03-29T07:00:00.000Z`; arguments may have any offset."
        ),
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=_serialize_date_time,
        parse_value=_parse_date_time,
    ),
    LocalDateTime: strawberry.scalar(
        name="LocalDateTime",
        description=(
            "What a clock on the wall shows: an RFC 3339 date-time without an offset, such as "
            "`2026-03-29T09:00:00`."
        ),
        serialize=str,
        parse_value=_reject_input,
    ),
    TimeZone: strawberry.scalar(
        name="TimeZone",
        description="The name of a time zone, such as `Europe/Paris` or `US/Eastern`, as sent.",
        serialize=str,
        parse_value=_reject_input,
    ),
    URL: strawberry.scalar(
        name="URL",
        description="An address, as sent. Nothing has checked where it leads.",
        serialize=str,
        parse_value=_reject_input,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value, as sent.",
        serialize=lambda raw: raw,
        parse_value=_reject_input,
    ),
}


def _local(zoned: activities.ZonedDateTime, context: Context) -> str:
    return local_date_time(zoned, context.settings.default_time_zone)


def _instant(zoned: activities.ZonedDateTime, context: Context) -> datetime | None:
    if zoned.date_time and not is_readable(zoned.time_zone):  # the instant depends on the zone
        raise InvalidUpstreamResponse(UNEXPECTED_TYPE_MESSAGE)
    return to_utc(zoned, context.settings.default_time_zone)


def _time_zone(zoned: activities.ZonedDateTime, context: Context) -> str | None:
    return text_attribute(zoned, "time_zone") or context.settings.default_time_zone


def _is_ambiguous(zoned: activities.ZonedDateTime, context: Context) -> bool:
    zone = _zone(zoned, context.settings.default_time_zone)
    local = datetime.fromisoformat(_local(zoned, context)).replace(tzinfo=zone)
    return local.utcoffset() != local.replace(fold=1).utcoffset()


_DATE_TIME_ATTRIBUTES = ("date_time", "with_offset", "time_zone")


@strawberry.type(
    description="A local date-time, its time zone, and the instant that the two mean together."
)
class ZonedDateTime:
    is_type_of = is_type_of_records(activities.ZonedDateTime)

    date_time: str = computed_field(
        _local,
        LocalDateTime,
        depends_on=_DATE_TIME_ATTRIBUTES,
        fast_path_attribute="date_time",
        description=(
            "The local date-time. Show this to people in that zone. It is as recorded, but always "
            "with a `T`, with seconds and without an offset: where one was recorded, this is the "
            "local time in `timeZone`, or what stood before the offset where the zone is missing "
            "or unknown. `24:00` of a day is midnight of the next."
        ),
    )
    time_zone: str | None = computed_field(
        _time_zone,
        TimeZone | None,
        depends_on=("time_zone",),
        fast_path_attribute="time_zone",
        description=(
            "The zone that the local date-time is meant in, as sent, also where its name is "
            "unknown here. Where none was sent, the gateway's default zone, if it has one."
        ),
    )
    instant: datetime | None = computed_field(
        _instant,
        DateTime | None,
        depends_on=("local", *_DATE_TIME_ATTRIBUTES),
        description=(
            "The instant in UTC. Sort and compare by this. Where the date-time was recorded with "
            "an offset, that decides it, whatever the zone; else it is null where the zone is "
            "missing or unknown."
        ),
    )
    is_ambiguous: bool = computed_field(
        _is_ambiguous,
        bool,
        depends_on=_DATE_TIME_ATTRIBUTES,
        description=(
            "Whether the local date-time happens twice or never in its zone, because clocks "
            "change there. `instant` is then read with the offset in force before the change, "
            "unless the date-time was recorded with an offset. False where the zone is missing or "
            "unknown."
        ),
    )


@strawberry.type(description="A text before or after a change.")
class TextValue:
    text: str = strawberry.field(description="The text.")


@strawberry.type(description="A status before or after a change.")
class AppointmentStatusValue:
    status: AppointmentStatus = strawberry.field(description="The status.")


@strawberry.type(description="An amount of money.")
class Money:
    amount: float | None = strawberry.field(description="How much, in the currency's main unit.")
    currency: str | None = strawberry.field(description="The currency, such as `EUR`.")


@strawberry.type(description="A postal address.")
class Address:
    street: str | None = strawberry.field(description="The street and number.")
    other_street: str | None = strawberry.field(description="More of the street.")
    zip_code: str | None = strawberry.field(description="The postal code.")
    state: str | None = strawberry.field(description="The state or region.")
    city: str | None = strawberry.field(description="The city.")
    country: str | None = strawberry.field(description="The country.")

"""Scalars and value types: values without an identity of their own."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Annotated, Any, NewType

import msgspec
import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from gateway.config.time_zones import zone_by_alias, zone_by_name
from gateway.errors import InvalidUpstreamResponse
from gateway.schema.context import Context
from gateway.schema.enums import AppointmentStatus, RegistrationStatus
from gateway.schema.local_dates import local_date
from gateway.schema.resolvers import (
    UNEXPECTED_TYPE_MESSAGE,
    computed_field,
    is_readable,
    is_type_of_records,
    text_attribute,
)
from gateway.upstream.records import activities, dates
from gateway.upstream.records.activities import Unreadable

DateTime = NewType("DateTime", datetime)
"""An instant in UTC, in Python without an offset: no instant here is in another zone."""

LocalDateTime = NewType("LocalDateTime", str)
LocalDate = NewType("LocalDate", date)
TimeZone = NewType("TimeZone", str)
"""The name of a time zone, as sent."""

KnownTimeZone = NewType("KnownTimeZone", tzinfo)
"""The zone that an argument of the GraphQL type `TimeZone` names."""

URL = NewType("URL", str)
JSON = NewType("JSON", msgspec.Raw)

_NO_OFFSET = timedelta(0)
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def to_utc(zoned: activities.UncheckedDateTime, default_zone: str | None) -> datetime | None:
    """The instant of a date-time, by its zone or its offset, in UTC, without an offset.

    None where the date-time has no offset and its zone is missing or unknown, or the instant lies outside of
    years 1 to 9999. For a local time that occurs twice or never, the offset before the change applies.
    """
    try:
        if not (text := zoned.date_time):  # the date-time has an offset
            return zoned.local.astimezone(UTC).replace(tzinfo=None)
        if (zone := _zone(zoned.time_zone, default_zone)) is None:
            return None
        local = datetime.fromisoformat(text)
        return local - (zone.utcoffset(local) or _NO_OFFSET)
    except OverflowError:
        return None


def to_utc_together(
    zoned_dates: Sequence[activities.UncheckedDateTime | Unreadable | None],
    default_zone: str | None,
) -> list[datetime | None]:
    """The instants of date-times, each as `to_utc` returns it; None for null, and for what is unreadable."""
    if (instants := _standard_to_utc(zoned_dates, default_zone)) is not None:
        return instants
    return [
        None if zoned is None or isinstance(zoned, Unreadable) else to_utc(zoned, default_zone)
        for zoned in zoned_dates
    ]


def _standard_to_utc(
    zoned_dates: Sequence[Any], default_zone: str | None
) -> list[datetime | None] | None:
    """The instants of date-times that all have the contract's form and a known zone; else None."""
    try:
        local_times = dates.local_times([zoned.date_time for zoned in zoned_dates])
    except AttributeError:  # null or unreadable
        return None
    names = [zoned.time_zone for zoned in zoned_dates]
    zones = {name: _zone(name, default_zone) for name in {*names}}
    utcoffsets = {name: zone.utcoffset for name, zone in zones.items() if zone is not None}
    if local_times is None or len(utcoffsets) < len(zones):
        return None
    try:
        return [
            local - (utcoffsets[name](local) or _NO_OFFSET)
            for local, name in zip(local_times, names, strict=True)
        ]
    except OverflowError:
        return None


def local_date_time(zoned: activities.ZonedDateTime, default_zone: str | None) -> str:
    """The local date-time: in its zone, where an offset was sent and the zone is known; otherwise as sent."""
    if zoned.date_time:
        return zoned.date_time
    zone = _zone(zoned.time_zone, default_zone)
    raw = zoned.with_offset
    return dates.without_offset(raw) if zone is None else dates.in_zone(raw, zone)


def _zone(sent: object, default: str | None) -> tzinfo | None:
    """The time zone of a date-time, by the name that was sent; None where it is unknown."""
    name = default if sent in {None, ""} else sent
    if not isinstance(name, str):
        return None
    return zone_by_name(name) or zone_by_alias(name)


def _serialize_date_time(value: datetime) -> str:
    if value.microsecond == 0:  # nearly always, and in a quarter of the time
        text: str = msgspec.to_builtins(value)
        return text + ".000Z"
    return value.isoformat(timespec="milliseconds") + "Z"


def _serialize_date_times(values: Sequence[datetime | None]) -> Sequence[str | None]:
    """The texts of instants, each as `_serialize_date_time` returns it; None for None."""
    texts: Sequence[str] = msgspec.to_builtins(values)
    if None not in texts and len("".join(texts)) == dates.LENGTH_TO_SECONDS * len(texts):
        return [text + ".000Z" for text in texts]
    return [None if value is None else _serialize_date_time(value) for value in values]


def _parse_date_time(value: object) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise GraphQLError(
            "A DateTime is an RFC 3339 date-time with an offset, such as 2026-03-29T09:00:00+02:00."
        )
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise GraphQLError("Invalid date-time.") from None


def _parse_time_zone(value: object) -> tzinfo:
    if (zone := _zone(value, None)) is None:
        raise GraphQLError(
            "A TimeZone is the name of a time zone that the gateway knows, such as Europe/Paris."
        )
    return zone


def _reject_input(value: object) -> object:
    raise GraphQLError("This scalar cannot be used as input.")


_TIME_ZONE = strawberry.scalar(
    name="TimeZone",
    description=(
        "The name of a time zone. In responses as sent: nearly always an IANA name, such as `Europe/Paris` or "
        "`US/Eastern`. An argument is a name that the gateway knows: an IANA name, or another one that means one "
        "zone, such as `Romance Standard Time` or `+02:00`."
    ),
    specified_by_url="https://www.iana.org/time-zones",
    serialize=str,
    parse_value=_parse_time_zone,
)

SCALARS: dict[object, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant: an RFC 3339 date-time with an offset. Responses are in UTC with milliseconds, such as "
            "`2026-03-29T07:00:00.000Z`; arguments may have any offset."
        ),
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=_serialize_date_time,
        parse_value=_parse_date_time,
    ),
    LocalDateTime: strawberry.scalar(
        name="LocalDateTime",
        description=(
            "A local date and time: an RFC 3339 date-time without an offset, such as `2026-03-29T09:00:00`."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=str,
        parse_value=_reject_input,
    ),
    LocalDate: strawberry.scalar(
        name="LocalDate",
        description="A calendar day, such as `2026-03-29`.",
        specified_by_url="https://scalars.graphql.org/andimarek/local-date",
        serialize=date.isoformat,
        parse_value=_reject_input,
    ),
    TimeZone: _TIME_ZONE,
    KnownTimeZone: _TIME_ZONE,
    URL: strawberry.scalar(
        name="URL",
        description="An address as sent. Nothing has checked the address, or the resource at it.",
        specified_by_url="https://url.spec.whatwg.org/",
        serialize=str,
        parse_value=_reject_input,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="A JSON value of any type, as sent.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda raw: raw,
        parse_value=_reject_input,
    ),
}


def _local(zoned: activities.ZonedDateTime, context: Context) -> str:
    return local_date_time(zoned, context.settings.default_time_zone)


def _instant(zoned: activities.ZonedDateTime, context: Context) -> datetime | None:
    instant = to_utc(zoned, context.settings.default_time_zone)
    if instant is None and zoned.date_time and not is_readable(zoned.time_zone):
        raise InvalidUpstreamResponse(UNEXPECTED_TYPE_MESSAGE)  # the instant depends on the zone
    return instant


def _instant_texts(
    zoned_dates: Sequence[activities.UncheckedDateTime],
    context: Context,
    instants: Sequence[datetime | None] | None,
) -> Sequence[str | None]:
    """The instants of date-times in the response, from the instants where they are known."""
    if instants is None:
        instants = to_utc_together(zoned_dates, context.settings.default_time_zone)
    return _serialize_date_times(instants)


def _time_zone(zoned: activities.ZonedDateTime, context: Context) -> str | None:
    return text_attribute(zoned, "time_zone") or context.settings.default_time_zone


def _is_ambiguous(zoned: activities.ZonedDateTime, context: Context) -> bool:
    zone = _zone(zoned.time_zone, context.settings.default_time_zone)
    local = datetime.fromisoformat(_local(zoned, context)).replace(tzinfo=zone)
    return local.utcoffset() != local.replace(fold=1).utcoffset()


_Zone = Annotated[
    KnownTimeZone | None,
    strawberry.argument(
        description="The zone whose calendar counts. Where absent, the day is that of `dateTime`."
    ),
]


def _local_date(
    zoned: activities.ZonedDateTime, context: Context, time_zone: _Zone = strawberry.UNSET
) -> date | None:
    if not time_zone:  # absent or null
        return date.fromisoformat(_local(zoned, context)[: dates.LENGTH_TO_DAY])
    return local_date(_instant(zoned, context), time_zone)


_DATE_TIME_ATTRIBUTES = ("date_time", "with_offset", "time_zone")


@strawberry.type(
    description="A local date and time, its time zone, and the instant that the two determine."
)
class ZonedDateTime:
    is_type_of = is_type_of_records(activities.ZonedDateTime, activities.UncheckedDateTime)

    date_time: str = computed_field(
        _local,
        LocalDateTime,
        depends_on=_DATE_TIME_ATTRIBUTES,
        fast_path_attribute="date_time",
        description=(
            "The local date and time in `timeZone`, always with a `T`, with seconds and without an offset. Where "
            "the upstream sent an offset and the zone is missing or unknown, the text before the offset. `24:00` "
            "of a day is midnight of the next day."
        ),
    )
    time_zone: str | None = computed_field(
        _time_zone,
        TimeZone | None,
        depends_on=("time_zone",),
        fast_path_attribute="time_zone",
        description=(
            "The time zone of the local date and time as sent, also where the gateway does not know the name. "
            "Where the upstream sends none, the default zone of the gateway, or null where that has none."
        ),
    )
    instant: datetime | None = computed_field(
        _instant,
        DateTime | None,
        depends_on=("local", *_DATE_TIME_ATTRIBUTES),
        fast_path_attribute="instant",
        compute_together=_instant_texts,
        description=(
            "The instant in UTC, for comparisons and sorting. An offset that the upstream sent determines the "
            "instant, whatever the zone; without an offset the instant is null where the zone is missing or "
            "unknown."
        ),
    )
    is_ambiguous: bool = computed_field(
        _is_ambiguous,
        bool,
        depends_on=_DATE_TIME_ATTRIBUTES,
        description=(
            "Whether the local date and time occurs twice or never in its zone, because clocks change. `instant` "
            "then has the offset before the change, unless the upstream sent an offset. False where the zone is "
            "missing or unknown."
        ),
    )
    local_date: date | None = computed_field(
        _local_date,
        LocalDate | None,
        depends_on=("local", *_DATE_TIME_ATTRIBUTES),
        description=(
            "The calendar day: that of `dateTime`, or with the argument `timeZone` that of `instant` in a zone, "
            "null where `instant` is null. Activities are grouped by day with one zone for all of them."
        ),
    )


@strawberry.type(description="A text before or after a change.")
class TextValue:
    text: str = strawberry.field(description="The text before or after the change.")


@strawberry.type(description="A whole number before or after a change.")
class IntValue:
    value: int = strawberry.field(description="The whole number before or after the change.")


@strawberry.type(description="The status of an appointment before or after a change.")
class AppointmentStatusValue:
    appointment_status: AppointmentStatus = strawberry.field(
        description="The status of the appointment."
    )
    raw: str = strawberry.field(
        description=(
            "The status of the appointment in the upstream's words, also where `appointmentStatus` is `UNKNOWN`."
        )
    )


@strawberry.type(description="The status of a conference registration before or after a change.")
class RegistrationStatusValue:
    registration_status: RegistrationStatus = strawberry.field(
        description="The status of the registration."
    )
    raw: str = strawberry.field(
        description=(
            "The status of the registration in the upstream's words, also where `registrationStatus` is "
            "`UNKNOWN`."
        )
    )


@strawberry.type(description="The postal address of a client or a company.")
class Address:
    street: str | None = strawberry.field(
        description="The street and the house number. Null where the upstream sends none."
    )
    additional_street: str | None = strawberry.field(
        description="A second line of the street. Null where the upstream sends none."
    )
    zip_code: str | None = strawberry.field(
        description="The postal code of the address. Null where the upstream sends none."
    )
    state: str | None = strawberry.field(
        description="The state or region of the address. Null where the upstream sends none."
    )
    city: str | None = strawberry.field(
        description="The city of the address. Null where the upstream sends none."
    )
    country: str | None = strawberry.field(
        description="The country of the address. Null where the upstream sends none."
    )

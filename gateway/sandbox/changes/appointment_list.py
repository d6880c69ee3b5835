"""The list of appointments with changed ones: the filters, the detail and the order that the upstream has."""

from math import inf

from msgspec import ValidationError, convert
from starlette.datastructures import QueryParams

from gateway.sandbox.changes.zoned_time import ZonedTime
from gateway.sandbox.endpoints.appointments import parse_period
from gateway.sandbox.fixtures.entities import Json

PART_BY_FILTER = {"clientId": "client", "staffId": "staff", "serviceId": "service"}


def is_requested(appointment: Json, query: QueryParams) -> bool:
    """Whether the filters of a request match an appointment.

    Raises:
        ValueError: A date in the query is none.
    """
    after, before = parse_period(query)
    start, end = (_local_time(appointment.get(name)) for name in ("start", "end"))
    return (
        all(
            str((appointment.get(part) or {}).get("id")) == value
            for name, part in PART_BY_FILTER.items()
            if (value := query.get(name))
        )
        and (not query.get("status") or appointment.get("status") == query["status"])
        and (after is None or start > after.isoformat())
        and (before is None or "" < end < before.isoformat())
    )


def order_by_start(appointments: list[Json]) -> list[Json]:
    """The appointments by their starts; those without a start that can be read are the last."""
    return sorted(appointments, key=_start_instant)


def _start_instant(appointment: Json) -> float:
    try:
        return convert(appointment.get("start"), ZonedTime).instant()
    except ValidationError:
        return inf


def _local_time(value: object) -> str:
    return str(value["dateTime"]) if isinstance(value, dict) else ""

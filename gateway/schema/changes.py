"""The changes of an activity: each `previous…` value with the value that replaced it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import strawberry

from gateway.schema.company import Service
from gateway.schema.people import Staff
from gateway.schema.resolvers import SchemaObject, resolve_attribute
from gateway.schema.scalars import AppointmentStatusValue, TextValue, ZonedDateTime
from gateway.upstream.records import activities, enums

ChangeValue = Annotated[
    TextValue | ZonedDateTime | Service | Staff | AppointmentStatusValue,
    strawberry.union(
        "ChangeValue",
        description=(
            "A value before or after a change: a text for `notes` and `body`, a date-time for "
            "`start` and `end`, and `service`, `staff` and `status` as what they are."
        ),
    ),
]


@strawberry.type(description="One thing that changed.")
class FieldChange:
    field: str = strawberry.field(
        description=(
            "What changed: `start`, `end`, `service`, `staff`, `notes`, `status` or `body`, or "
            "another name that the upstream gave."
        )
    )
    before: ChangeValue | None = strawberry.field(
        description="The value before; null where only the name is known."
    )
    after: ChangeValue | None = strawberry.field(
        description="The value after; null where it was removed or only the name is known."
    )


@dataclass(frozen=True, slots=True)
class Change(SchemaObject):
    """The source value of a `FieldChange`.

    Attributes:
        field: The name of the changed field.
        before: The value before the change, as a member of the union; None where unknown.
        after: The value after the change, likewise.
        company_id: The company of a service or a member of staff, where known.
    """

    field: str
    before: object = None
    after: object = None
    company_id: str | None = None


SNAPSHOT_ATTRIBUTES = ("appointment", "note")
"""The attributes of activities that hold snapshots with `previous…` values."""

_UPDATED = enums.ActivityEvent.UPDATED  # bound once: reading an enum member costs a Python call

_COMPARED_FIELDS = [
    (name, f"previous_{name}")
    for name in ("start", "end", "service", "staff", "notes", "status", "body")
]


def snapshot_changes(activity: activities.Activity, names: Sequence[str]) -> list[Change] | None:
    """The changes that an activity records, whatever its event; None where an update records none.

    Args:
        activity: The activity.
        names: The names of the updated attributes, as sent.

    Raises:
        InvalidUpstreamResponse: A snapshot cannot be decoded, so its changes are unknown.
    """
    field_changes = [
        change for snapshot in _snapshots(activity) for change in _changes_in(snapshot)
    ]
    changed_names = {change.field for change in field_changes}
    field_changes += [Change(name) for name in dict.fromkeys(names) if name not in changed_names]
    return None if not field_changes and activity.event is _UPDATED else field_changes


def _snapshots(activity: activities.Activity) -> Iterator[activities.Record]:
    for name in SNAPSHOT_ATTRIBUTES:
        if getattr(activity, name, None) is not None:
            yield resolve_attribute(activity, name)


def _changes_in(snapshot: activities.Record) -> Iterator[Change]:
    company_id = getattr(snapshot, "company_id", None)
    for name, previous in _COMPARED_FIELDS:
        before = getattr(snapshot, previous, None)
        if before is not None:
            after = getattr(snapshot, name)
            yield Change(name, _union_member(before), _union_member(after), company_id)


def _union_member(value: object) -> object:
    """A value as a member of the union. An unreadable value stays unreadable and fails at its own path."""
    match value:
        case enums.AppointmentStatus():
            return AppointmentStatusValue(status=value)
        case str() | int() | float():
            return TextValue(text=str(value))
    return value

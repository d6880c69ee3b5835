"""What changed: each `previous…` value beside the one that replaced it."""

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
    """A `FieldChange`, as this module makes it.

    Attributes:
        field: What changed.
        before: The value before, as a member of the union; None where it is not known.
        after: The value after, likewise.
        company_id: The company of a service or a member of staff, where that is known.
    """

    field: str
    before: object = None
    after: object = None
    company_id: str | None = None


SNAPSHOT_ATTRIBUTES = ("appointment", "note")
"""The attributes of activities that have a `previous…` value beside each other one."""

_UPDATED = enums.ActivityEvent.UPDATED  # which costs a call in Python each time

_COMPARED_FIELDS = [
    (name, f"previous_{name}")
    for name in ("start", "end", "service", "staff", "notes", "status", "body")
]


def changes(activity: activities.Activity, names: Sequence[str]) -> list[Change] | None:
    """The changes an activity tells of, whatever its event; None if it is an update and tells of none.

    Args:
        activity: What happened.
        names: The names of what changed, as sent.

    Raises:
        ContractBroken: What may have changed cannot be read.
    """
    field_changes = [
        change for snapshot in _snapshots(activity) for change in _snapshot_changes(snapshot)
    ]
    changed_names = {change.field for change in field_changes}
    field_changes += [Change(name) for name in dict.fromkeys(names) if name not in changed_names]
    return None if not field_changes and activity.event is _UPDATED else field_changes


def _snapshots(activity: activities.Activity) -> Iterator[activities.Record]:
    for name in SNAPSHOT_ATTRIBUTES:
        if getattr(activity, name, None) is not None:
            yield resolve_attribute(activity, name)


def _snapshot_changes(snapshot: activities.Record) -> Iterator[Change]:
    company_id = getattr(snapshot, "company_id", None)
    for name, previous in _COMPARED_FIELDS:
        before = getattr(snapshot, previous, None)
        if before is not None:
            after = getattr(snapshot, name)
            yield Change(name, _union_member(before), _union_member(after), company_id)


def _union_member(value: object) -> object:
    """A value as a member of the union; an unreadable one stays so, and fails at its own place."""
    match value:
        case enums.AppointmentStatus():
            return AppointmentStatusValue(status=value)
        case str() | int() | float():
            return TextValue(text=str(value))
    return value

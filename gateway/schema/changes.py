"""What an update changed: each `previous…` value beside the one that replaced it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import strawberry

from gateway.schema.company import Service
from gateway.schema.people import Staff
from gateway.schema.reading import Reached, read
from gateway.schema.values import AppointmentStatusValue, TextValue, ZonedDateTime
from gateway.upstream import records

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


@strawberry.type(description="One thing that an update changed.")
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
class Change:
    """A `FieldChange`, as this module makes it."""

    field: str
    before: object
    after: object


_FIELDS = ("start", "end", "service", "staff", "notes", "status", "body")


def changes(activity: Reached[records.Activity], names: Sequence[str]) -> list[Change] | None:
    """The changes an activity tells of: none unless it is an update, None if it does not say.

    Args:
        activity: What happened.
        names: The names of what changed, as sent.

    Raises:
        ContractBroken: Whether it is an update, or what was updated, cannot be read.
    """
    if read(activity, "event") is not records.ActivityEvent.UPDATED:
        return []
    found = [change for snapshot in _snapshots(activity) for change in _changes(snapshot)]
    told = {change.field for change in found}
    found += [Change(name, None, None) for name in dict.fromkeys(names) if name not in told]
    return found or None


def _snapshots(activity: Reached[records.Activity]) -> Iterator[Reached[records.Record]]:
    match activity.record:
        case records.AppointmentActivity():
            snapshot = read(activity, "appointment")
        case records.NoteActivity() | records.ConsentActivity():
            snapshot = read(activity, "note")
        case _:
            return
    if snapshot is not None:
        yield snapshot


def _changes(snapshot: Reached[records.Record]) -> Iterator[Change]:
    for name in _FIELDS:
        before = getattr(snapshot.record, f"previous_{name}", None)
        if before is not None:
            after = getattr(snapshot.record, name)
            yield Change(name, _shown(snapshot, before), _shown(snapshot, after))


def _shown(snapshot: Reached[records.Record], value: object) -> object:
    """A value as a member of the union; an unreadable one stays so, and fails at its own place."""
    match value:
        case records.AppointmentStatus():
            return AppointmentStatusValue(status=value)
        case records.Record():
            return snapshot.to(value)
        case str() | int() | float():
            return TextValue(text=str(value))
    return value

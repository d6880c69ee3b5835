"""The changes that an activity records: from the `previous…` fields of its snapshot and `updatedAttributes`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Annotated, Any, ClassVar, cast

import strawberry
from msgspec import structs

from gateway.schema.company import ServiceSnapshot
from gateway.schema.people import StaffSnapshot
from gateway.schema.resolvers import SchemaObject, resolve_attribute
from gateway.schema.scalars import (
    AppointmentStatusValue,
    IntValue,
    RegistrationStatusValue,
    TextValue,
    ZonedDateTime,
)
from gateway.upstream.records import activities, enums
from gateway.upstream.records.field_types import Count, union_members

ChangeValue = Annotated[
    TextValue
    | IntValue
    | ZonedDateTime
    | ServiceSnapshot
    | StaffSnapshot
    | AppointmentStatusValue
    | RegistrationStatusValue,
    strawberry.union(
        "ChangeValue",
        description=(
            "A value before or after a change: a text, a whole number, a date and time, a service, a member of "
            "staff or a status."
        ),
    ),
]


@strawberry.enum(description="The field of a snapshot that an activity changed.")
class ChangedField(Enum):
    """The field of a change; the value is the name of the upstream's attribute."""

    START = strawberry.enum_value("start", description="The start of the appointment.")
    END = strawberry.enum_value("end", description="The end of the appointment.")
    SERVICE = strawberry.enum_value("service", description="The service of the appointment.")
    STAFF = strawberry.enum_value("staff", description="The member of staff of the appointment.")
    NOTES = strawberry.enum_value("notes", description="The notes of the appointment.")
    STATUS = strawberry.enum_value(
        "status", description="The status of the appointment or of the registration."
    )
    BODY = strawberry.enum_value("body", description="The content of the note or of the message.")
    OTHER = strawberry.enum_value(
        "other", description="Any other field: `FieldChange.fieldRaw` has its name."
    )


@strawberry.type(description="The change of one field.")
class FieldChange:
    field: ChangedField = strawberry.field(description="The field that changed.")
    field_raw: str = strawberry.field(
        description=(
            "The name of the changed field in the upstream's words, also where `field` is `OTHER`, such as "
            "`start`."
        )
    )
    before: ChangeValue | None = strawberry.field(
        description=(
            "The value before the change. Null where the activity records only that the field changed."
        )
    )
    after: ChangeValue | None = strawberry.field(
        description=(
            "The value after the change. Null where the value was removed, or the activity records only that "
            "the field changed."
        )
    )


class Change(SchemaObject, frozen=True):
    """The source value of a `FieldChange`.

    Attributes:
        field: The changed field.
        field_raw: The upstream's name of the changed field.
        before: The value before the change, as a member of the union; None where unknown.
        after: The value after the change, likewise.
        company_id: The company of a service or a member of staff, where known.
    """

    field: ChangedField
    field_raw: str
    before: object = None
    after: object = None
    company_id: str | None = None

    inner_id_names: ClassVar[tuple[str, ...]] = ("company_id",)


SNAPSHOT_ATTRIBUTES = (
    "appointment",
    "note",
    "form_result",
    "email_notification",
    "text_message_notification",
    "conference_registration",
)
"""The attributes of activities that hold the snapshots of their kinds."""

_MEMBERS = (
    activities.ZonedDateTime,
    activities.ServiceSnapshot,
    activities.StaffSnapshot,
    activities.Unreadable,
)
"""The classes of values that are members of the union as they are, or fail as such."""

_UPDATED = enums.ActivityEvent.UPDATED  # bound once: reading an enum member costs a Python call
_FIELD_BY_NAME = {field.value: field for field in ChangedField if field is not ChangedField.OTHER}
_STATUS = "status_raw"
_ATTRIBUTE_BY_FIELD = {
    field: _STATUS if field is ChangedField.STATUS else name
    for name, field in _FIELD_BY_NAME.items()
}


def snapshot_changes(activity: activities.Activity, names: Sequence[str]) -> list[Change] | None:
    """The changes that an activity records, whatever its event; None where an update records none.

    Args:
        activity: The activity.
        names: The names of the updated attributes, as sent.

    Raises:
        InvalidUpstreamResponse: A snapshot cannot be decoded, so its changes are unknown.
    """
    snapshot = _snapshot(activity)
    company_id = getattr(snapshot, "company_id", None)
    changes = list(_changes_with_previous_values(snapshot, company_id))
    known = {change.field_raw for change in changes}
    changes += [
        _named_change(snapshot, name, company_id)
        for name in dict.fromkeys(names)
        if name not in known
    ]
    return None if not changes and activity.event is _UPDATED else changes


def _snapshot(activity: activities.Activity) -> activities.Record | None:
    for name in SNAPSHOT_ATTRIBUTES:
        if getattr(activity, name, None) is not None:
            return cast("activities.Record", resolve_attribute(activity, name))
    return None


def _changes_with_previous_values(
    snapshot: activities.Record | None, company_id: str | None
) -> Iterator[Change]:
    if snapshot is None:
        return
    for field, attribute in _ATTRIBUTE_BY_FIELD.items():
        previous = f"previous_{attribute}"
        if getattr(snapshot, previous, None) is not None:
            before, after = _union_member(snapshot, previous), _union_member(snapshot, attribute)
            yield Change(field, field.value, before, after, company_id)


def _named_change(snapshot: activities.Record | None, name: str, company_id: str | None) -> Change:
    """The change of a field of which only the name was sent, with the value that the snapshot has."""
    field = _FIELD_BY_NAME.get(name, ChangedField.OTHER)
    after = None
    if snapshot is not None and (attribute := _attribute_by_key(type(snapshot)).get(name)):
        after = _union_member(snapshot, attribute)
    return Change(field, name, None, after, company_id)


def _union_member(snapshot: activities.Record, attribute: str) -> object:
    """The value of an attribute as a member of the union; None where no member can have it.

    An unreadable value stays unreadable and fails at its own path.
    """
    value: Any = getattr(snapshot, attribute)
    if value is None or isinstance(value, _MEMBERS):
        return value
    if isinstance(value, activities.Record):
        return None
    if attribute.endswith(_STATUS):
        status: Any = getattr(snapshot, attribute.removesuffix("_raw"))
        if isinstance(status, enums.RegistrationStatus):
            return RegistrationStatusValue(registration_status=status, raw=value)
        return AppointmentStatusValue(appointment_status=status, raw=value)
    if attribute in _count_attributes(type(snapshot)):
        return IntValue(value=value)
    return TextValue(text=str(value))


@cache
def _attribute_by_key(record: type[activities.Record]) -> Mapping[str, str]:
    """The attributes of a record by the upstream's keys, without those of previous values."""
    return {
        field.encode_name: field.name
        for field in structs.fields(record)
        if not field.name.startswith("previous_")
    }


@cache
def _count_attributes(record: type[activities.Record]) -> Collection[str]:
    """The attributes of a record that are whole numbers."""
    return {field.name for field in structs.fields(record) if Count in union_members(field.type)}

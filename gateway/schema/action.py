"""The action of an activity: what happened, in one word, by its kind, its event and what changed."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry

from gateway.schema.resolvers import is_readable
from gateway.schema.scalars import local_date_time, to_utc
from gateway.upstream.records import activities
from gateway.upstream.records.enums import (
    ActivityEvent,
    ActivityKind,
    AppointmentStatus,
    RegistrationStatus,
)


@strawberry.enum(
    description=(
        "What happened in an activity, in one word: by its kind, its event and what changed. Of several changes in "
        "one update, the status counts first, then start and end, then the member of staff."
    )
)
class ActivityAction(Enum):
    """The action of an activity."""

    __hash__ = object.__hash__  # Enum's own is a function in Python, called for each look-up

    APPOINTMENT_CREATED = strawberry.enum_value(
        "APPOINTMENT_CREATED", description="An appointment was made."
    )
    APPOINTMENT_RESCHEDULED = strawberry.enum_value(
        "APPOINTMENT_RESCHEDULED",
        description="The start or the end of an appointment became another instant.",
    )
    APPOINTMENT_CONFIRMED = strawberry.enum_value(
        "APPOINTMENT_CONFIRMED",
        description="The status of an appointment became `ACCEPTED`.",
    )
    APPOINTMENT_DECLINED = strawberry.enum_value(
        "APPOINTMENT_DECLINED",
        description="The status of an appointment became `DECLINED`.",
    )
    APPOINTMENT_CANCELLED = strawberry.enum_value(
        "APPOINTMENT_CANCELLED",
        description="The status of an appointment became `CANCELLED`.",
    )
    APPOINTMENT_COMPLETED = strawberry.enum_value(
        "APPOINTMENT_COMPLETED",
        description="The status of an appointment became `COMPLETED`.",
    )
    APPOINTMENT_NO_SHOW = strawberry.enum_value(
        "APPOINTMENT_NO_SHOW",
        description="The status of an appointment became `NO_SHOW`.",
    )
    APPOINTMENT_REASSIGNED = strawberry.enum_value(
        "APPOINTMENT_REASSIGNED",
        description="An appointment got another member of staff.",
    )
    APPOINTMENT_UPDATED = strawberry.enum_value(
        "APPOINTMENT_UPDATED",
        description="An appointment was changed in any other way, such as its notes.",
    )
    APPOINTMENT_DELETED = strawberry.enum_value(
        "APPOINTMENT_DELETED", description="An appointment was deleted."
    )
    NOTE_CREATED = strawberry.enum_value("NOTE_CREATED", description="A note was written.")
    NOTE_UPDATED = strawberry.enum_value("NOTE_UPDATED", description="A note was changed.")
    NOTE_DELETED = strawberry.enum_value("NOTE_DELETED", description="A note was deleted.")
    CONSENT_GIVEN = strawberry.enum_value("CONSENT_GIVEN", description="The client gave a consent.")
    CONSENT_UPDATED = strawberry.enum_value("CONSENT_UPDATED", description="A consent was changed.")
    CONSENT_DELETED = strawberry.enum_value("CONSENT_DELETED", description="A consent was deleted.")
    FORM_SUBMITTED = strawberry.enum_value(
        "FORM_SUBMITTED",
        description="The client filled in a form. Also where the upstream sends no event.",
    )
    FORM_RESULT_UPDATED = strawberry.enum_value(
        "FORM_RESULT_UPDATED", description="The result of a form was changed."
    )
    FORM_RESULT_DELETED = strawberry.enum_value(
        "FORM_RESULT_DELETED", description="The result of a form was deleted."
    )
    EMAIL_SENT = strawberry.enum_value(
        "EMAIL_SENT",
        description="An e-mail was sent to the client. Also where the upstream sends no event.",
    )
    TEXT_MESSAGE_SENT = strawberry.enum_value(
        "TEXT_MESSAGE_SENT",
        description=(
            "A text message (SMS) was sent to the client. Also where the upstream sends no event."
        ),
    )
    REGISTRATION_CREATED = strawberry.enum_value(
        "REGISTRATION_CREATED", description="The client was registered for a conference."
    )
    REGISTRATION_ACCEPTED = strawberry.enum_value(
        "REGISTRATION_ACCEPTED",
        description="The status of a registration became `ACCEPTED`.",
    )
    REGISTRATION_WAITLISTED = strawberry.enum_value(
        "REGISTRATION_WAITLISTED",
        description=(
            "The client was put on the waiting list: by a new registration, or by an update of one."
        ),
    )
    REGISTRATION_CANCELLED = strawberry.enum_value(
        "REGISTRATION_CANCELLED",
        description=(
            "A registration was cancelled by an update, or is the record of one that is cancelled already."
        ),
    )
    REGISTRATION_UPDATED = strawberry.enum_value(
        "REGISTRATION_UPDATED", description="A registration was changed in any other way."
    )
    REGISTRATION_DELETED = strawberry.enum_value(
        "REGISTRATION_DELETED", description="A registration was deleted."
    )
    OTHER = strawberry.enum_value(
        "OTHER",
        description=(
            "Anything else: an activity whose kind or event is missing, not known or not readable. `kindRaw` and "
            "`eventRaw` have the upstream's words."
        ),
    )


_ACTION_BY_EVENT: Mapping[tuple[ActivityKind, object], ActivityAction] = {
    (ActivityKind.APPOINTMENT, ActivityEvent.CREATED): ActivityAction.APPOINTMENT_CREATED,
    (ActivityKind.APPOINTMENT, ActivityEvent.UPDATED): ActivityAction.APPOINTMENT_UPDATED,
    (ActivityKind.APPOINTMENT, ActivityEvent.DELETED): ActivityAction.APPOINTMENT_DELETED,
    (ActivityKind.NOTE, ActivityEvent.CREATED): ActivityAction.NOTE_CREATED,
    (ActivityKind.NOTE, ActivityEvent.UPDATED): ActivityAction.NOTE_UPDATED,
    (ActivityKind.NOTE, ActivityEvent.DELETED): ActivityAction.NOTE_DELETED,
    (ActivityKind.CONSENT, ActivityEvent.CREATED): ActivityAction.CONSENT_GIVEN,
    (ActivityKind.CONSENT, ActivityEvent.UPDATED): ActivityAction.CONSENT_UPDATED,
    (ActivityKind.CONSENT, ActivityEvent.DELETED): ActivityAction.CONSENT_DELETED,
    (ActivityKind.FORM_RESULT, ActivityEvent.CREATED): ActivityAction.FORM_SUBMITTED,
    (ActivityKind.FORM_RESULT, None): ActivityAction.FORM_SUBMITTED,
    (ActivityKind.FORM_RESULT, ActivityEvent.UPDATED): ActivityAction.FORM_RESULT_UPDATED,
    (ActivityKind.FORM_RESULT, ActivityEvent.DELETED): ActivityAction.FORM_RESULT_DELETED,
    (ActivityKind.EMAIL_NOTIFICATION, ActivityEvent.CREATED): ActivityAction.EMAIL_SENT,
    (ActivityKind.EMAIL_NOTIFICATION, None): ActivityAction.EMAIL_SENT,
    (
        ActivityKind.TEXT_MESSAGE_NOTIFICATION,
        ActivityEvent.CREATED,
    ): ActivityAction.TEXT_MESSAGE_SENT,
    (ActivityKind.TEXT_MESSAGE_NOTIFICATION, None): ActivityAction.TEXT_MESSAGE_SENT,
    (
        ActivityKind.CONFERENCE_REGISTRATION,
        ActivityEvent.CREATED,
    ): ActivityAction.REGISTRATION_CREATED,
    (
        ActivityKind.CONFERENCE_REGISTRATION,
        ActivityEvent.UPDATED,
    ): ActivityAction.REGISTRATION_UPDATED,
    (
        ActivityKind.CONFERENCE_REGISTRATION,
        ActivityEvent.DELETED,
    ): ActivityAction.REGISTRATION_DELETED,
}
"""The action of each kind and event, before what changed is considered."""

_ACTION_BY_STATUS: Mapping[object, ActivityAction] = {
    AppointmentStatus.ACCEPTED: ActivityAction.APPOINTMENT_CONFIRMED,
    AppointmentStatus.DECLINED: ActivityAction.APPOINTMENT_DECLINED,
    AppointmentStatus.CANCELLED: ActivityAction.APPOINTMENT_CANCELLED,
    AppointmentStatus.COMPLETED: ActivityAction.APPOINTMENT_COMPLETED,
    AppointmentStatus.NO_SHOW: ActivityAction.APPOINTMENT_NO_SHOW,
    RegistrationStatus.ACCEPTED: ActivityAction.REGISTRATION_ACCEPTED,
    RegistrationStatus.WAITING_LIST: ActivityAction.REGISTRATION_WAITLISTED,
    RegistrationStatus.CANCELLED: ActivityAction.REGISTRATION_CANCELLED,
}
"""The action of an update by which the object got this status."""

_ACTION_BY_FIRST_STATUS: Mapping[object, ActivityAction] = {
    RegistrationStatus.WAITING_LIST: ActivityAction.REGISTRATION_WAITLISTED,
    RegistrationStatus.CANCELLED: ActivityAction.REGISTRATION_CANCELLED,
}
"""The action of a registration that was created with this status."""

ACTION_ATTRIBUTES = (
    "event",
    "sent_updated_attributes",
    "appointment",
    "conference_registration",
)
"""The attributes of activities by which their actions differ, besides the kind."""


def activity_action(activity: activities.Activity, default_zone: str | None) -> ActivityAction:
    """The action of an activity. Never raises: an unreadable value counts as unknown.

    Args:
        activity: The activity; of a projection, with those of `ACTION_ATTRIBUTES` that its kind declares.
        default_zone: The zone of date-times that were sent without one.
    """
    action = _ACTION_BY_EVENT.get((activity.kind, activity.event), ActivityAction.OTHER)
    if action is ActivityAction.APPOINTMENT_UPDATED:
        return _appointment_update(activity, default_zone)
    if action is ActivityAction.REGISTRATION_UPDATED:
        return (
            _status_change(activity, getattr(activity, "conference_registration", None)) or action
        )
    if action is ActivityAction.REGISTRATION_CREATED:
        status = getattr(getattr(activity, "conference_registration", None), "status", None)
        return _ACTION_BY_FIRST_STATUS.get(status, action)
    return action


def _appointment_update(activity: activities.Activity, default_zone: str | None) -> ActivityAction:
    appointment = getattr(activity, "appointment", None)
    if (action := _status_change(activity, appointment)) is not None:
        return action
    if _is_rescheduled(appointment, default_zone):
        return ActivityAction.APPOINTMENT_RESCHEDULED
    if _is_reassigned(appointment):
        return ActivityAction.APPOINTMENT_REASSIGNED
    return ActivityAction.APPOINTMENT_UPDATED


def _status_change(activity: activities.Activity, snapshot: object) -> ActivityAction | None:
    """The action of an update that changed the status; None where it did not, or the status has no action."""
    status = getattr(snapshot, "status", None)
    action = _ACTION_BY_STATUS.get(status)
    if action is None:
        return None
    previous = getattr(snapshot, "previous_status", None)
    if previous is not None and is_readable(previous) and previous is not status:
        return action
    names: object = activity.sent_updated_attributes
    return action if isinstance(names, list) and "status" in names else None


def _is_rescheduled(appointment: object, default_zone: str | None) -> bool:
    for previous, current in (("previous_start", "start"), ("previous_end", "end")):
        before = getattr(appointment, previous, None)
        if before is not None and is_other_time(
            before, getattr(appointment, current, None), default_zone
        ):
            return True
    return False


def is_other_time(before: Any, after: Any, default_zone: str | None) -> bool:
    """Whether a time changed: its instant, or where one of the two is unknown, its local time."""
    if not (is_readable(before) and is_readable(after)):
        return False
    if after is None:  # it was removed
        return True
    instants = to_utc(before, default_zone), to_utc(after, default_zone)
    if None not in instants:
        return instants[0] != instants[1]
    local_times = [
        datetime.fromisoformat(local_date_time(each, default_zone)) for each in (before, after)
    ]
    return local_times[0] != local_times[1]


def _is_reassigned(appointment: object) -> bool:
    before = getattr(appointment, "previous_staff", None)
    return before is not None and _is_other_staff(before, getattr(appointment, "staff", None))


def _is_other_staff(before: Any, after: Any) -> bool:
    """Whether the member of staff changed: by the ids, or where one of the two lacks an id, by the names."""
    if not (is_readable(before) and is_readable(after)):
        return False
    if after is None:  # nobody has the appointment any more
        return True
    ids = before.staff_id, after.staff_id
    if None not in ids and all(map(is_readable, ids)):
        return str(ids[0]) != str(ids[1])
    return _is_other_text(before.first_name, after.first_name) or _is_other_text(
        before.last_name, after.last_name
    )


def _is_other_text(before: object, after: object) -> bool:
    """Whether a text changed; an empty one is the same as none."""
    if not (is_readable(before) and is_readable(after)):
        return False
    return _text(before) != _text(after)


def _text(value: object) -> str:
    return "" if value is None else str(value)

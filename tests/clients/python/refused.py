"""What mypy must refuse. Where it does not, it complains of the comment that expects it to."""

from run import Activity
from timeline_client import (
    TimelineActivitiesNodesActivity,
    TimelineActivitiesNodesAppointmentActivity,
    TimelineActivitiesNodesNoteActivity,
    TimelineActivitiesNodesUnknownActivity,
)


def without_a_case(activity: Activity) -> str:  # type: ignore[return]
    """A kind that has fields of its own has no case."""
    match activity:
        case TimelineActivitiesNodesAppointmentActivity(appointment=then):
            return (then and then.appointment_id) or ""
        case TimelineActivitiesNodesUnknownActivity(kind_raw=word):
            return word
        case TimelineActivitiesNodesActivity(typename__=kind):
            return kind


def not_selected(activity: TimelineActivitiesNodesNoteActivity) -> object:
    """A note has no start."""
    return activity.appointment  # type: ignore[attr-defined]


def perhaps_null(activity: TimelineActivitiesNodesAppointmentActivity) -> str | None:
    """An activity may have come without its appointment."""
    return activity.appointment.appointment_id  # type: ignore[union-attr]


def perhaps_without_an_id(activity: TimelineActivitiesNodesAppointmentActivity) -> str:
    """The upstream may have recorded an appointment without its id."""
    return activity.appointment.appointment_id if activity.appointment else ""  # type: ignore[return-value]

"""Upstream enums: the values that some of the upstream's texts have."""

from enum import Enum
from typing import Self


class UpstreamEnum(Enum):
    """Enum of the upstream. Values that the upstream adds are `UNKNOWN`; an empty text is no value."""

    __hash__ = object.__hash__  # Enum's own is a function in Python, called for each look-up

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return None if value == "" else cls["UNKNOWN"]


class ActivityKind(UpstreamEnum):
    """The kind of an activity."""

    APPOINTMENT = "appointment"
    NOTE = "note"
    CONSENT = "consent"
    FORM_RESULT = "formResult"
    EMAIL_NOTIFICATION = "emailNotification"
    TEXT_MESSAGE_NOTIFICATION = "textMessageNotification"
    CONFERENCE_REGISTRATION = "conferenceRegistration"
    UNKNOWN = "unknown"


class ActivityEvent(UpstreamEnum):
    """The event that an activity records."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class AppointmentStatus(UpstreamEnum):
    """The status of an appointment."""

    COMPLETED = "completed"
    NO_SHOW = "noShow"
    ACCEPTED = "accepted"
    PENDING = "pending"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    IN_PROGRESS = "inProgress"
    UNKNOWN = "unknown"


class RegistrationStatus(UpstreamEnum):
    """The status of a registration for a conference."""

    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    WAITING_LIST = "waitingList"
    UNKNOWN = "unknown"


class RegistrationSourceType(UpstreamEnum):
    """The type of the source of a registration."""

    API = "api"
    WIDGET = "widget"
    UNKNOWN = "unknown"


class FormResultStatus(UpstreamEnum):
    """The status of a form result."""

    NEUTRAL = "NEUTRAL"
    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    REOPENING = "REOPENING"
    UNKNOWN = "UNKNOWN"

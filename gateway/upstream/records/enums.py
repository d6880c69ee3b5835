"""The upstream's words: what some texts can be."""

from enum import Enum
from typing import Self


class UpstreamEnum(Enum):
    """One of the upstream's words. It may add some at any time: those are `UNKNOWN`. An empty text is none."""

    __hash__ = object.__hash__  # Enum's own is a call in Python, for each look-up

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return None if value == "" else cls["UNKNOWN"]


class ActivityKind(UpstreamEnum):
    APPOINTMENT = "appointment"
    NOTE = "note"
    CONSENT = "consent"
    FORM_RESULT = "formResult"
    EMAIL_NOTIFICATION = "emailNotification"
    TEXT_MESSAGE_NOTIFICATION = "textMessageNotification"
    CONFERENCE_REGISTRATION = "conferenceRegistration"
    UNKNOWN = "unknown"


class ActivityEvent(UpstreamEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class AppointmentStatus(UpstreamEnum):
    COMPLETED = "completed"
    NO_SHOW = "noShow"
    ACCEPTED = "accepted"
    PENDING = "pending"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    IN_PROGRESS = "inProgress"
    UNKNOWN = "unknown"


class RegistrationStatus(UpstreamEnum):
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    WAITING_LIST = "waitingList"
    UNKNOWN = "unknown"


class RegistrationSourceType(UpstreamEnum):
    API = "api"
    WIDGET = "widget"
    UNKNOWN = "unknown"

"""Upstream enums: the meaning of some of the upstream's words. A word that the upstream adds is `UNKNOWN`."""

from enum import Enum
from typing import Any

from gateway.upstream.surprises import UNKNOWN_WORD, report_surprise


class UpstreamEnum(Enum):
    """Enum of the upstream; the value of a member is the upstream's word."""

    __hash__ = object.__hash__  # Enum's own is a function in Python, called for each look-up


class MemberByWord(dict[Any, Any]):
    """The members of an enum by the upstream's words: `UNKNOWN` for any other text, None for None.

    Any other value, such as the marker of an unreadable one, is returned unchanged.
    """

    def __init__(self, members: type[UpstreamEnum], field: str | None = None) -> None:
        """Map the words of an enum; unknown ones are reported where `field`, its path in activities, is given."""
        super().__init__({member.value: member for member in members})
        self._unknown = members["UNKNOWN"]
        self._field = field

    def __missing__(self, word: object) -> object:
        if not isinstance(word, str):
            return word
        if self._field is not None:
            report_surprise(UNKNOWN_WORD, self._field, hash(word), field=self._field)
        return self._unknown


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

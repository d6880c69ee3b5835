"""The upstream's enums as GraphQL enums, each value with a description."""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from gateway.upstream.records.enums import (
    ActivityEvent,
    ActivityKind,
    AppointmentStatus,
    FormResultStatus,
    RegistrationSourceType,
    RegistrationStatus,
)

__all__ = [
    "ActivityEvent",
    "ActivityKind",
    "AppointmentStatus",
    "FormResultStatus",
    "RegistrationSourceType",
    "RegistrationStatus",
    "SortOrder",
]


def _describe(enum_type: type[Enum], description: str, **values: str) -> None:
    """Register `enum_type` as a GraphQL enum: records declare the values, this module the descriptions."""
    strawberry.enum(enum_type, description=description)
    definition: StrawberryEnumDefinition = vars(enum_type)["__strawberry_definition__"]
    for value in definition.values:
        value.description = values[value.name]


_describe(
    ActivityKind,
    "What an activity is about. Each kind is a type of its own that implements `Activity`.",
    APPOINTMENT="An appointment was made, changed or removed: `AppointmentActivity`.",
    NOTE="A note was written about the client: `NoteActivity`.",
    CONSENT="The client gave a consent, recorded as a note: `ConsentActivity`.",
    FORM_RESULT="The client filled in a form: `FormResultActivity`.",
    EMAIL_NOTIFICATION="An e-mail was sent to the client: `EmailNotificationActivity`.",
    TEXT_MESSAGE_NOTIFICATION="A text message (SMS) was sent: `TextMessageNotificationActivity`.",
    CONFERENCE_REGISTRATION=(
        "The client registered for a session of a conference: `ConferenceRegistrationActivity`."
    ),
    UNKNOWN="A kind that this gateway does not know yet: `UnknownActivity`.",
)
_describe(
    ActivityEvent,
    "What happened to the thing that an activity is about.",
    CREATED="It came into being.",
    UPDATED="It changed; `changes` tells how.",
    DELETED="It was removed.",
    UNKNOWN="An event that this gateway does not know yet.",
)
_describe(
    AppointmentStatus,
    "Where an appointment stands.",
    COMPLETED="It took place.",
    NO_SHOW="The client did not come.",
    ACCEPTED="It is confirmed.",
    PENDING="It awaits confirmation.",
    DECLINED="It was not confirmed.",
    CANCELLED="It was called off.",
    IN_PROGRESS="It is taking place.",
    UNKNOWN="A status that this gateway does not know yet.",
)
_describe(
    FormResultStatus,
    "Where a form result stands.",
    NEUTRAL="Nobody has dealt with it.",
    IN_PROGRESS="Somebody deals with it.",
    FINISHED="It has been dealt with.",
    REOPENING="It is dealt with again.",
    UNKNOWN="A status that this gateway does not know yet.",
)
_describe(
    RegistrationStatus,
    "Where a conference registration stands.",
    ACCEPTED="The seats are reserved.",
    CANCELLED="The registration was withdrawn; `cancelReason` may tell why.",
    WAITING_LIST="The session is full; the client waits for seats.",
    UNKNOWN="A status that this gateway does not know yet.",
)
_describe(
    RegistrationSourceType,
    "How a conference registration was made.",
    API="By a program.",
    WIDGET="By the client, on a web page.",
    UNKNOWN="A way that this gateway does not know yet.",
)


@strawberry.enum(description="The order of a timeline.")
class SortOrder(Enum):
    """The sort order of a timeline; the values are the upstream's."""

    ASC = strawberry.enum_value("asc", description="Oldest first.")
    DESC = strawberry.enum_value(
        "desc", description="Newest first: the exact reverse, but undated activities stay last."
    )

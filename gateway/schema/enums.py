"""The enums of the schema: the upstream's, each value with a description, and those of the gateway."""

from collections import deque
from enum import Enum
from inspect import cleandoc

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from gateway import errors
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
    "AppointmentPhase",
    "AppointmentStatus",
    "ErrorCode",
    "FormResultStatus",
    "RegistrationSourceType",
    "RegistrationStatus",
    "SortOrder",
]


def _describe(enum_type: type[Enum], description: str, **values: str) -> None:
    """Register `enum_type` as a GraphQL enum: its class declares the values, this module the descriptions."""
    strawberry.enum(enum_type, description=description)
    definition: StrawberryEnumDefinition = vars(enum_type)["__strawberry_definition__"]
    for value in definition.values:
        value.description = values[value.name]


_describe(
    ActivityKind,
    "The kind of an activity. Each kind corresponds to an object type that implements `Activity`.",
    APPOINTMENT="An activity about an appointment; the object type is `AppointmentActivity`.",
    NOTE="An activity about a note on the client; the object type is `NoteActivity`.",
    CONSENT="An activity about a consent of the client; the object type is `ConsentActivity`.",
    FORM_RESULT="An activity about a form that was filled in; the object type is `FormResultActivity`.",
    EMAIL_NOTIFICATION=(
        "An activity about an e-mail to the client; the object type is `EmailNotificationActivity`."
    ),
    TEXT_MESSAGE_NOTIFICATION=(
        "An activity about a text message (SMS) to the client; the object type is "
        "`TextMessageNotificationActivity`."
    ),
    CONFERENCE_REGISTRATION=(
        "An activity about a registration for a session of a conference; the object type is "
        "`ConferenceRegistrationActivity`."
    ),
    UNKNOWN="A kind that the gateway does not know; the object type is `UnknownActivity`.",
)
_describe(
    ActivityEvent,
    "The event that an activity records about its object, such as an appointment or a note.",
    CREATED="The object was created.",
    UPDATED="The object was changed; `Activity.changes` has the changes.",
    DELETED="The object was deleted.",
    UNKNOWN="An event that the gateway does not know; `eventRaw` has the upstream's word.",
)
_describe(
    AppointmentStatus,
    "The status of an appointment.",
    COMPLETED="The appointment took place.",
    NO_SHOW="The client did not come to the appointment.",
    ACCEPTED="The appointment is confirmed.",
    PENDING="The appointment awaits a confirmation.",
    DECLINED="The business declined the appointment.",
    CANCELLED="The appointment was cancelled.",
    IN_PROGRESS="The appointment is taking place.",
    UNKNOWN="A status that the gateway does not know; `statusRaw` has the upstream's word.",
)
_describe(
    FormResultStatus,
    "The status of a form result.",
    NEUTRAL="Nobody has begun to process the form result.",
    IN_PROGRESS="Somebody is processing the form result.",
    FINISHED="The form result has been processed.",
    REOPENING="The form result is being processed again.",
    UNKNOWN="A status that the gateway does not know; `statusRaw` has the upstream's word.",
)
_describe(
    RegistrationStatus,
    "The status of a conference registration.",
    ACCEPTED="The seats are reserved for the client.",
    CANCELLED="The registration was cancelled; `cancelReason` may have the reason.",
    WAITING_LIST="The session is full, and the client is on the waiting list.",
    UNKNOWN="A status that the gateway does not know; `statusRaw` has the upstream's word.",
)
_describe(
    RegistrationSourceType,
    "The type of the source of a conference registration.",
    API="A program registered the client by the upstream's API.",
    WIDGET="The client registered on a web page.",
    UNKNOWN="A type that the gateway does not know; `sourceTypeRaw` has the upstream's word.",
)


@strawberry.enum(description="The order of a timeline.")
class SortOrder(Enum):
    """The sort order of a timeline; the values are the upstream's."""

    ASC = strawberry.enum_value(
        "asc", description="The oldest activity first; activities without an instant last."
    )
    DESC = strawberry.enum_value(
        "desc",
        description="The newest activity first; activities without an instant last as well.",
    )


@strawberry.enum(
    description=(
        "The phase of an appointment, by what its activities recorded and by the time of the request."
    )
)
class AppointmentPhase(Enum):
    """The phase of an appointment thread."""

    UPCOMING = strawberry.enum_value(
        "upcoming", description="The appointment ends after the time of the request."
    )
    PAST = strawberry.enum_value(
        "past",
        description="The appointment has ended, or its status is `COMPLETED` or `NO_SHOW`.",
    )
    CANCELLED = strawberry.enum_value(
        "cancelled",
        description="The appointment was deleted, or its status is `CANCELLED` or `DECLINED`.",
    )
    UNKNOWN = strawberry.enum_value(
        "unknown",
        description="Neither the status nor an instant tells the phase.",
    )


def _code_descriptions() -> dict[str, str]:
    """The description of each code, in the order of the tree: the first sentences of the errors that have it."""
    descriptions: dict[str, list[str]] = {}
    classes: deque[type[errors.GatewayError]] = deque([errors.GatewayError])
    while classes:
        error_class = classes.popleft()
        classes += error_class.__subclasses__()
        if "code" in vars(error_class):
            sentence = cleandoc(error_class.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
            descriptions.setdefault(error_class.code, []).append(sentence)
    by_code = {code: " ".join(sentences) for code, sentences in descriptions.items()}
    without_class = errors.CODES_WITHOUT_CLASS.items()
    return by_code | {code: each.description for code, each in without_class}


_CODE_DESCRIPTIONS = _code_descriptions()

ErrorCode = Enum(  # type: ignore[misc]  # mypy takes only literals
    "ErrorCode", {code: code for code in _CODE_DESCRIPTIONS}
)
"""The codes of errors, in `extensions.code` of a GraphQL error and in `MissingPart.code`."""

_describe(
    ErrorCode,
    "The code of an error, in `extensions.code` of a GraphQL error and in `MissingPart.code`. No code is added "
    "before version 2.0.",
    **_CODE_DESCRIPTIONS,
)

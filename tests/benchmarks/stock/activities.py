"""The interface Activity and its seven kinds, made of the REST answer's JSON."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from tests.benchmarks.stock.snapshots import (
    AppointmentSnapshot,
    ConferenceRegistrationSnapshot,
    EmailNotification,
    FormResultSnapshot,
    Json,
    MarketingConsent,
    NoteSnapshot,
    TextMessageNotification,
    User,
    ZonedDateTime,
)


@strawberry.enum
class ActivityKind(Enum):
    APPOINTMENT = "appointment"
    NOTE = "note"
    CONSENT = "consent"
    FORM_RESULT = "formResult"
    EMAIL_NOTIFICATION = "emailNotification"
    TEXT_MESSAGE_NOTIFICATION = "textMessageNotification"
    CONFERENCE_REGISTRATION = "conferenceRegistration"


@strawberry.enum
class ActivityEvent(Enum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@strawberry.interface
class Activity:
    id: strawberry.ID
    kind: ActivityKind
    event: ActivityEvent | None
    date: ZonedDateTime
    user: User | None
    updated_attributes: list[str]
    marketing_consent: MarketingConsent | None


def _of_all_kinds(json: Json) -> dict[str, Any]:
    user, consent = json.get("user"), json.get("marketingConsent")
    return {
        "id": json["id"],
        "kind": ActivityKind(json["type"]),
        "event": ActivityEvent(json["event"]),
        "date": ZonedDateTime.of(json["date"]),
        "user": None if user is None else User.of(user),
        "updated_attributes": json.get("updatedAttributes", []),
        "marketing_consent": None if consent is None else MarketingConsent(text=consent["text"]),
    }


@strawberry.type
class AppointmentActivity(Activity):
    appointment: AppointmentSnapshot | None

    @classmethod
    def of(cls, json: Json) -> "AppointmentActivity":
        return cls(**_of_all_kinds(json), appointment=AppointmentSnapshot.of(json["appointment"]))


@strawberry.type
class NoteActivity(Activity):
    note: NoteSnapshot | None

    @classmethod
    def of(cls, json: Json) -> "NoteActivity":
        return cls(**_of_all_kinds(json), note=NoteSnapshot.of(json["note"]))


@strawberry.type
class ConsentActivity(Activity):
    note: NoteSnapshot | None

    @classmethod
    def of(cls, json: Json) -> "ConsentActivity":
        return cls(**_of_all_kinds(json), note=NoteSnapshot.of(json["note"]))


@strawberry.type
class FormResultActivity(Activity):
    form_result: FormResultSnapshot | None

    @classmethod
    def of(cls, json: Json) -> "FormResultActivity":
        return cls(**_of_all_kinds(json), form_result=FormResultSnapshot.of(json["formResult"]))


@strawberry.type
class EmailNotificationActivity(Activity):
    email_notification: EmailNotification | None

    @classmethod
    def of(cls, json: Json) -> "EmailNotificationActivity":
        return cls(
            **_of_all_kinds(json),
            email_notification=EmailNotification.of(json["emailNotification"]),
        )


@strawberry.type
class TextMessageNotificationActivity(Activity):
    text_message_notification: TextMessageNotification | None

    @classmethod
    def of(cls, json: Json) -> "TextMessageNotificationActivity":
        return cls(
            **_of_all_kinds(json),
            text_message_notification=TextMessageNotification.of(json["textMessageNotification"]),
        )


@strawberry.type
class ConferenceRegistrationActivity(Activity):
    conference_registration: ConferenceRegistrationSnapshot | None

    @classmethod
    def of(cls, json: Json) -> "ConferenceRegistrationActivity":
        return cls(
            **_of_all_kinds(json),
            conference_registration=ConferenceRegistrationSnapshot.of(
                json["conferenceRegistration"]
            ),
        )


KINDS: Mapping[str, Any] = {
    "appointment": AppointmentActivity,
    "note": NoteActivity,
    "consent": ConsentActivity,
    "formResult": FormResultActivity,
    "emailNotification": EmailNotificationActivity,
    "textMessageNotification": TextMessageNotificationActivity,
    "conferenceRegistration": ConferenceRegistrationActivity,
}


def activity(json: Json) -> Activity:
    made: Activity = KINDS[json["type"]].of(json)
    return made

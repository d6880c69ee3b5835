"""The interface `Activity`, its seven kinds, and `UnknownActivity`."""

from typing import Any

import strawberry

from gateway.errors import InvalidUpstreamResponse
from gateway.schema.appointment import AppointmentSnapshot
from gateway.schema.changes import SNAPSHOT_ATTRIBUTES, Change, FieldChange, snapshot_changes
from gateway.schema.conference import ConferenceRegistrationSnapshot
from gateway.schema.context import Context
from gateway.schema.enums import ActivityEvent, ActivityKind
from gateway.schema.form import FormResult
from gateway.schema.messages import (
    EmailNotification,
    MarketingConsent,
    NoteSnapshot,
    TextMessageNotification,
)
from gateway.schema.people import User
from gateway.schema.resolvers import PartialValue, computed_field, is_readable, is_type_of_records
from gateway.schema.scalars import JSON, ZonedDateTime
from gateway.upstream.records import activities


def _updated_attributes(activity: activities.Activity, context: Context) -> list[str]:
    """The updated attributes. The list is non-null, so unreadable names are omitted and reported."""
    raw_names: Any = activity.sent_updated_attributes or []  # may be, or contain, `Unreadable`
    names = raw_names if is_readable(raw_names) else []
    readable_names = [str(name) for name in names if is_readable(name)]
    if raw_names is not names or len(readable_names) < len(names):
        raise PartialValue(
            readable_names,
            InvalidUpstreamResponse(
                "Some updated attribute names could not be decoded and were omitted."
            ),
        )
    return readable_names


def _changes(activity: activities.Activity, context: Context) -> list[Change] | None:
    try:
        return snapshot_changes(activity, _updated_attributes(activity, context))
    except PartialValue as partial_value:
        raise PartialValue(
            snapshot_changes(activity, partial_value.value), partial_value.error
        ) from None


@strawberry.interface(
    description=(
        "Something that happened with a client. Each kind is a type of its own: select what it "
        "carries with a fragment, such as `... on NoteActivity { note { bodyText } }`."
    )
)
class Activity:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this activity.")
    kind: ActivityKind = strawberry.field(description="What it is about.")
    kind_raw: str = strawberry.field(
        description="The upstream's own word for the kind, also for kinds not known here."
    )
    date: ZonedDateTime | None = strawberry.field(description="When it happened.")
    event: ActivityEvent | None = strawberry.field(
        description="What happened; null where the upstream does not say."
    )
    user: User | None = strawberry.field(
        description="Who did it; null where the client did, or the upstream does not say."
    )
    updated_attributes: list[str] = computed_field(
        _updated_attributes,
        list[str],
        depends_on=("sent_updated_attributes",),
        description=(
            "The names of what changed, in the upstream's words, whatever the event; empty where "
            "it names nothing. `changes` has the values too."
        ),
    )
    marketing_consent: MarketingConsent | None = strawberry.field(
        description="The marketing consent that the client ticked along with it, if any."
    )
    changes: list[Change] | None = computed_field(
        _changes,
        list[FieldChange] | None,
        depends_on=("event", "sent_updated_attributes", *SNAPSHOT_ATTRIBUTES),
        description=(
            "What changed, in the order start, end, service, staff, notes, status, body, then "
            "whatever else the upstream names; whatever the event. Empty where nothing is said "
            "to have changed; null where an update does not say what it changed."
        ),
    )


@strawberry.type(description="An appointment was made, changed or removed.")
class AppointmentActivity(Activity):
    is_type_of = is_type_of_records(activities.AppointmentActivity)

    appointment: AppointmentSnapshot | None = strawberry.field(
        description="The appointment, as it was when this was recorded."
    )


@strawberry.type(description="A note about the client was written, changed or removed.")
class NoteActivity(Activity):
    is_type_of = is_type_of_records(activities.NoteActivity)

    note: NoteSnapshot | None = strawberry.field(
        description="The note, as it was when this was recorded."
    )


@strawberry.type(description="The client gave a consent; it is recorded as a note.")
class ConsentActivity(Activity):
    is_type_of = is_type_of_records(activities.ConsentActivity)

    note: NoteSnapshot | None = strawberry.field(
        description="The note that records the consent, as it was when this was recorded."
    )


@strawberry.type(description="The client filled in a form.")
class FormResultActivity(Activity):
    is_type_of = is_type_of_records(activities.FormResultActivity)

    form_result: FormResult | None = strawberry.field(description="What was filled in.")


@strawberry.type(description="An e-mail was sent to the client.")
class EmailNotificationActivity(Activity):
    is_type_of = is_type_of_records(activities.EmailNotificationActivity)

    email_notification: EmailNotification | None = strawberry.field(description="The e-mail.")


@strawberry.type(description="A text message (SMS) was sent to the client.")
class TextMessageNotificationActivity(Activity):
    is_type_of = is_type_of_records(activities.TextMessageNotificationActivity)

    text_message_notification: TextMessageNotification | None = strawberry.field(
        description="The text message."
    )


@strawberry.type(description="The client registered for a session of a conference.")
class ConferenceRegistrationActivity(Activity):
    is_type_of = is_type_of_records(activities.ConferenceRegistrationActivity)

    conference_registration: ConferenceRegistrationSnapshot | None = strawberry.field(
        description="The registration, as it was when this was recorded."
    )


@strawberry.type(
    description="An activity of a kind that this gateway does not know yet: the timeline stays whole."
)
class UnknownActivity(Activity):
    is_type_of = is_type_of_records(activities.UnknownActivity)

    payload: JSON = strawberry.field(description="The whole activity, as the upstream sent it.")


KINDS = (
    AppointmentActivity,
    NoteActivity,
    ConsentActivity,
    FormResultActivity,
    EmailNotificationActivity,
    TextMessageNotificationActivity,
    ConferenceRegistrationActivity,
    UnknownActivity,
)
"""All object types of the interface, for the schema's explicit list of types."""

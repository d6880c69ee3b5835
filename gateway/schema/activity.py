"""The interface `Activity`, its seven kinds, and `UnknownActivity`."""

from typing import Any

import strawberry

from gateway.errors import InvalidUpstreamResponse
from gateway.schema.action import ACTION_ATTRIBUTES, ActivityAction, activity_action
from gateway.schema.appointment import AppointmentSnapshot
from gateway.schema.changes import SNAPSHOT_ATTRIBUTES, Change, FieldChange, snapshot_changes
from gateway.schema.client import Client, timeline_client
from gateway.schema.conference import ConferenceRegistrationSnapshot
from gateway.schema.context import Context
from gateway.schema.enums import ActivityEvent, ActivityKind
from gateway.schema.form import FormResultSnapshot
from gateway.schema.messages import (
    EmailNotification,
    MarketingConsent,
    NoteSnapshot,
    TextMessageNotification,
)
from gateway.schema.people import User
from gateway.schema.resolvers import (
    PartialValue,
    computed_field,
    ids_field,
    is_readable,
    is_type_of_records,
)
from gateway.schema.scalars import JSON, ZonedDateTime
from gateway.upstream.records import activities


def _updated_attributes(activity: activities.Activity, context: Context) -> list[str]:
    """The updated attributes. The list is non-null, so unreadable names are omitted and reported."""
    raw_names: Any = activity.sent_updated_attributes  # may be, or contain, `Unreadable`
    if raw_names is None:
        return []
    if raw_names.__class__ is list and {*map(type, raw_names)} <= {str}:
        names_as_sent: list[str] = raw_names
        return names_as_sent
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


def _action(activity: activities.Activity, context: Context) -> ActivityAction:
    return activity_action(activity, context.settings.default_time_zone)


@strawberry.interface(
    description=(
        "An event in the timeline of a client. Each kind of activity is an object type: a fragment such as "
        "`... on NoteActivity { note { bodyText } }` selects what the kind carries."
    )
)
class Activity:
    id: strawberry.ID = strawberry.field(description="The upstream's id of the activity.")
    client: Client = ids_field(
        timeline_client,
        ("client_id", "client_argument"),
        Client,
        description=(
            "The client to whose timeline the activity belongs. The field costs nothing; `Client.profile` costs "
            "a read."
        ),
    )
    kind: ActivityKind = strawberry.field(
        description="The kind of the activity, to which its object type corresponds."
    )
    kind_raw: str = strawberry.field(
        description=(
            "The kind of the activity in the upstream's words, also where `kind` is `UNKNOWN`."
        )
    )
    date: ZonedDateTime | None = strawberry.field(
        description="The date and time of the activity. Null where the upstream sends none."
    )
    event: ActivityEvent | None = strawberry.field(
        description=(
            "The event that the activity records about its object. Null where the upstream sends none."
        )
    )
    event_raw: str | None = strawberry.field(
        description=(
            "The event of the activity in the upstream's words, also where `event` is `UNKNOWN`. Null where the "
            "upstream sends none."
        )
    )
    user: User | None = strawberry.field(
        description="The user who caused the activity. Null where the upstream names nobody."
    )
    updated_attributes: list[str] = computed_field(
        _updated_attributes,
        list[str],
        depends_on=("sent_updated_attributes",),
        fast_path_attribute="sent_updated_attributes",
        value_of_null=[],
        description=(
            "The names of the changed attributes in the upstream's words, whatever the event. Empty where the "
            "upstream sends none. `changes` has the values."
        ),
    )
    marketing_consent: MarketingConsent | None = strawberry.field(
        description=(
            "The consent to marketing that the client gave together with the activity. Null where the client "
            "gave none."
        )
    )
    changes: list[Change] | None = computed_field(
        _changes,
        list[FieldChange] | None,
        depends_on=("event", "sent_updated_attributes", *SNAPSHOT_ATTRIBUTES),
        description=(
            "The changes that the activity records, whatever the event: first the fields with a previous value, "
            "in the order of `ChangedField`, then each other name in `updatedAttributes`. Empty where the "
            "upstream names no change; null where the event is `UPDATED` and nothing tells what changed."
        ),
    )
    action: ActivityAction = computed_field(
        _action,
        ActivityAction,
        depends_on=ACTION_ATTRIBUTES,
        description=(
            "What happened, in one word: by `kind`, `event` and what changed, so that a list of activities needs "
            "no rules of its own. A value that cannot be read counts as unknown."
        ),
    )


@strawberry.type(
    description="An activity about an appointment of the client: made, changed or deleted."
)
class AppointmentActivity(Activity):
    is_type_of = is_type_of_records(activities.AppointmentActivity)

    appointment: AppointmentSnapshot | None = strawberry.field(
        description=(
            "The appointment as the activity recorded it. Null where the activity did not record it."
        )
    )


@strawberry.type(description="An activity about a note on the client: written, changed or deleted.")
class NoteActivity(Activity):
    is_type_of = is_type_of_records(activities.NoteActivity)

    note: NoteSnapshot | None = strawberry.field(
        description="The note as the activity recorded it. Null where the activity did not record it."
    )


@strawberry.type(
    description="An activity about a consent of the client, which the upstream records as a note."
)
class ConsentActivity(Activity):
    is_type_of = is_type_of_records(activities.ConsentActivity)

    note: NoteSnapshot | None = strawberry.field(
        description=(
            "The note that contains the consent, as the activity recorded it. Null where the activity did not "
            "record it."
        )
    )


@strawberry.type(description="An activity about a form that the client filled in.")
class FormResultActivity(Activity):
    is_type_of = is_type_of_records(activities.FormResultActivity)

    form_result: FormResultSnapshot | None = strawberry.field(
        description=(
            "The form result as the activity recorded it. Null where the activity did not record it."
        )
    )


@strawberry.type(description="An activity about an e-mail that was sent to the client.")
class EmailNotificationActivity(Activity):
    is_type_of = is_type_of_records(activities.EmailNotificationActivity)

    email_notification: EmailNotification | None = strawberry.field(
        description="The e-mail that was sent. Null where the activity did not record it."
    )


@strawberry.type(description="An activity about a text message (SMS) that was sent to the client.")
class TextMessageNotificationActivity(Activity):
    is_type_of = is_type_of_records(activities.TextMessageNotificationActivity)

    text_message_notification: TextMessageNotification | None = strawberry.field(
        description="The text message that was sent. Null where the activity did not record it."
    )


@strawberry.type(
    description="An activity about the client's registration for a session of a conference."
)
class ConferenceRegistrationActivity(Activity):
    is_type_of = is_type_of_records(activities.ConferenceRegistrationActivity)

    conference_registration: ConferenceRegistrationSnapshot | None = strawberry.field(
        description=(
            "The registration as the activity recorded it. Null where the activity did not record it."
        )
    )


@strawberry.type(
    description=(
        "An activity of a kind that the gateway does not know, so that the timeline stays complete when the "
        "upstream adds a kind."
    )
)
class UnknownActivity(Activity):
    is_type_of = is_type_of_records(activities.UnknownActivity)

    payload: JSON = strawberry.field(
        description="The whole activity as the upstream sent it, as JSON."
    )


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

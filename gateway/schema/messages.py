"""Notes, e-mails, text messages and marketing consents: recorded by activities, and the note as it is today."""

import strawberry

from gateway.schema.resolvers import current_field, is_type_of_records, plain_text_field
from gateway.schema.scalars import URL, ZonedDateTime
from gateway.upstream.endpoints import NOTE
from gateway.upstream.records import resources


@strawberry.type(description="The author of a note.")
class NoteAuthor:
    email_address: str | None = strawberry.field(
        description="The e-mail address of the author. Null where the upstream sends none."
    )
    first_name: str | None = strawberry.field(
        description="The first name of the author. Null where the upstream sends none."
    )
    last_name: str | None = strawberry.field(
        description="The last name of the author. Null where the upstream sends none."
    )


@strawberry.type(description="A note about a client as the entity is today.")
class Note:
    is_type_of = is_type_of_records(resources.Note)

    id: strawberry.ID = strawberry.field(description="The upstream's id of the note.")
    body: str | None = strawberry.field(
        description=(
            "The content of the note as HTML that nothing has checked: sanitise the HTML before a page shows "
            "it. Null where the upstream sends none."
        )
    )
    body_text: str | None = plain_text_field(
        "body",
        description="The content of the note as plain text. Null where the upstream sends none.",
    )
    author: NoteAuthor | None = strawberry.field(
        description="The author of the note. Null where the upstream sends none."
    )
    date: ZonedDateTime | None = strawberry.field(
        description="The date and time of the note. Null where the upstream sends none."
    )
    is_contact_by_client: bool | None = strawberry.field(
        description=(
            "Whether the note records a contact that the client made, which renews the date of the client's "
            "last consent. Null where the upstream does not tell."
        )
    )


@strawberry.type(
    description=(
        "A note, or a consent that is recorded as a note, as an activity recorded it. A snapshot has no `id`, so "
        "that caches never merge two states of one note; today's entity is `current`."
    )
)
class NoteSnapshot:
    note_id: strawberry.ID | None = strawberry.field(
        description="The upstream's id of the note. Null where the activity did not record the id."
    )
    body: str | None = strawberry.field(
        description=(
            "The content of the note as HTML that nothing has checked: sanitise the HTML before a page shows "
            "it. Null where the activity did not record it."
        )
    )
    body_text: str | None = plain_text_field(
        "body",
        description=(
            "The content of the note as plain text. Null where the activity did not record the content."
        ),
    )
    previous_body: str | None = strawberry.field(
        description=(
            "The content of the note before the update, as HTML that nothing has checked. Null where the "
            "activity did not record a change of the content."
        )
    )
    previous_body_text: str | None = plain_text_field(
        "previous_body",
        description=(
            "The content of the note before the update, as plain text. Null where the activity did not record a "
            "change of the content."
        ),
    )
    self_link: URL | None = strawberry.field(
        description=(
            "The address of the note in the upstream's REST API, as sent. Requests to it need credentials of "
            "the upstream. Null where the activity did not record it."
        )
    )
    current: Note | None = current_field(
        NOTE,
        Note | None,
        description=(
            "The note as the entity is today. Null where the note no longer exists or the activity did not "
            "record the id. Costs one read for each distinct note."
        ),
    )


@strawberry.type(description="An e-mail that was sent to a client.")
class EmailNotification:
    subject: str | None = strawberry.field(
        description="The subject of the e-mail. Null where the activity did not record it."
    )
    body: str | None = strawberry.field(
        description=(
            "The content of the e-mail as HTML that nothing has checked: sanitise the HTML before a page shows "
            "it. Null where the activity did not record it."
        )
    )
    body_text: str | None = plain_text_field(
        "body",
        description=(
            "The content of the e-mail as plain text. Null where the activity did not record the content."
        ),
    )
    self_link: URL | None = strawberry.field(
        description=(
            "An address in the upstream's REST API, as sent. The upstream does not document the resource at "
            "this address. Null where the activity did not record it."
        )
    )


@strawberry.type(description="A text message (SMS) that was sent to a client.")
class TextMessageNotification:
    body: str | None = strawberry.field(
        description="The content of the text message, which is plain text. Null where the activity did not record it."
    )
    self_link: URL | None = strawberry.field(
        description=(
            "An address in the upstream's REST API, as sent. The upstream does not document the resource at "
            "this address. Null where the activity did not record it."
        )
    )


@strawberry.type(description="A consent to marketing that a client gave together with an activity.")
class MarketingConsent:
    text: str | None = strawberry.field(
        description="The text to which the client consented. Null where the activity did not record it."
    )

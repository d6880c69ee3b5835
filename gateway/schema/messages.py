"""Notes, e-mails, text messages and marketing consents of activities, and the note as it is today."""

import strawberry

from gateway.schema.resolvers import entity_field, plain_text_field
from gateway.schema.scalars import URL, ZonedDateTime
from gateway.upstream.session import UpstreamSession


@strawberry.type(description="Who wrote a note.")
class NoteWriter:
    email_address: str | None = strawberry.field(description="The writer's e-mail address.")
    first_name: str | None = strawberry.field(description="The writer's first name.")
    last_name: str | None = strawberry.field(description="The writer's last name.")


@strawberry.type(description="A note as it is today.")
class Note:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this note.")
    html: str | None = strawberry.field(
        description="What it says, as HTML that nobody has checked. Sanitise it before showing it."
    )
    text: str | None = plain_text_field("html", description="What it says, as plain text.")
    writer: NoteWriter | None = strawberry.field(description="Who wrote it.")
    date: ZonedDateTime | None = strawberry.field(description="When it was written.")
    contacted_by_client: bool | None = strawberry.field(
        description="Whether the client made contact, which renews the date of the last consent."
    )


@strawberry.type(
    description=(
        "A note, or a consent recorded as one, as it was when the activity was recorded. It has "
        "no `id`, so that caches do not merge the states of one note: `noteId` says which one it is."
    )
)
class NoteSnapshot:
    note_id: strawberry.ID = strawberry.field(description="Which note this is.")
    body: str | None = strawberry.field(
        description="What it says, as HTML that nobody has checked. Sanitise it before showing it."
    )
    body_text: str | None = plain_text_field("body", description="What it says, as plain text.")
    previous_body: str | None = strawberry.field(
        description="What it said before this update, as unchecked HTML; null for other events."
    )
    previous_body_text: str | None = plain_text_field(
        "previous_body",
        description="What it said before this update, as plain text; null for other events.",
    )
    self_link: URL | None = strawberry.field(
        description="The note's address in the REST API, as sent. Needs credentials there."
    )
    current: Note | None = entity_field(
        UpstreamSession.note,
        ("note_id",),
        Note | None,
        description="The note as it is today, for one call; null where it no longer exists.",
    )


@strawberry.type(description="An e-mail that was sent to the client.")
class EmailNotification:
    subject: str | None = strawberry.field(description="The subject line.")
    body: str | None = strawberry.field(
        description="The message, as HTML that nobody has checked. Sanitise it before showing it."
    )
    body_text: str | None = plain_text_field("body", description="The message as plain text.")
    self_link: URL | None = strawberry.field(
        description="An address in the REST API, as sent; what it leads to is not documented."
    )


@strawberry.type(description="A text message (SMS) that was sent to the client.")
class TextMessageNotification:
    body: str | None = strawberry.field(description="The message: plain text.")
    self_link: URL | None = strawberry.field(
        description="An address in the REST API, as sent; what it leads to is not documented."
    )


@strawberry.type(description="A marketing consent that the client ticked along with an activity.")
class MarketingConsent:
    text: str | None = strawberry.field(description="The text that the client accepted.")

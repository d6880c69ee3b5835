"""The note that an activity tells of: as it was then, and as it is today."""

from collections.abc import Awaitable

import strawberry

from gateway.schema.reading import Reached, entity, plain_text_of
from gateway.schema.values import URL, ZonedDateTime
from gateway.upstream import entities, records
from gateway.upstream.session import Session


def _today(
    session: Session, reached: Reached[records.NoteSnapshot]
) -> Awaitable[entities.Note | None]:
    return session.note(str(reached.record.note_id))


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
    text: str | None = strawberry.field(
        resolver=plain_text_of("html"), description="What it says, as plain text."
    )
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
    body_text: str | None = strawberry.field(
        resolver=plain_text_of("body"), description="What it says, as plain text."
    )
    previous_body: str | None = strawberry.field(
        description="What it said before this update, as unchecked HTML; null for other events."
    )
    previous_body_text: str | None = strawberry.field(
        resolver=plain_text_of("previous_body"),
        description="What it said before this update, as plain text; null for other events.",
    )
    self_link: URL | None = strawberry.field(
        description="The note's address in the REST API, as sent. Needs credentials there."
    )
    current: Note | None = entity(
        _today,
        Note | None,
        description="The note as it is today, for one call; null where it no longer exists.",
    )

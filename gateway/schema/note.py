"""The note that an activity tells of."""

import strawberry

from gateway.schema.plain_text import plain_text
from gateway.schema.reading import text
from gateway.schema.values import URL
from gateway.upstream import records


def _body_text(root: strawberry.Parent[records.NoteSnapshot]) -> str | None:
    body = text(root, "body")
    return None if body is None else plain_text(body)


def _previous_body_text(root: strawberry.Parent[records.NoteSnapshot]) -> str | None:
    body = text(root, "previous_body")
    return None if body is None else plain_text(body)


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
        resolver=_body_text, description="What it says, as plain text."
    )
    previous_body: str | None = strawberry.field(
        description="What it said before this update, as unchecked HTML; null for other events."
    )
    previous_body_text: str | None = strawberry.field(
        resolver=_previous_body_text,
        description="What it said before this update, as plain text; null for other events.",
    )
    self_link: URL | None = strawberry.field(
        description="The note's address in the REST API, as sent. Needs credentials there."
    )

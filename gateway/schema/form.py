"""The filled-in form that an activity tells of."""

import strawberry

from gateway.schema.values import URL


@strawberry.type(description="A form that clients fill in.")
class Form:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this form.")
    name: str | None = strawberry.field(
        description="The name, as it was when the activity was recorded."
    )


@strawberry.type(description="What a client filled in: one result of a form.")
class FormResult:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this result.")
    form: Form | None = strawberry.field(description="The form that was filled in.")
    self_link: URL | None = strawberry.field(
        description="The result's address in the REST API, as sent. Needs credentials there."
    )

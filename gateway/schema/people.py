"""Who takes part: the user who acted, the member of staff, the service they give."""

import strawberry

from gateway.schema.reading import recorded_as
from gateway.upstream import records


@strawberry.type(
    description=(
        "Who did what an activity tells of: somebody who works with the scheduling product. "
        "Missing where the client did it, on a web page."
    )
)
class User:
    user_name: str | None = strawberry.field(
        description="The unique name that this user logs in with; often an e-mail address."
    )
    email_address: str | None = strawberry.field(description="The user's e-mail address.")
    first_name: str | None = strawberry.field(description="The user's first name.")
    last_name: str | None = strawberry.field(description="The user's last name.")


@strawberry.type(description="A member of staff, with whom appointments are made.")
class Staff:
    is_type_of = recorded_as(records.Staff)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this person.")
    first_name: str | None = strawberry.field(
        description="The first name, as it was when the activity was recorded."
    )
    last_name: str | None = strawberry.field(
        description="The last name, as it was when the activity was recorded."
    )


@strawberry.type(description="A service that appointments are made for.")
class Service:
    is_type_of = recorded_as(records.Service)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this service.")
    name: str | None = strawberry.field(
        description="The name, as it was when the activity was recorded."
    )

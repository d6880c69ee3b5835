"""Who takes part: the user who acted, and the member of staff."""

from collections.abc import Awaitable

import strawberry

from gateway.schema.reading import Reached, looked_up, recorded_as
from gateway.schema.values import URL
from gateway.upstream import entities, records
from gateway.upstream.session import Session


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


def _today(session: Session, reached: Reached[records.Staff]) -> Awaitable[entities.Staff | None]:
    return session.staff(reached.company_id, str(reached.record.id))


@strawberry.type(
    description=(
        "A member of staff, with whom appointments are made. The names come with what they were "
        "reached through; the first other field costs one call for all staff of the company. Those "
        "fields are null where the person is no longer there."
    )
)
class Staff:
    is_type_of = recorded_as(records.Staff)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this person.")
    first_name: str | None = strawberry.field(
        description="The first name, as recorded where this was reached through."
    )
    last_name: str | None = strawberry.field(
        description="The last name, as recorded where this was reached through."
    )
    email: str | None = looked_up(_today, "email", str | None, description="The e-mail address.")
    phone: str | None = looked_up(
        _today, "phone", str | None, description="The mobile phone number."
    )
    other_phone: str | None = looked_up(
        _today, "other_phone", str | None, description="Another phone number."
    )
    title: str | None = looked_up(
        _today, "title", str | None, description="The form of address, such as `mrs` or `dr`."
    )
    gender: str | None = looked_up(
        _today, "gender", str | None, description="The gender: `male` or `female`."
    )
    color: str | None = looked_up(
        _today, "color", str | None, description="The colour in calendars, such as `#EFEFEF`."
    )
    description: str | None = looked_up(
        _today, "description", str | None, description="What the business says of this person."
    )
    picture_url: str | None = looked_up(
        _today, "picture_url", URL | None, description="Where a picture of this person is."
    )
    role: str | None = looked_up(
        _today,
        "role",
        str | None,
        description="What this person may do: `administrator`, `scheduler` or `reader`.",
    )
    external_id: str | None = looked_up(
        _today, "external_id", str | None, description="The id in another system."
    )

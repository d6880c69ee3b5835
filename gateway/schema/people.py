"""The people of the business: the user who acted, and the member of staff."""

from functools import partial

import strawberry

from gateway.schema.resolvers import is_type_of_records, loaded_field
from gateway.schema.scalars import URL
from gateway.upstream.records import activities, resources
from gateway.upstream.session import UpstreamSession

_staff_field = partial(loaded_field, UpstreamSession.staff, ("company_id", "id"))


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


@strawberry.type(
    description=(
        "A member of staff, with whom appointments are made. The names come with what they were "
        "reached through; the first other field costs one call for all staff of the company. Those "
        "fields are null where the person is no longer there."
    )
)
class Staff:
    is_type_of = is_type_of_records(activities.Staff, resources.Staff)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this person.")
    first_name: str | None = strawberry.field(
        description="The first name, as recorded where this was reached through."
    )
    last_name: str | None = strawberry.field(
        description="The last name, as recorded where this was reached through."
    )
    email: str | None = _staff_field("email", str | None, description="The e-mail address.")
    phone: str | None = _staff_field("phone", str | None, description="The mobile phone number.")
    other_phone: str | None = _staff_field(
        "other_phone", str | None, description="Another phone number."
    )
    title: str | None = _staff_field(
        "title", str | None, description="The form of address, such as `mrs` or `dr`."
    )
    gender: str | None = _staff_field(
        "gender", str | None, description="The gender: `male` or `female`."
    )
    color: str | None = _staff_field(
        "color", str | None, description="The colour in calendars, such as `#EFEFEF`."
    )
    description: str | None = _staff_field(
        "description", str | None, description="What the business says of this person."
    )
    picture_url: str | None = _staff_field(
        "picture_url", URL | None, description="Where a picture of this person is."
    )
    role: str | None = _staff_field(
        "role",
        str | None,
        description="What this person may do: `administrator`, `scheduler` or `reader`.",
    )
    external_id: str | None = _staff_field(
        "external_id", str | None, description="The id in another system."
    )

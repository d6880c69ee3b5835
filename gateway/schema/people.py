"""The people of the business: the user of an activity, and the member of staff, recorded and today."""

from functools import partial

import strawberry

from gateway.schema.resolvers import current_field, is_type_of_records, loaded_field
from gateway.schema.scalars import URL
from gateway.upstream.endpoints import STAFF
from gateway.upstream.records import activities, resources

_staff_field = partial(loaded_field, STAFF)


@strawberry.type(
    description=(
        "A user of the scheduling product, as an activity or an appointment's history recorded this person. "
        "Users have no id that the gateway could look up: `userName` identifies a user."
    )
)
class User:
    user_name: str | None = strawberry.field(
        description=(
            "The unique name with which the user logs in, often an e-mail address. Null where the upstream "
            "did not record a name."
        )
    )
    email_address: str | None = strawberry.field(
        description="The e-mail address of the user. Null where the upstream did not record an address."
    )
    first_name: str | None = strawberry.field(
        description="The first name of the user. Null where the upstream did not record a first name."
    )
    last_name: str | None = strawberry.field(
        description="The last name of the user. Null where the upstream did not record a last name."
    )


@strawberry.type(
    description=(
        "A member of staff as the entity is today. The names cost nothing inside an `Appointment`; each other "
        "field needs the list of the company's staff, which is read once for all members of the company."
    )
)
class Staff:
    is_type_of = is_type_of_records(resources.StaffReference, resources.Staff)

    id: strawberry.ID = strawberry.field(description="The upstream's id of the member of staff.")
    first_name: str | None = strawberry.field(
        description="The first name of the member of staff. Null where the upstream sends none."
    )
    last_name: str | None = strawberry.field(
        description="The last name of the member of staff. Null where the upstream sends none."
    )
    email_address: str | None = _staff_field(
        "email_address",
        str | None,
        description=(
            "The e-mail address of the member of staff. Null where the upstream sends none or the member of "
            "staff no longer exists. Costs the read of the company's staff."
        ),
    )
    phone: str | None = _staff_field(
        "phone",
        str | None,
        description=(
            "The mobile phone number of the member of staff. Null where the upstream sends none or the member "
            "of staff no longer exists. Costs the read of the company's staff."
        ),
    )
    other_phone: str | None = _staff_field(
        "other_phone",
        str | None,
        description=(
            "Another phone number of the member of staff. Null where the upstream sends none or the member of "
            "staff no longer exists. Costs the read of the company's staff."
        ),
    )
    title: str | None = _staff_field(
        "title",
        str | None,
        description=(
            "The form of address of the member of staff: `mr`, `mrs` or `dr`. Null where the upstream sends "
            "none or the member of staff no longer exists. Costs the read of the company's staff."
        ),
    )
    gender: str | None = _staff_field(
        "gender",
        str | None,
        description=(
            "The gender of the member of staff: `male` or `female`. Null where the upstream sends none or the "
            "member of staff no longer exists. Costs the read of the company's staff."
        ),
    )
    color: str | None = _staff_field(
        "color",
        str | None,
        description=(
            "The colour of the member of staff in calendars, such as `#EFEFEF`. Null where the upstream sends "
            "none or the member of staff no longer exists. Costs the read of the company's staff."
        ),
    )
    description: str | None = _staff_field(
        "description",
        str | None,
        description=(
            "The description of the member of staff by the business. Null where the upstream sends none or the "
            "member of staff no longer exists. Costs the read of the company's staff."
        ),
    )
    picture_url: str | None = _staff_field(
        "picture_url",
        URL | None,
        description=(
            "The address of a picture of the member of staff. Null where the upstream sends none or the member "
            "of staff no longer exists. Costs the read of the company's staff."
        ),
    )
    role: str | None = _staff_field(
        "role",
        str | None,
        description=(
            "The role of the member of staff: `administrator`, `scheduler` or `reader`. Null where the upstream "
            "sends none or the member of staff no longer exists. Costs the read of the company's staff."
        ),
    )
    external_id: str | None = _staff_field(
        "external_id",
        str | None,
        description=(
            "The id of the member of staff in another system of the business. Null where the upstream sends "
            "none or the member of staff no longer exists. Costs the read of the company's staff."
        ),
    )


@strawberry.type(
    description=(
        "A member of staff as an activity recorded this person. A snapshot has no `id`, so that caches never "
        "merge a recorded name into today's entity, which is `current`."
    )
)
class StaffSnapshot:
    is_type_of = is_type_of_records(activities.StaffSnapshot)

    staff_id: strawberry.ID | None = strawberry.field(
        description="The upstream's id of the member of staff. Null where the activity did not record the id."
    )
    first_name: str | None = strawberry.field(
        description=(
            "The first name of the member of staff when the activity was recorded. Null where the activity did "
            "not record it."
        )
    )
    last_name: str | None = strawberry.field(
        description=(
            "The last name of the member of staff when the activity was recorded. Null where the activity did "
            "not record it."
        )
    )
    current: Staff | None = current_field(
        STAFF,
        Staff | None,
        description=(
            "The member of staff as the entity is today. Null where the member of staff no longer exists or the "
            "activity did not record the id. Costs the read of the company's staff, one for all members of the "
            "company; an error with the code `COMPANY_UNKNOWN` where nothing tells the company."
        ),
    )

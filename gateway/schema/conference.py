"""The conference registration that an activity tells of."""

import strawberry

from gateway.schema.values import URL, ZonedDateTime
from gateway.schema.words import RegistrationSourceType, RegistrationStatus


@strawberry.type(description="A conference: an event with sessions that clients register for.")
class Conference:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this conference.")
    title: str | None = strawberry.field(
        description="The title, as it was when the activity was recorded."
    )
    capacity: int | None = strawberry.field(
        description="How many seats it has, as it was when the activity was recorded."
    )


@strawberry.type(description="One session of a conference.")
class ConferenceSession:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this session.")
    start: ZonedDateTime | None = strawberry.field(
        description="When it starts, as it was when the activity was recorded."
    )
    end: ZonedDateTime | None = strawberry.field(
        description="When it ends, as it was when the activity was recorded."
    )


@strawberry.type(
    description=(
        "A conference registration as it was when the activity was recorded. It has no `id`, so "
        "that caches do not merge the states of one registration: `registrationId` says which it is."
    )
)
class ConferenceRegistrationSnapshot:
    registration_id: strawberry.ID = strawberry.field(description="Which registration this is.")
    number_of_seats: int | None = strawberry.field(description="How many seats are reserved.")
    conference: Conference | None = strawberry.field(description="The conference.")
    session: ConferenceSession | None = strawberry.field(description="The session of it.")
    source: str | None = strawberry.field(description="Where the registration came from.")
    source_type: RegistrationSourceType | None = strawberry.field(
        description="How the registration was made."
    )
    status: RegistrationStatus | None = strawberry.field(description="Where it stands.")
    cancel_reason: str | None = strawberry.field(
        description="Why it was cancelled; null where it was not, or nobody said."
    )
    self_link: URL | None = strawberry.field(
        description="The registration's address in the REST API, as sent. Needs credentials there."
    )

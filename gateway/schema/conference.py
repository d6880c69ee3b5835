"""Conferences: the registration snapshot that an activity recorded, and the entities as they are today."""

from functools import partial

import strawberry

from gateway.schema.client import Client
from gateway.schema.enums import RegistrationSourceType, RegistrationStatus
from gateway.schema.resolvers import entity_field, is_type_of_records, loaded_field
from gateway.schema.scalars import URL, ZonedDateTime
from gateway.upstream.records import activities, resources
from gateway.upstream.session import UpstreamSession

_conference_field = partial(loaded_field, UpstreamSession.conference, ("id",))
_session_field = partial(loaded_field, UpstreamSession.conference_session, ("conference_id", "id"))


@strawberry.type(description="Where a conference takes place.")
class ConferenceLocation:
    type: str | None = strawberry.field(
        description="What sort: `address`, `link`, `custom` or `schedulingCompanyAddress`."
    )
    text: str | None = strawberry.field(description="The place in words.")
    street: str | None = strawberry.field(description="The street and number.")
    additional_street: str | None = strawberry.field(description="More of the street.")
    zip_code: str | None = strawberry.field(description="The postal code.")
    city: str | None = strawberry.field(description="The city.")
    state: str | None = strawberry.field(description="The state or region.")
    country: str | None = strawberry.field(description="The country.")
    latitude: float | None = strawberry.field(description="Degrees north of the equator.")
    longitude: float | None = strawberry.field(description="Degrees east of Greenwich.")


@strawberry.type(
    description=(
        "A conference: an event with sessions that clients register for. Title and capacity come "
        "with the activity; the first other field costs one call. Those fields are null where the "
        "conference is no more."
    )
)
class Conference:
    is_type_of = is_type_of_records(activities.Conference, resources.Conference)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this conference.")
    title: str | None = strawberry.field(
        description="The title, as it was when the activity was recorded."
    )
    capacity: int | None = strawberry.field(
        description="How many seats it has, as it was when the activity was recorded."
    )
    description: str | None = _conference_field(
        "description", str | None, description="What it is about."
    )
    duration: int | None = _conference_field(
        "duration", int | None, description="How long a session takes, in minutes."
    )
    location: ConferenceLocation | None = _conference_field(
        "location", ConferenceLocation | None, description="Where it takes place."
    )
    web_link: str | None = _conference_field(
        "web_link", URL | None, description="Its page for clients."
    )
    code: str | None = _conference_field("code", str | None, description="Its code.")
    tags: list[str] | None = _conference_field("tags", list[str] | None, description="Its tags.")
    picture_url: str | None = _conference_field(
        "picture_url", URL | None, description="Where a picture of it is."
    )


@strawberry.type(
    description=(
        "One session of a conference. Start and end come with the activity; the first other field "
        "costs one call. Those fields are null where the session is no more."
    )
)
class ConferenceSession:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this session.")
    start: ZonedDateTime | None = strawberry.field(
        description="When it starts, as it was when the activity was recorded."
    )
    end: ZonedDateTime | None = strawberry.field(
        description="When it ends, as it was when the activity was recorded."
    )
    status: str | None = _session_field(
        "status",
        str | None,
        description="Whether it takes clients: `opened`, `closed`.",
    )
    web_link: str | None = _session_field(
        "web_link", URL | None, description="Its page for clients."
    )


@strawberry.type(description="A conference registration as it is today.")
class ConferenceRegistration:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this registration.")
    client: Client | None = strawberry.field(description="Who registered.")
    status: RegistrationStatus | None = strawberry.field(description="Where it stands.")
    seats: int | None = strawberry.field(description="How many seats are reserved.")
    registered: ZonedDateTime | None = strawberry.field(description="When it was made.")
    source: str | None = strawberry.field(description="Where it came from.")
    source_type: RegistrationSourceType | None = strawberry.field(description="How it was made.")
    cancel_reason: str | None = strawberry.field(
        description="Why it was cancelled; null where it was not, or nobody said."
    )
    cancel_source: str | None = strawberry.field(description="Where the cancellation came from.")
    cancelled: ZonedDateTime | None = strawberry.field(description="When it was cancelled.")
    web_link: URL | None = strawberry.field(description="Its page for the client.")


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
    current: ConferenceRegistration | None = entity_field(
        UpstreamSession.conference_registration,
        ("conference_id", "session_id", "registration_id"),
        ConferenceRegistration | None,
        description="The registration as it is today, for one call; null where it is no more.",
    )

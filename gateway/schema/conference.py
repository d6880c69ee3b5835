"""Conferences: the snapshots that an activity recorded, and the entities as they are today."""

import strawberry

from gateway.schema.client import Client
from gateway.schema.enums import RegistrationSourceType, RegistrationStatus
from gateway.schema.resolvers import current_field, is_type_of_records
from gateway.schema.scalars import URL, ZonedDateTime
from gateway.upstream.endpoints import CONFERENCE, CONFERENCE_REGISTRATION, CONFERENCE_SESSION
from gateway.upstream.records import resources


@strawberry.type(description="The place of a conference.")
class ConferenceLocation:
    type: str | None = strawberry.field(
        description=(
            "The sort of the place, in the upstream's words: `address`, `link`, `custom` or "
            "`schedulingCompanyAddress`. Null where the upstream sends none."
        )
    )
    text: str | None = strawberry.field(
        description="The description of the place in words. Null where the upstream sends none."
    )
    street: str | None = strawberry.field(
        description="The street and the house number of the place. Null where the upstream sends none."
    )
    additional_street: str | None = strawberry.field(
        description="A second line of the street of the place. Null where the upstream sends none."
    )
    zip_code: str | None = strawberry.field(
        description="The postal code of the place. Null where the upstream sends none."
    )
    city: str | None = strawberry.field(
        description="The city of the place. Null where the upstream sends none."
    )
    state: str | None = strawberry.field(
        description="The state or region of the place. Null where the upstream sends none."
    )
    country: str | None = strawberry.field(
        description="The country of the place. Null where the upstream sends none."
    )
    latitude: float | None = strawberry.field(
        description="The latitude of the place, in degrees north. Null where the upstream sends none."
    )
    longitude: float | None = strawberry.field(
        description="The longitude of the place, in degrees east. Null where the upstream sends none."
    )


@strawberry.type(
    description="A conference as the entity is today: an event with sessions for which clients register."
)
class Conference:
    is_type_of = is_type_of_records(resources.Conference)

    id: strawberry.ID = strawberry.field(description="The upstream's id of the conference.")
    title: str | None = strawberry.field(
        description="The title of the conference. Null where the upstream sends none."
    )
    description: str | None = strawberry.field(
        description="The description of the conference. Null where the upstream sends none."
    )
    duration_minutes: int | None = strawberry.field(
        description=(
            "The duration of a session of the conference, in minutes. Null where the upstream sends none."
        )
    )
    capacity: int | None = strawberry.field(
        description="The number of seats of the conference. Null where the upstream sends none."
    )
    location: ConferenceLocation | None = strawberry.field(
        description="The place of the conference. Null where the upstream sends none."
    )
    web_url: URL | None = strawberry.field(
        description="The address of the conference's page for clients. Null where the upstream sends none."
    )
    code: str | None = strawberry.field(
        description="The code of the conference. Null where the upstream sends none."
    )
    tags: list[str] | None = strawberry.field(
        description="The tags of the conference. Null where the upstream sends none."
    )
    picture_url: URL | None = strawberry.field(
        description="The address of a picture of the conference. Null where the upstream sends none."
    )


@strawberry.type(
    description=(
        "A conference as an activity recorded it. A snapshot has no `id`, so that caches never merge a recorded "
        "title into today's entity, which is `current`."
    )
)
class ConferenceSnapshot:
    conference_id: strawberry.ID | None = strawberry.field(
        description="The upstream's id of the conference. Null where the activity did not record the id."
    )
    title: str | None = strawberry.field(
        description=(
            "The title of the conference when the activity was recorded. Null where the activity did not record "
            "it."
        )
    )
    capacity: int | None = strawberry.field(
        description=(
            "The number of seats of the conference when the activity was recorded. Null where the activity did "
            "not record it or recorded a text that is no whole number; `capacityRaw` has that text."
        )
    )
    capacity_raw: str | None = strawberry.field(
        description=(
            "The number of seats of the conference as the activity recorded it, which is a text. Null where the "
            "activity did not record it."
        )
    )
    current: Conference | None = current_field(
        CONFERENCE,
        Conference | None,
        description=(
            "The conference as the entity is today. Null where the conference no longer exists or the activity "
            "did not record the id. Costs one read for each distinct conference."
        ),
    )


@strawberry.type(description="A session of a conference as the entity is today.")
class ConferenceSession:
    id: strawberry.ID = strawberry.field(description="The upstream's id of the session.")
    start: ZonedDateTime | None = strawberry.field(
        description="The date and time when the session starts. Null where the upstream sends none."
    )
    end: ZonedDateTime | None = strawberry.field(
        description=(
            "The date and time when the session ends. Null where the upstream sends none; its documentation "
            "lists only the start."
        )
    )
    status: str | None = strawberry.field(
        description=(
            "The status of the session, in the upstream's words: `opened` or `closed` for registrations. Null "
            "where the upstream sends none."
        )
    )
    web_url: URL | None = strawberry.field(
        description="The address of the session's page for clients. Null where the upstream sends none."
    )


@strawberry.type(
    description=(
        "A session of a conference as an activity recorded it. A snapshot has no `id`, so that caches never "
        "merge a recorded time into today's entity, which is `current`."
    )
)
class ConferenceSessionSnapshot:
    session_id: strawberry.ID | None = strawberry.field(
        description="The upstream's id of the session. Null where the activity did not record the id."
    )
    start: ZonedDateTime | None = strawberry.field(
        description=(
            "The start of the session when the activity was recorded. Null where the activity did not record it."
        )
    )
    end: ZonedDateTime | None = strawberry.field(
        description=(
            "The end of the session when the activity was recorded. Null where the activity did not record it."
        )
    )
    current: ConferenceSession | None = current_field(
        CONFERENCE_SESSION,
        ConferenceSession | None,
        description=(
            "The session as the entity is today. Null where the session no longer exists or the activity did "
            "not record its id or the conference's. Costs one read for each distinct session."
        ),
    )


@strawberry.type(
    description="A client's registration for a session of a conference as the entity is today."
)
class ConferenceRegistration:
    id: strawberry.ID = strawberry.field(description="The upstream's id of the registration.")
    client: Client | None = strawberry.field(
        description="The client who is registered. Null where the upstream names no client."
    )
    status: RegistrationStatus | None = strawberry.field(
        description="The status of the registration. Null where the upstream sends none."
    )
    status_raw: str | None = strawberry.field(
        description=(
            "The status of the registration in the upstream's words, also where `status` is `UNKNOWN`. Null "
            "where the upstream sends none."
        )
    )
    number_of_seats: int | None = strawberry.field(
        description="The number of seats that are reserved. Null where the upstream sends none."
    )
    registered_at: ZonedDateTime | None = strawberry.field(
        description="The date and time of the registration. Null where the upstream sends none."
    )
    source: str | None = strawberry.field(
        description="The source of the registration. Null where the upstream sends none."
    )
    source_type: RegistrationSourceType | None = strawberry.field(
        description="The type of the registration's source. Null where the upstream sends none."
    )
    source_type_raw: str | None = strawberry.field(
        description=(
            "The type of the registration's source in the upstream's words, also where `sourceType` is "
            "`UNKNOWN`. Null where the upstream sends none."
        )
    )
    cancel_reason: str | None = strawberry.field(
        description=(
            "The reason of the cancellation. Null where the registration was not cancelled or no reason was "
            "given."
        )
    )
    cancel_source: str | None = strawberry.field(
        description="The source of the cancellation. Null where the registration was not cancelled."
    )
    cancelled_at: ZonedDateTime | None = strawberry.field(
        description="The date and time of the cancellation. Null where the registration was not cancelled."
    )
    web_url: URL | None = strawberry.field(
        description="The address of the registration's page for the client. Null where the upstream sends none."
    )


@strawberry.type(
    description=(
        "A client's registration for a session of a conference as an activity recorded it. A snapshot has no "
        "`id`, so that caches never merge two states of one registration; today's entity is `current`."
    )
)
class ConferenceRegistrationSnapshot:
    registration_id: strawberry.ID | None = strawberry.field(
        description="The upstream's id of the registration. Null where the activity did not record the id."
    )
    number_of_seats: int | None = strawberry.field(
        description="The number of reserved seats. Null where the activity did not record it."
    )
    conference: ConferenceSnapshot | None = strawberry.field(
        description="The conference of the registration. Null where the activity did not record it."
    )
    session: ConferenceSessionSnapshot | None = strawberry.field(
        description=(
            "The session of the conference for which the client registered. Null where the activity did not "
            "record it."
        )
    )
    source: str | None = strawberry.field(
        description="The source of the registration. Null where the activity did not record it."
    )
    source_type: RegistrationSourceType | None = strawberry.field(
        description="The type of the registration's source. Null where the activity did not record it."
    )
    source_type_raw: str | None = strawberry.field(
        description=(
            "The type of the registration's source in the upstream's words, also where `sourceType` is "
            "`UNKNOWN`. Null where the activity did not record it."
        )
    )
    status: RegistrationStatus | None = strawberry.field(
        description="The status of the registration. Null where the activity did not record it."
    )
    status_raw: str | None = strawberry.field(
        description=(
            "The status of the registration in the upstream's words, also where `status` is `UNKNOWN`. Null "
            "where the activity did not record it."
        )
    )
    cancel_reason: str | None = strawberry.field(
        description=(
            "The reason of the cancellation. Null where the registration was not cancelled or no reason was "
            "given."
        )
    )
    self_link: URL | None = strawberry.field(
        description=(
            "The address of the registration in the upstream's REST API, as sent. Requests to it need "
            "credentials of the upstream. Null where the activity did not record it."
        )
    )
    current: ConferenceRegistration | None = current_field(
        CONFERENCE_REGISTRATION,
        ConferenceRegistration | None,
        description=(
            "The registration as the entity is today. Null where the registration no longer exists or the "
            "activity did not record its id, the conference's or the session's. Costs one read for each "
            "distinct registration."
        ),
    )

"""The appointment that an activity tells of."""

import strawberry

from gateway.schema.people import Service, Staff
from gateway.schema.values import URL, ZonedDateTime
from gateway.schema.words import AppointmentStatus


@strawberry.type(
    description=(
        "An appointment as it was when the activity was recorded. It has no `id`, so that caches "
        "do not merge the states of one appointment: `appointmentId` says which one it is. A "
        "`previous…` field is there where an update changed it."
    )
)
class AppointmentSnapshot:
    appointment_id: strawberry.ID = strawberry.field(
        description="Which appointment this is. Use it as `appointmentId` to get its activities."
    )
    start: ZonedDateTime | None = strawberry.field(description="When it starts.")
    previous_start: ZonedDateTime | None = strawberry.field(
        description="When it started before this update; null where that did not change."
    )
    end: ZonedDateTime | None = strawberry.field(description="When it ends.")
    previous_end: ZonedDateTime | None = strawberry.field(
        description="When it ended before this update; null where that did not change."
    )
    service: Service | None = strawberry.field(description="What it is for.")
    previous_service: Service | None = strawberry.field(
        description="What it was for before this update; null where that did not change."
    )
    staff: Staff | None = strawberry.field(description="With whom it is.")
    previous_staff: Staff | None = strawberry.field(
        description="With whom it was before this update; null where that did not change."
    )
    notes: str | None = strawberry.field(description="Remarks about the appointment.")
    previous_notes: str | None = strawberry.field(
        description="The remarks before this update; null where they did not change."
    )
    status: AppointmentStatus | None = strawberry.field(description="Where it stands.")
    previous_status: AppointmentStatus | None = strawberry.field(
        description="Where it stood before this update; null where that did not change."
    )
    self_link: URL | None = strawberry.field(
        description="The appointment's address in the REST API, as sent. Needs credentials there."
    )

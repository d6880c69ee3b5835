"""Appointments: the snapshot that an activity recorded, and the entity as it is today."""

from typing import Any

import strawberry

from gateway.engine.resolvers import Node
from gateway.errors import InvalidUpstreamResponse
from gateway.schema.arguments import Kinds, Sort, argument_set
from gateway.schema.client import Client, timeline_field
from gateway.schema.company import Company, Service
from gateway.schema.context import Info
from gateway.schema.enums import AppointmentStatus, SortOrder
from gateway.schema.filters import TimelineFilter
from gateway.schema.pagination import PagingArguments
from gateway.schema.people import Staff, User
from gateway.schema.resolvers import entity_field, is_type_of_records
from gateway.schema.scalars import URL, Money, ZonedDateTime
from gateway.schema.timeline import PendingTimeline, load_timeline_page
from gateway.upstream.records import resources
from gateway.upstream.session import UpstreamSession


def _appointment_activities(
    root: strawberry.Parent[Node[resources.Appointment]],
    info: Info,
    kinds: Kinds = strawberry.UNSET,
    sort: Sort = SortOrder.ASC,
) -> PendingTimeline:
    client_id = root.ancestor_id("client_id")
    if client_id is None:  # the appointment is an entity that a router requested by id
        raise InvalidUpstreamResponse("The upstream did not return the client of this appointment.")
    timeline_filter = TimelineFilter(
        client_id=client_id,
        kinds=argument_set(kinds),
        events=None,
        appointment_id=str(root.value.id),
        since=None,
        until=None,
        sort=sort or SortOrder.ASC,
    )
    paging = PagingArguments(first=info.context.settings.max_page_size)
    client = root.child(resources.ClientReference(id=client_id))
    return load_timeline_page(client, info, timeline_filter, paging)


@strawberry.type(description="A status that the business has defined itself.")
class CustomStatus:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this status.")
    name: str | None = strawberry.field(description="Its name.")


@strawberry.type(description="One line of an appointment's own history.")
class AppointmentHistoryEntry:
    text: str | None = strawberry.field(description="What happened, in words.")
    date: ZonedDateTime | None = strawberry.field(description="When it happened.")
    source: str | None = strawberry.field(description="Where it came from.")
    user: User | None = strawberry.field(description="Who did it.")


@strawberry.type(description="Where an online appointment takes place.")
class OnlineMeeting:
    provider: str | None = strawberry.field(description="Whose system is used.")
    video_link: URL | None = strawberry.field(description="Where to join.")


@strawberry.type(description="An appointment as it is today.")
class Appointment:
    is_type_of = is_type_of_records(resources.Appointment)

    id: strawberry.ID = strawberry.field(description="The upstream's id of this appointment.")
    reference: str | None = strawberry.field(description="A code that people can read out.")
    company: Company | None = strawberry.field(description="The company it is with.")
    service: Service | None = strawberry.field(description="What it is for.")
    staff: Staff | None = strawberry.field(description="With whom it is.")
    client: Client | None = strawberry.field(description="Whose it is.")
    start: ZonedDateTime | None = strawberry.field(description="When it starts.")
    end: ZonedDateTime | None = strawberry.field(description="When it ends.")
    created: ZonedDateTime | None = strawberry.field(description="When it was made.")
    status: AppointmentStatus | None = strawberry.field(description="Where it stands.")
    custom_status: CustomStatus | None = strawberry.field(
        description="Where it stands in the business's own words."
    )
    notes: str | None = strawberry.field(description="Remarks about it.")
    history: list[AppointmentHistoryEntry] | None = strawberry.field(
        description="What happened to it, as the upstream tells it; `activities` tells more."
    )
    source: str | None = strawberry.field(description="Where it came from.")
    paid: bool | None = strawberry.field(description="Whether it is paid.")
    price: Money | None = strawberry.field(description="What it costs.")
    online_meeting: OnlineMeeting | None = strawberry.field(
        description="Where it takes place, if online."
    )
    location: str | None = strawberry.field(description="Where it takes place.")
    reschedule_link: URL | None = strawberry.field(
        description="Where the client can move or cancel it."
    )
    activities: Any = timeline_field(
        _appointment_activities,
        description=(
            "This appointment's thread: all activities that belong to it, up to the largest page, "
            "for one call. `activities(clientId:, appointmentId:)` has the pages of a longer one."
        ),
    )


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
    current: Appointment | None = entity_field(
        UpstreamSession.appointment,
        ("company_id", "appointment_id", "client_id"),
        Appointment | None,
        description="The appointment as it is today, for one call; null where it no longer exists.",
    )

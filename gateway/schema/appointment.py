"""Appointments: the snapshot that an activity recorded, and the entity as it is today."""

from typing import Any

import strawberry

from gateway.engine.resolvers import Node
from gateway.errors import InvalidUpstreamResponse
from gateway.schema.arguments import After, Before, Filter, First, Last, Sort, paging_arguments
from gateway.schema.client import Client, timeline_field
from gateway.schema.company import Company, CompanySnapshot, Money, Service, ServiceSnapshot
from gateway.schema.context import Info
from gateway.schema.enums import AppointmentStatus, SortOrder
from gateway.schema.filters import TimelineFilter
from gateway.schema.people import Staff, StaffSnapshot, User
from gateway.schema.resolvers import current_field, is_type_of_records
from gateway.schema.scalars import URL, ZonedDateTime
from gateway.schema.timeline import PendingTimeline, load_timeline_page
from gateway.upstream.endpoints import APPOINTMENT
from gateway.upstream.records import resources


def _activities_of_appointment(  # noqa: PLR0913, PLR0917 - one parameter per GraphQL argument
    root: strawberry.Parent[Node[resources.Appointment]],
    info: Info,
    filter: Filter = strawberry.UNSET,  # noqa: A002
    sort: Sort = SortOrder.ASC,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> PendingTimeline:
    client_id = root.id("client_id")
    if client_id is None:
        raise InvalidUpstreamResponse("The upstream did not return the client of this appointment.")
    client = resources.ClientReference(id=client_id)
    timeline_filter = TimelineFilter.of(client, filter, sort, appointment_id=str(root.value.id))
    paging = paging_arguments(first, after, last, before)
    return load_timeline_page(Node(client), info, timeline_filter, paging)


@strawberry.type(description="A status of appointments that the business has defined itself.")
class CustomStatus:
    custom_status_id: strawberry.ID | None = strawberry.field(
        description="The upstream's id of the status. Null where the upstream sends none."
    )
    name: str | None = strawberry.field(
        description="The name of the status. Null where the upstream sends none."
    )


@strawberry.type(description="An entry of the history that the upstream keeps of an appointment.")
class AppointmentHistoryEntry:
    text: str | None = strawberry.field(
        description="The description of the event in words. Null where the upstream sends none."
    )
    date: ZonedDateTime | None = strawberry.field(
        description="The date and time of the event. Null where the upstream sends none."
    )
    source: str | None = strawberry.field(
        description="The source of the event, in the upstream's words. Null where the upstream sends none."
    )
    user: User | None = strawberry.field(
        description="The user who caused the event. Null where the upstream names nobody."
    )


@strawberry.type(description="The online meeting in which an appointment takes place.")
class OnlineMeeting:
    provider: str | None = strawberry.field(
        description="The name of the system for the meeting. Null where the upstream sends none."
    )
    video_url: URL | None = strawberry.field(
        description="The address at which people join the meeting. Null where the upstream sends none."
    )


@strawberry.type(
    description=(
        "An appointment as the entity is today. The fields show no value that an activity recorded; "
        "`AppointmentSnapshot` has those."
    )
)
class Appointment:
    is_type_of = is_type_of_records(resources.Appointment)

    id: strawberry.ID = strawberry.field(description="The upstream's id of the appointment.")
    reference: str | None = strawberry.field(
        description=(
            "The reference code of the appointment, which people can read out. Null where the upstream sends "
            "none."
        )
    )
    company: Company | None = strawberry.field(
        description="The company of the appointment. Null where the upstream names no company."
    )
    service: Service | None = strawberry.field(
        description="The service of the appointment. Null where the upstream names no service."
    )
    staff: Staff | None = strawberry.field(
        description=(
            "The member of staff who receives the client. Null where the upstream names no member of staff."
        )
    )
    client: Client | None = strawberry.field(
        description="The client of the appointment. Null where the upstream names no client."
    )
    start: ZonedDateTime | None = strawberry.field(
        description="The date and time when the appointment starts. Null where the upstream sends none."
    )
    end: ZonedDateTime | None = strawberry.field(
        description="The date and time when the appointment ends. Null where the upstream sends none."
    )
    created_at: ZonedDateTime | None = strawberry.field(
        description="The date and time when the appointment was made. Null where the upstream sends none."
    )
    status: AppointmentStatus | None = strawberry.field(
        description="The status of the appointment. Null where the upstream sends none."
    )
    status_raw: str | None = strawberry.field(
        description=(
            "The status of the appointment in the upstream's words, also where `status` is `UNKNOWN`. Null "
            "where the upstream sends none."
        )
    )
    custom_status: CustomStatus | None = strawberry.field(
        description=(
            "The status of the appointment among those that the business has defined. Null where the upstream "
            "sends none."
        )
    )
    notes: str | None = strawberry.field(
        description="The notes of the appointment. Null where the upstream sends none."
    )
    history: list[AppointmentHistoryEntry] | None = strawberry.field(
        description=(
            "The history that the upstream keeps of the appointment; `activities` tells more. Null where the "
            "upstream sends none."
        )
    )
    source: str | None = strawberry.field(
        description="The source of the appointment, in the upstream's words. Null where the upstream sends none."
    )
    is_paid: bool | None = strawberry.field(
        description="Whether the appointment is paid. Null where the upstream does not tell."
    )
    price: Money | None = strawberry.field(
        description="The price of the appointment. Null where the upstream sends none."
    )
    online_meeting: OnlineMeeting | None = strawberry.field(
        description=(
            "The online meeting in which the appointment takes place. Null where the upstream names no meeting."
        )
    )
    location_text: str | None = strawberry.field(
        description="The place of the appointment in words. Null where the upstream sends none."
    )
    reschedule_url: URL | None = strawberry.field(
        description=(
            "The address at which the client moves or cancels the appointment. Null where the upstream sends "
            "none."
        )
    )
    activities: Any = timeline_field(
        _activities_of_appointment,
        description=(
            "A page of the timeline with the activities of the appointment: in the order of their instants, "
            "those without an instant last. A page has 50 activities by default and at most 100, unless the "
            "gateway is set otherwise. Costs one upstream call for each distinct appointment. Null, with an "
            "error, where the upstream sends no timeline or names no client of the appointment."
        ),
    )


@strawberry.type(
    description=(
        "An appointment as an activity recorded it. A snapshot has no `id`, so that caches never merge two "
        "states of one appointment; today's entity is `current`. A field `previous…` has a value where the "
        "activity records a change of the field."
    )
)
class AppointmentSnapshot:
    appointment_id: strawberry.ID | None = strawberry.field(
        description=(
            "The upstream's id of the appointment, which is the value for `filter.appointmentId`. Null where "
            "the activity did not record the id."
        )
    )
    company: CompanySnapshot | None = strawberry.field(
        description=(
            "The company of the appointment, read out of the appointment's link. Null where the link does not "
            "tell the company."
        )
    )
    start: ZonedDateTime | None = strawberry.field(
        description=(
            "The date and time when the appointment starts. Null where the activity did not record it."
        )
    )
    previous_start: ZonedDateTime | None = strawberry.field(
        description=(
            "The start of the appointment before the update. Null where the activity records no change of it."
        )
    )
    end: ZonedDateTime | None = strawberry.field(
        description="The date and time when the appointment ends. Null where the activity did not record it."
    )
    previous_end: ZonedDateTime | None = strawberry.field(
        description=(
            "The end of the appointment before the update. Null where the activity records no change of it."
        )
    )
    service: ServiceSnapshot | None = strawberry.field(
        description="The service of the appointment. Null where the activity did not record it."
    )
    previous_service: ServiceSnapshot | None = strawberry.field(
        description=(
            "The service of the appointment before the update. Null where the activity records no change of it."
        )
    )
    staff: StaffSnapshot | None = strawberry.field(
        description=(
            "The member of staff who receives the client. Null where the activity did not record this person."
        )
    )
    previous_staff: StaffSnapshot | None = strawberry.field(
        description=(
            "The member of staff of the appointment before the update. Null where the activity records no "
            "change of this person."
        )
    )
    notes: str | None = strawberry.field(
        description="The notes of the appointment. Null where the activity did not record them."
    )
    previous_notes: str | None = strawberry.field(
        description=(
            "The notes of the appointment before the update. Null where the activity records no change of them."
        )
    )
    status: AppointmentStatus | None = strawberry.field(
        description="The status of the appointment. Null where the activity did not record it."
    )
    previous_status: AppointmentStatus | None = strawberry.field(
        description=(
            "The status of the appointment before the update. Null where the activity records no change of it."
        )
    )
    status_raw: str | None = strawberry.field(
        description=(
            "The status of the appointment in the upstream's words, also where `status` is `UNKNOWN`. Null "
            "where the activity did not record it."
        )
    )
    previous_status_raw: str | None = strawberry.field(
        description=(
            "The status of the appointment before the update in the upstream's words, also where "
            "`previousStatus` is `UNKNOWN`. Null where the activity records no change of it."
        )
    )
    self_link: URL | None = strawberry.field(
        description=(
            "The address of the appointment in the upstream's REST API, as sent. Requests to it need "
            "credentials of the upstream. Null where the activity did not record it."
        )
    )
    current: Appointment | None = current_field(
        APPOINTMENT,
        Appointment | None,
        description=(
            "The appointment as the entity is today. Null where the appointment no longer exists or the "
            "activity did not record the id; an error with the code `COMPANY_UNKNOWN` where nothing tells the "
            "company. Costs one read for each distinct appointment."
        ),
    )

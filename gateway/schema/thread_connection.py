"""`AppointmentThreadConnection`: one page of a client's appointment threads, and the threads."""

from collections.abc import Awaitable
from typing import Any

import strawberry

from gateway.engine.resolvers import InlineList, Node
from gateway.observability.event_loop import (
    STEP_ITEMS,
    CooperativeSteps,
    PassBudget,
    run_cooperatively,
)
from gateway.schema import appointment_threads
from gateway.schema.activity import AppointmentActivity
from gateway.schema.appointment import AppointmentSnapshot
from gateway.schema.arguments import After, Before, Filter, First, Last, Sort, paging_arguments
from gateway.schema.client import Client, timeline_client, timeline_field
from gateway.schema.completeness import Completeness
from gateway.schema.context import Info
from gateway.schema.enums import AppointmentPhase, SortOrder
from gateway.schema.filters import TimelineFilter
from gateway.schema.resolvers import ids_field, resolver_metadata
from gateway.schema.scalars import ZonedDateTime
from gateway.schema.timeline import PageInfo, PendingTimeline, load_timeline_page
from gateway.upstream.records import activities

_StepNodes = list[Node[activities.AppointmentActivity]]

_steps_budget = PassBudget(STEP_ITEMS)
"""Steps of threads that are rendered at once: 10 to 20 ms, or 40 to 160 ms where graphql-core executes the query."""


def _activities_of_thread(  # noqa: PLR0913, PLR0917 - one parameter per GraphQL argument
    root: strawberry.Parent[Node[appointment_threads.AppointmentThread]],
    info: Info,
    filter: Filter = strawberry.UNSET,  # noqa: A002
    sort: Sort = SortOrder.ASC,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> PendingTimeline:
    client = timeline_client(root.id("client_id"), root.id("client_argument"))
    timeline_filter = TimelineFilter.of(
        client, filter, sort, appointment_id=root.value.appointment_id
    )
    paging = paging_arguments(first, after, last, before)
    return load_timeline_page(Node(client), info, timeline_filter, paging)


def _steps_of_thread(
    root: strawberry.Parent[Node[appointment_threads.AppointmentThread]],
) -> _StepNodes | Awaitable[_StepNodes]:
    if _steps_budget.consume(len(root.value.steps)):
        return _nodes_of_steps(root)
    return run_cooperatively(_defer_nodes(root))


def _defer_nodes(
    root: Node[appointment_threads.AppointmentThread],
) -> CooperativeSteps[_StepNodes]:
    """The nodes, in a pass of the event loop of their own, in which they are rendered."""
    yield
    return _nodes_of_steps(root)


def _nodes_of_steps(root: Node[appointment_threads.AppointmentThread]) -> _StepNodes:
    ids = root.inner_ids
    return [Node(step, ids) for step in root.value.steps]


@strawberry.type(
    description=(
        "The activities of one appointment as one thread, with what they tell of the appointment. A thread has no "
        "`id`: it is what was recorded, and today's entity is `latest.current`."
    )
)
class AppointmentThread:
    appointment_id: strawberry.ID = strawberry.field(
        description=(
            "The upstream's id of the appointment, which is the value for `filter.appointmentId`."
        )
    )
    client: Client = ids_field(
        timeline_client,
        ("client_id", "client_argument"),
        Client,
        description=(
            "The client to whose timeline the activities belong. The field costs nothing; `Client.profile` costs a "
            "read."
        ),
    )
    latest: AppointmentSnapshot = strawberry.field(
        description=(
            "The appointment as the last of its activities recorded it. An activity without an instant is the last "
            "only where no activity of the appointment has one."
        )
    )
    phase: AppointmentPhase = strawberry.field(
        description=(
            "The phase of the appointment. `CANCELLED` where the last activity is a deletion or the status of "
            "`latest` is `CANCELLED` or `DECLINED`; else `PAST` where the status is `COMPLETED` or `NO_SHOW`; else "
            "by the instant of the end, or of the start where that of the end is unknown: `PAST` or `UPCOMING`, and "
            "`UNKNOWN` where both are unknown. The time of the request is the same for all threads of an operation."
        )
    )
    original_start: ZonedDateTime | None = strawberry.field(
        description=(
            "The first start of the appointment that the activities record: the earliest activity with a start "
            "tells it, by its `previousStart` if it has one. Null where none records a start."
        )
    )
    reschedule_count: int = strawberry.field(
        description=(
            "The number of updates that moved the start to another instant: with an unknown instant, to another "
            "local time."
        )
    )
    steps: Any = strawberry.field(
        resolver=_steps_of_thread,
        graphql_type=list[AppointmentActivity],
        metadata=resolver_metadata(
            _steps_of_thread, inline_list=InlineList("steps", _steps_budget)
        ),
        description=(
            "The activities of the appointment of the kind `APPOINTMENT`: the oldest first, those without an "
            "instant last. At most the newest 1,000, where those without an instant are omitted first. Costs nothing."
        ),
    )
    is_complete: bool = strawberry.field(
        description=(
            "Whether `steps` has all activities since the appointment was made: false where the one with the event "
            "`CREATED` is missing or there are more than 1,000."
        )
    )
    activities: Any = timeline_field(
        _activities_of_thread,
        description=(
            "A page of the timeline with the activities of the appointment, of all kinds: in the order of their "
            "instants, those without an instant last. A page has 50 activities by default and at most 100, unless "
            "the gateway is set otherwise. Costs one upstream call for each distinct appointment; `steps` costs "
            "none. Null, with an error, where the upstream sends no timeline."
        ),
    )


@strawberry.type(description="A thread of a page, with its cursor.")
class AppointmentThreadEdge:
    cursor: str = strawberry.field(
        description=(
            "The cursor of the thread: an opaque text for the arguments `after` and `before`. It is valid for the "
            "client, the phases and the order of this list only."
        )
    )
    node: AppointmentThread = strawberry.field(
        description="The thread to which the cursor belongs."
    )


@strawberry.type(
    description="A page of a client's appointment threads, with the totals of all threads of the phases."
)
class AppointmentThreadConnection:
    edges: list[AppointmentThreadEdge] = strawberry.field(
        description="The threads of the page, each with its cursor."
    )
    nodes: list[AppointmentThread] = strawberry.field(description="The threads of the page.")
    page_info: PageInfo = strawberry.field(
        description="The position of the page in the list of all threads of the phases."
    )
    total_count: int = strawberry.field(
        description="The number of threads of the phases, on all pages together."
    )
    completeness: Completeness = strawberry.field(
        description=(
            "The completeness of the list: which activities are missing from it, and when the upstream sent them. "
            "An activity that names no appointment belongs to no thread and is missing, with the code "
            "`UPSTREAM_CONTRACT_BROKEN`."
        )
    )

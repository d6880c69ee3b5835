"""`ActivityConnection`: one page of a client's timeline, with the totals of the whole filtered list."""

from typing import Any

import strawberry

from gateway.engine.resolvers import Node
from gateway.schema.activity import Activity
from gateway.schema.completeness import Completeness
from gateway.schema.context import Info
from gateway.schema.counts import ActivityCounts, TimelineCounts, count_activities
from gateway.schema.matching import run_match
from gateway.schema.resolvers import resolver_metadata
from gateway.schema.timeline import ConnectionPage, PageInfo


async def _resolve_counts(
    root: strawberry.Parent[Node[ConnectionPage]], info: Info
) -> Node[TimelineCounts]:
    items, timeline_filter, context = root.value.items, root.value.timeline_filter, info.context
    counts = count_activities(items, timeline_filter, context)
    return root.child(await run_match(counts, items, timeline_filter, context))


@strawberry.type(description="An activity of a page, with its cursor.")
class ActivityEdge:
    cursor: str = strawberry.field(
        description=(
            "The cursor of the activity: an opaque text for the arguments `after` and `before`. It is valid for "
            "the client, the filter and the order of this timeline only."
        )
    )
    node: Activity = strawberry.field(description="The activity to which the cursor belongs.")


@strawberry.type(
    description="A page of a client's timeline, with the totals of all activities that match the filter."
)
class ActivityConnection:
    edges: list[ActivityEdge] = strawberry.field(
        description="The activities of the page, each with its cursor."
    )
    nodes: list[Activity] = strawberry.field(description="The activities of the page.")
    page_info: PageInfo = strawberry.field(
        description="The position of the page in the list of all activities that match the filter."
    )
    total_count: int = strawberry.field(
        description="The number of activities that match the filter, on all pages together."
    )
    preceding_count: int = strawberry.field(
        description=(
            "The number of activities in front of the page. With `first: 0`, the number of those in front of the "
            "place that the arguments give."
        )
    )
    following_count: int = strawberry.field(description="The number of activities behind the page.")
    completeness: Completeness = strawberry.field(
        description=(
            "The completeness of the list: which activities are missing from it, and when the upstream sent it."
        )
    )
    counts: Any = strawberry.field(
        resolver=_resolve_counts,
        graphql_type=ActivityCounts,
        metadata=resolver_metadata(_resolve_counts),
        description=(
            "The numbers of activities by kind, action, user and day, on all pages together. They cost no "
            "further upstream call."
        ),
    )

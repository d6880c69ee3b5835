"""`ActivityConnection`: one page of a client's timeline, with the totals of the whole filtered list."""

import strawberry

from gateway.schema.activity import Activity
from gateway.schema.completeness import Completeness
from gateway.schema.timeline import PageInfo


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
    completeness: Completeness = strawberry.field(
        description=(
            "The completeness of the list: which activities are missing from it, and when the upstream sent it."
        )
    )

"""`ActivityConnection`: one page of a client's timeline, with the totals of the whole filtered list."""

import strawberry

from gateway.schema.activity import Activity
from gateway.schema.completeness import Completeness
from gateway.schema.timeline import PageInfo


@strawberry.type(description="An activity and its place in the list.")
class ActivityEdge:
    cursor: str = strawberry.field(
        description="An opaque text for `after` or `before`, valid for the same selection only."
    )
    node: Activity = strawberry.field(description="The activity.")


@strawberry.type(description="A client's activities: one page of them, and what is true of all.")
class ActivityConnection:
    edges: list[ActivityEdge] = strawberry.field(
        description="The activities of this page, each with its cursor."
    )
    nodes: list[Activity] = strawberry.field(description="The activities of this page.")
    page_info: PageInfo = strawberry.field(description="How to get the pages around this one.")
    total_count: int = strawberry.field(
        description="How many activities match, on all pages together. Costs nothing."
    )
    completeness: Completeness = strawberry.field(
        description="Whether all that the upstream holds of this selection is here, and when it was read."
    )

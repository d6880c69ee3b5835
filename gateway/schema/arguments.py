"""GraphQL arguments that several fields share, each described once."""

from typing import Annotated, TypeVar

import strawberry

from gateway.schema.enums import ActivityEvent, ActivityKind, SortOrder
from gateway.schema.scalars import DateTime

_T = TypeVar("_T")
_E = TypeVar("_E", ActivityKind, ActivityEvent)

ClientId = Annotated[
    strawberry.ID, strawberry.argument(description="The upstream's id of the client.")
]
Kinds = Annotated[
    list[ActivityKind] | None,
    strawberry.argument(description="Only these kinds; all where absent, none where empty."),
]
Events = Annotated[
    list[ActivityEvent] | None,
    strawberry.argument(description="Only these events; all where absent, none where empty."),
]
AppointmentId = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only what belongs to this appointment of the client."),
]
From = Annotated[
    DateTime | None,
    strawberry.argument(
        name="from",
        description=(
            "Only what happened at this instant or later. Drops undated ones; those with a date "
            "whose instant is unknown are counted in `completeness`."
        ),
    ),
]
To = Annotated[
    DateTime | None,
    strawberry.argument(
        description=(
            "Only what happened before this instant, which is not before `from`. Drops undated ones; those with a date whose "
            "instant is unknown are counted in `completeness`."
        )
    ),
]
Sort = Annotated[SortOrder | None, strawberry.argument(description="Oldest or newest first.")]
First = Annotated[
    int | None,
    strawberry.argument(
        description="The size of the page, reading forward from `after`; 0 for counts alone."
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor that the page starts after; an empty text is none."
    ),
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description="The size of the page, reading backward from `before`; 0 for counts alone."
    ),
]
Before = Annotated[
    str | None,
    strawberry.argument(description="The cursor that the page ends before; an empty text is none."),
]


def argument(value: _T | None) -> _T | None:
    """An argument's value; None where absent or null."""
    return None if value is strawberry.UNSET else value


def argument_set(values: list[_E] | None) -> frozenset[_E] | None:
    """A list argument as a set; None where absent or null, which differs from an empty list."""
    members = argument(values)
    return None if members is None else frozenset(members)

"""GraphQL arguments that several fields share, each described once: the filter, the order and the page."""

from datetime import datetime
from typing import Annotated, TypeVar

import strawberry

from gateway.schema.action import ActivityAction
from gateway.schema.enums import ActivityEvent, ActivityKind, AppointmentPhase, SortOrder
from gateway.schema.pagination import PagingArguments
from gateway.schema.scalars import DateTime

_T = TypeVar("_T")


@strawberry.input(
    description=(
        "The filter of a timeline: an activity has to match each field that is given. A field that is null "
        "equals an absent one."
    )
)
class ActivityFilter:
    kinds: list[ActivityKind] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The kinds of the activities. An empty list matches no activity and causes no upstream call."
        ),
    )
    events: list[ActivityEvent] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The events of the activities. An empty list matches no activity and causes no upstream call."
        ),
    )
    actions: list[ActivityAction] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The actions of the activities, as `Activity.action` has them. An empty list matches no activity and "
            "causes no upstream call."
        ),
    )
    user_names: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The names of the users who caused the activities, exactly as `User.userName` has them; at most 50 "
            "different ones. An empty list matches no activity and causes no upstream call."
        ),
    )
    has_user: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Whether the upstream names a user who caused the activity: activities with a user where true, those "
            "without one where false."
        ),
    )
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Words that each have to occur somewhere in the activity, also inside of a longer word: in the plain "
            "text of a body, in a subject, in notes, in the name of a service, a member of staff, a user, a form "
            "or a conference, each as it is and as it was before an update, or in a text of an unknown kind. Case "
            "and accents do not matter. At most 8 different words of at most 100 characters; a blank text equals "
            "an absent one."
        ),
    )
    appointment_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The upstream's id of the appointment to which the activities belong. Each distinct id is one more "
            "upstream call. Under an `Appointment` or an `AppointmentThread` no other id than that of the appointment is "
            "allowed."
        ),
    )
    from_: DateTime | None = strawberry.field(
        name="from",
        default=strawberry.UNSET,
        description=(
            "The first instant of the activities, inclusive. Activities without a date do not match; those with "
            "a date whose instant is unknown are counted in `completeness`."
        ),
    )
    to: DateTime | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The last instant of the activities, exclusive, and not before `from`. Activities without a date do "
            "not match; those with a date whose instant is unknown are counted in `completeness`."
        ),
    )


Filter = Annotated[
    ActivityFilter | None,
    strawberry.argument(
        description="The filter that the activities have to match; all activities match an absent filter."
    ),
]
Sort = Annotated[
    SortOrder | None,
    strawberry.argument(description="The order of the activities: the oldest or the newest first."),
]
First = Annotated[
    int | None,
    strawberry.argument(
        description=(
            "The size of a page that begins after the cursor `after`, or at the first activity. The default is "
            "50 and the largest size 100 unless the gateway is set otherwise; 0 is for counts alone."
        )
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor after which the page begins. An empty text equals an absent cursor."
    ),
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description=(
            "The size of a page that ends before the cursor `before`, or at the last activity. The default "
            "beside `before` is 50 and the largest size 100 unless the gateway is set otherwise; 0 is for counts "
            "alone."
        )
    ),
]
Before = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor before which the page ends. An empty text equals an absent cursor."
    ),
]
Around = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description=(
            "The id of the activity in the middle of the page; of an even `first`, one more activity follows it "
            "than precedes it. Near an end of the list, the page is full and the activity is nearer to that end. "
            "An error with the code `NOT_FOUND` where no activity of the list has the id. Goes with `first` only."
        )
    ),
]
StartingAt = Annotated[
    DateTime | None,
    strawberry.argument(
        description=(
            "The instant at which the page begins: with the first activity at or after it, or at or before it in "
            "the order `DESC`. Activities without an instant follow all others. Goes with `first` only."
        )
    ),
]

Phases = Annotated[
    list[AppointmentPhase] | None,
    strawberry.argument(
        description=(
            "The phases of the threads; threads of all phases match an absent list. An empty list matches no thread "
            "and causes no upstream call."
        )
    ),
]
SortThreads = Annotated[
    SortOrder | None,
    strawberry.argument(
        description="The order of the threads: the earliest or the latest start first."
    ),
]
FirstThreads = Annotated[
    int | None,
    strawberry.argument(
        description=(
            "The size of a page that begins after the cursor `after`, or at the first thread. The default is 50 and "
            "the largest size 100 unless the gateway is set otherwise; 0 is for the count alone."
        )
    ),
]
LastThreads = Annotated[
    int | None,
    strawberry.argument(
        description=(
            "The size of a page that ends before the cursor `before`, or at the last thread. The default beside "
            "`before` is 50 and the largest size 100 unless the gateway is set otherwise; 0 is for the count alone."
        )
    ),
]


def paging_arguments(
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    around: str | None = strawberry.UNSET,
    starting_at: datetime | None = strawberry.UNSET,
) -> PagingArguments:
    """The paging arguments of a field, each as sent, absent or null."""
    return PagingArguments(
        value_or_none(first),
        value_or_none(after),
        value_or_none(last),
        value_or_none(before),
        value_or_none(around),
        value_or_none(starting_at),
    )


def value_or_none(value: _T | None) -> _T | None:
    """The value of an argument or an input field; None where it is absent or null."""
    return None if value is strawberry.UNSET else value

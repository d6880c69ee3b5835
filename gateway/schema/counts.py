"""`ActivityCounts`: how many activities of a timeline there are by kind, action, user and day."""

from collections import Counter
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Annotated, Any

import strawberry
from msgspec import Raw

from gateway.engine.resolvers import Node
from gateway.observability.event_loop import STEP_ITEMS, CooperativeSteps, run_cooperatively
from gateway.schema.action import ActivityAction, activity_action
from gateway.schema.context import Context
from gateway.schema.enums import ActivityKind
from gateway.schema.filters import TimelineFilter
from gateway.schema.local_dates import local_date
from gateway.schema.matching import batches, match_full_records
from gateway.schema.people import User
from gateway.schema.resolvers import SchemaObject, is_readable, resolver_metadata
from gateway.schema.scalars import KnownTimeZone, LocalDate
from gateway.upstream.records import activities

MAX_USERS = 100

_IGNORED_FILTERS: Mapping[str, tuple[str, ...]] = {
    "kinds": ("kinds",),
    "actions": ("actions",),
    "users": ("user_names", "has_user"),
}
"""The attributes of the filter that a count ignores."""


def filters_of_counts(
    timeline_filter: TimelineFilter, fields: Collection[str]
) -> Iterator[TimelineFilter]:
    """The filters of some fields of `ActivityCounts`, where these ignore a part of the timeline's filter."""
    return (
        timeline_filter.without(*ignored)
        for field, ignored in _IGNORED_FILTERS.items()
        if field in fields
    )


class _KindCount(SchemaObject, frozen=True):
    kind: ActivityKind
    count: int


class _ActionCount(SchemaObject, frozen=True):
    action: ActivityAction
    count: int


class _UserCount(SchemaObject, frozen=True):
    user: activities.User | None
    count: int


class _DayCount(SchemaObject, frozen=True):
    local_date: date | None
    count: int


class TimelineCounts(SchemaObject, frozen=True):
    """The source value of `ActivityCounts`.

    Attributes:
        kinds: The counts by kind, in the order of the enum.
        actions: The counts by action, in the order of the enum.
        users: The counts by user: by count, then by name.
        instants: The instants of the activities to count by day, None where unknown.
        newest_first: The order of days.
    """

    kinds: list[_KindCount]
    actions: list[_ActionCount]
    users: list[_UserCount]
    instants: Sequence[datetime | None]
    newest_first: bool


def count_activities(
    items: Sequence[Raw], timeline_filter: TimelineFilter, context: Context
) -> CooperativeSteps[TimelineCounts]:
    """The counts of the activities of a timeline.

    Args:
        items: The activities that were read, as sent.
        timeline_filter: The filter and sort order.
        context: The context of the operation.
    """
    ignored = [name for names in _IGNORED_FILTERS.values() for name in names]
    records, all_instants, indexes, _ = yield from match_full_records(
        items, timeline_filter.without(*ignored), context
    )
    default_zone = context.settings.default_time_zone
    kinds, actions, users = Counter[ActivityKind](), Counter[ActivityAction](), _UserCounter()
    instants: list[datetime | None] = []
    for number, index in enumerate(indexes):
        if number % STEP_ITEMS == 0 and number:
            yield
        record: Any = records[index]
        action = activity_action(record, default_zone)
        is_kind = timeline_filter.match_kind(record) is True
        is_action = timeline_filter.actions is None or action in timeline_filter.actions
        is_user = timeline_filter.match_user(record) is True
        if is_action and is_user:
            kinds[record.kind] += 1
        if is_kind and is_user:
            actions[action] += 1
        if is_kind and is_action:
            users.add(record.user, all_instants[index])
        if is_kind and is_action and is_user:
            instants.append(all_instants[index])
    return TimelineCounts(
        [_KindCount(kind, kinds[kind]) for kind in ActivityKind if kind in kinds],
        [_ActionCount(action, actions[action]) for action in ActivityAction if action in actions],
        users.most_frequent(),
        instants,
        timeline_filter.newest_first,
    )


class _UserCounter:
    """Counts activities by user, each with the user as the newest activity recorded this person."""

    def __init__(self) -> None:
        self._counts = Counter[object]()
        self._newest: dict[object, tuple[datetime, Any]] = {}

    def add(self, user: Any, instant: datetime | None) -> None:
        """Count an activity of a user, which happened at an instant in UTC where that is known."""
        key = _user_key(user)
        self._counts[key] += 1
        recorded = instant or datetime.min  # noqa: DTZ901 - in UTC, as all instants here
        if key not in self._newest or self._newest[key][0] < recorded:
            self._newest[key] = recorded, user

    def most_frequent(self) -> list[_UserCount]:
        """The counts of the users with the most activities: the largest count first, then by name."""
        counts = [_UserCount(self._newest[key][1], count) for key, count in self._counts.items()]
        return sorted(counts, key=lambda each: (-each.count, _name(each.user)))[:MAX_USERS]


def _user_key(user: Any) -> object:
    """What identifies a user: the user name, or all that is known where the upstream sends none."""
    name = getattr(user, "user_name", None)
    if name is None or not is_readable(name) or not str(name).strip():
        return user
    return str(name)


def _name(user: Any) -> tuple[bool, str]:
    """The name by which users of one count are sorted; nobody comes last."""
    names = [getattr(user, name, None) for name in ("user_name", "first_name", "last_name")]
    text = " ".join(str(name) for name in names if name is not None and is_readable(name))
    return user is None, text


def _resolve_days(
    root: strawberry.Parent[Node[TimelineCounts]],
    time_zone: Annotated[
        KnownTimeZone,
        strawberry.argument(
            description="The name of the time zone by whose calendar days are told."
        ),
    ],
) -> Awaitable[list[Node[_DayCount]]]:
    return run_cooperatively(_count_by_day(root, time_zone))


def _count_by_day(
    node: Node[TimelineCounts], zone: tzinfo
) -> CooperativeSteps[list[Node[_DayCount]]]:
    """The counts by day of a zone's calendar, in the order of the timeline; activities without an instant last."""
    by_day = Counter[date | None]()
    for batch in batches(node.value.instants):
        if by_day:
            yield
        by_day.update(local_date(instant, zone) for instant in batch)
    undated = by_day.pop(None, 0)
    days = sorted(day for day in by_day if day is not None)
    if node.value.newest_first:
        days.reverse()
    counts = [_DayCount(day, by_day[day]) for day in days]
    if undated:
        counts.append(_DayCount(None, undated))
    return [*map(node.child, counts)]


@strawberry.type(description="The number of activities of one kind.")
class KindCount:
    kind: ActivityKind = strawberry.field(description="The kind of the activities.")
    count: int = strawberry.field(description="The number of activities of the kind.")


@strawberry.type(description="The number of activities with one action.")
class ActionCount:
    action: ActivityAction = strawberry.field(description="The action of the activities.")
    count: int = strawberry.field(description="The number of activities with the action.")


@strawberry.type(description="The number of activities that one user caused.")
class UserCount:
    user: User | None = strawberry.field(
        description=(
            "The user who caused the activities, as the newest of them recorded this person. Users with one "
            "`userName` are one user. Null where the upstream names nobody."
        )
    )
    count: int = strawberry.field(description="The number of activities that the user caused.")


@strawberry.type(description="The number of activities of one day.")
class DayCount:
    local_date: date | None = strawberry.field(
        graphql_type=LocalDate | None,
        description="The day of the activities. Null for those whose instant is unknown.",
    )
    count: int = strawberry.field(description="The number of activities of the day.")


@strawberry.type(
    description=(
        "The numbers of activities of a timeline, on all pages together: for choices of filters and for "
        "calendars. Each of them ignores the filter that it offers as a choice; all other filters apply. What "
        "occurs no time is left out."
    )
)
class ActivityCounts:
    kinds: list[KindCount] = strawberry.field(
        description=(
            "The numbers of activities by kind, in the order of `ActivityKind`. `filter.kinds` is ignored, so "
            "that the upstream call is one for all kinds."
        )
    )
    actions: list[ActionCount] = strawberry.field(
        description=(
            "The numbers of activities by action, in the order of `ActivityAction`. `filter.actions` is ignored."
        )
    )
    users: list[UserCount] = strawberry.field(
        description=(
            "The numbers of activities by user: the largest number first, then by name; at most 100. "
            "`filter.userNames` and `filter.hasUser` are ignored."
        )
    )
    days: Any = strawberry.field(
        resolver=_resolve_days,
        graphql_type=list[DayCount],
        metadata=resolver_metadata(_resolve_days),
        description=(
            "The numbers of activities by day, in the order of the timeline, by the calendar of a time zone. "
            "Activities without an instant come last, with a `localDate` that is null. No filter is ignored."
        ),
    )

"""Matching: which activities of a timeline match a filter, and their order; in cooperative steps."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from msgspec import Raw

from gateway.errors import FieldError, InvalidUpstreamResponse
from gateway.observability.event_loop import STEP_ITEMS, CooperativeSteps, run_cooperatively
from gateway.schema.completeness import OmittedCounts
from gateway.schema.context import Context
from gateway.schema.filters import TimelineFilter, Verdict
from gateway.schema.pagination import (
    LazyPositions,
    TimelinePosition,
    order_by_instant,
    sort_positions,
)
from gateway.schema.scalars import to_utc_together
from gateway.schema.search import TextSearch
from gateway.upstream.records import decoding

_T = TypeVar("_T")


def batches(sequence: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """A sequence in batches of one step."""
    return (sequence[begin : begin + STEP_ITEMS] for begin in range(0, len(sequence), STEP_ITEMS))


class MatchedActivities(NamedTuple):
    """Some activities, and which of them match a filter.

    Attributes:
        activities: The activities.
        instants: The instant of each activity in UTC, without an offset; None where it is unknown.
        indexes: The indexes of the matching activities.
        omitted: The numbers of activities that may match, but are omitted, by reason.
    """

    activities: Sequence[Any]
    instants: Sequence[datetime | None]
    indexes: Sequence[int]
    omitted: OmittedCounts


def match_activities(
    activities: Sequence[Any],
    timeline_filter: TimelineFilter,
    default_zone: str | None,
    search: TextSearch | None = None,
) -> CooperativeSteps[MatchedActivities]:
    """The activities that match a filter.

    Args:
        activities: The activities: full records where the filter needs these.
        timeline_filter: The filter.
        default_zone: The time zone of dates without one.
        search: The search for the words of the filter, where it has any.
    """
    instants = yield from _activity_instants(activities, default_zone)
    if timeline_filter.is_unfiltered and decoding.all_have_identity(activities):
        return MatchedActivities(activities, instants, range(len(activities)), {})
    indexes: list[int] = []
    omitted = Counter[type[FieldError]]()
    needs_full_records = timeline_filter.needs_full_records
    for index, activity in enumerate(activities):
        if index % STEP_ITEMS == 0 and index:
            yield
        verdict = timeline_filter.matches_header(activity, instants[index])
        if needs_full_records and verdict is not False:
            content = timeline_filter.matches_content(activity, default_zone)
            # What is unreadable takes precedence over an unknown instant.
            verdict = _both((yield from _search(content, search, index)), verdict)
        if verdict is False:
            continue
        if not decoding.has_identity(activity):
            omitted[InvalidUpstreamResponse] += 1
        elif verdict is True:
            indexes.append(index)
        else:
            omitted[verdict] += 1
    return MatchedActivities(activities, instants, indexes, omitted)


def _activity_instants(
    activities: Sequence[Any], default_zone: str | None
) -> CooperativeSteps[list[datetime | None]]:
    instants: list[datetime | None] = []
    for batch in batches(activities):
        if instants:
            yield
        instants += to_utc_together([activity.date for activity in batch], default_zone)
    return instants


def _search(verdict: Verdict, search: TextSearch | None, index: int) -> CooperativeSteps[Verdict]:
    """A verdict together with that of a search, where there is one and the activity may match."""
    if search is None or verdict is False:
        return verdict
    return _both(verdict, (yield from search.verdict(index)))


def _both(one: Verdict, other: Verdict) -> Verdict:
    """The verdict of two filters together: of two that cannot be decided, that of the first."""
    if one is False or other is False:
        return False
    return other if one is True else one


def sort_matched(
    matched: MatchedActivities, items: Sequence[Raw], *, newest_first: bool
) -> CooperativeSteps[tuple[Sequence[TimelinePosition], list[int]]]:
    """The positions of the matching activities in the order of a timeline, and their indexes in this order.

    Args:
        matched: The activities, of which positions need `id`.
        items: The activities, as sent.
        newest_first: The order.
    """
    activities, instants, indexes, _ = matched

    def position(index: int) -> TimelinePosition:
        return TimelinePosition.of(instants[index], str(activities[index].id))

    order = order_by_instant(indexes, instants, position, newest_first=newest_first)
    if order is not None:
        return LazyPositions(order, position), order
    unordered: list[TimelinePosition] = []
    for batch in batches(indexes):
        if unordered:
            yield
        unordered += map(position, batch)
    positions, order = yield from sort_positions(
        unordered,
        newest_first=newest_first,
        content=lambda index: bytes(items[indexes[index]]),
    )
    return positions, [indexes[index] for index in order]


def match_full_records(
    items: Sequence[Raw], timeline_filter: TimelineFilter, context: Context
) -> CooperativeSteps[MatchedActivities]:
    """The full records of a list that match. What fields of one operation have in common is done once."""
    records = yield from context.full_records.decode(items)
    words = timeline_filter.search
    search = None if words is None else context.full_records.search(items, words)
    return (
        yield from match_activities(
            records, timeline_filter, context.settings.default_time_zone, search
        )
    )


async def run_match(
    steps: CooperativeSteps[_T],
    items: Sequence[Raw],
    timeline_filter: TimelineFilter,
    context: Context,
) -> _T:
    """The result of steps that match a list: a search of a long list takes a limited part of the event loop's time."""
    if timeline_filter.search is None:
        return await run_cooperatively(steps)
    async with context.full_records.lock:
        if len(items) <= STEP_ITEMS:
            return await run_cooperatively(steps)
        return await context.search_scheduler.run_steps(steps)

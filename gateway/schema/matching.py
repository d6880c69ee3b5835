"""Matching: which activities of a timeline match a filter, in cooperative steps."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from msgspec import Raw

from gateway.errors import FieldError, InvalidUpstreamResponse
from gateway.observability.event_loop import STEP_ITEMS, CooperativeSteps, run_cooperatively
from gateway.schema.completeness import OmittedCounts
from gateway.schema.context import Context
from gateway.schema.filters import TimelineFilter, all_match
from gateway.schema.scalars import to_utc_together
from gateway.schema.search import TextSearch
from gateway.upstream.records import decoding

_T = TypeVar("_T")


def batches(sequence: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """A sequence in batches of one step."""
    return (sequence[begin : begin + STEP_ITEMS] for begin in range(0, len(sequence), STEP_ITEMS))


def activity_instants(
    activities: Sequence[Any], default_zone: str | None
) -> CooperativeSteps[list[datetime | None]]:
    """The instant of each activity, None where it is unknown."""
    instants: list[datetime | None] = []
    for batch in batches(activities):
        if instants:
            yield
        instants += to_utc_together([activity.date for activity in batch], default_zone)
    return instants


def matching_activities(
    timeline_filter: TimelineFilter,
    activities: Sequence[Any],
    instants: Sequence[datetime | None],
    default_zone: str | None,
    search: TextSearch | None = None,
) -> CooperativeSteps[tuple[Sequence[int], OmittedCounts]]:
    """The indexes of matching activities; and the number of those that may match, but are omitted, by reason.

    Args:
        timeline_filter: The filter.
        activities: The activities: full records where the filter needs these.
        instants: The instant of each activity.
        default_zone: The time zone of dates without one.
        search: The search for the words of the filter, where it has any.
    """
    if timeline_filter.is_unfiltered and decoding.all_have_identity(activities):
        return range(len(activities)), {}
    indexes: list[int] = []
    omitted = Counter[type[FieldError]]()
    for index, activity in enumerate(activities):
        if index % STEP_ITEMS == 0 and index:
            yield
        verdict = timeline_filter.matches(activity, instants[index], default_zone)
        if verdict is not False and search is not None:
            verdict = all_match([verdict, (yield from search.verdict(index))])
        if verdict is False:
            continue
        if not decoding.has_identity(activity):
            omitted[InvalidUpstreamResponse] += 1
        elif verdict is True:
            indexes.append(index)
        else:
            omitted[verdict] += 1
    return indexes, omitted


class MatchedRecords(NamedTuple):
    """The full records of a list, and those that match a filter.

    Attributes:
        records: The records.
        instants: The instant of each record, None where it is unknown.
        indexes: The indexes of the matching records.
        omitted: The numbers of records that may match, but are omitted, by reason.
    """

    records: Sequence[Any]
    instants: Sequence[datetime | None]
    indexes: Sequence[int]
    omitted: OmittedCounts


def match_full_records(
    items: Sequence[Raw], timeline_filter: TimelineFilter, context: Context
) -> CooperativeSteps[MatchedRecords]:
    """The full records of a list, and those that match. What fields of one operation have in common is done once."""
    default_zone = context.settings.default_time_zone
    records = yield from context.full_records.decode(items)
    instants = yield from activity_instants(records, default_zone)
    words = timeline_filter.search
    search = None if words is None else context.full_records.search(items, words)
    indexes, omitted = yield from matching_activities(
        timeline_filter, records, instants, default_zone, search
    )
    return MatchedRecords(records, instants, indexes, omitted)


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

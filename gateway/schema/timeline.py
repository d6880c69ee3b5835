"""The timeline of a client: filtering, sorting and pagination of activities."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

import strawberry
from msgspec import Raw, Struct

from gateway.engine.lookahead import selected_names
from gateway.engine.polymorphic_lists import ItemDecoder, PolymorphicList
from gateway.engine.resolvers import MappedResult, Node, ResolveInfo
from gateway.errors import ActivityNotFound, InvalidUpstreamResponse
from gateway.observability.event_loop import (
    CooperativeSteps,
    run_cooperatively,
    run_to_completion,
)
from gateway.schema.completeness import (
    ACTIVITIES_OMITTED,
    Completeness,
    OmittedCounts,
    ReadTimestamp,
    build_completeness,
)
from gateway.schema.context import Context, Info, resolve_info
from gateway.schema.counts import filters_of_counts
from gateway.schema.enums import ActivityKind
from gateway.schema.filters import HEADER_ATTRIBUTES, TimelineFilter, require_id
from gateway.schema.full_records import decode_full_records
from gateway.schema.matching import match_activities, match_full_records, run_match, sort_matched
from gateway.schema.pagination import (
    PageWindow,
    PagingArguments,
    TimelinePosition,
    encode_cursor,
    index_of_id,
)
from gateway.schema.resolvers import SchemaObject
from gateway.upstream.http.stale_cache import Timestamped
from gateway.upstream.records import activities, decoding, resources
from gateway.upstream.records.field_types import UNDECODABLE

_T = TypeVar("_T")
_P = TypeVar("_P")
_R = TypeVar("_R")


class ConnectionEdge(SchemaObject, frozen=True):
    """The source value of an `ActivityEdge`."""

    cursor_digest: bytes
    positions: Sequence[TimelinePosition]
    index: int
    node: activities.Activity

    @property
    def cursor(self) -> str:
        return encode_cursor(self.cursor_digest, self.positions[self.index])


class ConnectionPage(SchemaObject, frozen=True):
    """The source value of an `ActivityConnection`.

    Attributes:
        timeline_filter: The filter and sort order, to which cursors are bound.
        positions: The positions of all matching activities, in order.
        window: The slice of the positions that is this page.
        nodes: The activities of this page.
        omitted: The number of activities that may match, but are omitted, by reason.
        read_timestamp: The time of the upstream read.
        items: All activities that were read, as sent.
    """

    timeline_filter: TimelineFilter
    positions: Sequence[TimelinePosition]
    window: slice
    nodes: list[activities.Activity]
    omitted: OmittedCounts
    read_timestamp: ReadTimestamp
    items: Sequence[Raw]

    @property
    def edges(self) -> list[ConnectionEdge]:
        cursor_digest = self.timeline_filter.cursor_digest
        return [
            ConnectionEdge(cursor_digest, self.positions, index, node)
            for index, node in enumerate(self.nodes, self.window.start)
        ]

    @property
    def page_info(self) -> "PageInfo":
        return PageInfo.of(self.positions, self.window, self.timeline_filter.cursor_digest)

    @property
    def total_count(self) -> int:
        return len(self.positions)

    @property
    def preceding_count(self) -> int:
        start: int = self.window.start
        return start

    @property
    def following_count(self) -> int:
        stop: int = self.window.stop
        return len(self.positions) - stop

    @property
    def completeness(self) -> Completeness:
        return build_completeness(self.omitted, self.read_timestamp)


@strawberry.type(description="The position of a page in the list to which it belongs.")
class PageInfo:
    has_next_page: bool = strawberry.field(
        description="Whether the list has further items after the page."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether the list has further items before the page."
    )
    start_cursor: str | None = strawberry.field(
        description=(
            "The cursor of the first item of the page, for the argument `before`. Null where the page is empty."
        )
    )
    end_cursor: str | None = strawberry.field(
        description=(
            "The cursor of the last item of the page, for the argument `after`. Null where the page is empty."
        )
    )

    @classmethod
    def of(
        cls, positions: Sequence[TimelinePosition], window: slice, cursor_digest: bytes
    ) -> "PageInfo":
        """The position of a page: the slice of the positions of all items."""
        page = positions[window]
        return cls(
            has_next_page=window.stop < len(positions),
            has_previous_page=window.start > 0,
            start_cursor=encode_cursor(cursor_digest, page[0]) if page else None,
            end_cursor=encode_cursor(cursor_digest, page[-1]) if page else None,
        )


class RawTimeline(Struct, frozen=True, eq=False):
    """A timeline as the upstream sent it, with activities that are not decoded yet.

    Attributes:
        info: The resolve info of the field.
        timeline_filter: The filter and sort order.
        window: The requested page.
        anchor: The position after or before which the page lies, where a cursor is given.
        items: The activities, as sent.
        read_timestamp: The time of the upstream read.
    """

    info: Info | ResolveInfo
    timeline_filter: TimelineFilter
    window: PageWindow
    anchor: TimelinePosition | None
    items: Sequence[Raw]
    read_timestamp: ReadTimestamp

    def decode_ahead(self, decoder: ItemDecoder) -> CooperativeSteps[ConnectionPage]:
        """The page, built once for all fields that request the same page."""
        cache_key = (self.timeline_filter, self.window, self.anchor, self.read_timestamp)
        return decoder.memoize(self.items, cache_key, partial(self.build_page, decoder))

    def to_connection(self, decoder: ItemDecoder) -> ConnectionPage:
        """The same page, with omissions reported."""
        return self.report_omissions(run_to_completion(self.decode_ahead(decoder)))

    def report_omissions(self, page: ConnectionPage) -> ConnectionPage:
        """The given page, after a report of its omissions."""
        unreadable = page.omitted.get(InvalidUpstreamResponse)
        if unreadable:
            error = InvalidUpstreamResponse(ACTIVITIES_OMITTED, count=unreadable)
            self.info.context.report(error, self.info)
        return page

    def build_page(self, decoder: ItemDecoder) -> CooperativeSteps[ConnectionPage]:
        """The page. Where the page is a small part of the whole, only this part is decoded for the selection.

        Raises:
            ActivityNotFound: The page lies around an activity that is not in the list.
        """
        needs_full_records = self.timeline_filter.needs_full_records
        is_partial = needs_full_records or len(self.items) > 2 * self.window.size
        context, newest_first = self.info.context, self.timeline_filter.newest_first
        if needs_full_records:
            matched = yield from match_full_records(self.items, self.timeline_filter, context)
        else:
            decode = decoder.decode_headers if is_partial else decoder.decode
            matched = yield from match_activities(
                (yield from decode(self.items)),
                self.timeline_filter,
                context.settings.default_time_zone,
            )
        activities, instants, _, omitted = matched
        positions, indexes = yield from sort_matched(matched, self.items, newest_first=newest_first)
        middle = yield from self._find_middle(activities, indexes)
        part = self.window.to_slice(
            positions, self.anchor, newest_first=newest_first, middle=middle
        )
        page = indexes[part]
        nodes = (
            (yield from decoder.decode([self.items[index] for index in page]))
            if is_partial
            else [activities[index] for index in page]
        )
        decoder.compute_together(nodes, context, {"date": [instants[index] for index in page]})
        return ConnectionPage(
            self.timeline_filter, positions, part, nodes, omitted, self.read_timestamp, self.items
        )

    def _find_middle(
        self, activities: Sequence[Any], order: Sequence[int]
    ) -> CooperativeSteps[int | None]:
        """The place of the activity around which the page lies; None where it lies around none."""
        if self.window.around is None:
            return None
        middle = yield from index_of_id(
            self.window.around, order, lambda index: str(activities[index].id)
        )
        if middle is None:
            raise ActivityNotFound(
                "No activity of this list has the id in `around`.", argument="around"
            )
        return middle


class _FullRecordDecoder:
    """Decodes activities as full records."""

    def decode(self, items: Sequence[Raw]) -> CooperativeSteps[list[activities.Activity]]:
        return decode_full_records(items)

    decode_headers = decode

    def compute_together(
        self,
        records: Sequence[Any],
        context: Any,
        values_by_attribute: Mapping[str, Sequence[Any]],
    ) -> None:
        """Nothing: graphql-core computes each field by itself."""

    def memoize(
        self, items: Sequence[Raw], variant: Hashable, compute: Callable[[], CooperativeSteps[_T]]
    ) -> CooperativeSteps[_T]:
        return compute()


_FULL_RECORD_DECODER = _FullRecordDecoder()

ACTIVITIES = PolymorphicList(
    interface="Activity",
    tag="type",
    record_by_tag=activities.KINDS,
    fallback_record=activities.UnknownActivity,
    header_attributes=HEADER_ATTRIBUTES,
    decoding_errors=UNDECODABLE,
    decode_full_record=decoding.activity,
)
"""The declaration of the items of a timeline."""

PendingPage = Awaitable[Node[_R]] | Node[_R]
PendingTimeline = PendingPage[RawTimeline]


def load_timeline_page(
    client: Node[resources.ClientReference],
    info: Info,
    timeline_filter: TimelineFilter,
    paging: PagingArguments,
) -> PendingTimeline:
    """The page of a timeline that the filter and the paging arguments select.

    Args:
        client: The client of the timeline.
        info: The resolve info of the field.
        timeline_filter: The filter and sort order.
        paging: The paging arguments.

    Raises:
        InvalidArgument: The arguments contradict each other, or a cursor or an id is invalid.
        UpstreamError: On await, where the read of the timeline fails.
    """
    if paging.around is not None:
        require_id(paging.around, "around")
    settings = info.context.settings
    window = PageWindow.of(
        paging, default_size=settings.default_page_size, max_size=settings.max_page_size
    )
    anchor = window.anchor_position(timeline_filter)
    kinds = _kinds_to_read(timeline_filter, info)
    if kinds == frozenset():
        return client.child(RawTimeline(info, timeline_filter, window, anchor, [], ReadTimestamp()))
    load = info.context.session.timeline(
        timeline_filter.client_id,
        kinds=kinds,
        appointment_id=timeline_filter.appointment_id,
        newest_first=timeline_filter.newest_first,
    )

    def build(timeline: Timestamped[list[Raw]]) -> Node[RawTimeline]:
        items, read_at, is_stale = timeline
        read_timestamp = ReadTimestamp(read_at, is_stale)
        return client.child(
            RawTimeline(info, timeline_filter, window, anchor, items, read_timestamp)
        )

    if timeline_filter.search is None:
        return MappedResult(load, build)
    return _search_ahead(load, build, timeline_filter, info.context)


async def _search_ahead(
    load: Awaitable[Timestamped[list[Raw]]],
    build: Callable[[Timestamped[list[Raw]]], Node[RawTimeline]],
    timeline_filter: TimelineFilter,
    context: Context,
) -> Node[RawTimeline]:
    """A timeline whose activities are searched before its page is built, which then finds what the search found."""
    timeline = await load
    items = timeline[0]
    await run_match(
        match_full_records(items, timeline_filter, context), items, timeline_filter, context
    )
    return build(timeline)


def _kinds_to_read(
    timeline_filter: TimelineFilter, info: Info | ResolveInfo
) -> frozenset[ActivityKind] | None:
    """The kinds that the page and its counts need; None for all, and an empty set where nothing can match."""
    if timeline_filter.kinds is None and not timeline_filter.matches_nothing:
        return None
    selected_counts = selected_names(resolve_info(info), "counts")
    filters = [timeline_filter, *filters_of_counts(timeline_filter, selected_counts)]
    kinds = [each.kinds for each in filters if not each.matches_nothing]
    if not kinds:
        return frozenset()
    return None if None in kinds else timeline_filter.kinds


class RawPage(Protocol[_P]):
    """A page of a timeline, or of what is made of one, whose activities are not decoded yet."""

    def build_page(self, decoder: ItemDecoder) -> CooperativeSteps[_P]:
        """The page."""

    def report_omissions(self, page: _P) -> _P:
        """The given page, after a report of its omissions."""

    def to_connection(self, decoder: ItemDecoder) -> _P:
        """The page, built without a pause, with omissions reported."""


def with_full_records(pending: PendingPage[RawPage[_P]]) -> PendingPage[_P]:
    """The page with activities decoded as full records."""
    if isinstance(pending, Node):
        return Node(pending.value.to_connection(_FULL_RECORD_DECODER), pending.ids)

    async def decode_page() -> Node[_P]:
        node = await pending
        built = await run_cooperatively(node.value.build_page(_FULL_RECORD_DECODER))
        return Node(node.value.report_omissions(built), node.ids)

    return decode_page()

"""The appointment threads of a client: selection, order and pagination."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Self

from msgspec import Raw, Struct

from gateway.engine.polymorphic_lists import ItemDecoder
from gateway.engine.resolvers import MappedResult, Node, ResolveInfo
from gateway.errors import InvalidUpstreamResponse
from gateway.observability.event_loop import (
    STEP_ITEMS,
    CooperativeSteps,
    run_to_completion,
)
from gateway.schema.appointment_threads import AppointmentThread, fold
from gateway.schema.arguments import value_or_none
from gateway.schema.completeness import (
    STEPS_OMITTED,
    Completeness,
    OmittedCounts,
    ReadTimestamp,
    build_completeness,
)
from gateway.schema.context import Info
from gateway.schema.enums import ActivityKind, AppointmentPhase, SortOrder
from gateway.schema.filters import TimelineFilter
from gateway.schema.full_records import decode_full_records
from gateway.schema.matching import match_activities, sort_matched
from gateway.schema.pagination import (
    PageWindow,
    PagingArguments,
    TimelinePosition,
    digest,
    encode_cursor,
    sort_positions,
)
from gateway.schema.resolvers import SchemaObject
from gateway.schema.timeline import PageInfo, PendingPage
from gateway.upstream.http.stale_cache import Timestamped
from gateway.upstream.records import resources

_KINDS = frozenset({ActivityKind.APPOINTMENT})
_FOLDING = "appointment threads"
"""The key of the folding of a timeline, which is the same for all pages of threads in an operation."""


class ThreadEdge(SchemaObject, frozen=True):
    """The source value of an `AppointmentThreadEdge`."""

    cursor_digest: bytes
    position: TimelinePosition
    node: AppointmentThread

    @property
    def cursor(self) -> str:
        return encode_cursor(self.cursor_digest, self.position)


class ThreadPage(SchemaObject, frozen=True):
    """The source value of an `AppointmentThreadConnection`.

    Attributes:
        cursor_digest: The digest that binds cursors to the selection.
        positions: The positions of all selected threads, in order.
        window: The slice of the positions that is this page.
        nodes: The threads of this page.
        omitted: The number of activities that belong to no thread, by reason.
        read_timestamp: The time of the upstream read.
    """

    cursor_digest: bytes
    positions: Sequence[TimelinePosition]
    window: slice
    nodes: list[AppointmentThread]
    omitted: OmittedCounts
    read_timestamp: ReadTimestamp

    @property
    def edges(self) -> list[ThreadEdge]:
        page = zip(self.positions[self.window], self.nodes, strict=True)
        return [ThreadEdge(self.cursor_digest, position, node) for position, node in page]

    @property
    def page_info(self) -> PageInfo:
        return PageInfo.of(self.positions, self.window, self.cursor_digest)

    @property
    def total_count(self) -> int:
        return len(self.positions)

    @property
    def completeness(self) -> Completeness:
        return build_completeness(self.omitted, self.read_timestamp, unreadable=STEPS_OMITTED)


class ThreadSelection(Struct, frozen=True):
    """The threads of a client that a field selects, and their order. No phases are all phases."""

    client_id: str
    phases: frozenset[AppointmentPhase] | None
    sort: SortOrder

    @classmethod
    def of(
        cls,
        client: resources.ClientReference,
        phases: Sequence[AppointmentPhase] | None,
        sort: SortOrder | None,
    ) -> Self:
        """The selection that the arguments of a field describe."""
        given = value_or_none(phases)
        return cls(
            str(client.id), None if given is None else frozenset(given), sort or SortOrder.ASC
        )

    @property
    def newest_first(self) -> bool:
        return self.sort is SortOrder.DESC

    @property
    def cursor_digest(self) -> bytes:
        """The digest that binds a cursor to the selection: never that of a timeline."""
        phases = None if self.phases is None else sorted(each.name for each in self.phases)
        return digest("appointmentThreads", self.client_id, self.sort.value, phases)

    def matches(self, thread: AppointmentThread) -> bool:
        return self.phases is None or thread.phase in self.phases


class RawThreads(Struct, frozen=True, eq=False):
    """The timeline from which threads are folded, as the upstream sent it.

    Attributes:
        info: The resolve info of the field.
        selection: The selected threads, and their order.
        window: The requested page.
        anchor: The position after or before which the page lies, where a cursor is given.
        items: The activities, as sent: those of appointments, possibly among others.
        read_timestamp: The time of the upstream read.
    """

    info: Info | ResolveInfo
    selection: ThreadSelection
    window: PageWindow
    anchor: TimelinePosition | None
    items: Sequence[Raw]
    read_timestamp: ReadTimestamp

    def decode_ahead(self, decoder: ItemDecoder) -> CooperativeSteps[ThreadPage]:
        """The page, built once for all fields that request the same page."""
        cache_key = (self.selection, self.window, self.anchor, self.read_timestamp)
        return decoder.memoize(self.items, cache_key, partial(self.build_page, decoder))

    def to_connection(self, decoder: ItemDecoder) -> ThreadPage:
        """The same page, with omissions reported."""
        return self.report_omissions(run_to_completion(self.decode_ahead(decoder)))

    def report_omissions(self, page: ThreadPage) -> ThreadPage:
        """The given page, after a report of its omissions."""
        if page.omitted:
            error = InvalidUpstreamResponse(
                STEPS_OMITTED, count=page.omitted[InvalidUpstreamResponse]
            )
            self.info.context.report(error, self.info)
        return page

    def build_page(self, decoder: ItemDecoder) -> CooperativeSteps[ThreadPage]:
        """The page, from threads that are folded once for all pages of the operation."""
        threads, omitted_count = yield from decoder.memoize(
            self.items, _FOLDING, partial(self._fold, decoder)
        )
        selected: list[AppointmentThread] = []
        unordered: list[TimelinePosition] = []
        for index, thread in enumerate(threads):
            if index % STEP_ITEMS == 0 and index:
                yield
            if self.selection.matches(thread):
                selected.append(thread)
                unordered.append(TimelinePosition.of(thread.instant, thread.appointment_id))
        positions, order = yield from sort_positions(
            unordered, newest_first=self.selection.newest_first
        )
        part = self.window.to_slice(
            positions, self.anchor, newest_first=self.selection.newest_first
        )
        return ThreadPage(
            self.selection.cursor_digest,
            positions,
            part,
            [selected[index] for index in order[part]],
            {InvalidUpstreamResponse: omitted_count} if omitted_count else {},
            self.read_timestamp,
        )

    def _fold(self, decoder: ItemDecoder) -> CooperativeSteps[tuple[list[AppointmentThread], int]]:
        """The threads, and the number of activities that may be steps, but belong to no thread."""
        context = self.info.context
        default_zone = context.settings.default_time_zone
        headers = yield from decoder.decode_headers(self.items)
        of_appointments = TimelineFilter(self.selection.client_id, kinds=_KINDS)
        matched = yield from match_activities(headers, of_appointments, default_zone)
        _, order = yield from sort_matched(matched, self.items, newest_first=False)
        steps: Any = yield from decode_full_records([self.items[index] for index in order])
        folding = yield from fold(
            steps,
            [matched.instants[index] for index in order],
            now=context.now,
            default_zone=default_zone,
        )
        omitted_count = matched.omitted.get(InvalidUpstreamResponse, 0)
        return folding.threads, omitted_count + folding.unassigned_count


def load_threads_page(
    client: Node[resources.ClientReference],
    info: Info,
    selection: ThreadSelection,
    paging: PagingArguments,
) -> PendingPage[RawThreads]:
    """The page of a client's threads that the selection and the paging arguments describe.

    Args:
        client: The client.
        info: The resolve info of the field.
        selection: The selected threads, and their order.
        paging: The paging arguments.

    Raises:
        InvalidArgument: The arguments contradict each other, or a cursor is invalid.
        UpstreamError: On await, where the read of the timeline fails.
    """
    settings = info.context.settings
    window = PageWindow.of(
        paging, default_size=settings.default_page_size, max_size=settings.max_page_size
    )
    anchor = window.anchor_position(selection, filter_name="phases")
    build = partial(RawThreads, info, selection, window, anchor)
    if selection.phases == frozenset():
        return client.child(build([], ReadTimestamp()))
    load = info.context.session.timeline(
        selection.client_id,
        kinds=_KINDS,
        appointment_id=None,
        newest_first=selection.newest_first,
    )

    def build_node(timeline: Timestamped[list[Raw]]) -> Node[RawThreads]:
        items, read_at, is_stale = timeline
        return client.child(build(items, ReadTimestamp(read_at, is_stale)))

    return MappedResult(load, build_node)

"""A client's timeline: filtered, in order, cut into pages."""

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import strawberry
from msgspec import Raw

from gateway.engine.resolvers import Items, Place, Reached, Reader
from gateway.errors import ContractBroken, UpstreamError
from gateway.observability.event_loop import STEP_ITEMS, Steps, at_once, in_steps, mapped
from gateway.schema.completeness import LEFT_OUT, AsOf, Completeness, LeftOutCounts, completeness
from gateway.schema.context import Info
from gateway.schema.filters import Selection
from gateway.schema.pagination import Paging, Position, Window, cursor, in_order, position_of
from gateway.schema.resolvers import Shown
from gateway.schema.scalars import moment
from gateway.upstream.records import activities, decoding, resources
from gateway.upstream.records.activities import Unreadable
from gateway.upstream.records.field_types import UNDECODABLE

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Edge(Shown):
    """An `ActivityEdge`, as this module makes it."""

    binding: bytes
    position: Position
    node: activities.Activity

    @property
    def cursor(self) -> str:
        return cursor(self.binding, self.position)


@dataclass(frozen=True, slots=True)
class Connection(Shown):
    """An `ActivityConnection`, as this module makes it.

    Attributes:
        selection: What is selected, which cursors are bound to.
        positions: Where each selected activity stands, in order.
        window: Which of them are on this page.
        nodes: The activities of this page.
        left_out: How many may be selected, but are not shown, and why.
        as_of: When all of it was read.
    """

    selection: Selection
    positions: Sequence[Position]
    window: slice
    nodes: list[activities.Activity]
    left_out: LeftOutCounts
    as_of: AsOf

    @property
    def edges(self) -> list[Edge]:
        binding = self.selection.binding
        return [
            Edge(binding, position, node)
            for position, node in zip(self.positions[self.window], self.nodes, strict=True)
        ]

    @property
    def page_info(self) -> "PageInfo":
        page, binding = self.positions[self.window], self.selection.binding
        return PageInfo(
            has_next_page=self.window.stop < len(self.positions),
            has_previous_page=self.window.start > 0,
            start_cursor=cursor(binding, page[0]) if page else None,
            end_cursor=cursor(binding, page[-1]) if page else None,
        )

    @property
    def total_count(self) -> int:
        return len(self.positions)

    @property
    def completeness(self) -> Completeness:
        return completeness(self.left_out, self.as_of)


@strawberry.type(description="A page's place in the whole list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether something follows this page.")
    has_previous_page: bool = strawberry.field(description="Whether something precedes it.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first edge, for `before`; null where the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last edge, for `after`; null where the page is empty."
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """A timeline as the upstream sent it, its activities still to be decoded.

    Attributes:
        info: Where it is asked for.
        selection: Which activities, in which order.
        window: Which part of them.
        anchor: The position that the page begins or ends at, where one is given.
        items: What the upstream sent.
        as_of: When it did.
    """

    info: Info | Place
    selection: Selection
    window: Window
    anchor: Position | None
    items: Sequence[Raw]
    as_of: AsOf

    def ahead(self, reader: Reader) -> Steps[Connection]:
        """The page, made once for all who ask for the same one."""
        asked = (self.selection, self.window, self.anchor, self.as_of)
        return reader.once(self.items, asked, partial(self.page, reader))

    def read(self, reader: Reader) -> Connection:
        """The same page; what is left out of it is told."""
        return self.reported(at_once(self.ahead(reader)))

    def reported(self, page: Connection) -> Connection:
        """A page, after what is left out of it is told."""
        unreadable = page.left_out.get(ContractBroken)
        if unreadable:
            error = ContractBroken(LEFT_OUT, count=unreadable)
            self.info.context.report(error, self.info)
        return page

    def page(self, reader: Reader) -> Steps[Connection]:
        """Where the page is a small part of the whole, only that part is decoded in full."""
        partly = len(self.items) > 2 * self.window.size
        activities = yield from (reader.heads if partly else reader.read)(self.items)
        positions, indexes, left_out = yield from self._ordered(activities)
        part = self.window.cut(positions, self.anchor, newest_first=self.selection.newest_first)
        page = indexes[part]
        nodes = (
            (yield from reader.read([self.items[index] for index in page]))
            if partly
            else [activities[index] for index in page]
        )
        return Connection(self.selection, positions, part, nodes, left_out, self.as_of)

    def _ordered(
        self,
        activities: Sequence[Any],  # records, or as much of them as a plan needs
    ) -> Steps[tuple[list[Position], list[int], LeftOutCounts]]:
        """Positions in order and whose they are; and how many more may be selected, but are left out."""
        default_zone = self.info.context.settings.default_time_zone
        selects, everything = self.selection.selects, self.selection.is_everything
        placed: list[Position] = []
        indexes: list[int] = []
        left_out = Counter[type[UpstreamError]]()
        for index, activity in enumerate(activities):
            if index % STEP_ITEMS == 0 and index:
                yield
            date = activity.date
            at = (
                None if date is None or date.__class__ is Unreadable else moment(date, default_zone)
            )
            verdict = everything or selects(activity, at)
            if verdict is False:
                continue
            if not decoding.usable(activity):
                left_out[ContractBroken] += 1
            elif verdict is True:
                placed.append(Position.of(at, str(activity.id)))
                indexes.append(index)
            else:
                left_out[verdict] += 1
        positions, order = yield from in_order(
            placed,
            newest_first=self.selection.newest_first,
            content=lambda place: bytes(self.items[indexes[place]]),
        )
        return positions, [indexes[place] for place in order], left_out


class _Whole:
    """Reads activities as whole records."""

    def read(self, items: Sequence[Raw]) -> Steps[list[activities.Activity]]:
        return mapped(lambda some: [decoding.activity(item) for item in some], items)

    heads = read

    def once(
        self, items: Sequence[Raw], asked: Hashable, make: Callable[[], Steps[_T]]
    ) -> Steps[_T]:
        return make()


_WHOLE = _Whole()

ACTIVITIES = Items(
    interface="Activity",
    tag="type",
    records=activities.KINDS,
    others=activities.UnknownActivity,
    sources=("id", "kind", "kind_raw", "date", "event"),
    undecodable=UNDECODABLE,
    whole=decoding.activity,
)
"""What a timeline holds."""

Page = Awaitable[Reached[Sent]] | Reached[Sent]


def timeline(
    client: Reached[resources.ClientReference], info: Info, selection: Selection, paging: Paging
) -> Page:
    """The page of a selection that the paging arguments describe.

    Args:
        client: Whose timeline it is.
        info: Where it is asked for.
        selection: Which activities.
        paging: Which page of them.

    Raises:
        InputRefused: The arguments contradict each other, or a cursor does not fit.
        UpstreamError: On await, where the upstream gave no timeline.
    """
    settings = info.context.settings
    window = Window.of(
        paging, default_size=settings.default_page_size, max_size=settings.max_page_size
    )
    anchor = None if window.anchor is None else position_of(window.anchor, selection.binding)
    if selection.is_empty:
        return client.to(Sent(info, selection, window, anchor, [], AsOf()))
    # Called here, not in the coroutine: so all timelines of one operation are one batch.
    load = info.context.session.timeline(
        selection.client_id,
        kinds=selection.kinds,
        appointment_id=selection.appointment_id,
        newest_first=selection.newest_first,
    )

    async def loaded() -> Reached[Sent]:
        items, read_at, is_stale = await load
        return client.to(Sent(info, selection, window, anchor, items, AsOf(read_at, is_stale)))

    return loaded()


def connection(page: Page) -> Awaitable[Reached[Connection]] | Reached[Connection]:
    """A page whose activities are whole records."""
    if isinstance(page, Reached):
        return Reached(page.value.read(_WHOLE), page.through)

    async def read() -> Reached[Connection]:
        sent = await page
        made = await in_steps(sent.value.page(_WHOLE))
        return Reached(sent.value.reported(made), sent.through)

    return read()

"""A client's timeline: filtered, in order, cut into pages."""

from collections import Counter
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import strawberry

from gateway.errors import ContractBroken, InputRefused
from gateway.schema.context import Info
from gateway.schema.pages import (
    Paging,
    Position,
    Window,
    cursor,
    digest,
    order,
    position_of,
)
from gateway.schema.reading import Reached, readable
from gateway.schema.values import instant
from gateway.schema.words import ActivityEvent, ActivityKind, SortOrder
from gateway.upstream import entities, records
from gateway.upstream.decode import usable

_LEFT_OUT = "Activities that cannot be read are left out."


@dataclass(frozen=True, slots=True)
class Selection:
    """Which activities of whom, in which order. None selects all; an empty set selects none."""

    client_id: str
    kinds: frozenset[ActivityKind] | None
    events: frozenset[ActivityEvent] | None
    appointment_id: str | None
    since: datetime | None
    until: datetime | None
    sort: SortOrder

    def __post_init__(self) -> None:
        """Blank ids never reach the upstream, which might take them for no id at all."""
        if not self.client_id.strip():
            raise InputRefused("A client's id is not blank.")
        if self.appointment_id is not None and not self.appointment_id.strip():
            raise InputRefused("An appointment's id is not blank.")

    @property
    def is_empty(self) -> bool:
        """Whether nothing can match, whatever the upstream holds."""
        backward = self.since is not None and self.until is not None and self.since >= self.until
        return backward or self.kinds == frozenset() or self.events == frozenset()

    @property
    def newest_first(self) -> bool:
        return self.sort is SortOrder.DESC

    @property
    def binding(self) -> bytes:
        """What binds a cursor to this selection."""
        return digest(
            self.client_id,
            _names(self.kinds),
            _names(self.events),
            self.appointment_id,
            self.since,
            self.until,
            self.sort.value,
        )

    def selects(self, activity: records.Activity, at: datetime | None) -> bool | None:
        """Whether an activity of the right kinds, that happened `at` some instant, is selected.

        None where that cannot be told, because what decides it cannot be read.
        """
        verdicts = (self._by_event(activity.event), self._by_instant(activity.date, at))
        return False if False in verdicts else None if None in verdicts else True

    def _by_event(self, event: object) -> bool | None:
        if self.events is None:
            return True
        return event in self.events if readable(event) else None

    def _by_instant(self, date: object, at: datetime | None) -> bool | None:
        if self.since is None and self.until is None:
            return True
        if not readable(date) or not readable(getattr(date, "time_zone", None)):
            return None
        return (
            at is not None
            and (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
        )


def _names(words: frozenset[ActivityKind] | frozenset[ActivityEvent] | None) -> list[str] | None:
    return None if words is None else sorted(word.value for word in words)


@dataclass(frozen=True, slots=True)
class Edge:
    """An `ActivityEdge`, as this module makes it."""

    binding: bytes
    position: Position
    node: Reached[records.Activity]

    @property
    def cursor(self) -> str:
        return cursor(self.binding, self.position)


@dataclass(frozen=True)
class Connection:
    """An `ActivityConnection`, as this module makes it."""

    client: Reached[entities.ClientReference]
    ordered: Sequence[tuple[Position, records.Activity]]
    window: slice
    binding: bytes
    left_out: int

    @cached_property
    def edges(self) -> list[Edge]:
        return [
            Edge(self.binding, position, self.client.to(activity))
            for position, activity in self.ordered[self.window]
        ]

    @property
    def nodes(self) -> list[Reached[records.Activity]]:
        return [self.client.to(activity) for _, activity in self.ordered[self.window]]

    @property
    def page_info(self) -> "PageInfo":
        return PageInfo(
            has_next_page=self.window.stop < len(self.ordered),
            has_previous_page=self.window.start > 0,
            start_cursor=self.edges[0].cursor if self.edges else None,
            end_cursor=self.edges[-1].cursor if self.edges else None,
        )

    @property
    def total_count(self) -> int:
        return len(self.ordered)

    @property
    def completeness(self) -> "Completeness":
        if not self.left_out:
            return Completeness(is_complete=True, missing=[])
        missing = MissingPart(
            code=ContractBroken.code,
            message=_LEFT_OUT,
            count=self.left_out,
            retryable=ContractBroken.retryable,
        )
        return Completeness(is_complete=False, missing=[missing])


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


@strawberry.type(description="Something that the upstream holds and this answer does not.")
class MissingPart:
    code: str = strawberry.field(description="Why, as one of the codes that errors have.")
    message: str = strawberry.field(description="Why, in words.")
    count: int = strawberry.field(description="How many activities are missing for this reason.")
    retryable: bool = strawberry.field(description="Whether asking again later may bring them.")


@strawberry.type(
    description=(
        "Whether everything that the upstream holds of a selection is in it; what is missing, as "
        "data that a page can show. Counted over the whole selection, not the page."
    )
)
class Completeness:
    is_complete: bool = strawberry.field(description="Whether nothing is missing.")
    missing: list[MissingPart] = strawberry.field(description="What is missing, one part per code.")


Page = Awaitable[Connection] | Connection


def timeline(
    info: Info,
    selection: Selection,
    paging: Paging,
    *,
    through: Reached[records.Record] | None = None,
) -> Page:
    """The page of a selection that the paging arguments describe.

    Args:
        info: Where it is asked for.
        selection: Whose activities, and which.
        paging: Which page of them.
        through: What all of them belong to, where there is such a thing: their appointment.

    Raises:
        InputRefused: The arguments contradict each other, or a cursor does not fit.
        UpstreamError: On await, where the upstream gave no timeline.
    """
    settings = info.context.settings
    window = Window.of(
        paging, default_size=settings.default_page_size, max_size=settings.max_page_size
    )
    anchor = None if window.anchor is None else position_of(window.anchor, selection.binding)
    client = Reached(entities.ClientReference(id=selection.client_id), through)

    def connection(activities: Sequence[records.Activity]) -> Connection:
        ordered, left_out = _ordered(selection, activities, settings.default_time_zone)
        if left_out:
            info.context.report(ContractBroken(_LEFT_OUT, count=left_out), info.path)
        positions = [position for position, _ in ordered]
        part = window.cut(positions, anchor, newest_first=selection.newest_first)
        return Connection(client, ordered, part, selection.binding, left_out)

    if selection.is_empty:
        return connection([])
    # Called here, not in the coroutine: so all timelines of one operation are one batch.
    load = info.context.session.timeline(
        selection.client_id, kinds=selection.kinds, appointment_id=selection.appointment_id
    )

    async def loaded() -> Connection:
        return connection(await load)

    return loaded()


def _ordered(
    selection: Selection, activities: Sequence[records.Activity], default_zone: str | None
) -> tuple[list[tuple[Position, records.Activity]], int]:
    """What is selected, in order; and how many more may be, but cannot be read."""
    dated = [(instant(activity.date, default_zone), activity) for activity in activities]
    judged = [(selection.selects(activity, at), at, activity) for at, activity in dated]
    placed = _placed([(at, activity) for yes, at, activity in judged if yes and usable(activity)])
    key = order(newest_first=selection.newest_first)
    left_out = sum(verdict is not False for verdict, _, _ in judged) - len(placed)
    return sorted(placed, key=lambda each: key(each[0])), left_out


def _placed(
    activities: Sequence[tuple[datetime | None, records.Activity]],
) -> list[tuple[Position, records.Activity]]:
    seen: Counter[Position] = Counter()
    placed = []
    for at, activity in activities:
        position = Position.of(at, str(activity.id))
        placed.append((position._replace(repetition=seen[position]), activity))
        seen[position] += 1
    return placed

"""Cursor-based pagination: the part of an ordered list that the paging arguments select. Pure functions.

A cursor is anchored at an activity, not at an offset: an activity that arrives between two pages neither
repeats nor hides another. A cursor carries a digest of the filter and order for which it was made, so that
it cannot be used with another filter or order, and no server has to store cursors.
"""

import base64
import hashlib
import struct
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cmp_to_key
from itertools import chain, compress, count
from operator import eq
from typing import Any, NamedTuple, Protocol, Self, overload

from msgspec import Struct

from gateway.errors import InvalidArgument
from gateway.observability.event_loop import CooperativeSteps

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC, as all instants here
_MICROSECOND = timedelta(microseconds=1)
_DIGEST_BYTES = 6
_HEADER = struct.Struct(f">{_DIGEST_BYTES}s?qI")
_NON_NUMERIC_LENGTH = sys.maxsize
"""A digit count above that of any id: ids that are not numbers come after all numeric ids."""

_STEP_POSITIONS = 10_000
"""Positions per cooperative step: sorting so many, or merging two sorted parts, takes about 10 ms."""

_new_tuple = tuple.__new__
"""Creates a named tuple without its constructor's checks: there are as many positions as activities."""


class TimelinePosition(NamedTuple):
    """The position of an activity in a timeline.

    Positions compare by instant, undated ones last; then ids that consist of ASCII digits, by value, then
    as text; then all other ids, as text.

    Attributes:
        undated: Whether no instant is known.
        instant: The instant, in UTC, without an offset.
        digit_count: The number of digits of the id's value. A shorter number is smaller; numbers of equal
            length compare as text. No integer is computed, for an id may have thousands of digits.
        digits: The id without leading zeros; empty where the id is not a number.
        id: The id.
        repetition: The number of earlier positions of the same instant and id.
    """

    undated: bool
    instant: datetime
    digit_count: int
    digits: str
    id: str
    repetition: int

    @classmethod
    def of(cls, instant: datetime | None, activity_id: str, repetition: int = 0) -> Self:
        """The position of an activity. `instant` is in UTC without an offset, or None where unknown."""
        undated = instant is None
        at = instant or _EPOCH
        if activity_id.isascii() and activity_id.isdigit():
            value = activity_id.lstrip("0")
            return _new_tuple(cls, (undated, at, len(value), value, activity_id, repetition))
        return _new_tuple(cls, (undated, at, _NON_NUMERIC_LENGTH, "", activity_id, repetition))


def sort_key(*, newest_first: bool) -> Callable[[TimelinePosition], Any]:
    """The sort key of a timeline's order: oldest first, or the exact reverse.

    Undated positions are last in both orders.
    """

    def descending(one: TimelinePosition, other: TimelinePosition) -> int:
        before = one < other if one.undated != other.undated else one > other
        return -1 if before else int(one != other)

    return cmp_to_key(descending) if newest_first else _identity


def _identity(position: TimelinePosition) -> TimelinePosition:
    return position


def sort_positions(
    positions: Sequence[TimelinePosition],
    *,
    newest_first: bool,
    content: Callable[[int], Any] | None = None,
) -> CooperativeSteps[tuple[list[TimelinePosition], list[int]]]:
    """Positions in the order of a timeline, with repetitions numbered; and the original index of each.

    Args:
        positions: The positions of activities, in any order.
        newest_first: The order.
        content: Gives the content of an activity by its original index. Repetitions are numbered in the
            order of their content, whatever order the upstream sent; without it, in the original order.
    """
    indexes = yield from _sort_indexes(range(len(positions)), positions.__getitem__)
    ordered = [positions[index] for index in indexes]
    yield from _number_repetitions(ordered, indexes, content)
    if newest_first:
        dated = bisect_left(ordered, True, key=lambda each: each.undated)
        ordered = ordered[:dated][::-1] + ordered[dated:][::-1]
        indexes = indexes[:dated][::-1] + indexes[dated:][::-1]
    return ordered, indexes


class LazyPositions(Sequence[TimelinePosition]):
    """The positions of activities in the order of a timeline, each computed when it is asked for."""

    def __init__(self, order: Sequence[int], position: Callable[[int], TimelinePosition]) -> None:
        """Positions of the activities with the indexes in `order`, as `position` gives them by index."""
        self._order = order
        self._position = position

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> TimelinePosition: ...

    @overload
    def __getitem__(self, index: slice) -> list[TimelinePosition]: ...

    def __getitem__(self, index: int | slice) -> TimelinePosition | list[TimelinePosition]:
        if isinstance(index, slice):
            return [*map(self._position, self._order[index])]
        return self._position(self._order[index])


def order_by_instant(
    indexes: Sequence[int],
    instants: Sequence[datetime | None],
    position: Callable[[int], TimelinePosition],
    *,
    newest_first: bool,
) -> list[int] | None:
    """The indexes of activities in the order of a timeline, with positions only for those at the same instant.

    None where there are undated activities or repetitions, or too many activities for one step.
    """
    if len(indexes) > _STEP_POSITIONS:
        return None
    instant_of: Callable[[int], Any] = instants.__getitem__
    try:
        order = sorted(indexes, key=instant_of)
    except TypeError:  # an undated activity
        return None
    ordered = [*map(instant_of, order)]
    for first, end in _equal_runs(ordered):
        positions = {index: position(index) for index in order[first:end]}
        if len({*positions.values()}) < len(positions):
            return None
        order[first:end] = sorted(positions, key=positions.__getitem__)
    return order[::-1] if newest_first else order


def index_of_id(
    id_: str, order: Sequence[int], id_of: Callable[[int], str]
) -> CooperativeSteps[int | None]:
    """The place in an order of the first activity with an id; None where no activity has it.

    Args:
        id_: The id.
        order: The indexes of activities, in the order of a timeline.
        id_of: Gives the id of an activity by its index.
    """
    for begin in range(0, len(order), _STEP_POSITIONS):
        if begin:
            yield
        for place, index in enumerate(order[begin : begin + _STEP_POSITIONS], begin):
            if id_of(index) == id_:
                return place
    return None


def _equal_runs(ordered: Sequence[datetime | None]) -> Iterator[tuple[int, int]]:
    """The parts of sorted instants, of two or more, in which all are equal: the first index and the end of each."""
    first = end = 0
    for index in compress(count(1), map(eq, ordered, ordered[1:])):
        if index != end:
            if end:
                yield first, end
            first = index - 1
        end = index + 1
    if end:
        yield first, end


def _number_repetitions(
    ordered: list[TimelinePosition], indexes: list[int], content: Callable[[int], Any] | None
) -> CooperativeSteps[None]:
    """Number the repetitions among sorted positions in place, in the order of their content."""
    numbered = 0
    for first, end in (yield from _repetition_ends(ordered)).items():
        if content is not None:
            indexes[first:end] = yield from _sort_indexes(indexes[first:end], content)
        *fixed, _ = ordered[first]
        for index in range(first, end):
            ordered[index] = _new_tuple(TimelinePosition, (*fixed, index - first))
            numbered += 1
            if numbered % _STEP_POSITIONS == 0:
                yield


def _repetition_ends(ordered: list[TimelinePosition]) -> CooperativeSteps[dict[int, int]]:
    """The runs of equal positions: the end of each run by its first index."""
    previous, first = None, 0
    ends: dict[int, int] = {}
    for begin in range(0, len(ordered), _STEP_POSITIONS):
        if begin:
            yield
        for index, position in enumerate(ordered[begin : begin + _STEP_POSITIONS], begin):
            if position == previous:
                ends[first] = index + 1
            else:
                previous, first = position, index
    return ends


def _sort_indexes(indexes: Sequence[int], key: Callable[[int], Any]) -> CooperativeSteps[list[int]]:
    """A stable sort of indexes by key."""
    if len(indexes) <= _STEP_POSITIONS:
        return sorted(indexes, key=key)
    parts: list[list[int]] = []
    for begin in range(0, len(indexes), _STEP_POSITIONS):
        yield
        parts.append(sorted(indexes[begin : begin + _STEP_POSITIONS], key=key))
    while len(parts) > 1:
        merged: list[list[int]] = []
        for one, other in zip(parts[::2], parts[1::2], strict=False):
            merged.append((yield from _merge_indexes(one, other, key)))
        parts = merged + parts[2 * len(merged) :]
    return parts[0]


def _merge_indexes(
    one: list[int], other: list[int], key: Callable[[int], Any]
) -> CooperativeSteps[list[int]]:
    """A stable merge of two sorted parts: of equal keys, those of `one` come first."""
    merged: list[int] = []
    taken = 0
    for begin in range(0, len(one), _STEP_POSITIONS):
        yield
        part = one[begin : begin + _STEP_POSITIONS]
        end = bisect_left(other, key(part[-1]), lo=taken, key=key)
        merged += sorted(chain(part, other[taken:end]), key=key)
        taken = end
    return merged + other[taken:]


def digest(*values: object) -> bytes:
    """The digest that binds a cursor to the filter and order for which it was made."""
    return hashlib.blake2b(repr(values).encode(), digest_size=_DIGEST_BYTES).digest()


def encode_cursor(cursor_digest: bytes, position: TimelinePosition) -> str:
    """An opaque, URL-safe cursor, which `decode_cursor` decodes."""
    microseconds = (position.instant - _EPOCH) // _MICROSECOND
    header = _HEADER.pack(cursor_digest, position.undated, microseconds, position.repetition)
    return base64.urlsafe_b64encode(header + position.id.encode()).rstrip(b"=").decode()


def decode_cursor(
    text: str, cursor_digest: bytes, argument: str, *, filter_name: str = "filter"
) -> TimelinePosition:
    """The position that a cursor encodes, which was sent as `argument`.

    Args:
        text: The cursor.
        cursor_digest: The digest to which the cursor has to be bound.
        argument: The argument that has the cursor.
        filter_name: The argument that filters the list.

    Raises:
        InvalidArgument: The text is not a cursor, or is a cursor of another filter or order.
    """
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found_digest, undated, microseconds, repetition = _HEADER.unpack_from(decoded)
        instant = _EPOCH + microseconds * _MICROSECOND
        activity_id = decoded[_HEADER.size :].decode()
    except (struct.error, ValueError, OverflowError) as error:
        raise InvalidArgument(f"`{argument}` is not a cursor.", argument=argument) from error
    if found_digest != cursor_digest:
        raise InvalidArgument(
            f"The cursor in `{argument}` belongs to another client, {filter_name} or order: send it with the client, "
            f"`{filter_name}` and `sort` for which it was returned.",
            argument=argument,
        )
    return TimelinePosition.of(None if undated else instant, activity_id, repetition)


class PagingArguments(NamedTuple):
    """The paging arguments, as given."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    around: str | None = None
    starting_at: datetime | None = None


class CursorBound(Protocol):
    """A selection of items, and their order, to which cursors are bound."""

    @property
    def cursor_digest(self) -> bytes:
        """The digest of the selection."""


class PageWindow(Struct, frozen=True):
    """The requested part of a list: `size` items after an anchor, or before it where `backward`.

    Attributes:
        size: The number of items, if there are as many.
        backward: Whether the part ends before the anchor, or at the end of the list.
        anchor: The cursor after or before which the part lies.
        around: The id of the item in the middle of the part.
        starting_at: The instant at which the part begins, in UTC without an offset.
    """

    size: int
    backward: bool
    anchor: str | None
    around: str | None = None
    starting_at: datetime | None = None

    @classmethod
    def of(cls, paging: PagingArguments, *, default_size: int, max_size: int) -> Self:
        """The window that the paging arguments describe. An empty cursor counts as absent.

        Raises:
            InvalidArgument: The arguments contradict each other, or a size is out of bounds; never clamped.
        """
        if paging.around is not None or paging.starting_at is not None:
            _require_one_place(paging)
        forward = paging.first is not None or bool(paging.after)
        backward = paging.last is not None or bool(paging.before)
        if forward and backward:
            raise InvalidArgument(
                "`first` can be combined with `after` only, `last` with `before` only.",
                argument="first" if paging.first is not None else "after",
            )
        requested_size = paging.last if backward else paging.first
        size = default_size if requested_size is None else requested_size
        if not 0 <= size <= max_size:
            name = "last" if backward else "first"
            raise InvalidArgument(f"`{name}` must be between 0 and {max_size}.", argument=name)
        anchor = (paging.before if backward else paging.after) or None
        return cls(size, backward, anchor, paging.around, paging.starting_at)

    def anchor_position(
        self, selection: CursorBound, *, filter_name: str = "filter"
    ) -> TimelinePosition | None:
        """The position of the cursor `anchor`; None where none is given.

        Args:
            selection: The selection of items to which the cursor has to be bound.
            filter_name: The argument that filters the list.

        Raises:
            InvalidArgument: The anchor is no cursor, or one of another selection.
        """
        if self.anchor is None:
            return None
        return decode_cursor(
            self.anchor,
            selection.cursor_digest,
            argument="before" if self.backward else "after",
            filter_name=filter_name,
        )

    def to_slice(
        self,
        ordered: Sequence[TimelinePosition],
        anchor: TimelinePosition | None,
        *,
        newest_first: bool,
        middle: int | None = None,
    ) -> slice:
        """The slice of `ordered` that lies in the window.

        Args:
            ordered: The positions of all items, in order.
            anchor: The position of the cursor, where one is given.
            newest_first: The order.
            middle: The index of the item `around` which the window lies, where one is given.
        """
        if middle is not None:
            start = min(middle - max(0, self.size - 1) // 2, len(ordered) - self.size)
            return _forward_slice(max(0, start), self.size, ordered)
        if self.starting_at is not None:
            start = _first_index_at(ordered, self.starting_at, newest_first=newest_first)
            return _forward_slice(start, self.size, ordered)
        key = sort_key(newest_first=newest_first)
        if self.backward:
            stop = len(ordered) if anchor is None else bisect_left(ordered, key(anchor), key=key)
            return slice(max(0, stop - self.size), stop)
        start = 0 if anchor is None else bisect_right(ordered, key(anchor), key=key)
        return _forward_slice(start, self.size, ordered)


def _require_one_place(paging: PagingArguments) -> None:
    """Require `around` and `startingAt` to stand without any other argument but `first`.

    Raises:
        InvalidArgument: They do not.
    """
    name = "startingAt" if paging.around is None else "around"
    has_both = paging.around is not None and paging.starting_at is not None
    if has_both or paging.after or paging.before or paging.last is not None:
        raise InvalidArgument(f"`{name}` can be combined with `first` only.", argument=name)


def _forward_slice(start: int, size: int, ordered: Sequence[TimelinePosition]) -> slice:
    return slice(start, min(len(ordered), start + size))


def _first_index_at(
    ordered: Sequence[TimelinePosition], instant: datetime, *, newest_first: bool
) -> int:
    """The index of the first position at or after an instant, or at or before it where the newest is first.

    Undated positions follow all others.
    """

    def is_reached(position: TimelinePosition) -> bool:
        if position.undated:
            return True
        return position.instant <= instant if newest_first else position.instant >= instant

    return bisect_left(ordered, True, key=is_reached)

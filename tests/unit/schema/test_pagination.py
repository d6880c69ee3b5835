import base64
import re
import string
import struct
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, strategies as st

from gateway.errors import InvalidArgument
from gateway.observability.event_loop import run_to_completion
from gateway.schema.pagination import (
    LazyPositions,
    PageWindow,
    PagingArguments,
    TimelinePosition,
    decode_cursor,
    digest,
    encode_cursor,
    index_of_id,
    order_by_instant,
    sort_key,
    sort_positions,
)

BINDING = digest("7", None)
NOON = datetime.fromisoformat("2026-07-01T12:00:00")  # in UTC, as all moments

# Few values, so that there are ties of every sort.
MOMENTS = st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours))
IDS = st.sampled_from(["1", "2", "10", "é", "B", "a", "999", "1000", "7", "07", "007", "0", "٣"])
DATED = st.builds(TimelinePosition.of, MOMENTS, IDS)
POSITIONS = st.builds(TimelinePosition.of, st.one_of(st.none(), MOMENTS), IDS)


def numbered(positions: list[TimelinePosition]) -> list[TimelinePosition]:
    """With repetitions told apart, as in a timeline."""
    return [
        position._replace(repetition=positions[:index].count(position))
        for index, position in enumerate(positions)
    ]


ANY_POSITIONS = st.lists(POSITIONS, max_size=12)
TIMELINES = ANY_POSITIONS.map(numbered)


def ordered(
    positions: list[TimelinePosition], *, newest_first: bool = False
) -> list[TimelinePosition]:
    return sorted(positions, key=sort_key(newest_first=newest_first))


WINDOWS = {
    "nothing": (PagingArguments(), PageWindow(5, backward=False, anchor=None)),
    "first": (PagingArguments(first=3), PageWindow(3, backward=False, anchor=None)),
    "the most": (PagingArguments(first=9), PageWindow(9, backward=False, anchor=None)),
    "none": (PagingArguments(first=0), PageWindow(0, backward=False, anchor=None)),
    "none backward": (
        PagingArguments(last=0, before="x"),
        PageWindow(0, backward=True, anchor="x"),
    ),
    "after nothing": (PagingArguments(after=""), PageWindow(5, backward=False, anchor=None)),
    "before nothing": (PagingArguments(before=""), PageWindow(5, backward=False, anchor=None)),
    "last before nothing": (
        PagingArguments(last=2, before=""),
        PageWindow(2, backward=True, anchor=None),
    ),
    "first before nothing": (
        PagingArguments(first=2, before=""),
        PageWindow(2, backward=False, anchor=None),
    ),
    "the least": (PagingArguments(first=1), PageWindow(1, backward=False, anchor=None)),
    "after": (PagingArguments(after="x"), PageWindow(5, backward=False, anchor="x")),
    "first after": (PagingArguments(first=3, after="x"), PageWindow(3, backward=False, anchor="x")),
    "last": (PagingArguments(last=3), PageWindow(3, backward=True, anchor=None)),
    "before": (PagingArguments(before="x"), PageWindow(5, backward=True, anchor="x")),
    "last before": (PagingArguments(last=9, before="x"), PageWindow(9, backward=True, anchor="x")),
    "around": (
        PagingArguments(after="", around="1"),
        PageWindow(5, backward=False, anchor=None, around="1"),
    ),
    "first of an instant": (
        PagingArguments(first=3, before="", starting_at=NOON),
        PageWindow(3, backward=False, anchor=None, starting_at=NOON),
    ),
}


@pytest.mark.parametrize(("paging", "window"), WINDOWS.values(), ids=WINDOWS)
def test_paging_arguments_describe_a_window(paging, window):
    assert PageWindow.of(paging, default_size=5, max_size=9) == window


REFUSED = {
    "negative first": (PagingArguments(first=-1), "first"),
    "negative last": (PagingArguments(last=-1), "last"),
    "too many first": (PagingArguments(first=10), "first"),
    "too many last": (PagingArguments(last=10), "last"),
    "first and last": (PagingArguments(first=3, last=3), "first"),
    "first with before": (PagingArguments(first=3, before="x"), "first"),
    "last with after": (PagingArguments(last=3, after="x"), "after"),
    "after and before": (PagingArguments(after="x", before="y"), "after"),
    "all": (PagingArguments(3, "x", 3, "y"), "first"),
    "around and after": (PagingArguments(after="x", around="1"), "around"),
    "around and before": (PagingArguments(before="x", around="1"), "around"),
    "around and last": (PagingArguments(last=0, around="1"), "around"),
    "around an instant": (PagingArguments(around="1", starting_at=NOON), "around"),
    "too many around": (PagingArguments(first=10, around="1"), "first"),
    "an instant and after": (PagingArguments(after="x", starting_at=NOON), "startingAt"),
    "an instant and before": (PagingArguments(before="x", starting_at=NOON), "startingAt"),
    "an instant and last": (PagingArguments(last=3, starting_at=NOON), "startingAt"),
}


@pytest.mark.parametrize(("paging", "argument"), REFUSED.values(), ids=REFUSED)
def test_paging_arguments_are_refused_never_clamped(paging, argument):
    with pytest.raises(InvalidArgument) as refusal:
        PageWindow.of(paging, default_size=5, max_size=9)
    assert refusal.value.details == {"argument": argument}


ANY_ID = st.text(min_size=1)
FIRST = datetime.fromisoformat("0001-01-01T00:00:00")
LAST = datetime.fromisoformat("9999-12-31T23:59:59.999999")
ANY_MOMENT = st.one_of(st.none(), st.datetimes())


@given(ANY_MOMENT, ANY_ID, st.integers(0, 2**32 - 1), st.binary(max_size=20))
@example(FIRST, "1", 0, b"")
@example(LAST, "1", 2**32 - 1, b"")
def test_a_cursor_stands_for_its_position(moment, id_, repetition, selection):
    binding = digest(selection)
    position = TimelinePosition.of(moment, id_)._replace(repetition=repetition)
    assert decode_cursor(encode_cursor(binding, position), binding, "after") == position


@pytest.mark.parametrize("moment", [NOON, None], ids=["dated", "undated"])
def test_a_cursor_leads_to_a_place_among_those_of_its_instant(moment):
    found = [
        decode_cursor(encode_cursor(BINDING, TimelinePosition.of(moment, id_)), BINDING, "after")
        for id_ in TIED
    ]
    assert ordered(found[::-1]) == found == [TimelinePosition.of(moment, id_) for id_ in TIED]


def test_a_cursor_that_was_given_out_earlier_is_still_one():
    """Callers keep them: the form of a cursor has no part in the order of ids."""
    one, other = (
        TimelinePosition.of(NOON, "1"),
        TimelinePosition.of(None, "007")._replace(repetition=3),
    )
    assert encode_cursor(BINDING, one) == "0YAqj18WAAAGVYtuUtAAAAAAADE"
    assert encode_cursor(BINDING, other) == "0YAqj18WAQAAAAAAAAAAAAAAAzAwNw"


@given(ANY_MOMENT, ANY_ID)
def test_a_cursor_needs_no_escaping_in_a_url(moment, id_):
    text = encode_cursor(BINDING, TimelinePosition.of(moment, id_))
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")


def test_a_cursor_is_short():
    assert len(encode_cursor(BINDING, TimelinePosition.of(NOON, "1234567890123456"))) < 60


@given(ANY_MOMENT, ANY_ID)
def test_a_cursor_of_another_selection_is_refused(moment, id_):
    text = encode_cursor(digest("7", ["note"]), TimelinePosition.of(moment, id_))
    with pytest.raises(InvalidArgument, match="another client, filter or order") as refusal:
        decode_cursor(text, BINDING, "after")
    assert refusal.value.details == {"argument": "after"}


def encoded(sent: bytes) -> str:
    return base64.urlsafe_b64encode(sent).decode()


GARBAGE = {
    "nothing": "",
    "a word": "cursor",
    "a number": "10",
    "signs": "!!!!",
    "blanks": "    ",
    "another script": "курсор",
    "half a character": "\ud800",
    "padding": "====",
    "one sign of base64": "A",
    "too short": encoded(b"123456"),
    "an id that is no text": encoded(BINDING + bytes(13) + b"\xff\xfe"),
    "a cursor with blanks in it": "0YAqj18W    AAAGVYtuUtAAAAAAADE",
    "an offset of another server": encoded(b"arrayconnection:10"),
}


@pytest.mark.parametrize("argument", ["after", "before"])
@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_cursor_is_refused(text, argument):
    with pytest.raises(InvalidArgument, match=f"`{argument}` is not a cursor") as refusal:
        decode_cursor(text, BINDING, argument)
    assert refusal.value.details == {"argument": argument}


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00")
EARLIEST, LATEST = [(moment - EPOCH) // timedelta(microseconds=1) for moment in (FIRST, LAST)]


@pytest.mark.parametrize("microseconds", [EARLIEST - 1, LATEST + 1, -(2**63), 2**63 - 1])
@pytest.mark.parametrize("undated", [False, True])
def test_a_cursor_of_a_moment_that_no_calendar_has_is_refused(microseconds, undated):
    sent = BINDING + struct.pack(">?qI", undated, microseconds, 0) + b"1"
    with pytest.raises(InvalidArgument):
        decode_cursor(encoded(sent), BINDING, "after")


@given(st.text())
def test_any_text_is_a_cursor_of_another_selection_or_none(text):
    with pytest.raises(InvalidArgument):
        decode_cursor(text, BINDING, "after")


@given(st.binary(max_size=40))
def test_any_bytes_make_a_position_or_are_refused(sent):
    with suppress(InvalidArgument):
        assert isinstance(
            decode_cursor(encoded(BINDING + sent), BINDING, "after"), TimelinePosition
        )


def test_a_digest_differs_with_every_part_of_the_selection():
    selections = [(), (None,), ("7",), (7,), ("7", None), ("7", ["note"]), ("7", [], "note")]
    assert len({digest(*selection) for selection in selections}) == len(selections)


def test_a_digest_is_the_same_in_every_process():
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert digest("7", ["note"], noon).hex() == "3920b1ab903f"


def test_instants_decide_first():
    later, earlier = (
        TimelinePosition.of(NOON + timedelta(microseconds=1), "1"),
        TimelinePosition.of(NOON, "2"),
    )
    assert ordered([later, earlier]) == [earlier, later]


LONG = "9" * 5_000
"""More digits than Python reads as a number."""

TIED = [
    *("0", "00", "1", "007", "07", "7", "9", "10", "999", "1000", "1001"),
    *("9007199254740992", "9007199254740993"),
    *("1" + LONG[1:], "0" + LONG[1:] + "8", "0" + LONG, LONG, "1" + LONG),
    *(" 1", "+2", "-1", "0x1", "1.5", "1_000", "1a", "B", "a", "²", "é", "٣", "\uff11"),
]
"""Ids in their order."""


@pytest.mark.parametrize("moment", [NOON, None], ids=["dated", "undated"])
def test_ids_of_digits_decide_next_by_value_then_all_others_as_text(moment):
    for ids in (TIED, TIED[::-1], sorted(TIED)):
        positions = [TimelinePosition.of(moment, id_) for id_ in ids]
        assert [each.id for each in ordered(positions)] == TIED
        up, _ = run_to_completion(sort_positions(positions, newest_first=False))
        down, _ = run_to_completion(sort_positions(positions, newest_first=True))
        assert [each.id for each in up] == TIED
        assert [each.id for each in down] == TIED[::-1]


def by_value(id_: str) -> tuple[int, int, str]:
    """What the order of ids is, said with numbers."""
    return (0, int(id_), id_) if re.fullmatch("[0-9]+", id_) else (1, 0, id_)


@given(st.lists(st.one_of(st.text("0123456789", min_size=1), st.text("019a٣² ", min_size=1))))
def test_ids_are_in_the_order_of_their_numbers(ids):
    positions = [TimelinePosition.of(NOON, id_) for id_ in ids]
    assert [each.id for each in ordered(positions)] == sorted(ids, key=by_value)


@given(TIMELINES)
def test_undated_ones_are_last_in_both_orders(positions):
    for newest_first in (False, True):
        undated = [each.undated for each in ordered(positions, newest_first=newest_first)]
        assert undated == sorted(undated)


@given(TIMELINES)
def test_newest_first_is_the_exact_reverse(positions):
    up, down = ordered(positions), ordered(positions, newest_first=True)
    for undated in (False, True):
        assert [each for each in down if each.undated is undated] == [
            each for each in reversed(up) if each.undated is undated
        ]


def test_positions_that_repeat_are_numbered_as_they_came():
    one, other = TimelinePosition.of(NOON, "1"), TimelinePosition.of(None, "1")
    up, indexes = run_to_completion(
        sort_positions([other, one, other, one, one], newest_first=False)
    )
    assert [each.repetition for each in up] == [0, 1, 2, 0, 1]
    assert indexes == [1, 3, 4, 0, 2]
    down, indexes = run_to_completion(
        sort_positions([other, one, other, one, one], newest_first=True)
    )
    assert [each.repetition for each in down] == [2, 1, 0, 1, 0]
    assert indexes == [4, 3, 1, 2, 0]


@given(
    st.lists(st.tuples(POSITIONS, st.sampled_from("abc")), max_size=12), st.booleans(), st.data()
)
def test_positions_that_repeat_stand_in_one_order_where_something_tells_them_apart(
    told, newest_first, data
):
    def stand(told: list[tuple[TimelinePosition, str]]) -> list[tuple[TimelinePosition, str]]:
        positions = [position for position, _ in told]
        found, indexes = run_to_completion(
            sort_positions(
                positions, newest_first=newest_first, content=lambda index: told[index][1]
            )
        )
        return [(each, told[index][1]) for each, index in zip(found, indexes, strict=True)]

    assert stand(told) == stand(data.draw(st.permutations(told)))
    assert [each for each, _ in stand(told)] == ordered(
        numbered([position for position, _ in told]), newest_first=newest_first
    )


@given(ANY_POSITIONS, st.booleans())
def test_positions_in_order_are_numbered_and_sorted_and_tell_where_they_were(
    positions, newest_first
):
    found, indexes = run_to_completion(sort_positions(positions, newest_first=newest_first))
    assert found == ordered(numbered(positions), newest_first=newest_first)
    assert found == [numbered(positions)[index] for index in indexes]
    assert sorted(indexes) == list(range(len(positions)))


@given(ANY_POSITIONS, st.booleans())
def test_instants_alone_give_the_same_order_or_none(positions, newest_first):
    """None only where instants are unknown, or an activity is repeated."""
    instants = [None if each.undated else each.instant for each in positions]
    order = order_by_instant(
        range(len(positions)), instants, positions.__getitem__, newest_first=newest_first
    )
    if order is None:
        assert None in instants or len({*positions}) < len(positions)
    else:
        found, indexes = run_to_completion(sort_positions(positions, newest_first=newest_first))
        assert order == indexes
        assert [*LazyPositions(order, positions.__getitem__)] == found
        assert LazyPositions(order, positions.__getitem__)[1:3] == found[1:3]


@pytest.mark.parametrize("newest_first", [True, False])
def test_activities_of_equal_instants_are_ordered_within_each(newest_first):
    hours_and_ids = [
        (2, "9"),
        (0, "2"),
        (1, "5"),
        (0, "1"),
        (2, "é"),
        (2, "10"),
        (3, "4"),
        (0, "0"),
    ]
    positions = [
        TimelinePosition.of(NOON + timedelta(hours=hours), id_) for hours, id_ in hours_and_ids
    ]
    instants = [each.instant for each in positions]
    order = order_by_instant(range(8), instants, positions.__getitem__, newest_first=newest_first)
    expected = [7, 3, 1, 2, 0, 5, 4, 6]
    assert order == (expected[::-1] if newest_first else expected)


@given(st.lists(DATED, max_size=12, unique=True), st.booleans())
def test_instants_alone_do_where_all_are_known_and_nothing_repeats(positions, newest_first):
    instants = [each.instant for each in positions]
    order = order_by_instant(
        range(len(positions)), instants, positions.__getitem__, newest_first=newest_first
    )
    assert order is not None
    assert [positions[index] for index in order] == ordered(positions, newest_first=newest_first)


@pytest.mark.parametrize("instant", [NOON, None], ids=["repeated", "undated"])
def test_instants_alone_do_not_order_what_is_repeated_or_undated(instant):
    position = lambda _: TimelinePosition.of(instant, "1")  # noqa: E731
    assert order_by_instant(range(2), [instant] * 2, position, newest_first=False) is None


def test_only_activities_at_the_same_instant_need_positions():
    instants = [NOON + timedelta(hours=hours) for hours in (2, 0, 1, 2, 0, 3)]
    asked: list[int] = []

    def position(index: int) -> TimelinePosition:
        asked.append(index)
        return TimelinePosition.of(instants[index], str(index))

    order = order_by_instant(range(6), instants, position, newest_first=False)
    assert order == [1, 4, 2, 0, 3, 5]
    assert sorted(asked) == [0, 1, 3, 4]


def test_ten_thousand_activities_are_put_in_order_in_one_step():
    positions = [LONG_TIMELINES["in order"](number) for number in range(10_000)]
    assert not [*sort_positions(positions, newest_first=False)]


def test_too_many_activities_for_one_step_are_not_ordered_at_once():
    instants = [NOON] * 10_001
    position = lambda index: TimelinePosition.of(NOON, str(index))  # noqa: E731
    assert order_by_instant(range(10_001), instants, position, newest_first=False) is None


LONG_TIMELINES = {
    "of all sorts": lambda n: TimelinePosition.of(
        NOON + timedelta(hours=n % 7919), str(n * 7 % 35_001)
    ),
    "in order": lambda n: TimelinePosition.of(NOON, f"{n:06}"),
    "the wrong way round": lambda n: TimelinePosition.of(None, str(99_999 - n)),
    "all the same": lambda n: TimelinePosition.of(NOON, "1"),
    "two of each": lambda n: TimelinePosition.of(NOON, str(n % 17_500)),
}


@pytest.mark.slow
@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("position", LONG_TIMELINES.values(), ids=LONG_TIMELINES)
def test_a_long_timeline_is_put_in_order_in_steps(position, newest_first):
    positions = [position(number) for number in range(35_000)]
    counts: Counter[TimelinePosition] = Counter()
    expected = []
    for index, each in sorted(enumerate(positions), key=lambda one: (one[1], -one[0])):
        expected.append((each._replace(repetition=counts[each]), index))
        counts[each] += 1
    if newest_first:
        expected.sort(key=lambda one: sort_key(newest_first=True)(one[0]))
    putting = sort_positions(positions, newest_first=newest_first, content=lambda index: -index)
    passes = 3  # to sort parts, to merge them, and to find repetitions
    assert len([*putting]) >= passes * (35_000 // 10_000)
    found, indexes = run_to_completion(
        sort_positions(positions, newest_first=newest_first, content=lambda index: -index)
    )
    assert [*zip(found, indexes, strict=True)] == expected
    as_they_came, _ = run_to_completion(sort_positions(positions, newest_first=newest_first))
    assert as_they_came == found


@pytest.mark.sample(2)
@pytest.mark.parametrize("count", [20_001, 45_000], ids=["three parts", "five parts"])
@pytest.mark.parametrize("position", LONG_TIMELINES.values(), ids=LONG_TIMELINES)
def test_an_odd_number_of_parts_is_put_in_order_as_well(count, position):
    positions = [position(number) for number in range(count)]
    _, indexes = run_to_completion(sort_positions(positions, newest_first=False))
    assert indexes == sorted(range(count), key=positions.__getitem__)


def test_numbering_what_repeats_takes_a_step_for_ten_thousand():
    singly, doubly = (
        sort_positions([position(number) for number in range(35_000)], newest_first=False)
        for position in (LONG_TIMELINES["in order"], LONG_TIMELINES["two of each"])
    )
    assert len([*doubly]) - len([*singly]) == 3


@given(TIMELINES, st.integers(1, 13), st.booleans())
def test_pages_forward_make_the_whole(positions, size, newest_first):
    whole = ordered(positions, newest_first=newest_first)
    window, pages, anchor = PageWindow(size, backward=False, anchor=None), [], None
    while page := whole[window.to_slice(whole, anchor, newest_first=newest_first)]:
        pages.append(page)
        anchor = page[-1]
    assert [position for page in pages for position in page] == whole
    assert all(len(page) == size for page, _ in pairwise(pages))


@given(TIMELINES, st.integers(1, 13), st.booleans())
def test_pages_backward_make_the_whole(positions, size, newest_first):
    whole = ordered(positions, newest_first=newest_first)
    window, pages, anchor = PageWindow(size, backward=True, anchor=None), [], None
    while page := whole[window.to_slice(whole, anchor, newest_first=newest_first)]:
        pages.append(page)
        anchor = page[0]
    assert [position for page in reversed(pages) for position in page] == whole
    assert all(len(page) == size for page, _ in pairwise(pages))


@given(TIMELINES, POSITIONS, st.integers(1, 13), st.booleans())
def test_an_anchor_need_not_be_there_any_more(positions, anchor, size, newest_first):
    rest = ordered([each for each in positions if each != anchor], newest_first=newest_first)
    with_anchor = ordered([*rest, anchor], newest_first=newest_first)
    place = with_anchor.index(anchor)
    after = PageWindow(size, backward=False, anchor=None).to_slice(
        rest, anchor, newest_first=newest_first
    )
    before = PageWindow(size, backward=True, anchor=None).to_slice(
        rest, anchor, newest_first=newest_first
    )
    assert rest[after] == with_anchor[place + 1 :][:size]
    assert rest[before] == with_anchor[:place][-size:]


@given(TIMELINES, st.data(), st.integers(0, 13), st.booleans())
def test_a_page_around_an_activity_is_full_and_has_it_in_the_middle(
    positions, data, size, newest_first
):
    whole = ordered(positions, newest_first=newest_first)
    assume(whole)
    middle = data.draw(st.integers(0, len(whole) - 1))
    window = PageWindow(size, backward=False, anchor=None, around="")
    page = window.to_slice(whole, None, newest_first=newest_first, middle=middle)
    assert len(whole[page]) == min(size, len(whole))
    preceding, following = middle - page.start, page.stop - 1 - middle
    if size == 0:
        assert page.start == middle
    else:
        assert min(preceding, following) >= 0
    if page.start > 0 and page.stop < len(whole) and size:
        assert following - preceding == (size + 1) % 2


@given(TIMELINES, MOMENTS, st.integers(0, 13), st.booleans())
def test_a_page_starting_at_an_instant_begins_exactly_there(positions, at, size, newest_first):
    whole = ordered(positions, newest_first=newest_first)
    window = PageWindow(size, backward=False, anchor=None, starting_at=at)
    page = window.to_slice(whole, None, newest_first=newest_first)
    skipped, rest = whole[: page.start], whole[page.start :]
    assert whole[page] == rest[:size]
    assert not any(each.undated for each in skipped)
    dated = [each.instant for each in rest if not each.undated]
    if newest_first:
        assert all(each.instant > at for each in skipped)
        assert all(each <= at for each in dated)
    else:
        assert all(each.instant < at for each in skipped)
        assert all(each >= at for each in dated)


def test_an_id_is_found_in_a_step_for_ten_thousand():
    steps = index_of_id("7", range(35_000), lambda index: str(35_000 - index))
    assert len([*steps]) == 3
    assert run_to_completion(index_of_id("7", [2, 1, 0], "657".__getitem__)) == 0
    assert run_to_completion(index_of_id("8", [2, 1, 0], "657".__getitem__)) is None

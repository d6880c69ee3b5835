import base64
import string
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from gateway.errors import InputRefused
from gateway.schema.pages import (
    Paging,
    Position,
    Window,
    ascending,
    cursor,
    descending,
    digest,
    position_of,
)

BINDING = digest("7", None)
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)

# Few values, so that there are ties of every sort.
POSITIONS = st.builds(
    Position.of,
    st.one_of(st.none(), st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours))),
    st.sampled_from(["1", "2", "10", "é", "B", "a"]),
)


def numbered(positions: list[Position]) -> list[Position]:
    """With repetitions told apart, as in a timeline."""
    return [
        position._replace(repetition=positions[:index].count(position))
        for index, position in enumerate(positions)
    ]


TIMELINES = st.lists(POSITIONS, max_size=12).map(numbered)


def order(positions: list[Position], *, newest_first: bool = False) -> list[Position]:
    return sorted(positions, key=cmp_to_key(descending if newest_first else ascending))


WINDOWS = {
    "nothing": (Paging(), Window(5, backward=False, anchor=None)),
    "first": (Paging(first=3), Window(3, backward=False, anchor=None)),
    "the most": (Paging(first=9), Window(9, backward=False, anchor=None)),
    "the least": (Paging(first=1), Window(1, backward=False, anchor=None)),
    "after": (Paging(after="x"), Window(5, backward=False, anchor="x")),
    "first after": (Paging(first=3, after="x"), Window(3, backward=False, anchor="x")),
    "last": (Paging(last=3), Window(3, backward=True, anchor=None)),
    "before": (Paging(before="x"), Window(5, backward=True, anchor="x")),
    "last before": (Paging(last=9, before="x"), Window(9, backward=True, anchor="x")),
}


@pytest.mark.parametrize(("paging", "window"), WINDOWS.values(), ids=WINDOWS)
def test_paging_arguments_describe_a_window(paging, window):
    assert Window.of(paging, default_size=5, max_size=9) == window


REFUSED = {
    "zero first": Paging(first=0),
    "zero last": Paging(last=0),
    "negative first": Paging(first=-1),
    "negative last": Paging(last=-1),
    "too many first": Paging(first=10),
    "too many last": Paging(last=10),
    "first and last": Paging(first=3, last=3),
    "first with before": Paging(first=3, before="x"),
    "last with after": Paging(last=3, after="x"),
    "after and before": Paging(after="x", before="y"),
    "all": Paging(3, "x", 3, "y"),
}


@pytest.mark.parametrize("paging", REFUSED.values(), ids=REFUSED)
def test_paging_arguments_are_refused_never_clamped(paging):
    with pytest.raises(InputRefused):
        Window.of(paging, default_size=5, max_size=9)


ANY_ID = st.text(min_size=1)
ANY_INSTANT = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))


@given(ANY_INSTANT, ANY_ID, st.integers(0, 2**32 - 1), st.binary(max_size=20))
def test_a_cursor_stands_for_its_position(instant, id_, repetition, selection):
    binding = digest(selection)
    position = Position.of(instant, id_)._replace(repetition=repetition)
    assert position_of(cursor(binding, position), binding) == position


@given(ANY_INSTANT, ANY_ID)
def test_a_cursor_needs_no_escaping_in_a_url(instant, id_):
    text = cursor(BINDING, Position.of(instant, id_))
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")


def test_a_cursor_is_short():
    assert len(cursor(BINDING, Position.of(NOON, "1234567890123456"))) < 60


@given(ANY_INSTANT, ANY_ID)
def test_a_cursor_of_another_selection_is_refused(instant, id_):
    text = cursor(digest("7", ["note"]), Position.of(instant, id_))
    with pytest.raises(InputRefused, match="another selection"):
        position_of(text, BINDING)


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
    "an offset of another server": encoded(b"arrayconnection:10"),
}


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(InputRefused):
        position_of(text, BINDING)


@given(st.text())
def test_any_text_is_a_cursor_of_another_selection_or_none(text):
    with pytest.raises(InputRefused):
        position_of(text, BINDING)


@given(st.binary(max_size=40))
def test_any_bytes_make_a_position_or_are_refused(sent):
    with suppress(InputRefused):
        assert isinstance(position_of(encoded(BINDING + sent), BINDING), Position)


def test_a_digest_differs_with_every_part_of_the_selection():
    selections = [(), (None,), ("7",), (7,), ("7", None), ("7", ["note"]), ("7", [], "note")]
    assert len({digest(*selection) for selection in selections}) == len(selections)


def test_a_digest_is_the_same_in_every_process():
    assert digest("7", ["note"], NOON).hex() == "3920b1ab903f"


def test_instants_decide_first():
    later, earlier = Position.of(NOON + timedelta(microseconds=1), "1"), Position.of(NOON, "2")
    assert order([later, earlier]) == [earlier, later]


def test_ids_decide_next_as_text():
    ids = ["10", "9", "1", "B", "a", "é"]
    assert [position.id for position in order([Position.of(NOON, id_) for id_ in ids])] == [
        *("1", "10", "9", "B", "a", "é")
    ]


@given(TIMELINES)
def test_undated_ones_are_last_in_both_orders(positions):
    for newest_first in (False, True):
        undated = [each.undated for each in order(positions, newest_first=newest_first)]
        assert undated == sorted(undated)


@given(TIMELINES)
def test_newest_first_is_the_exact_reverse(positions):
    up, down = order(positions), order(positions, newest_first=True)
    for undated in (False, True):
        assert [each for each in down if each.undated is undated] == [
            each for each in reversed(up) if each.undated is undated
        ]


@given(TIMELINES, st.integers(1, 13), st.booleans())
def test_pages_forward_make_the_whole(positions, size, newest_first):
    ordered = order(positions, newest_first=newest_first)
    window, pages, anchor = Window(size, backward=False, anchor=None), [], None
    while page := ordered[window.cut(ordered, anchor, newest_first=newest_first)]:
        pages.append(page)
        anchor = page[-1]
    assert [position for page in pages for position in page] == ordered
    assert all(len(page) == size for page, _ in pairwise(pages))


@given(TIMELINES, st.integers(1, 13), st.booleans())
def test_pages_backward_make_the_whole(positions, size, newest_first):
    ordered = order(positions, newest_first=newest_first)
    window, pages, anchor = Window(size, backward=True, anchor=None), [], None
    while page := ordered[window.cut(ordered, anchor, newest_first=newest_first)]:
        pages.append(page)
        anchor = page[0]
    assert [position for page in reversed(pages) for position in page] == ordered
    assert all(len(page) == size for page, _ in pairwise(pages))


@given(TIMELINES, POSITIONS, st.integers(1, 13), st.booleans())
def test_an_anchor_need_not_be_there_any_more(positions, anchor, size, newest_first):
    ordered = order([each for each in positions if each != anchor], newest_first=newest_first)
    with_anchor = order([*ordered, anchor], newest_first=newest_first)
    place = with_anchor.index(anchor)
    after = Window(size, backward=False, anchor=None).cut(
        ordered, anchor, newest_first=newest_first
    )
    before = Window(size, backward=True, anchor=None).cut(
        ordered, anchor, newest_first=newest_first
    )
    assert ordered[after] == with_anchor[place + 1 :][:size]
    assert ordered[before] == with_anchor[:place][-size:]

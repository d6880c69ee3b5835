from itertools import islice

import pytest

from gateway.sandbox.world.moments import PARIS, REFERENCE


def test_an_id_tells_kind_client_and_number(story):
    assert [story.new_id("note"), story.new_id("note")] == ["427000001", "427000002"]


def test_turns_are_counted_by_name(story):
    assert [story.turn("a"), story.turn("a"), story.turn("b")] == [0, 1, 0]


def test_staff_come_in_turn_from_all_companies(story):
    companies = [member.company_id for member in islice(story.next_staff, 6)]
    assert companies == ["101", "102", "103"] * 2
    assert len({member.id for member in islice(story.next_staff, 15)}) == 15


@pytest.mark.parametrize("_", range(5))
def test_days_leave_time_for_what_follows(story, _):
    day = story.some_day(PARIS)
    assert day.tzinfo is PARIS
    assert (REFERENCE - day).days >= 60

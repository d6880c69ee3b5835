from dataclasses import replace
from datetime import datetime
from itertools import islice

import pytest

from gateway.sandbox.world.appointments import appointment_thread
from gateway.sandbox.world.moments import PARIS, REFERENCE
from gateway.sandbox.world.story import Happening


def test_an_id_tells_kind_client_and_number(story):
    assert [story.new_id("note"), story.new_id("note")] == ["427000001", "427000002"]


def test_turns_are_counted_by_name(story):
    assert [story.turn("a"), story.turn("a"), story.turn("b")] == [0, 1, 0]


def consent(day: int) -> Happening:
    return Happening(
        datetime(2025, 1, day, tzinfo=PARIS), "consent", "created", {}, marketing_consent="Yes"
    )


def test_the_latest_consents_are_remembered_in_whatever_order_they_are_told(story):
    for day in (2, 3, 1):
        story.remember(consent(day))
    story.remember(replace(consent(4), event="deleted", marketing_consent=None))
    assert story.last_consents == {"explicit": consent(3), "marketing": consent(3)}


def test_an_appointments_history_is_remembered(story):
    steps = list(appointment_thread(story))
    for step in steps:
        story.remember(step)
    (history,) = story.histories.values()
    assert history == [step for step in steps if step.kind == "appointment"]


def test_staff_come_in_turn_from_all_companies(story):
    companies = [member.company_id for member in islice(story.next_staff, 6)]
    assert companies == ["101", "102", "103"] * 2
    assert len({member.id for member in islice(story.next_staff, 15)}) == 15


@pytest.mark.parametrize("_", range(5))
def test_days_leave_time_for_what_follows(story, _):
    day = story.some_day(PARIS)
    assert day.tzinfo is PARIS
    assert (REFERENCE - day).days >= 60

from itertools import chain, islice

from gateway.sandbox.world.appointments import CONCLUSIONS, appointment_thread
from gateway.sandbox.world.moments import HAPPENS_TWICE, NEVER_HAPPENS, PARIS, zoned
from gateway.sandbox.world.story import Happening, Story


def told(story: Story, threads: int) -> list[Happening]:
    return list(chain.from_iterable(appointment_thread(story) for _ in range(threads)))


def updates(story: Story, threads: int) -> list[Happening]:
    return [h for h in told(story, threads) if (h.kind, h.event) == ("appointment", "updated")]


def test_a_thread_has_eight_steps_of_five_kinds_about_one_appointment(story):
    steps = told(story, 1)
    assert [step.kind for step in steps] == [
        "appointment",
        "emailNotification",
        "formResult",
        "appointment",
        "textMessageNotification",
        "note",
        "appointment",
        "emailNotification",
    ]
    assert {step.appointment_id for step in steps} == set(story.appointments)


def test_steps_follow_one_another(story):
    dates = [step.at for step in told(story, 1)]
    assert dates == sorted(dates)


def test_updates_show_what_was_before_and_name_what_changed(story):
    for update in updates(story, 6):
        shown = update.details["appointment"]
        changed = {n.removeprefix("previous").lower() for n in shown if n.startswith("previous")}
        assert changed <= set(update.updated)
        for name in changed:
            assert shown[name] != shown[f"previous{name.capitalize()}"]


def test_an_update_of_one_thing_names_another_that_has_no_previous_value(story):
    concluded = updates(story, 1)[-1]
    assert concluded.updated == ("status", "customStatus")


def test_what_was_null_has_no_previous_value(story):
    moved = updates(story, 2)[2]
    assert "notes" in moved.updated
    assert "previousNotes" not in moved.details["appointment"]


def test_the_first_is_moved_in_every_respect(story):
    moved = updates(story, 1)[0]
    assert moved.updated == ("start", "end", "service", "staff", "notes", "status")


def test_the_appointment_today_is_what_its_last_activity_shows(story):
    steps = list(islice(appointment_thread(story), 4))
    (appointment,) = story.appointments.values()
    assert steps[-1].details["appointment"]["status"] == appointment.status
    assert steps[-1].details["appointment"]["staff"]["id"] == appointment.staff.id


def test_every_status_of_the_specification_and_one_more_occurs(story):
    steps = [h.details["appointment"]["status"] for h in told(story, 6) if h.kind == "appointment"]
    assert set(steps) == {*CONCLUSIONS, "pending", "accepted", "awaitingPayment"}


def test_a_cancelled_appointment_is_deleted(story):
    deleted = [h for h in told(story, 5) if h.event == "deleted"]
    assert [h.appointment_id for h in deleted] == [
        a.id for a in story.appointments.values() if a.deleted
    ]
    assert len(deleted) == 1


def test_the_second_and_third_in_paris_start_when_time_changes(story):
    booked = [h for h in told(story, 9) if (h.kind, h.event) == ("appointment", "created")]
    starts = [h.details["appointment"]["start"] for h in booked if h.at.tzinfo is PARIS]
    assert starts[1:] == [zoned(HAPPENS_TWICE), zoned(NEVER_HAPPENS)]

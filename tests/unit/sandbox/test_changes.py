"""What the activities of one thing say one after another, and what is kept of it for today."""

from dataclasses import replace
from datetime import datetime
from itertools import chain, islice

import pytest

from gateway.sandbox.fixtures.appointments import FINAL_STATUSES, appointment_events
from gateway.sandbox.fixtures.clock import (
    AMBIGUOUS_TIME,
    NONEXISTENT_TIME,
    PARIS,
    REFERENCE_TIME,
    zoned_date_time,
)
from gateway.sandbox.fixtures.conferences import registration_events
from gateway.sandbox.fixtures.forms import form_result_events
from gateway.sandbox.fixtures.history import ClientHistory, HistoryEvent
from gateway.sandbox.fixtures.messages import MAIL_SERVER, call_events, newsletter_events
from gateway.sandbox.fixtures.notes import consent_events, note_events


def thread_events(history: ClientHistory, threads: int) -> list[HistoryEvent]:
    return list(chain.from_iterable(appointment_events(history) for _ in range(threads)))


def updates(history: ClientHistory, threads: int) -> list[HistoryEvent]:
    return [
        h
        for h in thread_events(history, threads)
        if (h.kind, h.event) == ("appointment", "updated")
    ]


def consent(day: int) -> HistoryEvent:
    return HistoryEvent(
        datetime(2025, 1, day, tzinfo=PARIS), "consent", "created", {}, marketing_consent="Yes"
    )


# Appointments


def test_an_appointments_thread_has_eight_steps_of_five_kinds(history):
    steps = thread_events(history, 1)
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
    assert {step.appointment_id for step in steps} == set(history.appointments)


def test_the_steps_of_a_thread_follow_one_another(history):
    dates = [step.at for step in thread_events(history, 1)]
    assert dates == sorted(dates)


def test_updates_show_what_was_before_and_name_what_changed(history):
    for update in updates(history, 6):
        shown = update.details["appointment"]
        changed = {n.removeprefix("previous").lower() for n in shown if n.startswith("previous")}
        assert changed <= set(update.updated_attributes)
        for name in changed:
            assert shown[name] != shown[f"previous{name.capitalize()}"]


def test_an_update_may_name_what_has_no_previous_value(history):
    concluded = updates(history, 1)[-1]
    assert concluded.updated_attributes == ("status", "customStatus")


def test_what_was_null_has_no_previous_value(history):
    moved = updates(history, 2)[2]
    assert "notes" in moved.updated_attributes
    assert "previousNotes" not in moved.details["appointment"]


def test_the_first_appointment_is_moved_in_every_respect(history):
    moved = updates(history, 1)[0]
    assert moved.updated_attributes == ("start", "end", "service", "staff", "notes", "status")


def test_the_appointment_today_is_what_its_last_activity_shows(history):
    steps = list(islice(appointment_events(history), 4))
    (appointment,) = history.appointments.values()
    assert steps[-1].details["appointment"]["status"] == appointment.status
    assert steps[-1].details["appointment"]["staff"]["id"] == appointment.staff.id


def test_every_status_of_the_specification_and_one_more_occurs(history):
    steps = [
        h.details["appointment"]["status"]
        for h in thread_events(history, 6)
        if h.kind == "appointment"
    ]
    assert set(steps) == {*FINAL_STATUSES, "pending", "accepted", "awaitingPayment"}


def test_a_cancelled_appointment_is_deleted(history):
    deleted = [h for h in thread_events(history, 5) if h.event == "deleted"]
    assert [h.appointment_id for h in deleted] == [
        a.id for a in history.appointments.values() if a.deleted
    ]
    assert len(deleted) == 1


def test_two_appointments_in_paris_start_when_time_changes(history):
    booked = [
        h for h in thread_events(history, 9) if (h.kind, h.event) == ("appointment", "created")
    ]
    starts = [h.details["appointment"]["start"] for h in booked if h.at.tzinfo is PARIS]
    assert starts[1:] == [zoned_date_time(AMBIGUOUS_TIME), zoned_date_time(NONEXISTENT_TIME)]


def test_an_appointments_history_is_remembered(history):
    steps = list(appointment_events(history))
    for step in steps:
        history.add_event(step)
    (events,) = history.events_by_appointment_id.values()
    assert events == [step for step in steps if step.kind == "appointment"]


# Notes, consents and the results of forms


def test_a_note_is_created_updated_and_deleted_or_archived(history):
    threads = [[step.event for step in note_events(history)] for _ in range(3)]
    assert threads[0] == ["created", "updated", "deleted"]
    assert threads[2][-1] == "archived"
    assert [note.deleted for note in history.notes.values()] == [True, True, False]


def test_an_update_of_a_note_shows_the_body_before(history):
    created, updated, _ = note_events(history)
    assert updated.details["note"]["previousBody"] == created.details["note"]["body"]
    assert updated.updated_attributes == ("body",)


def test_consents_are_notes_of_another_kind_and_some_are_deleted(history):
    steps = list(chain.from_iterable(consent_events(history) for _ in range(3)))
    assert {step.kind for step in steps} == {"consent"}
    assert [step.event for step in steps[1::2]] == ["updated", "updated", "deleted"]
    assert all("note" in step.details for step in steps)
    assert [note.deleted for note in history.notes.values()] == [False, False, True]


def test_a_consent_is_given_by_the_client_and_has_its_text(history):
    given, _ = consent_events(history)
    assert given.user is None
    assert given.marketing_consent


def test_the_latest_consents_are_remembered_in_any_order(history):
    for day in (2, 3, 1):
        history.add_event(consent(day))
    history.add_event(replace(consent(4), event="deleted", marketing_consent=None))
    assert history.last_consent_by_type == {"explicit": consent(3), "marketing": consent(3)}


def test_a_client_answers_a_form_and_a_user_works_on_it(history):
    answered, worked_on = form_result_events(history)
    assert (answered.event, answered.user) == ("created", None)
    assert answered.marketing_consent
    assert worked_on.event == "updated"
    assert worked_on.user in history.catalogue.users


def test_the_result_of_a_form_is_kept_with_todays_status(history):
    list(form_result_events(history))
    (result,) = history.form_results.values()
    assert result.status == "IN_PROGRESS"
    assert result.form.id in history.catalogue.forms


# Registrations for conferences


def test_a_registration_is_made_enlarged_and_cancelled(history):
    made, enlarged, cancelled = (
        (step.event, step.details["conferenceRegistration"])
        for step in registration_events(history)
    )
    assert made[0] == "created"
    assert enlarged[1]["numberOfSeats"] == made[1]["numberOfSeats"] + 1
    assert cancelled[0] == "deleted"
    assert cancelled[1]["status"] == "cancelled"
    assert cancelled[1]["cancelReason"]


def test_some_cancellations_are_updates(history):
    list(registration_events(history))
    *_, cancelled = registration_events(history)
    assert (cancelled.event, cancelled.updated_attributes) == (
        "updated",
        ("status", "cancelReason"),
    )
    assert [one.deleted for one in history.registrations.values()] == [True, False]


def test_both_ways_to_register_occur(history):
    first, second = (next(iter(registration_events(history))) for _ in range(2))
    assert first.details["conferenceRegistration"]["sourceType"] == "widget"
    assert first.user is None
    assert second.details["conferenceRegistration"]["sourceType"] == "api"
    assert second.user is not None


def test_the_registration_is_kept_as_it_is_today(history):
    list(registration_events(history))
    (registration,) = history.registrations.values()
    assert registration.status == "cancelled"
    assert registration.cancelled_at is not None


# Messages


def test_messages_are_dated_where_the_mail_server_stands(history):
    created, email, *_ = appointment_events(history)
    assert email.at.tzinfo is MAIL_SERVER
    assert email.at > created.at
    assert email.at.replace(tzinfo=None) < created.at.replace(tzinfo=None)


def test_the_bodies_of_messages_are_filled_in(history):
    steps = list(appointment_events(history))
    body = steps[1].details["emailNotification"]["body"]
    assert history.client.first_name in body
    assert "{" not in body
    assert "{" not in steps[4].details["textMessageNotification"]["body"]


def test_a_newsletter_is_sent_at_a_time_that_happens_twice(history):
    dates = [step.at for _ in range(3) for step in newsletter_events(history)]
    assert [date == AMBIGUOUS_TIME for date in dates] == [False, True, False]


def test_a_call_is_of_a_kind_that_is_not_specified(history):
    (call,) = call_events(history)
    assert call.kind == "call"
    assert call.details["call"]["direction"] == "inbound"


# Ids, turns and days


def test_an_id_tells_kind_client_and_number(history):
    assert [history.new_id("note"), history.new_id("note")] == ["427000001", "427000002"]


def test_turns_are_counted_by_name(history):
    assert [history.next_index("a"), history.next_index("a"), history.next_index("b")] == [0, 1, 0]


def test_staff_come_in_turn_from_all_companies(history):
    companies = [member.company_id for member in islice(history.staff_rotation, 6)]
    assert companies == ["101", "102", "103"] * 2
    assert len({member.id for member in islice(history.staff_rotation, 15)}) == 15


@pytest.mark.parametrize("_", range(5))
def test_days_leave_time_for_what_follows(history, _):
    day = history.random_past_time(PARIS)
    assert day.tzinfo is PARIS
    assert (REFERENCE_TIME - day).days >= 60

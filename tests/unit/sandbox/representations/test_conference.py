from dataclasses import replace
from datetime import timedelta

from gateway.sandbox.fixtures.clock import REFERENCE_TIME
from gateway.sandbox.representations.conference import (
    conference_json,
    registration_json,
    session_json,
)


def test_the_capacity_is_a_number_and_the_second_id_too(sample_data):
    one, two = map(conference_json, sample_data.catalogue_by_account["1"].conferences.values())
    assert (one["id"], two["id"]) == ("1801", 1802)
    assert (one["capacity"], two["capacity"]) == (120, 40)
    assert (one["location"]["type"], two["location"]["type"]) == ("address", "link")
    assert one["picture"]
    assert two["picture"] is None


def test_a_session_has_no_end_and_is_closed_once_it_began(sample_data):
    began = sample_data.catalogue_by_account["1"].conferences["1801"].sessions[0]
    to_come = replace(
        began, start=(REFERENCE_TIME + timedelta(days=1)).astimezone(began.start.tzinfo)
    )
    assert "end" not in session_json(began)
    assert (session_json(began)["status"], session_json(to_come)["status"]) == ("closed", "opened")


def test_a_registration_says_seats_and_why_it_was_cancelled_only_if_it_was(sample_data):
    history = sample_data.client_timeline("1", "1100").history
    cancelled = history.registrations["441100000002"]
    kept = replace(cancelled, cancelled_at=None, cancel_reason=None, status="accepted")
    assert registration_json(cancelled, history.client)["cancelSource"] == "console"
    assert registration_json(kept, history.client)["seats"] == 3
    assert "cancelReason" not in registration_json(kept, history.client)

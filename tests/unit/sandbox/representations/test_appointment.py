import pytest

from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.representations.appointment import appointment_json


@pytest.fixture
def shown(sample_data) -> dict[int, Json]:
    """By number, those of client 2000 that were not deleted."""
    history = sample_data.client_timeline("1", "2000").history
    return {
        int(id_[-6:]): appointment_json(one, history, sample_data.current_state_by_account["1"])
        for id_, one in history.appointments.items()
        if not one.deleted
    }


def test_most_prices_are_objects_and_some_plain_numbers(shown):
    plain = {n for n, one in shown.items() if not isinstance(one["price"], dict)}
    assert {4, 10} <= plain
    assert 4 * len(plain) < len(shown)


def test_ids_are_text_or_numbers(shown):
    assert {type(one["id"]) for one in shown.values()} == {str, int}
    for part in ("company", "service", "staff", "client"):
        assert {type(one[part]["id"]) for one in shown.values()} == {str, int}


def test_hyphens_are_in_two_keys(shown):
    assert all({"service-resource", "meta-event"} <= one.keys() for one in shown.values())


def test_optional_parts_are_missing_or_null_or_there(shown):
    meetings = [one.get("onlineMeeting", "missing") for one in shown.values()]
    assert {None, "missing"} < {one if one is None else str(one) for one in meetings}
    assert any(isinstance(one, dict) for one in meetings)
    assert any("timeZone" not in one["end"] for one in shown.values())


def test_the_history_tells_what_the_timeline_told(shown, sample_data):
    booked, *changed = shown[1]["history"]
    assert (booked["type"], booked["user"], booked["source"]) == ("created", None, "widget")
    assert [one["type"] for one in changed] == ["updated", "updated"]
    assert all(one["user"]["userName"] == one["user"]["email"] for one in changed)
    assert (shown[1]["source"], shown[2]["source"]) == ("widget", "console")


def test_the_only_appointment_of_1001_has_no_form_yet(sample_data):
    history = sample_data.client_timeline("1", "1001").history
    (one,) = history.appointments.values()
    assert "form" not in appointment_json(one, history, sample_data.current_state_by_account["1"])

"""What a survey finds in a response that is not as documented, and that it names nothing else."""

import json
from typing import Any

import pytest

from gateway.observability.event_loop import run_to_completion
from gateway.upstream.records import resources
from gateway.upstream.records.survey import survey_resource, survey_timeline

APPOINTMENT = {
    "id": "1",
    "type": "appointment",
    "event": "updated",
    "date": {"dateTime": "2026-03-01T09:00:00", "timeZone": "Europe/Paris"},
    "user": {"userName": "ann"},
    "appointment": {"id": "2", "status": "accepted", "staff": {"id": "3"}},
}


def of_timeline(*items: object) -> list[tuple[str, str]]:
    return sorted(run_to_completion(survey_timeline(json.dumps({"items": items}).encode())))


def of_resource(sent: object, declared: Any, *, is_list: bool = False) -> list[tuple[str, str]]:
    body = json.dumps(sent).encode()
    return sorted(run_to_completion(survey_resource(body, declared, is_list=is_list)))


def test_documented_activities_have_no_deviation():
    assert of_timeline(APPOINTMENT, {"id": 7, "type": "note", "user": None, "note": {}}) == []


@pytest.mark.parametrize(
    ("changes", "deviation"),
    [
        ({"secret": 1}, ("items", "unknown_field")),
        ({"user": {"userName": "ann", "secret": 1}}, ("user", "unknown_field")),
        ({"appointment": {"staff": {"secret": 1}}}, ("appointment.staff", "unknown_field")),
        ({"event": "secret"}, ("event", "unknown_word")),
        ({"event": "unknown"}, ("event", "unknown_word")),
        ({"type": "secret"}, ("type", "unknown_word")),
        ({"appointment": {"previousStatus": "x"}}, ("appointment.previousStatus", "unknown_word")),
        ({"user": [1]}, ("user", "wrong_type")),
        ({"date": {"dateTime": "secret"}}, ("date", "wrong_type")),
        ({"appointment": {"staff": {"id": [1]}}}, ("appointment.staff.id", "wrong_type")),
        ({"id": {}}, ("id", "wrong_type")),
        ({"id": None}, ("id", "missing")),
        ({"type": ""}, ("type", "missing")),
    ],
)
def test_a_deviation_has_a_documented_path(changes, deviation):
    assert of_timeline(APPOINTMENT, APPOINTMENT | changes) == [deviation]


def test_an_item_that_is_no_object_and_a_body_without_list():
    assert of_timeline(7) == [("items", "wrong_type")]
    assert run_to_completion(survey_timeline(b"<html>")) == set()
    assert run_to_completion(survey_resource(b"<html>", resources.Note, is_list=False)) == set()


def test_further_keys_of_resources_are_normal():
    sent = {"id": "1", "status": "accepted", "secret": 1, "history": [{"text": "a", "more": 2}]}
    assert of_resource(sent, resources.Appointment) == []


def test_resources_have_words_types_and_required_fields():
    sent = {
        "id": "1",
        "status": "secret",
        "company": {"name": "a"},
        "history": [{"text": "a"}, {"date": {"dateTime": "never"}}],
    }
    assert of_resource(sent, resources.Appointment) == [
        ("company.id", "missing"),
        ("history.date", "wrong_type"),
        ("status", "unknown_word"),
    ]
    staff = {"items": [{"id": "1"}, {"firstName": "a"}, {"id": "2", "picture": 7}]}
    assert of_resource(staff, resources.Staff, is_list=True) == [
        ("id", "missing"),
        ("picture", "wrong_type"),
    ]


def test_sections_without_end_have_paths_with_an_end():
    item: dict[str, object] = {"zonedDateTime": 7}
    for _ in range(40):
        item = {"title": "a", "zonedDateTime": 7, "subItem": [item]}
    found = of_resource({"id": "1", "result": [item]}, resources.FormResult)
    assert {what for _, what in found} == {"wrong_type"}
    assert max(len(path.split(".")) for path, _ in found) == 7

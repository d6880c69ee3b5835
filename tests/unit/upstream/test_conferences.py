import json
from typing import Any

import pytest

from gateway.observability.event_loop import run_to_completion
from gateway.upstream.records import decoding
from gateway.upstream.records.activities import UNREADABLE
from gateway.upstream.records.resources import Conference


def read(**sent: Any) -> Any:
    return run_to_completion(decoding.entity(json.dumps({"id": "1", **sent}).encode(), Conference))


@pytest.mark.parametrize(
    ("sent", "degrees"),
    [
        (None, None),
        (48, 48),
        (-2.35, -2.35),
        ("48", 48.0),
        ("-2.3500", -2.35),
        ("180.12345678901234567890", 180.12345678901234567890),
        ("", None),
        (" ", UNREADABLE),
        ("+1", UNREADABLE),
        ("1,5", UNREADABLE),
        (".5", UNREADABLE),
        ("1.", UNREADABLE),
        ("1e1", 10.0),
        (" 1\n", 1.0),
        ("01", UNREADABLE),
        ("٣", UNREADABLE),
        ("nan", UNREADABLE),
        ("inf", UNREADABLE),
        ("north", UNREADABLE),
        (True, UNREADABLE),
        ([1], UNREADABLE),
    ],
    ids=repr,
)
@pytest.mark.parametrize(("key", "name"), [("lat", "latitude"), ("lng", "longitude")])
def test_a_place_is_read_from_numbers_and_from_text(key, name, sent, degrees):
    other = {"lat": "longitude", "lng": "latitude"}[key]
    place = read(location={"geolocation": {key: sent}, "city": "Paris"}).location
    assert getattr(place, name) == degrees
    assert getattr(place, other) is None


@pytest.mark.parametrize(
    ("sent", "degrees"),
    [(None, None), ({}, None), ([], None), ("", None), ("48,2", UNREADABLE), ([[]], UNREADABLE)],
)
def test_a_location_may_have_no_place(sent, degrees):
    location = read(location={"geolocation": sent, "city": "Paris"}).location
    assert (location.latitude, location.longitude) == (degrees, degrees)
    assert location.city == "Paris"


@pytest.mark.parametrize(
    ("sent", "tags"),
    [
        (None, None),
        ([], []),
        ([{"id": "1", "text": "one"}, {"text": 2}], ["one", 2]),
        ([{"text": "one"}, {"id": "2"}, {}, [], ""], ["one"]),
        ([{"text": "one"}, {"text": None}], ["one"]),
        ([{"text": "one"}, {"text": []}, "two", None], ["one", *[UNREADABLE] * 2]),
        ("one", UNREADABLE),
        ({"text": "one"}, UNREADABLE),
    ],
    ids=repr,
)
def test_tags_are_their_texts(sent, tags):
    assert read(tags=sent).tags == tags

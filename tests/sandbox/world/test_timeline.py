import json

import pytest

from gateway.sandbox.world.messages import newsletter_thread
from gateway.sandbox.world.quirks import Quirks
from gateway.sandbox.world.story import Happening
from gateway.sandbox.world.timeline import Entry, Timeline, activity, written_down

ENTRIES = (
    Entry(3.0, "note", "a", b"3"),
    Entry(1.0, "note", None, b"1"),
    Entry(2.0, "call", "a", b"2"),
)


@pytest.mark.parametrize(
    ("filters", "items"),
    [
        ({}, [1, 2, 3]),
        ({"newest_first": True}, [3, 2, 1]),
        ({"kinds": {"note"}}, [1, 3]),
        ({"kinds": {"fax"}}, []),
        ({"appointment_id": "a"}, [2, 3]),
        ({"appointment_id": "a", "kinds": {"note"}, "newest_first": True}, [3]),
    ],
    ids=lambda given: "-".join(map(str, given)),
)
def test_the_body_is_filtered_and_in_order(filters, items):
    assert json.loads(Timeline(ENTRIES).body(**filters)) == {"items": items}


def test_what_has_no_user_shows_null(story):
    (mail,) = newsletter_thread(story)
    bare = Happening(mail.at, "note", "updated", {"note": {}}, marketing_consent="Yes")
    shown = activity(bare, "1")
    assert shown["user"] is None
    assert shown["marketingConsent"] == {"text": "Yes"}
    assert shown["updatedAttributes"] == []
    assert "updatedAttributes" not in activity(mail, "2")


def test_an_entry_is_json_beside_what_it_is_sorted_by(story):
    (mail,) = newsletter_thread(story)
    entry = written_down(mail, "12", Quirks())
    assert entry.kind == "emailNotification"
    assert entry.instant == mail.at.timestamp()
    assert json.loads(entry.json)["id"] == "12"

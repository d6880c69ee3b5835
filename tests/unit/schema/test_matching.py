"""Which activities of a list match, and why others are left out: over records, without an upstream."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from gateway.errors import FieldError, InstantUnknown, InvalidUpstreamResponse
from gateway.observability.event_loop import run_to_completion
from gateway.schema.filters import TimelineFilter
from gateway.schema.matching import match_activities
from gateway.schema.search import TextSearch
from gateway.upstream.records.activities import (
    UNREADABLE,
    NoteActivity,
    NoteSnapshot,
    User,
    ZonedDateTime,
)

UNKNOWN_ZONE = ZonedDateTime(date_time="2026-07-01T09:00:00", time_zone="Mars/Phobos")
BY_ADA: dict[str, Any] = {"user_names": frozenset({"ada"})}
WITH_WORD: dict[str, Any] = {"search": ("word",)}


def omitted(given: Mapping[str, Any], **fields: Any) -> Mapping[type[FieldError], int]:
    """What is said of one note whose instant is unknown, where a filter asks for instants as well."""
    note: Any = {"id": "1", "kind_raw": "note", "date": UNKNOWN_ZONE, **fields}
    records = [NoteActivity(**note)]
    since = datetime(2026, 1, 1)  # noqa: DTZ001 - in UTC
    timeline_filter = TimelineFilter("7", since=since, **given)
    words = timeline_filter.search
    search = None if words is None else TextSearch(words, records)
    return run_to_completion(match_activities(records, timeline_filter, None, search)).omitted


@pytest.mark.parametrize(
    ("given", "fields", "expected"),
    [
        (BY_ADA, {"user": User(user_name="ada")}, {InstantUnknown: 1}),
        (BY_ADA, {"user": User(user_name="bo")}, {}),
        (BY_ADA, {"user": UNREADABLE}, {InvalidUpstreamResponse: 1}),
        (WITH_WORD, {"note": NoteSnapshot(body="a word")}, {InstantUnknown: 1}),
        (WITH_WORD, {"note": NoteSnapshot(body="another")}, {}),
        (WITH_WORD, {"note": UNREADABLE}, {InvalidUpstreamResponse: 1}),
        ({**BY_ADA, **WITH_WORD}, {"user": UNREADABLE, "note": NoteSnapshot(body="a")}, {InvalidUpstreamResponse: 1}),
        ({**BY_ADA, **WITH_WORD}, {"user": User(user_name="bo"), "note": UNREADABLE}, {}),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_unreadable_takes_precedence_over_an_unknown_instant(given, fields, expected):
    assert omitted(given, **fields) == expected

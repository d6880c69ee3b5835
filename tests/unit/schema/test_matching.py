"""Which activities of a list match, and why others are left out: over records, without an upstream."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from msgspec import Raw

from gateway.config.settings import Settings
from gateway.errors import FieldError, InstantUnknown, InvalidUpstreamResponse, SearchTimeout
from gateway.observability.event_loop import STEP_ITEMS, run_to_completion
from gateway.schema.context import Context
from gateway.schema.filters import TimelineFilter
from gateway.schema.matching import (
    MatchedActivities,
    match_activities,
    match_full_records,
    run_match,
)
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


@pytest.mark.parametrize("count", [STEP_ITEMS, STEP_ITEMS + 1], ids=["a short list", "a long list"])
async def test_a_search_waits_for_others_until_the_deadline_only(count):
    items = [Raw(b'{"id":"1","type":"note","note":{"body":"a word"}}')] * count
    timeline_filter = TimelineFilter("7", search=("word",))
    configured: Any = {"upstream_url": "http://upstream"}
    given: Any = {"session": None, "settings": Settings(**configured)}

    async def search(context: Context) -> MatchedActivities:
        steps = match_full_records(items, timeline_filter, context)
        return await run_match(steps, items, timeline_filter, context)

    now = asyncio.get_running_loop().time()
    in_time, late = Context(**given, deadline=now + 3_600), Context(**given, deadline=now)
    async with late.full_records.lock:  # of another search, as that of another field is
        with pytest.raises(SearchTimeout):
            await search(late)
    assert len((await search(in_time)).indexes) == count
    others = in_time.search_scheduler
    if count > STEP_ITEMS:
        with pytest.raises(SearchTimeout):
            await search(Context(**given, deadline=now, search_scheduler=others))
    assert len((await search(Context(**given, search_scheduler=others))).indexes) == count

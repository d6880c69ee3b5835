"""Which activities a selection takes: told of each by itself, without an upstream."""

from datetime import datetime

import pytest

from gateway.errors import InstantUnknown, InvalidArgument, InvalidUpstreamResponse
from gateway.schema.enums import ActivityEvent, ActivityKind, SortOrder
from gateway.schema.filters import TimelineFilter
from gateway.upstream.records.activities import UNREADABLE, NoteActivity, ZonedDateTime

NINE = datetime(2026, 7, 1, 9)  # noqa: DTZ001 - in UTC
TEN = datetime(2026, 7, 1, 10)  # noqa: DTZ001
DATE = ZonedDateTime(date_time="2026-07-01T09:00:00", time_zone="UTC")
NOTE = NoteActivity(id="1", kind_raw="note", date=DATE, event=ActivityEvent.CREATED)


def selection(**given):
    every = dict.fromkeys(("kinds", "events", "appointment_id", "since", "until"))
    return TimelineFilter(**{"client_id": "7", "sort": SortOrder.ASC, **every, **given})


def broken(**fields):
    """The note, with something in it that cannot be read."""
    told = {name: getattr(NOTE, name) for name in NOTE.__struct_fields__}
    return NoteActivity(**{**told, **fields})


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({}, True),
        ({"kinds": frozenset({ActivityKind.NOTE})}, True),
        ({"kinds": frozenset({ActivityKind.CONSENT})}, False),
        ({"events": frozenset({ActivityEvent.CREATED})}, True),
        ({"events": frozenset({ActivityEvent.DELETED})}, False),
        ({"since": NINE}, True),
        ({"since": TEN}, False),
        ({"until": TEN}, True),
        ({"until": NINE}, False),
    ],
    ids=str,
)
def test_each_filter_decides(given, verdict):
    assert selection(**given).matches(NOTE, NINE) is verdict


NO_ZONE = ZonedDateTime(date_time="2026-07-01T09:00:00", time_zone="Mars/Phobos")
UNREADABLE_ZONE = ZonedDateTime(
    date_time="2026-07-01T09:00:00",
    time_zone=UNREADABLE,  # type: ignore[arg-type]
)
NOTES = frozenset({ActivityKind.NOTE})
CREATED, DELETED = frozenset({ActivityEvent.CREATED}), frozenset({ActivityEvent.DELETED})


@pytest.mark.parametrize(
    ("given", "fields", "verdict"),
    [
        ({"kinds": NOTES}, {"kind_raw": UNREADABLE}, InvalidUpstreamResponse),
        (
            {"kinds": NOTES, "since": NINE},
            {"kind_raw": UNREADABLE, "date": NO_ZONE},
            InvalidUpstreamResponse,
        ),
        ({"since": NINE}, {"kind_raw": UNREADABLE, "date": NO_ZONE}, InstantUnknown),
        ({"events": CREATED}, {"event": UNREADABLE}, InvalidUpstreamResponse),
        ({"since": NINE}, {"date": UNREADABLE}, InvalidUpstreamResponse),
        ({"until": TEN}, {"date": UNREADABLE_ZONE}, InvalidUpstreamResponse),
        ({"since": NINE}, {"date": NO_ZONE}, InstantUnknown),
        ({"until": TEN}, {"date": NO_ZONE}, InstantUnknown),
        ({"events": CREATED, "since": NINE}, {"date": NO_ZONE}, InstantUnknown),
        ({"since": NINE}, {"date": NO_ZONE, "event": UNREADABLE}, InstantUnknown),
        (
            {"events": CREATED, "since": NINE},
            {"date": NO_ZONE, "event": UNREADABLE},
            InvalidUpstreamResponse,
        ),
        ({"events": CREATED}, {"date": NO_ZONE}, True),
    ],
    ids=str,
)
def test_what_decides_and_cannot_be_told_leaves_it_open_and_says_why(given, fields, verdict):
    assert selection(**given).matches(broken(**fields), None) is verdict


@pytest.mark.parametrize("date", [UNREADABLE, UNREADABLE_ZONE, NO_ZONE], ids=str)
@pytest.mark.parametrize(
    "given", [{"events": DELETED}, {"kinds": frozenset({ActivityKind.CONSENT})}], ids=str
)
def test_one_filter_that_says_no_decides_though_another_cannot_tell(given, date):
    assert selection(**given, since=NINE).matches(broken(date=date), None) is False


@pytest.mark.parametrize("given", [{"events": DELETED}, {"since": TEN}], ids=str)
def test_another_filter_decides_where_the_kind_cannot_be_read(given):
    note = broken(kind_raw=UNREADABLE)
    assert selection(kinds=NOTES, **given).matches(note, NINE) is False


def test_an_undated_activity_is_in_no_span_of_time():
    assert selection(since=NINE).matches(broken(date=None), None) is False


def test_without_filters_everything_is_selected():
    assert selection().is_unfiltered
    assert not selection(events=frozenset()).is_unfiltered


@pytest.mark.parametrize(
    "given",
    [{"kinds": frozenset()}, {"events": frozenset()}, {"since": TEN, "until": TEN}],
    ids=str,
)
def test_what_can_select_nothing_is_empty(given):
    assert selection(**given).matches_nothing


@pytest.mark.parametrize("given", [{"client_id": " "}, {"appointment_id": ""}], ids=str)
def test_a_blank_id_is_refused(given):
    with pytest.raises(InvalidArgument):
        selection(**given)


def test_a_time_that_ends_before_it_begins_is_refused_by_the_names_of_its_arguments():
    with pytest.raises(InvalidArgument, match=r"`from`.*`to`"):
        selection(since=TEN, until=NINE)


def test_a_cursor_is_bound_to_all_that_selects():
    one = selection()
    others = [selection(kinds=frozenset({ActivityKind.NOTE})), selection(sort=SortOrder.DESC)]
    assert one.cursor_digest == selection().cursor_digest
    assert one.cursor_digest not in [other.cursor_digest for other in others]

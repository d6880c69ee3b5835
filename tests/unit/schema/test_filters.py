"""Which activities a selection takes: told of each by itself, without an upstream."""

from dataclasses import fields
from datetime import datetime
from typing import Any

import pytest
import strawberry

from gateway.errors import InstantUnknown, InvalidArgument, InvalidUpstreamResponse
from gateway.schema.action import ActivityAction
from gateway.schema.arguments import ActivityFilter
from gateway.schema.enums import ActivityEvent, ActivityKind, SortOrder
from gateway.schema.filters import HEADER_ATTRIBUTES, TimelineFilter, require_id
from gateway.upstream.records.activities import (
    KINDS,
    UNREADABLE,
    Activity,
    NoteActivity,
    User,
    ZonedDateTime,
)
from gateway.upstream.records.resources import ClientReference

NINE = datetime(2026, 7, 1, 9)  # noqa: DTZ001 - in UTC
TEN = datetime(2026, 7, 1, 10)  # noqa: DTZ001
DATE = ZonedDateTime(date_time="2026-07-01T09:00:00", time_zone="UTC")
NOTE = NoteActivity(
    id="1", kind_raw="note", date=DATE, event_raw="created", user=User(user_name="ada")
)


def selection(**given):
    return TimelineFilter(**{"client_id": "7", "sort": SortOrder.ASC, **given})


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
    assert selection(**given).matches_header(NOTE, NINE) is verdict


NO_ZONE = ZonedDateTime(date_time="2026-07-01T09:00:00", time_zone="Mars/Phobos")
UNREADABLE_ZONE = ZonedDateTime(
    date_time="2026-07-01T09:00:00",
    time_zone=UNREADABLE,  # type: ignore[arg-type]
)
NOTES = frozenset({ActivityKind.NOTE})
ADA = frozenset({"ada"})
NAMELESS = User(first_name="Ada")
UNREADABLE_NAME = User(user_name=UNREADABLE)  # type: ignore[arg-type]
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
        ({"events": CREATED}, {"event_raw": UNREADABLE}, InvalidUpstreamResponse),
        ({"since": NINE}, {"date": UNREADABLE}, InvalidUpstreamResponse),
        ({"until": TEN}, {"date": UNREADABLE_ZONE}, InvalidUpstreamResponse),
        ({"since": NINE}, {"date": NO_ZONE}, InstantUnknown),
        ({"until": TEN}, {"date": NO_ZONE}, InstantUnknown),
        ({"events": CREATED, "since": NINE}, {"date": NO_ZONE}, InstantUnknown),
        ({"since": NINE}, {"date": NO_ZONE, "event_raw": UNREADABLE}, InstantUnknown),
        (
            {"events": CREATED, "since": NINE},
            {"date": NO_ZONE, "event_raw": UNREADABLE},
            InvalidUpstreamResponse,
        ),
        ({"events": CREATED}, {"date": NO_ZONE}, True),
    ],
    ids=str,
)
def test_what_decides_and_cannot_be_told_leaves_it_open_and_says_why(given, fields, verdict):
    assert selection(**given).matches_header(broken(**fields), None) is verdict


CREATION = frozenset({ActivityAction.NOTE_CREATED})
UPDATE = frozenset({ActivityAction.NOTE_UPDATED})


@pytest.mark.parametrize(
    ("given", "fields", "verdict"),
    [
        ({}, {}, True),
        ({"actions": CREATION}, {}, True),
        ({"actions": UPDATE}, {}, False),
        ({"actions": CREATION, "user_names": ADA}, {"user": UNREADABLE}, InvalidUpstreamResponse),
        ({"actions": UPDATE, "user_names": ADA}, {"user": UNREADABLE}, False),
        ({"user_names": ADA}, {}, True),
        ({"user_names": frozenset({"Ada"})}, {}, False),
        ({"user_names": ADA}, {"user": UNREADABLE}, InvalidUpstreamResponse),
        ({"user_names": ADA}, {"user": UNREADABLE_NAME}, InvalidUpstreamResponse),
        ({"user_names": ADA}, {"user": NAMELESS}, False),
        ({"has_user": True}, {}, True),
        ({"has_user": True}, {"user": UNREADABLE_NAME}, True),
        ({"has_user": True, "user_names": frozenset({"bo"})}, {}, False),
        ({"has_user": False}, {}, False),
        ({"has_user": False}, {"user": UNREADABLE}, InvalidUpstreamResponse),
        ({"has_user": False}, {"user": None}, True),
        ({"has_user": False, "user_names": ADA}, {"user": None}, False),
    ],
    ids=str,
)
def test_filters_of_content_decide(given, fields, verdict):
    assert selection(**given).matches_content(broken(**fields), None) is verdict


@pytest.mark.parametrize("date", [UNREADABLE, UNREADABLE_ZONE, NO_ZONE], ids=str)
@pytest.mark.parametrize(
    "given", [{"events": DELETED}, {"kinds": frozenset({ActivityKind.CONSENT})}], ids=str
)
def test_one_filter_that_says_no_decides_though_another_cannot_tell(given, date):
    assert selection(**given, since=NINE).matches_header(broken(date=date), None) is False


@pytest.mark.parametrize("given", [{"events": DELETED}, {"since": TEN}], ids=str)
def test_another_filter_decides_where_the_kind_cannot_be_read(given):
    note = broken(kind_raw=UNREADABLE)
    assert selection(kinds=NOTES, **given).matches_header(note, NINE) is False


def test_an_undated_activity_is_in_no_span_of_time():
    assert selection(since=NINE).matches_header(broken(date=None), None) is False


def test_without_filters_everything_is_selected():
    assert selection().is_unfiltered
    assert not selection(events=frozenset()).is_unfiltered


@pytest.mark.parametrize(
    "given",
    [
        {"kinds": frozenset()},
        {"events": frozenset()},
        {"actions": frozenset()},
        {"user_names": frozenset()},
        {"since": TEN, "until": TEN},
    ],
    ids=str,
)
def test_what_can_select_nothing_is_empty(given):
    assert selection(**given).matches_nothing


CLIENT = ClientReference(id=7)


def of(**given: Any) -> TimelineFilter:
    """The filter that the fields of the argument `filter` describe."""
    return TimelineFilter.of(CLIENT, ActivityFilter(**given), None)


ABSENT: dict[str, Any] = {
    "no filter": None,
    "an absent filter": strawberry.UNSET,
    "an empty filter": ActivityFilter(),
    "a filter of nulls": ActivityFilter(
        kinds=None,
        events=None,
        actions=None,
        user_names=None,
        has_user=None,
        search=None,
        appointment_id=None,
        from_=None,
        to=None,
    ),
    "a blank search": ActivityFilter(search=" "),
}


@pytest.mark.parametrize("given", ABSENT.values(), ids=ABSENT)
@pytest.mark.parametrize("sort", [None, SortOrder.ASC])
def test_what_is_absent_or_null_filters_nothing(given, sort):
    found = TimelineFilter.of(CLIENT, given, sort)
    assert found == selection()
    assert found.is_unfiltered
    assert not found.matches_nothing


def test_a_filter_is_normalised():
    note, consent = ActivityKind.NOTE, ActivityKind.CONSENT
    one = of(kinds=[note, consent, note], events=[ActivityEvent.DELETED], from_=NINE, to=TEN)
    other = of(kinds=[consent, note], events=[ActivityEvent.DELETED] * 2, from_=NINE, to=TEN)
    assert one == other
    assert one.cursor_digest == other.cursor_digest
    assert (one.kinds, one.events) == (frozenset({note, consent}), DELETED)
    assert (one.since, one.until) == (NINE, TEN)


def test_users_and_words_are_normalised():
    one = of(user_names=["ada", "bo", "ada"], search="Zoë  ada zoe")
    other = of(user_names=["bo", "ada"], search="ADA zoë")
    assert one == other
    assert one.cursor_digest == other.cursor_digest
    assert (one.user_names, one.search) == (frozenset({"ada", "bo"}), ("ada", "zoe"))


def test_lists_without_elements_are_filters():
    assert of(kinds=[]).kinds == frozenset()
    assert of(events=[]).events == frozenset()
    assert of(actions=[]).actions == frozenset()
    assert of(user_names=[]).user_names == frozenset()


class HeaderAlone:
    """An activity with the attributes of `ActivityHeader` alone; its class is hidden as well."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity

    def __getattribute__(self, name: str) -> Any:
        assert name in HEADER_ATTRIBUTES, f"a filter reads `{name}`, which `ActivityHeader` lacks"
        return getattr(object.__getattribute__(self, "_activity"), name)


FILTERS: dict[str, Any] = {
    "kinds": list(ActivityKind),
    "events": [ActivityEvent.CREATED],
    "actions": list(ActivityAction),
    "user_names": ["ada"],
    "has_user": True,
    "search": "ada",
    "appointment_id": "31",
    "from_": NINE,
    "to": TEN,
}
"""A value of each filter. One that reads an attribute matches the activities of the test below."""


def test_each_filter_has_a_value_here():
    assert {field.name for field in fields(ActivityFilter)} == FILTERS.keys()


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("tag", KINDS)
def test_a_filter_reads_only_what_compiled_queries_decode(name, tag):
    values = {each: getattr(NOTE, each) for each in Activity.__struct_fields__}
    activity = KINDS[tag](**{**values, "kind_raw": tag})
    timeline_filter = of(**{name: FILTERS[name]})
    assert timeline_filter.matches_header(HeaderAlone(activity), NINE) is True
    assert timeline_filter.matches_content(activity, None) is True


def test_filters_of_more_than_the_header_need_full_records():
    needing = {name for name, value in FILTERS.items() if of(**{name: value}).needs_full_records}
    assert needing == {"actions", "user_names", "has_user", "search"}


@pytest.mark.parametrize("id_", ["", " ", "\t"])
@pytest.mark.parametrize("around", [None, "31"])
def test_a_blank_id_is_refused(id_, around):
    with pytest.raises(InvalidArgument) as refusal:
        TimelineFilter.of(CLIENT, ActivityFilter(appointment_id=id_), None, appointment_id=around)
    assert refusal.value.details == {"argument": "filter.appointmentId"}


def test_a_time_that_ends_before_it_begins_is_refused_by_the_names_of_its_arguments():
    with pytest.raises(InvalidArgument, match=r"`filter\.from`.*`filter\.to`") as refusal:
        of(from_=TEN, to=NINE)
    assert refusal.value.details == {"argument": "filter.from"}


@pytest.mark.parametrize("given", [{}, {"appointment_id": None}, {"appointment_id": "31"}], ids=str)
def test_under_an_appointment_the_filter_is_of_this_appointment(given):
    found = TimelineFilter.of(CLIENT, ActivityFilter(**given), None, appointment_id="31")
    assert found.appointment_id == "31"
    assert found.cursor_digest == of(appointment_id="31").cursor_digest


def test_under_an_appointment_no_other_appointment_is_allowed():
    other = ActivityFilter(appointment_id=strawberry.ID("32"))
    with pytest.raises(InvalidArgument) as refusal:
        TimelineFilter.of(CLIENT, other, None, appointment_id="31")
    assert refusal.value.details == {"argument": "filter.appointmentId"}


@pytest.mark.parametrize("id_", ["", " ", "\n"])
def test_an_id_that_is_required_must_not_be_blank(id_):
    with pytest.raises(InvalidArgument, match="`companyId`") as refusal:
        require_id(id_, "companyId")
    assert refusal.value.details == {"argument": "companyId"}


def test_an_id_that_is_required_may_be_any_other_text():
    require_id("a/b", "companyId")


BOUND: dict[str, dict[str, Any]] = {
    "the client": {"client_id": "8"},
    "kinds": {"kinds": NOTES},
    "no kinds": {"kinds": frozenset()},
    "events": {"events": CREATED},
    "actions": {"actions": frozenset({ActivityAction.OTHER})},
    "users": {"user_names": ADA},
    "no users": {"user_names": frozenset()},
    "any user": {"has_user": True},
    "nobody": {"has_user": False},
    "words": {"search": ("ada",)},
    "the appointment": {"appointment_id": "31"},
    "the start": {"since": NINE},
    "the end": {"until": NINE},
    "the order": {"sort": SortOrder.DESC},
}


def test_a_cursor_is_bound_to_the_client_the_filter_and_the_order():
    digests = {selection(**each).cursor_digest for each in (*BOUND.values(), {})}
    assert len(digests) == len(BOUND) + 1


# The digests of cursors that the first release with them gave out; see `EARLIER_CURSORS` for whole cursors.
EARLIER_DIGESTS: list[tuple[dict[str, Any], str]] = [
    ({}, "fddbed9d6902"),
    ({"kinds": NOTES, "since": NINE}, "903d0c0b5ba2"),
]


@pytest.mark.parametrize(("given", "digest"), EARLIER_DIGESTS)
def test_an_absent_filter_is_not_bound(given, digest):
    """A later release may have filters that this one does not know: they are absent from its cursors."""
    assert selection(**given).cursor_digest.hex() == digest

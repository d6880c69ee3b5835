"""Date-times in other forms, each by itself; what becomes of them in records stands in test_records."""

from datetime import UTC, timedelta, timezone

import pytest
from msgspec import convert, structs

from gateway.config.time_zones import zone_by_name
from gateway.upstream.records.activities import UncheckedDateTime, ZonedDateTime
from gateway.upstream.records.dates import canonical_form, has_offset, in_zone, without_offset
from gateway.upstream.records.field_types import EmptyObject
from gateway.upstream.surprises import (
    ODD_DATE,
    ODD_TIME_ZONE,
    OFFSET_DIFFERS,
    UNKNOWN_TIME_ZONE,
    observe_surprises,
)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("2026-03-01T09:00:00", "2026-03-01T09:00:00"),
        ("2026-03-01T09:00:00.10", "2026-03-01T09:00:00.10"),
        ("2026-03-01 09:00", "2026-03-01T09:00:00"),
        ("2026-03-01t09:00:00,5z", "2026-03-01T09:00:00.5+00:00"),
        ("2026-03-01T09:00-05", "2026-03-01T09:00:00-05:00"),
        ("2026-03-01T09:00:00-0030", "2026-03-01T09:00:00-00:30"),
        ("2024-02-28T24:00", "2024-02-29T00:00:00"),
        ("2026-12-31T24:00:00.00+01", "2027-01-01T00:00:00.00+01:00"),
    ],
)
def test_what_has_one_meaning_gets_the_form_of_the_contract(sent, text):
    assert canonical_form(sent) == text
    assert canonical_form(text) == text
    assert has_offset(text) == (text[-6] in "+-")


@pytest.mark.parametrize(
    "sent",
    [
        *("", "soon", "2026-03-01", "2026-03-01T09", "2026-02-30T09:00", "2026-03-01T24:00:00.001"),
        *("9999-12-31T24:00", "2026-02-29T24:00", "2026-03-01T09:00:00+19", "2026-03-01T09:00.5"),
        *("01/03/2026 09:00", "2026-03-01 9:00 am", "Sun, 01 Mar 2026 09:00:00 GMT"),
    ],
)
def test_what_has_none_or_several_is_refused(sent):
    with pytest.raises(ValueError, match=r"."):
        canonical_form(sent)


@pytest.mark.parametrize(
    ("text", "zone", "local"),
    [
        ("2026-07-01T09:00:00+00:00", "Europe/Paris", "2026-07-01T11:00:00"),
        ("2026-07-01T09:00:00.123456789+02:00", "Europe/Paris", "2026-07-01T09:00:00.123456789"),
        ("2026-12-31T20:00:00-05:00", "Asia/Tokyo", "2027-01-01T10:00:00"),
        ("1900-01-01T00:00:00+00:00", "Europe/Paris", "1900-01-01T00:09:21"),
        ("0999-01-01T00:00:00+00:00", "Asia/Kolkata", "0999-01-01T05:53:28"),
        ("9999-12-31T23:00:00+00:00", "Asia/Tokyo", "9999-12-31T23:00:00"),
        ("0001-01-01T00:00:00+02:00", "Europe/Paris", "0001-01-01T00:00:00"),
    ],
)
def test_an_offset_and_a_zone_tell_the_local_time(text, zone, local):
    found = zone_by_name(zone)
    assert found is not None
    assert in_zone(text, found) == local


def test_without_its_offset_a_text_is_as_it_was():
    assert without_offset("2026-07-01T09:00:00.50-03:30") == "2026-07-01T09:00:00.50"
    assert in_zone("2026-07-01T09:00:00-03:30", UTC) == "2026-07-01T12:30:00"
    assert in_zone("2026-07-01T09:00:00Z", timezone(timedelta(hours=1))) == "2026-07-01T10:00:00"


@pytest.mark.parametrize(
    ("sent", "zone", "told"),
    [
        ("2026-07-01T09:00:00", "UTC", []),
        ("2026-07-01T09:00:00.5", "UTC", []),
        ("2026-07-01T09:00:00", "", []),
        ("2026-07-01T09:00:00", "PST", [ODD_TIME_ZONE]),
        ("2026-07-01T09:00:00", "IST", [UNKNOWN_TIME_ZONE]),
        ("2026-07-01T09:00:00", 2, [UNKNOWN_TIME_ZONE]),
        ("2026-07-01T09:00", "UTC", [ODD_DATE]),
        ("2026-07-01T09:00:00Z", "UTC", [ODD_DATE]),
        ("2026-07-01T09:00:00Z", None, [ODD_DATE]),
        ("2026-07-01T09:00:00Z", 7, [ODD_DATE, UNKNOWN_TIME_ZONE]),
        ("2026-07-01T09:00:00Z", "Mars/Phobos", [ODD_DATE, UNKNOWN_TIME_ZONE]),
        ("2026-07-01T09:00:00+02:00", "Romance Standard Time", [ODD_DATE, ODD_TIME_ZONE]),
        ("2026-07-01T09:00:00+02:00", "GMT+2", [ODD_DATE, ODD_TIME_ZONE]),
        ("2026-07-01T09:00:00+02:00", "GMT-2", [ODD_DATE, OFFSET_DIFFERS, ODD_TIME_ZONE]),
        ("2026-07-01T09:00:00Z", "Europe/Paris", [ODD_DATE, OFFSET_DIFFERS]),
    ],
)
def test_what_is_odd_is_noted(sent, zone, told):
    found: list[str] = []
    with observe_surprises(lambda what, _: found.append(what)):
        for _ in range(2):
            ZonedDateTime(date_time=sent, time_zone=zone)
    assert found == told


@pytest.mark.parametrize(
    ("sent", "time_zone", "told"),
    [
        ({"datetime": "2026-07-01T09:00:00", "timezone": "UTC"}, "UTC", [ODD_DATE]),
        ({"dateTime": "2026-07-01T09:00:00", "timezone": "UTC"}, "UTC", [ODD_DATE]),
        ({"dateTime": "2026-07-01T09:00:00", "timeZone": "", "timezone": "UTC"}, "UTC", [ODD_DATE]),
        ({"dateTime": "2026-07-01T09:00:00", "timeZone": "UTC", "timezone": "PST"}, "UTC", []),
        ({"dateTime": "2026-07-01T09:00:00", "timezone": ""}, None, []),
        ({"dateTime": "2026-07-01T09:00:00", "timezone": "PST"}, "PST", [ODD_DATE, ODD_TIME_ZONE]),
        (
            {"dateTime": "2026-07-01T09:00:00Z", "timezone": "Europe/Paris"},
            "Europe/Paris",
            [ODD_DATE, OFFSET_DIFFERS],
        ),
    ],
)
def test_a_zone_is_also_read_under_its_key_in_lower_case(sent, time_zone, told):
    found: list[str] = []
    with observe_surprises(lambda what, _: found.append(what)):
        for _ in range(2):
            date = convert(sent, ZonedDateTime)
    assert (date.time_zone, found) == (time_zone, told)
    assert date == ZonedDateTime(
        date_time=date.date_time, with_offset=date.with_offset, time_zone=time_zone
    )


def test_no_text_is_nothing_and_something_else_is_refused():
    with pytest.raises(EmptyObject):
        ZonedDateTime(time_zone="UTC")
    with pytest.raises(ValueError, match="not a text"):
        ZonedDateTime(date_time=7)  # type: ignore[arg-type]


ORDINARY = {"date_time": "2026-03-01T09:00:00", "time_zone": "Europe/Paris"}
CHECKED_TOGETHER = {
    "ordinary": ORDINARY,
    "without a zone": {"date_time": "2026-03-01T09:00:00"},
    "of another day": {**ORDINARY, "date_time": "2024-02-29T23:59:59"},
    "a day that does not exist": {**ORDINARY, "date_time": "2026-02-30T09:00:00"},
    "midnight of the day before": {**ORDINARY, "date_time": "2026-03-01T24:00:00"},
    "a leap second": {**ORDINARY, "date_time": "2026-03-01T23:59:60"},
    "a blank": {**ORDINARY, "date_time": "2026-03-01 09:00:00"},
    "a small letter": {**ORDINARY, "date_time": "2026-03-01t09:00:00"},
    "a fraction": {**ORDINARY, "date_time": "2026-03-01T09:00:00.5"},
    "an offset": {**ORDINARY, "date_time": "2026-03-01T09:00:00Z"},
    "an offset and no seconds": {**ORDINARY, "date_time": "2026-03-01T09:00+01"},
    "no hyphens": {**ORDINARY, "date_time": "20260301T09:00:00.0"},
    "nothing": {},
    "the other key": {"with_offset": "2026-03-01T09:00:00"},
    "both keys": {**ORDINARY, "with_offset": "2026-03-01T10:00:00"},
    "a blank zone": {**ORDINARY, "time_zone": ""},
    "an alias": {**ORDINARY, "time_zone": "CET+1"},
    "a number": {**ORDINARY, "time_zone": 5},
    "a zone under the other key": {**ORDINARY, "lower_case_zone": "UTC"},
    "a blank zone under the other key": {**ORDINARY, "lower_case_zone": ""},
}


@pytest.mark.parametrize("sent", CHECKED_TOGETHER.values(), ids=CHECKED_TOGETHER)
def test_dates_pass_together_only_where_each_passes_unchanged(sent):
    surprises: list[str] = []
    with observe_surprises(lambda what, _: surprises.append(what)):
        try:
            checked = structs.asdict(ZonedDateTime(**sent))
        except ValueError:
            checked = {}
    unchecked = UncheckedDateTime(**sent)
    ordinary = UncheckedDateTime(**ORDINARY)
    if ZonedDateTime.pass_check([ordinary, unchecked, ordinary]):
        assert checked == structs.asdict(unchecked)
        assert surprises == []


def test_ordinary_dates_pass_the_check_together():
    ordinary = [
        UncheckedDateTime(**CHECKED_TOGETHER[name])  # type: ignore[arg-type]
        for name in ("ordinary", "without a zone", "of another day", "both keys")
    ]
    assert ZonedDateTime.pass_check(ordinary)
    assert ZonedDateTime.pass_check([])

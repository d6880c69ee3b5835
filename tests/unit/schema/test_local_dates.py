"""The day of an instant: of `local_date`, and as callers select it."""

from datetime import UTC, date, datetime, timedelta, tzinfo

import pytest
from hypothesis import given, settings, strategies as st

from gateway.config.time_zones import NAMES, zone_by_name
from gateway.schema.local_dates import local_date

SECOND = timedelta(seconds=1)
INSTANTS = st.datetimes(datetime(1850, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - in UTC


def zone_of(name: str) -> tzinfo:
    zone = zone_by_name(name)
    assert zone is not None
    return zone


ZONES = st.sampled_from(sorted(NAMES)).map(zone_of)

SELECTION = """date {
  localDate
  london: localDate(timeZone: "Europe/London")
  newYork: localDate(timeZone: "America/New_York")
  absent: localDate(timeZone: null)
}"""


@settings(max_examples=200, deadline=None)
@given(INSTANTS, ZONES)
def test_the_day_is_that_of_the_clock_on_the_wall(instant, zone):
    on_the_wall = instant.replace(tzinfo=UTC).astimezone(zone)
    assert local_date(instant, zone) == on_the_wall.date()


@pytest.mark.parametrize(
    ("name", "skipped", "last_second_before"),
    [
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 9, 59, 59)),  # noqa: DTZ001
        ("Pacific/Kwajalein", date(1993, 8, 21), datetime(1993, 8, 21, 11, 59, 59)),  # noqa: DTZ001
    ],
)
def test_a_day_that_a_zone_skipped_is_the_day_of_no_instant(name, skipped, last_second_before):
    zone = zone_of(name)
    day = timedelta(days=1)
    assert local_date(last_second_before, zone) == skipped - day
    assert local_date(last_second_before + SECOND, zone) == skipped + day


def test_an_unknown_instant_has_no_day():
    assert local_date(None, zone_of("Europe/Paris")) is None


@pytest.mark.parametrize(
    ("instant", "zone"),
    [
        (datetime(9999, 12, 31, 23), "Asia/Tokyo"),  # noqa: DTZ001
        (datetime(1, 1, 1), "America/New_York"),  # noqa: DTZ001
    ],
)
def test_a_day_outside_of_the_calendar_is_unknown(instant, zone):
    assert local_date(instant, zone_of(zone)) is None


def _note(local: object, zone: object) -> dict[str, object]:
    return {"id": "1", "type": "note", "date": {"dateTime": local, "timeZone": zone}}


@pytest.mark.parametrize("compile_queries", ["off", "eager"])
@pytest.mark.parametrize(
    ("local", "zone", "days"),
    [
        ("2026-07-01T01:30:00", "Europe/Paris", ["2026-07-01", "2026-07-01", "2026-06-30"]),
        ("2026-07-01T01:30:00Z", "Asia/Tokyo", ["2026-07-01", "2026-07-01", "2026-06-30"]),
        ("2026-07-01T23:30:00", "Mars/Phobos", ["2026-07-01", None, None]),
        ("2026-07-01T23:30:00", None, ["2026-07-01", None, None]),
        ("9999-12-31T23:30:00Z", "Asia/Tokyo", ["9999-12-31", "9999-12-31", "9999-12-31"]),
    ],
)
async def test_a_date_has_the_day_of_its_own_or_a_given_zone(
    select, compile_queries, local, zone, days
):
    node, codes = await select(_note(local, zone), SELECTION, compile_queries=compile_queries)
    own, london, new_york = days
    assert node["date"] == {"localDate": own, "london": london, "newYork": new_york, "absent": own}
    assert codes == {}


@pytest.mark.parametrize("compile_queries", ["off", "eager"])
async def test_an_unreadable_zone_costs_the_day_of_a_given_zone(select, compile_queries):
    node, codes = await select(
        _note("2026-07-01T23:30:00", ["UTC"]), SELECTION, compile_queries=compile_queries
    )
    assert node["date"]["localDate"] == node["date"]["absent"] == "2026-07-01"
    assert node["date"]["london"] is node["date"]["newYork"] is None
    assert codes == {
        "date.london": "UPSTREAM_CONTRACT_BROKEN",
        "date.newYork": "UPSTREAM_CONTRACT_BROKEN",
    }


@pytest.mark.parametrize("zone", ["Mars/Phobos", "IST", "", "Factory", 2])
async def test_a_zone_that_is_unknown_is_refused_once(gateway_with, zone):
    gateway = gateway_with({}, _note("2026-07-01T23:30:00", "UTC"))
    answer = await gateway.ask(
        "query($zone: TimeZone) { activities(clientId: 7)"
        " { nodes { a: date { localDate(timeZone: $zone) } b: date { localDate(timeZone: $zone) } } } }",
        {"zone": zone},
    )
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in answer
    assert gateway.asked == {}


async def test_a_zone_that_is_unknown_is_refused_in_the_document(gateway_with):
    answer = await gateway_with({}).ask(
        '{ activities(clientId: 7) { nodes { date { localDate(timeZone: "Mars/Phobos") } } } }'
    )
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "name", ["Europe/Paris", "US/Eastern", "Romance Standard Time", "+05:30", "utc", "PST"]
)
async def test_each_name_of_a_zone_that_dates_may_have_is_accepted(gateway_with, name):
    gateway = gateway_with({}, _note("2026-07-01T12:00:00", name))
    answer = await gateway.ask(
        "query($zone: TimeZone) { activities(clientId: 7) { nodes { date { localDate(timeZone: $zone) } } } }",
        {"zone": name},
    )
    assert answer["data"]["activities"]["nodes"] == [{"date": {"localDate": "2026-07-01"}}]

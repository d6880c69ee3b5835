from datetime import UTC, datetime, timedelta

from gateway.sandbox.world.moments import HAPPENS_TWICE, NEVER_HAPPENS, instant, zoned


def test_a_moment_is_written_without_an_offset_beside_its_zone():
    assert zoned(HAPPENS_TWICE) == {
        "dateTime": "2025-10-26T02:30:00",
        "timeZone": "Europe/Paris",
    }


def test_a_time_that_happens_twice_is_read_as_the_first():
    first = datetime(2025, 10, 26, 0, 30, tzinfo=UTC).timestamp()
    assert instant(HAPPENS_TWICE) == instant(HAPPENS_TWICE.replace(fold=1)) == first


def test_one_of_the_edges_never_happens():
    there_and_back = NEVER_HAPPENS.astimezone(UTC).astimezone(NEVER_HAPPENS.tzinfo)
    assert there_and_back - NEVER_HAPPENS == timedelta(hours=1)

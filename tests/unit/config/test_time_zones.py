"""What the names of zones mean: by the locked package, whatever else this machine has."""

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone, tzinfo
from importlib import resources
from pathlib import Path

import pytest
from tzlocal.windows_tz import win_tz

from gateway.config.time_zones import parse_offset, zone_by_alias, zone_by_name

ZONES = [
    name
    for name in resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    if name != "Factory"  # which stands for no zone
]


def test_every_zone_of_the_package_is_known_by_its_name():
    assert len(ZONES) > 500
    for name in ZONES:
        zone = zone_by_name(name)
        assert zone is not None
        assert zone.key == name


def test_what_the_package_says_holds():
    """Since 2026, British Columbia has one time all year; older databases still change clocks."""
    zone = zone_by_name("America/Vancouver")
    assert zone is not None
    winter = datetime(2026, 12, 1, 9, tzinfo=zone)
    assert winter.utcoffset() == timedelta(hours=-7)
    assert zone.utcoffset(datetime(2025, 12, 1, 9)) == timedelta(hours=-8)  # noqa: DTZ001


def test_a_zone_is_read_once():
    assert zone_by_name("Asia/Kolkata") is zone_by_name("Asia/Kolkata")


@pytest.mark.parametrize(
    "name",
    [
        *("localtime", "posixrules", "posix/Europe/Paris", "right/Europe/Paris", "UTC0"),
        *("", ".", "..", "Europe", "Europe/", "/Europe/Paris", "Europe//Paris", "./Europe/Paris"),
        *("../zones", "Europe/../Europe/Paris", "../../etc/passwd", "/etc/localtime"),
        *("zones", "zone.tab", "tzdata.zi", "leapseconds", "__init__.py", "Europe/__init__.py"),
        *("europe/paris", "EUROPE/PARIS", " Europe/Paris", "Europe/Paris\n", "Europe/Paris\0"),
        *("Europe\\Paris", "Europe/Atlantis", "\ud800", "Europe/Paris" * 1_000),
    ],
)
def test_any_other_text_is_an_unknown_zone(name):
    assert zone_by_name(name) is None


def test_of_a_name_that_is_unknown_nothing_is_kept():
    name = "Mars/" + "x" * 100
    before = sys.getrefcount(name)
    assert zone_by_name(name) is None
    assert sys.getrefcount(name) == before


# Names of other systems


def hours(offset: float) -> tzinfo:
    return timezone(timedelta(hours=offset))


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        *(("GMT+02:00", 2), ("UTC+2", 2), ("+02:00", 2), ("GMT+2", 2), ("GMT+0200", 2), ("+02", 2)),
        *(("UTC+02:00", 2), ("UT-03:30", -3.5), ("UTC-0930", -9.5), ("-5", -5), ("GMT+2:30", 2.5)),
        *(("Z", 0), ("z", 0), ("UTC+0", 0), ("-00:00", 0), ("+18:00", 18), ("GMT-18", -18)),
        *(("utc+2", 2), ("Gmt+02:00", 2), (" UTC+2 ", 2), ("UTC +2", 2), ("+0545", 5.75)),
    ],
)
def test_an_offset_is_a_zone_east_of_utc_where_it_is_positive(name, offset):
    assert zone_by_alias(name) == hours(offset)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "UTC+18:01",
            "GMT+19",
            "+24:00",
            "-1800:00",
            "UTC+2:60",
            "UTC+2:5",
            "UTC+020",
            "+",
            "UTC+",
        ),
        *("UTC+2.5", "UTC--2", "EST+5", "UTC+2h", "+02:00:00", "GMT\u22122", "UTC+٢", "UTC0", "2"),
    ],
)
def test_what_is_no_offset_of_a_zone_is_unknown(name):
    assert zone_by_alias(name) is None


def test_what_the_database_has_an_offset_for_means_what_the_database_says():
    """In POSIX's way, west is positive."""
    zone = zone_by_alias("Etc/GMT-2")
    assert zone is zone_by_name("Etc/GMT-2")
    assert zone is not None
    assert zone.utcoffset(datetime(2026, 7, 1)) == timedelta(hours=2)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *(("PST", "America/Los_Angeles"), ("JST", "Asia/Tokyo"), ("AET", "Australia/Sydney")),
        *(("EST", "EST"), ("MST", "MST"), ("HST", "HST"), ("CET", "CET"), ("EET", "EET")),
        *(("CTT", "Asia/Shanghai"), ("EAT", "Africa/Addis_Ababa"), ("UT", "UTC"), ("pst", "PST")),
        *(("US/Pacific-New", "US/Pacific"), ("Canada/East-Saskatchewan", "America/Regina")),
        *(("SystemV/EST5", "Etc/GMT+5"), ("SystemV/AST4", "Etc/GMT+4")),
        *(("Romance Standard Time", "Europe/Paris"), ("W. Europe Standard Time", "Europe/Berlin")),
        *(("Eastern Standard Time", "America/New_York"), ("Dateline Standard Time", "Etc/GMT+12")),
        *(("eastern standard time", "America/New_York"), ("Tokyo Standard Time\n", "Asia/Tokyo")),
        *(("europe/paris", "Europe/Paris"), ("EUROPE/PARIS", "Europe/Paris")),
        *((" Europe/Paris", "Europe/Paris"), ("America/New York", "America/New_York")),
    ],
)
def test_a_name_of_another_system_means_the_zone_that_it_means_there(name, meant):
    zone, known = zone_by_alias(name), zone_by_name(meant) or zone_by_alias(meant)
    assert zone is not None
    assert known is not None
    for month in range(1, 13):
        at = datetime(2026, month, 1)  # noqa: DTZ001
        assert zone.utcoffset(at) == known.utcoffset(at)


@pytest.mark.parametrize(
    "name",
    [
        *("BST", "IST", "CST", "AST", "ACT", "SST", "ART", "ECT", "MIT", "NST"),
        *(
            "Factory",
            "SystemV/EST5EDT",
            "bst",
            "CDT",
            "PDT",
            "MSK",
            "Mars/Phobos",
            "localtime",
            "posixrules",
            "Standard Time",
        ),
        *(
            "",
            " ",
            ".",
            "..",
            "../zones",
            "Europe",
            "Europe//Paris",
            "Europe/Paris\0",
            "Europe-Paris",
        ),
        *("\ud800", "\u212aST", "İstanbul", "Europe/Paris" * 1_000, " " * 1_000 + "PST", "zones"),
    ],
)
def test_what_means_several_zones_or_none_is_unknown(name):
    assert zone_by_alias(name) is None


def test_every_name_of_windows_is_known_and_none_means_anything_else():
    assert len(win_tz) > 130
    for name, zone in win_tz.items():
        found = zone_by_alias(name)
        assert found is not None, name
        known = zone_by_name(zone)
        assert known is not None, name
        for month in (1, 7):
            at = datetime(2026, month, 1)  # noqa: DTZ001
            assert found.utcoffset(at) == known.utcoffset(at), name


def test_no_two_names_of_the_database_differ_by_case_alone():
    assert len({name.lower() for name in ZONES}) == len(ZONES)
    for name in ZONES:
        zone = zone_by_alias(name.upper())
        assert zone is not None
        at = datetime(2026, 7, 1)  # noqa: DTZ001
        known = zone_by_name(name)
        assert known is not None
        assert zone.utcoffset(at) == known.utcoffset(at)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("Z", 0), ("+02:00", 120), ("-0330", -210), ("+2", 120), ("-18:00", -1080), ("-00:30", -30)],
)
def test_an_offset_is_read(text, minutes):
    assert parse_offset(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "2", "+", "+18:01", "+1:5", "+123", "UTC", "+02:00 ", "+٣"])
def test_any_other_text_is_no_offset(text):
    assert parse_offset(text) is None


PROGRAM = """
import zoneinfo
from datetime import datetime

path, of_the_machine = zoneinfo.TZPATH, zoneinfo.ZoneInfo("Europe/Paris")
from gateway.schema.scalars import to_utc
from gateway.config.settings import Settings
from gateway.upstream.records.activities import ZonedDateTime

def instant(zone):
    return to_utc(ZonedDateTime(date_time="2026-01-15T09:00:00", time_zone=zone), None)

print(instant("Europe/Paris"), instant("localtime"), instant("posixrules"))
print(zoneinfo.TZPATH == path, zoneinfo.ZoneInfo("Europe/Paris") is of_the_machine)
print(of_the_machine.utcoffset(datetime(2026, 1, 15, 9)))
print(zoneinfo.ZoneInfo("Asia/Tokyo").utcoffset(datetime(2026, 1, 15, 9)))
for zone in ("Europe/Paris", "localtime"):
    try:
        Settings(upstream_url="http://upstream", default_time_zone=zone)
        print("accepted")
    except ValueError:
        print("refused")
"""


@pytest.mark.slow
def test_a_machine_with_other_data_changes_nothing_and_is_left_alone(tmp_path):
    """Its Paris is where Tokyo is, and its Tokyo where Kolkata is."""
    package = resources.files("tzdata").joinpath("zoneinfo")
    for name, other in {
        "Europe/Paris": "Asia/Tokyo",
        "Asia/Tokyo": "Asia/Kolkata",
        "localtime": "Asia/Tokyo",
        "posixrules": "Asia/Tokyo",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(package.joinpath(other).read_bytes())
    printed = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONTZPATH": str(tmp_path)},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=True,
        text=True,
    )
    assert printed.stdout.splitlines() == [
        "2026-01-15 08:00:00 None None",
        "True True",
        "9:00:00",
        "5:30:00",
        "accepted",
        "refused",
    ]

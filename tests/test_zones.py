"""What the names of zones mean: by the locked package, whatever else this machine has."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

from gateway.zones import zone_by_name

ZONES = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()


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


PROGRAM = """
import zoneinfo
from datetime import datetime

path, of_the_machine = zoneinfo.TZPATH, zoneinfo.ZoneInfo("Europe/Paris")
from gateway.schema.values import moment
from gateway.settings import Settings
from gateway.upstream.records import ZonedDateTime

def instant(zone):
    return moment(ZonedDateTime(date_time="2026-01-15T09:00:00", time_zone=zone), None)

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
        cwd=Path(__file__).parent.parent,
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

"""Made-up dates of a recording: the form and the order of the dates that were sent, and nothing else of them."""

import re
from random import Random

import pytest

from gateway.cli.probe.made_up import MadeUpValues
from gateway.cli.probe.made_up_dates import MadeUpDates


def replace(*sent: str) -> list[str]:
    """The dates in place of these."""
    body = [{"date": {"dateTime": text, "timeZone": "Europe/Paris"}} for text in sent]
    random = Random(1)
    made_up = MadeUpValues("sandbox", random, MadeUpDates([body], random)).value(body)
    return [each["date"]["dateTime"] for each in made_up]


@pytest.mark.parametrize(
    "sent", ["2026-03-01T09:00:00", "2026-03-01 09:00", "2026-03-01T09:00:00.25+02:00"]
)
def test_a_made_up_date_has_the_form_of_the_one_sent(sent):
    (made_up,) = replace(sent)
    assert re.sub("[0-9]", "9", made_up) == re.sub("[0-9]", "9", sent)
    assert made_up[:16] != sent[:16]


def test_the_end_of_a_day_stays_one_and_in_its_place():
    first, end, last = replace("2026-03-01T09:00:00", "2026-03-01T24:00:00", "2026-03-02T09:00:00")
    assert first < end < last
    assert end.endswith("T24:00:00")


def test_of_a_fraction_of_a_second_only_milliseconds_are_kept():
    (made_up,) = replace("2026-03-01T09:00:00.4915112345678")
    assert made_up.endswith(":00.4910000000000")


@pytest.mark.parametrize("sent", ["2026-02-30T09:41:17", "4915-11-23T45:67:89.1234"])
def test_of_a_date_that_no_calendar_has_nothing_is_kept(sent):
    (made_up,) = replace(sent)
    assert not {sent[begin : begin + 8] for begin in range(len(sent) - 7)} & {
        made_up[begin : begin + 8] for begin in range(len(made_up) - 7)
    }

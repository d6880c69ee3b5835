"""What is odd in the timelines, as in those of a real upstream."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from gateway.sandbox.fixtures.clock import (
    AMBIGUOUS_TIME,
    NONEXISTENT_TIME,
    instant,
    zoned_date_time,
)
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.malformed import (
    APPOINTMENT_SNAPSHOT,
    ITEMS,
    LINK,
    NOTE_SNAPSHOT,
    malformed_entries,
)
from gateway.sandbox.fixtures.malformed_entities import (
    HEALTHY_COMPANY,
    MALFORMED_APPOINTMENTS,
    MALFORMED_STAFF,
    healthy_note,
)
from gateway.sandbox.fixtures.quirks import QUIRKS_BY_KIND, QUIRKS_OF_ANY_KIND, QuirkSchedule
from gateway.sandbox.fixtures.sample import SampleData
from tests.unit.sandbox.timelines import activities, appointments, timeline


def note() -> Json:
    link = "https://api.agendize.com/api/2.0/notes/8"
    return {"id": "1", "type": "note", "note": {"id": "8", "selfLink": link}}


# Quirks


def test_quirks_come_in_turn_by_kind():
    quirks = QuirkSchedule()
    notes = [note() for _ in range(9)]
    for one in notes:
        quirks.apply(one)
    assert [n for n, one in enumerate(notes) if one["note"]["id"] == 8] == [2, 8]
    assert [n for n, one in enumerate(notes) if isinstance(one["id"], int)] == [4]
    assert [n for n, one in enumerate(notes) if "selfLink" not in one["note"]] == [4]
    assert [n for n, one in enumerate(notes) if "channel" in one] == [6]
    assert notes[3]["note"]["selfLink"].startswith("http://")


def test_the_quirks_of_kinds_are_counted_apart():
    quirks = QuirkSchedule()
    for _ in range(2):
        quirks.apply({"id": "1", "type": "call"})
    first = note()
    quirks.apply(first)
    assert first == note()


def test_every_quirk_occurs_in_a_timeline_of_a_thousand(sample_data):
    counts = dict.fromkeys(QUIRKS_BY_KIND, 0)
    for entry in sample_data.timeline("1", "2000").entries:
        if entry.kind in counts:
            counts[entry.kind] += 1
    for kind, quirks in QUIRKS_BY_KIND.items():
        assert all(quirk.first < counts[kind] for quirk in (*quirks, *QUIRKS_OF_ANY_KIND)), kind


# Times


def test_a_moment_is_written_without_an_offset_beside_its_zone():
    assert zoned_date_time(AMBIGUOUS_TIME) == {
        "dateTime": "2025-10-26T02:30:00",
        "timeZone": "Europe/Paris",
    }


def test_a_time_that_happens_twice_is_read_as_the_first():
    first = datetime(2025, 10, 26, 0, 30, tzinfo=UTC).timestamp()
    assert instant(AMBIGUOUS_TIME) == instant(AMBIGUOUS_TIME.replace(fold=1)) == first


def test_one_of_the_times_never_happens():
    there_and_back = NONEXISTENT_TIME.astimezone(UTC).astimezone(NONEXISTENT_TIME.tzinfo)
    assert there_and_back - NONEXISTENT_TIME == timedelta(hours=1)


# Client 1100


@pytest.mark.parametrize("seed", range(1, 6))
def test_1100_meets_ten_staff_in_two_companies(seed):
    shown = appointments(SampleData(seed), "1100")
    links = [re.search(r"/companies/(\d+)/", one["selfLink"]) for one in shown]
    assert len({str(one["staff"]["id"]) for one in shown}) == 10
    assert {link.group(1) for link in links if link} == {"101", "102"}
    assert None not in links


def test_1100_has_an_update_of_everything(sample_data):
    wanted = {"start", "previousStart", "previousStaff", "previousService"}
    assert any(wanted <= one.keys() for one in appointments(sample_data, "1100"))


def test_1100_has_unknown_words_for_status_and_event(sample_data):
    shown = activities(sample_data, "1100")
    assert "awaitingPayment" in {one["status"] for one in appointments(sample_data, "1100")}
    assert "archived" in {activity.get("event") for activity in shown}


def test_1100_has_times_that_happen_twice_and_never(sample_data):
    starts = {one["start"]["dateTime"] for one in appointments(sample_data, "1100")}
    dates = {activity["date"]["dateTime"] for activity in activities(sample_data, "1100")}
    assert {"2025-10-26T02:30:00", "2025-03-30T02:30:00"} <= starts
    assert "2025-10-26T02:30:00" in dates


def test_1100_has_ids_as_text_and_as_numbers(sample_data):
    shown = activities(sample_data, "1100")
    staff = [one["staff"]["id"] for one in appointments(sample_data, "1100")]
    assert {type(activity["id"]) for activity in shown} == {str, int}
    assert {type(id_) for id_ in staff} == {str, int}


def test_1100_has_links_of_every_sort(sample_data):
    body = timeline(sample_data, "1100").body().decode()
    for start in ("https://api.", "https://france.", "http://api.", "/api/2.1/"):
        assert f'"selfLink":"{start}' in body


def test_1100_lacks_a_user_an_event_a_zone_and_notes(sample_data):
    shown = activities(sample_data, "1100")
    assert any(activity.get("user", 0) is None for activity in shown)
    assert any("user" not in activity for activity in shown)
    assert any("event" not in activity for activity in shown)
    assert any("timeZone" not in one["end"] for one in appointments(sample_data, "1100"))
    assert any(one["notes"] is None for one in appointments(sample_data, "1100"))


def test_1100_says_capacity_in_text_and_in_numbers(sample_data):
    types = Counter(
        type(activity["conferenceRegistration"]["conference"]["capacity"])
        for activity in activities(sample_data, "1100")
        if activity["type"] == "conferenceRegistration"
    )
    assert types.keys() == {str, int}


# Client 2000


def test_2000_has_a_date_without_zone_and_a_relative_link(sample_data):
    assert any("timeZone" not in activity["date"] for activity in activities(sample_data, "2000"))
    assert any(
        one.get("selfLink", "").startswith("/api/") for one in appointments(sample_data, "2000")
    )


def test_2000_has_links_of_another_version_and_with_a_query(sample_data):
    links = [one["selfLink"] for one in appointments(sample_data, "2000") if "selfLink" in one]
    assert any("/api/2.3/scheduling/companies/" in link for link in links)
    assert any(re.search(r"/companies/\d+/appointments/\d+\?", link) for link in links)


def test_2000_has_appointments_whose_company_no_link_tells(sample_data):
    links: dict[str, set[str | None]] = {}
    for one in appointments(sample_data, "2000"):
        links.setdefault(one["id"], set()).add(one.get("selfLink"))
    assert [id_ for id_, known in links.items() if known == {None}] == [
        "412000000071",
        "412000000021",
    ]
    assert any(
        all(link is not None and "/companies/" not in link for link in known)
        for known in links.values()
    )


# Client 1999, whose activities are malformed


def test_every_malformed_item_is_sent_as_it_stands():
    assert [json.loads(entry.json) for entry in malformed_entries()] == list(ITEMS)


def test_three_items_among_the_malformed_are_healthy():
    healthy = (ITEMS[0], *ITEMS[-2:])
    assert [item.get("id") for item in healthy if isinstance(item, dict)] == ["1", "12", "13"]


def test_an_item_without_a_kind_is_of_none():
    assert [entry.kind for entry in malformed_entries()].count("") == 2


def test_the_malformed_timeline_points_at_malformed_entities():
    ((company_id, appointment),) = MALFORMED_APPOINTMENTS["1"]
    assert appointment["id"] == APPOINTMENT_SNAPSHOT["id"]
    assert f"/companies/{company_id}/appointments/{appointment['id']}" in LINK
    assert healthy_note().id == NOTE_SNAPSHOT["id"]
    assert MALFORMED_STAFF.keys() == {company_id}


def test_the_company_of_malformed_entities_is_only_known_today(sample_data):
    assert HEALTHY_COMPANY.id in sample_data.current_state_by_account["1"].companies
    assert HEALTHY_COMPANY.id not in sample_data.current_state_by_account["2"].companies
    assert HEALTHY_COMPANY.id not in sample_data.catalogue_by_account["1"].companies

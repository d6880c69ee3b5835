from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from gateway.observability.event_loop import run_to_completion
from gateway.schema.appointment_threads import MAX_STEPS, Folding, fold
from gateway.schema.enums import AppointmentPhase
from gateway.upstream.records import decoding

NOW = datetime(2026, 3, 29, 9)  # noqa: DTZ001 - in UTC, as all instants here
FIRST_DAY = datetime(2026, 3, 1)  # noqa: DTZ001

CREATED = {"event": "created"}
UPDATED = {"event": "updated"}
DELETED = {"event": "deleted"}
DATED, UNDATED = True, False


def at(date_time: str, zone: str | None = "UTC") -> dict[str, Any]:
    return {"dateTime": date_time, "timeZone": zone}


NINE, TEN = at("2026-04-01T09:00:00"), at("2026-04-01T10:00:00")


def folded(
    *snapshots: tuple[dict[str, Any], dict[str, Any] | None, bool] | Any,
    default_zone: str | None = None,
) -> Folding:
    """The threads of activities: of each its event, its snapshot, and whether it has an instant; the oldest first."""
    items = [
        msgspec.Raw(
            msgspec.json.encode({"id": index, "type": "appointment", "appointment": sent, **event})
        )
        for index, (event, sent, _) in enumerate(snapshots)
    ]
    steps: Any = [decoding.activity(item) for item in items]
    instants = [
        FIRST_DAY + timedelta(hours=index) if is_dated else None
        for index, (_, _, is_dated) in enumerate(snapshots)
    ]
    return run_to_completion(fold(steps, instants, now=NOW, default_zone=default_zone))


def thread_of(*steps: tuple[dict[str, Any], dict[str, Any], bool], **options: Any) -> Any:
    [thread] = folded(
        *((event, {"id": "31", **sent}, is_dated) for event, sent, is_dated in steps), **options
    ).threads
    return thread


def ids(thread: Any) -> list[str]:
    return [str(step.id) for step in thread.steps]


@pytest.mark.parametrize(
    ("event", "sent", "phase"),
    [
        (DELETED, {"status": "accepted", "end": TEN}, "CANCELLED"),
        (UPDATED, {"status": "cancelled", "end": TEN}, "CANCELLED"),
        (UPDATED, {"status": "declined"}, "CANCELLED"),
        (UPDATED, {"status": "completed", "end": TEN}, "PAST"),
        (UPDATED, {"status": "noShow"}, "PAST"),
        (UPDATED, {"status": "accepted", "end": TEN}, "UPCOMING"),
        (
            UPDATED,
            {"start": at("2026-03-29T08:30:00"), "end": at("2026-03-29T09:00:01")},
            "UPCOMING",
        ),
        (UPDATED, {"start": at("2026-03-29T08:30:00"), "end": at("2026-03-29T09:00:00")}, "PAST"),
        (UPDATED, {"start": at("2026-03-29T09:00:00")}, "PAST"),
        (UPDATED, {"start": NINE}, "UPCOMING"),
        (UPDATED, {"start": NINE, "end": at("2020-01-01T09:00:00", "Mars/Base")}, "UPCOMING"),
        (UPDATED, {"start": NINE, "end": 5, "status": 5}, "UPCOMING"),
        (UPDATED, {"start": at("2026-04-01T09:00:00", "Mars/Base")}, "UNKNOWN"),
        (UPDATED, {"status": "accepted"}, "UNKNOWN"),
    ],
)
def test_the_phase_is_what_the_last_step_and_the_time_tell(event, sent, phase):
    thread = thread_of(
        (CREATED, {"start": NINE, "status": "cancelled"}, DATED), (event, sent, DATED)
    )
    assert thread.phase is AppointmentPhase[phase]


def test_a_date_without_a_zone_has_the_default_one():
    sent = {"end": at("2026-03-29T10:30:00", None)}
    assert thread_of((CREATED, sent, DATED)).phase is AppointmentPhase.UNKNOWN
    in_paris = thread_of((CREATED, sent, DATED), default_zone="Europe/Paris")
    assert in_paris.phase is AppointmentPhase.PAST
    assert in_paris.reschedule_count == 0


def moved(before: object, after: object) -> tuple[dict[str, Any], dict[str, Any], bool]:
    return UPDATED, {"previousStart": before, "start": after}, DATED


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (NINE, TEN, 1),
        (NINE, NINE, 0),
        (NINE, at("2026-04-01T11:00:00", "Europe/Paris"), 0),
        (NINE, at("2026-04-01T09:00:00", "Mars/Base"), 0),
        (NINE, at("2026-04-01T09:30:00", "Mars/Base"), 1),
        (NINE, None, 0),
        (None, NINE, 0),
        (5, NINE, 0),
        (NINE, 5, 0),
    ],
)
def test_an_update_that_moves_the_start_is_a_reschedule(before, after, count):
    assert thread_of(moved(before, after)).reschedule_count == count


def test_only_updates_are_reschedules():
    sent = {"previousStart": NINE, "start": TEN}
    steps = [(event, sent, DATED) for event in (CREATED, DELETED, {}, UPDATED)]
    assert thread_of(*steps).reschedule_count == 1


def test_the_original_start_is_the_first_that_a_step_tells():
    unknown: Any = (CREATED, {}, DATED)
    unreadable = (UPDATED, {"start": 5}, DATED)
    assert thread_of(unknown, unreadable).original_start is None
    assert thread_of(unknown, unreadable, moved(NINE, TEN)).original_start.local.hour == 9
    assert thread_of(moved(None, TEN), moved(TEN, NINE)).original_start.local.hour == 10
    undated = (CREATED, {"start": NINE}, UNDATED)
    assert thread_of(moved(None, TEN), undated).original_start.local.hour == 10
    assert thread_of(unknown, undated).original_start.local.hour == 9


def test_a_step_without_an_instant_is_the_last_only_among_its_like():
    undated = (DELETED, {"start": TEN}, UNDATED)
    thread = thread_of((CREATED, {"start": NINE}, DATED), undated)
    assert (thread.latest.start.local.hour, thread.phase.name) == (9, "UPCOMING")
    assert ids(thread) == ["0", "1"]
    alone = thread_of((CREATED, {"start": NINE}, UNDATED), undated)
    assert (alone.latest.start.local.hour, alone.phase.name) == (10, "CANCELLED")


def test_a_thread_is_complete_with_its_creation():
    assert thread_of((CREATED, {}, DATED), (UPDATED, {}, DATED)).is_complete
    assert thread_of((UPDATED, {}, DATED), (CREATED, {}, UNDATED)).is_complete
    assert not thread_of((UPDATED, {}, DATED), (DELETED, {}, DATED)).is_complete


def test_a_long_thread_has_the_newest_steps():
    steps = [(CREATED, {"start": NINE}, DATED)]
    steps += [moved(NINE, TEN)] * (MAX_STEPS - 1)
    whole = thread_of(*steps)
    assert (len(whole.steps), whole.is_complete) == (MAX_STEPS, True)
    longer = thread_of(*steps, moved(TEN, NINE), (UPDATED, {}, UNDATED))
    assert ids(longer) == [str(index) for index in range(1, MAX_STEPS + 1)]
    assert (longer.is_complete, longer.reschedule_count) == (False, MAX_STEPS)
    assert longer.original_start.local.hour == 9


def test_steps_without_an_instant_are_left_out_first():
    steps: list[Any] = [(CREATED, {}, DATED)] + [(UPDATED, {}, DATED)] * (MAX_STEPS - 2)
    thread = thread_of(*steps, (UPDATED, {}, UNDATED), (UPDATED, {}, UNDATED))
    assert ids(thread) == [str(index) for index in range(MAX_STEPS)]
    assert not thread.is_complete


def test_each_appointment_has_a_thread_by_its_id_however_sent():
    threads, unassigned_count = folded(
        (CREATED, {"id": 31, "start": NINE}, DATED),
        (CREATED, {"id": "32"}, DATED),
        (UPDATED, {"id": "31"}, DATED),
        (UPDATED, {"id": "031"}, DATED),
    )
    assert {thread.appointment_id: ids(thread) for thread in threads} == {
        "31": ["0", "2"],
        "32": ["1"],
        "031": ["3"],
    }
    assert unassigned_count == 0


@pytest.mark.parametrize(
    "sent", [None, {}, {"status": "accepted"}, {"id": {}}, {"id": ""}, {"id": " "}, "31"]
)
def test_an_activity_without_an_appointment_id_belongs_to_no_thread(sent):
    threads, unassigned_count = folded((CREATED, sent, DATED), (CREATED, {"id": "31"}, DATED))
    assert [ids(thread) for thread in threads] == [["1"]]
    assert unassigned_count == 1


def test_a_thread_is_at_the_latest_start_or_else_at_the_first():
    assert thread_of((CREATED, {"start": NINE}, DATED), moved(NINE, TEN)).instant.hour == 10
    assert thread_of((CREATED, {"start": NINE}, DATED), (UPDATED, {}, DATED)).instant.hour == 9
    unknown = {"start": at("2026-04-01T10:00:00", "Mars/Base")}
    assert thread_of((CREATED, {"start": NINE}, DATED), (UPDATED, unknown, DATED)).instant.hour == 9
    assert thread_of((CREATED, unknown, DATED)).instant is None


def test_many_activities_are_folded_in_steps():
    steps = [(CREATED, {"id": str(index)}, DATED) for index in range(2_500)]
    items = [
        msgspec.Raw(msgspec.json.encode({"id": "1", "type": "appointment", "appointment": sent}))
        for _, sent, _ in steps
    ]
    records: Any = [decoding.activity(item) for item in items]
    pauses = list(fold(records, [NOW] * 2_500, now=NOW, default_zone=None))
    assert len(pauses) == 4  # two among the activities, and two among the threads

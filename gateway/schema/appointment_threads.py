"""Appointment threads: the activities of each appointment of a client, folded to what they tell of it. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from gateway.observability.event_loop import STEP_ITEMS, CooperativeSteps
from gateway.schema.action import is_other_time
from gateway.schema.enums import ActivityEvent, AppointmentPhase, AppointmentStatus
from gateway.schema.resolvers import SchemaObject, is_readable
from gateway.schema.scalars import to_utc
from gateway.upstream.records import activities

MAX_STEPS = 1_000
"""The most steps that a thread has."""

_CANCELLED = {AppointmentStatus.CANCELLED, AppointmentStatus.DECLINED}
_OVER = {AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW}


class AppointmentThread(SchemaObject, frozen=True):
    """The source value of an `AppointmentThread`.

    Attributes:
        appointment_id: The id of the appointment.
        latest: The snapshot of the last step.
        phase: The phase of the appointment.
        original_start: The first known start.
        reschedule_count: The number of updates that moved the start.
        steps: The newest activities of the appointment, in the order of a timeline.
        is_complete: Whether the steps are all activities since the appointment was made.
        instant: The instant of the start by which threads are ordered; None where unknown.
    """

    appointment_id: str
    latest: activities.AppointmentSnapshot
    phase: AppointmentPhase
    original_start: activities.ZonedDateTime | None
    reschedule_count: int
    steps: list[activities.AppointmentActivity]
    is_complete: bool
    instant: datetime | None


class Folding(NamedTuple):
    """The threads of a timeline, and the number of its activities that belong to none."""

    threads: list[AppointmentThread]
    unassigned_count: int


def fold(
    steps: Sequence[activities.AppointmentActivity],
    instants: Sequence[datetime | None],
    *,
    now: datetime,
    default_zone: str | None,
) -> CooperativeSteps[Folding]:
    """The threads of some activities, in the order of their first ones.

    An activity belongs to the appointment whose id its snapshot has, so each step of a thread has a snapshot.

    Args:
        steps: The activities, in the order of a timeline: the oldest first, those without an instant last.
        instants: The instant of each activity.
        now: The present, in UTC, without an offset.
        default_zone: The time zone of date-times without one.
    """
    threads: dict[str, _Steps] = {}
    unassigned_count = 0
    for index, (step, instant) in enumerate(zip(steps, instants, strict=True)):
        if index % STEP_ITEMS == 0 and index:
            yield
        appointment_id = _appointment_id(step)
        if appointment_id is None:
            unassigned_count += 1
            continue
        thread = threads.setdefault(appointment_id, _Steps())
        thread.add(step, default_zone, is_dated=instant is not None)
    folded: list[AppointmentThread] = []
    for appointment_id, thread in threads.items():
        if len(folded) % STEP_ITEMS == 0 and folded:
            yield
        folded.append(thread.fold(appointment_id, now=now, default_zone=default_zone))
    return Folding(folded, unassigned_count)


def _appointment_id(step: activities.AppointmentActivity) -> str | None:
    """The id of the appointment of a step; None where it is missing, unreadable or blank.

    The upstream might treat a blank id as an absent filter when it is asked for the activities of a thread.
    """
    sent = getattr(step.appointment, "appointment_id", None)
    if sent is None or not is_readable(sent):
        return None
    appointment_id = str(sent)
    return appointment_id if appointment_id.strip() else None


class _Steps:
    """The activities of one appointment, added in the order of a timeline."""

    def __init__(self) -> None:
        self._dated: list[activities.AppointmentActivity] = []
        self._undated: list[activities.AppointmentActivity] = []
        self._original_start: activities.ZonedDateTime | None = None
        self._reschedule_count = 0
        self._has_creation = False

    def add(
        self, step: activities.AppointmentActivity, default_zone: str | None, *, is_dated: bool
    ) -> None:
        """Add the next activity; those without an instant are the last."""
        (self._dated if is_dated else self._undated).append(step)
        if self._original_start is None:
            self._original_start = next(_starts(step), None)
        if step.event is ActivityEvent.CREATED:
            self._has_creation = True
        elif step.event is ActivityEvent.UPDATED:
            snapshot: Any = step.appointment
            before, after = snapshot.previous_start, snapshot.start
            has_both = before is not None and after is not None
            if has_both and is_other_time(before, after, default_zone):
                self._reschedule_count += 1

    def fold(
        self, appointment_id: str, *, now: datetime, default_zone: str | None
    ) -> AppointmentThread:
        """The thread of these activities, of which there is one at least."""
        # Nothing tells when an undated step happened: it is the last only among its like.
        last = self._dated[-1] if self._dated else self._undated[-1]
        latest: Any = last.appointment
        instant = _instant(latest.start, default_zone)
        if instant is None:
            instant = _instant(self._original_start, default_zone)
        dated = self._dated[-MAX_STEPS:]
        return AppointmentThread(
            appointment_id=appointment_id,
            latest=latest,
            phase=_phase(last, latest, now=now, default_zone=default_zone),
            original_start=self._original_start,
            reschedule_count=self._reschedule_count,
            steps=dated + self._undated[: MAX_STEPS - len(dated)],
            is_complete=self._has_creation and len(self._dated) + len(self._undated) <= MAX_STEPS,
            instant=instant,
        )


def _starts(step: activities.AppointmentActivity) -> Iterator[activities.ZonedDateTime]:
    """The starts that a step tells, the older one first."""
    for name in ("previous_start", "start"):
        start = getattr(step.appointment, name)
        if start is not None and is_readable(start):
            yield start


def _phase(
    last: activities.AppointmentActivity,
    latest: activities.AppointmentSnapshot,
    *,
    now: datetime,
    default_zone: str | None,
) -> AppointmentPhase:
    if last.event is ActivityEvent.DELETED or latest.status in _CANCELLED:
        return AppointmentPhase.CANCELLED
    if latest.status in _OVER:
        return AppointmentPhase.PAST
    instant = _instant(latest.end, default_zone)
    if instant is None:
        instant = _instant(latest.start, default_zone)
    if instant is None:
        return AppointmentPhase.UNKNOWN
    return AppointmentPhase.UPCOMING if instant > now else AppointmentPhase.PAST


def _instant(date: Any, default_zone: str | None) -> datetime | None:
    """The instant of a date of a snapshot; None where it is missing, unreadable or in an unknown zone."""
    return None if date is None or not is_readable(date) else to_utc(date, default_zone)

"""Selection: which activities of whom, in which order."""

from dataclasses import dataclass
from datetime import datetime

from gateway.errors import ContractBroken, InputRefused, InstantUnknown
from gateway.schema.enums import ActivityEvent, ActivityKind, SortOrder
from gateway.schema.pagination import digest
from gateway.schema.resolvers import readable
from gateway.upstream.records import activities

Verdict = bool | type[ContractBroken] | type[InstantUnknown]
"""Whether an activity is selected; or why that cannot be told."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which activities of whom, in which order. None selects all; an empty set selects none."""

    client_id: str
    kinds: frozenset[ActivityKind] | None
    events: frozenset[ActivityEvent] | None
    appointment_id: str | None
    since: datetime | None
    until: datetime | None
    sort: SortOrder

    def __post_init__(self) -> None:
        """Blank ids never reach the upstream, which might take them for no id at all.

        Raises:
            InputRefused: An argument cannot be served, or two of them together.
        """
        if not self.client_id.strip():
            raise InputRefused("A client's id is not blank.")
        if self.appointment_id is not None and not self.appointment_id.strip():
            raise InputRefused("An appointment's id is not blank.")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise InputRefused("`from` is not after `to`.")

    @property
    def is_empty(self) -> bool:
        """Whether nothing can match, whatever the upstream holds."""
        instant = self.since is not None and self.since == self.until
        return instant or self.kinds == frozenset() or self.events == frozenset()

    @property
    def is_everything(self) -> bool:
        """Whether all activities are selected, whatever they say."""
        filters = self.kinds, self.events, self.since, self.until
        return all(each is None for each in filters)

    @property
    def newest_first(self) -> bool:
        return self.sort is SortOrder.DESC

    @property
    def binding(self) -> bytes:
        """What binds a cursor to this selection."""
        return digest(
            self.client_id,
            _names(self.kinds),
            _names(self.events),
            self.appointment_id,
            self.since,
            self.until,
            self.sort.value,
        )

    def selects(self, activity: activities.Activity, at: datetime | None) -> Verdict:
        """Whether an activity that happened `at` some moment is selected, or why nobody can tell.

        One filter that says no decides, whatever another one cannot tell. What cannot be read
        comes before what is unknown.
        """
        by_kind = self._by_kind(activity)
        if by_kind is False:
            return False
        by_event = self._by_event(activity.event)
        by_moment = self._by_moment(activity.date, at)
        if by_event is False or by_moment is False:
            return False
        if by_kind is not True:
            return by_kind
        return by_moment if by_event is True else by_event

    def _by_kind(self, activity: activities.Activity) -> Verdict:
        if self.kinds is None:
            return True
        return activity.kind in self.kinds if readable(activity.kind_raw) else ContractBroken

    def _by_event(self, event: object) -> Verdict:
        if self.events is None:
            return True
        return event in self.events if readable(event) else ContractBroken

    def _by_moment(self, date: object, at: datetime | None) -> Verdict:
        if self.since is None and self.until is None:
            return True
        if at is not None:
            return (self.since is None or at >= self.since) and (
                self.until is None or at < self.until
            )
        if not readable(date) or not readable(getattr(date, "time_zone", None)):
            return ContractBroken
        return False if date is None else InstantUnknown


def _names(words: frozenset[ActivityKind] | frozenset[ActivityEvent] | None) -> list[str] | None:
    return None if words is None else sorted(word.value for word in words)

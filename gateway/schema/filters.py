"""Selection: which activities of whom, in which order."""

from dataclasses import dataclass
from datetime import datetime

from gateway.errors import InstantUnknown, InvalidArgument, InvalidUpstreamResponse
from gateway.schema.enums import ActivityEvent, ActivityKind, SortOrder
from gateway.schema.pagination import digest
from gateway.schema.resolvers import is_readable
from gateway.upstream.records import activities

Verdict = bool | type[InvalidUpstreamResponse] | type[InstantUnknown]
"""Whether an activity is selected; or why that cannot be told."""


@dataclass(frozen=True, slots=True)
class TimelineFilter:
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
            raise InvalidArgument("A client's id is not blank.")
        if self.appointment_id is not None and not self.appointment_id.strip():
            raise InvalidArgument("An appointment's id is not blank.")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise InvalidArgument("`from` is not after `to`.")

    @property
    def matches_nothing(self) -> bool:
        """Whether nothing can match, whatever the upstream holds."""
        is_empty_interval = self.since is not None and self.since == self.until
        return is_empty_interval or self.kinds == frozenset() or self.events == frozenset()

    @property
    def is_unfiltered(self) -> bool:
        """Whether all activities are selected, whatever they say."""
        filters = self.kinds, self.events, self.since, self.until
        return all(each is None for each in filters)

    @property
    def newest_first(self) -> bool:
        return self.sort is SortOrder.DESC

    @property
    def cursor_digest(self) -> bytes:
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

    def matches(self, activity: activities.Activity, instant: datetime | None) -> Verdict:
        """Whether an activity that happened `instant` some moment is selected, or why nobody can tell.

        One filter that says no decides, whatever another one cannot tell. What cannot be read
        comes before what is unknown.
        """
        kind_verdict = self._match_kind(activity)
        if kind_verdict is False:
            return False
        event_verdict = self._match_event(activity.event)
        instant_verdict = self._match_instant(activity.date, instant)
        if event_verdict is False or instant_verdict is False:
            return False
        if kind_verdict is not True:
            return kind_verdict
        return instant_verdict if event_verdict is True else event_verdict

    def _match_kind(self, activity: activities.Activity) -> Verdict:
        if self.kinds is None:
            return True
        return (
            activity.kind in self.kinds
            if is_readable(activity.kind_raw)
            else InvalidUpstreamResponse
        )

    def _match_event(self, event: object) -> Verdict:
        if self.events is None:
            return True
        return event in self.events if is_readable(event) else InvalidUpstreamResponse

    def _match_instant(self, date: object, instant: datetime | None) -> Verdict:
        if self.since is None and self.until is None:
            return True
        if instant is not None:
            return (self.since is None or instant >= self.since) and (
                self.until is None or instant < self.until
            )
        if not is_readable(date) or not is_readable(getattr(date, "time_zone", None)):
            return InvalidUpstreamResponse
        return False if date is None else InstantUnknown


def _names(members: frozenset[ActivityKind] | frozenset[ActivityEvent] | None) -> list[str] | None:
    return None if members is None else sorted(member.value for member in members)

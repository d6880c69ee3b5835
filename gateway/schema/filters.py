"""The filter and sort order of a timeline."""

from dataclasses import dataclass
from datetime import datetime

from gateway.errors import InstantUnknown, InvalidArgument, InvalidUpstreamResponse
from gateway.schema.enums import ActivityEvent, ActivityKind, SortOrder
from gateway.schema.pagination import digest
from gateway.schema.resolvers import is_readable
from gateway.upstream.records import activities

Verdict = bool | type[InvalidUpstreamResponse] | type[InstantUnknown]
"""Whether an activity matches; or the class of the error where this cannot be decided."""


@dataclass(frozen=True, slots=True)
class TimelineFilter:
    """The filter and sort order of a client's timeline.

    A filter that is None matches every activity; one that is an empty set matches none.
    """

    client_id: str
    kinds: frozenset[ActivityKind] | None
    events: frozenset[ActivityEvent] | None
    appointment_id: str | None
    since: datetime | None
    until: datetime | None
    sort: SortOrder

    def __post_init__(self) -> None:
        """Validate the arguments. A blank id never reaches the upstream, which might treat it as absent.

        Raises:
            InvalidArgument: An argument is invalid, or two arguments contradict each other.
        """
        if not self.client_id.strip():
            raise InvalidArgument("`clientId` must not be blank.")
        if self.appointment_id is not None and not self.appointment_id.strip():
            raise InvalidArgument("`appointmentId` must not be blank.")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise InvalidArgument("`from` must not be after `to`.")

    @property
    def matches_nothing(self) -> bool:
        """Whether no activity can match, whatever the upstream holds."""
        is_empty_interval = self.since is not None and self.since == self.until
        return is_empty_interval or self.kinds == frozenset() or self.events == frozenset()

    @property
    def is_unfiltered(self) -> bool:
        """Whether every activity matches, whatever its content."""
        filters = self.kinds, self.events, self.since, self.until
        return all(each is None for each in filters)

    @property
    def newest_first(self) -> bool:
        return self.sort is SortOrder.DESC

    @property
    def cursor_digest(self) -> bytes:
        """The digest that binds a cursor to this filter and order."""
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
        """Whether an activity that happened at `instant` matches, or why this cannot be decided.

        One filter that excludes the activity decides, even where another filter cannot be decided. An
        unreadable value takes precedence over an unknown instant.
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

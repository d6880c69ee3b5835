"""The filter and sort order of a timeline."""

from datetime import datetime
from inspect import get_annotations
from typing import Protocol, Self

from msgspec import Struct

from gateway.errors import InstantUnknown, InvalidArgument, InvalidUpstreamResponse
from gateway.schema.arguments import ActivityFilter, value_or_none
from gateway.schema.enums import ActivityEvent, ActivityKind, SortOrder
from gateway.schema.pagination import digest
from gateway.schema.resolvers import is_readable
from gateway.upstream.records.activities import Unreadable, ZonedDateTime
from gateway.upstream.records.resources import ClientReference

Verdict = bool | type[InvalidUpstreamResponse] | type[InstantUnknown]
"""Whether an activity matches; or the class of the error where this cannot be decided."""


class ActivityHeader(Protocol):
    """The attributes of an activity that a timeline is filtered and ordered by.

    A compiled query decodes these and the selected ones, and no others. Its activities are no instances of
    the classes in `records.activities`, so `isinstance` matches none of them: ask for `kind`.
    """

    id: object
    kind: ActivityKind
    kind_raw: object
    date: ZonedDateTime | Unreadable | None
    event: ActivityEvent | Unreadable | None


HEADER_ATTRIBUTES = tuple(get_annotations(ActivityHeader))
"""The names of these attributes."""


class TimelineFilter(Struct, frozen=True):
    """The filter and sort order of a client's timeline.

    A filter that is None matches every activity; one that is an empty set matches none.
    """

    client_id: str
    kinds: frozenset[ActivityKind] | None = None
    events: frozenset[ActivityEvent] | None = None
    appointment_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: SortOrder = SortOrder.ASC

    @classmethod
    def of(
        cls,
        client: ClientReference,
        filter_argument: ActivityFilter | None,
        sort: SortOrder | None,
        *,
        appointment_id: str | None = None,
    ) -> Self:
        """The filter that the arguments of a field describe, validated.

        A blank id never reaches the upstream, which might treat it as absent.

        Args:
            client: The client of the timeline.
            filter_argument: The argument `filter`; None or UNSET where absent.
            sort: The argument `sort`.
            appointment_id: The appointment under which the field stands, which no filter may leave.

        Raises:
            InvalidArgument: An argument is invalid, or two arguments contradict each other.
        """
        members = value_or_none(filter_argument) or ActivityFilter()
        kinds, events = value_or_none(members.kinds), value_or_none(members.events)
        filtered_appointment_id = value_or_none(members.appointment_id)
        since, until = value_or_none(members.from_), value_or_none(members.to)
        if filtered_appointment_id is not None:
            argument = "filter.appointmentId"
            require_id(filtered_appointment_id, argument)
            if appointment_id not in {None, filtered_appointment_id}:
                raise InvalidArgument(
                    f"`{argument}` must be the id of the appointment around this field.",
                    argument=argument,
                )
        if since is not None and until is not None and since > until:
            raise InvalidArgument(
                "`filter.from` must not be after `filter.to`.", argument="filter.from"
            )
        return cls(
            client_id=str(client.id),
            kinds=None if kinds is None else frozenset(kinds),
            events=None if events is None else frozenset(events),
            appointment_id=appointment_id or filtered_appointment_id,
            since=since,
            until=until,
            sort=sort or SortOrder.ASC,
        )

    @property
    def matches_nothing(self) -> bool:
        """Whether no activity can match, whatever the upstream holds."""
        is_empty_interval = self.since is not None and self.since == self.until
        return is_empty_interval or self.kinds == frozenset() or self.events == frozenset()

    @property
    def is_unfiltered(self) -> bool:
        """Whether every activity matches, whatever its content."""
        return (
            self.kinds is None and self.events is None and self.since is None and self.until is None
        )

    @property
    def newest_first(self) -> bool:
        return self.sort is SortOrder.DESC

    @property
    def cursor_digest(self) -> bytes:
        """The digest that binds a cursor to the client, this filter and the order.

        An absent filter binds nothing: a cursor stays valid in a release that has further filters.
        """
        filters: dict[str, object] = {
            "kinds": _names(self.kinds),
            "events": _names(self.events),
            "appointmentId": self.appointment_id,
            "from": self.since,
            "to": self.until,
        }
        present = [(name, str(value)) for name, value in filters.items() if value is not None]
        return digest(self.client_id, self.sort.value, sorted(present))

    def matches(self, activity: ActivityHeader, instant: datetime | None) -> Verdict:
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

    def _match_kind(self, activity: ActivityHeader) -> Verdict:
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


def require_id(id_: str, argument: str) -> None:
    """Require an id that a caller sent not to be blank.

    Raises:
        InvalidArgument: The id is blank; names the argument.
    """
    if not id_.strip():
        raise InvalidArgument(f"`{argument}` must not be blank.", argument=argument)


def _names(members: frozenset[ActivityKind] | frozenset[ActivityEvent] | None) -> list[str] | None:
    return None if members is None else sorted(member.value for member in members)

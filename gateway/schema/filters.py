"""The filter and sort order of a timeline."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from inspect import get_annotations
from typing import Any, Protocol, Self, TypeVar

from msgspec import Struct, structs

from gateway.errors import InstantUnknown, InvalidArgument, InvalidUpstreamResponse
from gateway.schema.action import ActivityAction, activity_action
from gateway.schema.arguments import ActivityFilter, value_or_none
from gateway.schema.enums import ActivityEvent, ActivityKind, SortOrder
from gateway.schema.pagination import digest
from gateway.schema.resolvers import is_readable
from gateway.schema.search import parse_words
from gateway.upstream.records.activities import Unreadable, ZonedDateTime
from gateway.upstream.records.resources import ClientReference

_E = TypeVar("_E")

Verdict = bool | type[InvalidUpstreamResponse] | type[InstantUnknown]
"""Whether an activity matches; or the class of the error where this cannot be decided."""

MAX_USER_NAMES = 50


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

    Attributes:
        search: The words that each have to occur in the activity, folded.
    """

    client_id: str
    kinds: frozenset[ActivityKind] | None = None
    events: frozenset[ActivityEvent] | None = None
    actions: frozenset[ActivityAction] | None = None
    user_names: frozenset[str] | None = None
    has_user: bool | None = None
    search: tuple[str, ...] | None = None
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
        search = value_or_none(members.search)
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
            kinds=_set_or_none(members.kinds),
            events=_set_or_none(members.events),
            actions=_set_or_none(members.actions),
            user_names=_user_names(members.user_names, "filter.userNames"),
            has_user=value_or_none(members.has_user),
            search=None if search is None else parse_words(search, "filter.search"),
            appointment_id=appointment_id or filtered_appointment_id,
            since=since,
            until=until,
            sort=sort or SortOrder.ASC,
        )

    @property
    def matches_nothing(self) -> bool:
        """Whether no activity can match, whatever the upstream holds."""
        is_empty_interval = self.since is not None and self.since == self.until
        return is_empty_interval or frozenset() in {
            self.kinds,
            self.events,
            self.actions,
            self.user_names,
        }

    @property
    def is_unfiltered(self) -> bool:
        """Whether every activity matches, whatever its content."""
        return (
            self.kinds is None
            and self.events is None
            and self.since is None
            and self.until is None
            and not self.needs_full_records
        )

    @property
    def needs_full_records(self) -> bool:
        """Whether the filter depends on more of an activity than its header."""
        return not (
            self.actions is None
            and self.user_names is None
            and self.has_user is None
            and self.search is None
        )

    def without(self, *names: str) -> Self:
        """The filter without some of its attributes."""
        return structs.replace(self, **dict.fromkeys(names))

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
            "actions": _names(self.actions),
            "userNames": None if self.user_names is None else sorted(self.user_names),
            "hasUser": self.has_user,
            "search": self.search,
            "appointmentId": self.appointment_id,
            "from": self.since,
            "to": self.until,
        }
        present = [(name, str(value)) for name, value in filters.items() if value is not None]
        return digest(self.client_id, self.sort.value, sorted(present))

    def matches_header(self, activity: ActivityHeader, instant: datetime | None) -> Verdict:
        """Whether what a header has of an activity matches, or why this cannot be decided.

        One filter that excludes the activity decides, even where another filter cannot be decided. An
        unreadable value takes precedence over an unknown instant.

        Args:
            activity: The activity.
            instant: The instant of the activity, None where it is unknown.
        """
        kind_verdict = self.match_kind(activity)
        if kind_verdict is False:
            return False
        event_verdict = self._match_event(activity.event)
        instant_verdict = self._match_instant(activity.date, instant)
        if event_verdict is False or instant_verdict is False:
            return False
        if kind_verdict is not True:
            return kind_verdict
        return instant_verdict if event_verdict is True else event_verdict

    def matches_content(self, activity: Any, default_zone: str | None) -> Verdict:
        """Whether the rest of an activity matches, apart from `search`; or why this cannot be decided.

        Args:
            activity: The full record of the activity.
            default_zone: The time zone of dates without one.
        """
        user_verdict = self.match_user(activity)
        if user_verdict is False or self.actions is None:
            return user_verdict
        is_action = activity_action(activity, default_zone) in self.actions
        return user_verdict if is_action else False

    def match_user(self, activity: Any) -> Verdict:
        """Whether the user of an activity, given as full record, matches; or why this cannot be decided."""
        if self.has_user is None and self.user_names is None:
            return True
        user = activity.user
        if not is_readable(user):
            return InvalidUpstreamResponse
        if self.has_user is not None and self.has_user is (user is None):
            return False
        if self.user_names is None:
            return True
        name = None if user is None else user.user_name
        if not is_readable(name):
            return InvalidUpstreamResponse
        return name is not None and str(name) in self.user_names

    def match_kind(self, activity: ActivityHeader) -> Verdict:
        """Whether the kind of an activity matches, or why this cannot be decided."""
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


def _set_or_none(members: list[_E] | None) -> frozenset[_E] | None:
    """The members of a list argument; None where it is absent or null."""
    present = value_or_none(members)
    return None if present is None else frozenset(present)


def _user_names(sent: list[str] | None, argument: str) -> frozenset[str] | None:
    """The distinct user names of an argument.

    Raises:
        InvalidArgument: A name is blank, or there are too many.
    """
    names = _set_or_none(sent)
    if names is None:
        return None
    if not all(map(str.strip, names)):
        raise InvalidArgument(f"A name in `{argument}` must not be blank.", argument=argument)
    if len(names) > MAX_USER_NAMES:
        raise InvalidArgument(
            f"`{argument}` has at most {MAX_USER_NAMES} different names.", argument=argument
        )
    return names


def _names(members: Iterable[Enum] | None) -> list[str] | None:
    return None if members is None else sorted(member.value for member in members)

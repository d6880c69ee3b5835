"""Root Query, and the client from whom everything hangs."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import strawberry

from gateway.errors import InputRefused
from gateway.schema.context import Info
from gateway.schema.pages import Paging
from gateway.schema.timeline import ActivityConnection, Connection, Selection, timeline
from gateway.schema.values import DateTime
from gateway.schema.words import ActivityEvent, ActivityKind, SortOrder

ClientId = Annotated[
    strawberry.ID, strawberry.argument(description="The upstream's id of the client.")
]
Kinds = Annotated[
    list[ActivityKind] | None,
    strawberry.argument(description="Only these kinds; all where absent, none where empty."),
]
Events = Annotated[
    list[ActivityEvent] | None,
    strawberry.argument(description="Only these events; all where absent, none where empty."),
]
AppointmentId = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only what belongs to this appointment of the client."),
]
From = Annotated[
    DateTime | None,
    strawberry.argument(
        name="from", description="Only what happened at this instant or later; drops undated ones."
    ),
]
To = Annotated[
    DateTime | None,
    strawberry.argument(description="Only what happened before this instant; drops undated ones."),
]
Sort = Annotated[SortOrder, strawberry.argument(description="Oldest or newest first.")]
First = Annotated[
    int | None,
    strawberry.argument(description="The size of the page, reading forward from `after`."),
]
After = Annotated[
    str | None, strawberry.argument(description="The cursor that the page starts after.")
]
Last = Annotated[
    int | None,
    strawberry.argument(description="The size of the page, reading backward from `before`."),
]
Before = Annotated[
    str | None, strawberry.argument(description="The cursor that the page ends before.")
]

Page = Awaitable[Connection] | Connection

_T = TypeVar("_T")
_W = TypeVar("_W", ActivityKind, ActivityEvent)

_TIMELINE = (
    "A client's activities in order of their instants, then ids; undated ones last. The upstream "
    "is asked once for all timelines of a client in one operation, whatever their arguments, but "
    "for `appointmentId`. Null, with an error, where the upstream gives no answer."
)


@dataclass(frozen=True, slots=True)
class ClientById:
    """A `Client`, of whom nothing is known yet but the id."""

    id: str


def _set(words: list[_W] | None) -> frozenset[_W] | None:
    given = _given(words)
    return None if given is None else frozenset(given)


def _given(value: _T | None) -> _T | None:
    """An argument's value; a null counts as none."""
    return None if value is strawberry.UNSET else value


def activities_of_client(  # noqa: PLR0913, PLR0917 - one parameter per GraphQL argument
    root: strawberry.Parent[ClientById],
    info: Info,
    kinds: Kinds = strawberry.UNSET,
    events: Events = strawberry.UNSET,
    appointment_id: AppointmentId = strawberry.UNSET,
    from_: From = strawberry.UNSET,
    to: To = strawberry.UNSET,
    sort: Sort = SortOrder.ASC,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Page:
    selection = Selection(
        client_id=root.id,
        kinds=_set(kinds),
        events=_set(events),
        appointment_id=_given(appointment_id),
        since=_given(from_),
        until=_given(to),
        sort=sort,
    )
    return timeline(
        info, selection, Paging(_given(first), _given(after), _given(last), _given(before))
    )


def activities(  # noqa: PLR0913, PLR0917 - one parameter per GraphQL argument
    info: Info,
    client_id: ClientId,
    kinds: Kinds = strawberry.UNSET,
    events: Events = strawberry.UNSET,
    appointment_id: AppointmentId = strawberry.UNSET,
    from_: From = strawberry.UNSET,
    to: To = strawberry.UNSET,
    sort: Sort = SortOrder.ASC,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Page:
    return activities_of_client(
        ClientById(client_id),
        info,
        kinds,
        events,
        appointment_id,
        from_,
        to,
        sort,
        first,
        after,
        last,
        before,
    )


def client(
    id: Annotated[strawberry.ID, strawberry.argument(description="The client's id.")],  # noqa: A002
) -> ClientById:
    return ClientById(id)


def clients(
    info: Info,
    ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids of the clients.")],
) -> list[ClientById]:
    most = info.context.settings.max_clients
    if len(ids) > most:
        raise InputRefused(f"At most {most} clients can be asked for at once.")
    return [ClientById(id_) for id_ in ids]


@strawberry.type(description="A client: somebody who makes appointments with the business.")
class Client:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this client.")
    activities: Page = strawberry.field(
        resolver=activities_of_client,
        graphql_type=ActivityConnection | None,
        description=_TIMELINE,
    )


@strawberry.type(description="Where every query starts.")
class Query:
    activities: Page = strawberry.field(
        resolver=activities,
        graphql_type=ActivityConnection | None,
        description=_TIMELINE,
    )
    client: ClientById = strawberry.field(
        resolver=client,
        graphql_type=Client,
        description="One client. Costs nothing by itself, and does not check that there is one.",
    )
    clients: list[ClientById] = strawberry.field(
        resolver=clients,
        graphql_type=list[Client],
        description=(
            "Several clients, in the order asked, up to a number that the gateway sets. One that "
            "the upstream does not know costs its own timeline only."
        ),
    )

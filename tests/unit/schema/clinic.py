"""A schema of its own, over the gateway's records, that uses what Strawberry offers.

Its timeline is the gateway's; who and what appears in it has methods, permissions and extensions.
"""

import asyncio
from enum import Enum
from functools import wraps
from typing import Any

import strawberry
from strawberry.directive import DirectiveLocation, DirectiveValue
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension

from gateway.engine.resolvers import Node
from gateway.errors import NotFound
from gateway.schema.client import timeline_client
from gateway.schema.context import Context, Info
from gateway.schema.query import resolve_activities, resolve_client as asked
from gateway.schema.resolvers import (
    as_async_resolver,
    computed_field,
    current_field,
    entity_field,
    ids_field,
    is_type_of_records,
    load_function,
    loaded_field,
    resolver_metadata,
)
from gateway.schema.scalars import ZonedDateTime
from gateway.schema.timeline import ACTIVITIES, with_full_records
from gateway.upstream.endpoints import APPOINTMENT, CLIENT, STAFF
from gateway.upstream.records import activities, resources


class Granted(BasePermission):
    message = "Never shown."

    def has_permission(self, source: Any, info: Any, **given: Any) -> bool:
        return True


class Denied(BasePermission):
    message = "You may not see this."

    def has_permission(self, source: Any, info: Any, **given: Any) -> bool:
        return False


class GrantedLater(BasePermission):
    message = "Never shown."

    async def has_permission(self, source: Any, info: Any, **given: Any) -> bool:
        await asyncio.sleep(0)
        return True


class DeniedLater(BasePermission):
    message = "Log in to see this."
    error_extensions = {"code": "UNAUTHENTICATED", "hint": "Log in."}  # noqa: RUF012 - as Strawberry has it

    async def has_permission(self, source: Any, info: Any, **given: Any) -> bool:
        await asyncio.sleep(0)
        return False


class DeniedByAnError(Denied):
    def on_unauthorized(self) -> None:
        raise PermissionError("Not on my watch.")


class DeniedAsUnknown(Denied):
    def on_unauthorized(self) -> None:
        raise NotFound("Unknown client.")


class OnlyOfMina(BasePermission):
    """Looks at the object that the field is of."""

    message = "Mina only."

    def has_permission(self, source: Any, info: Any, **given: Any) -> bool:
        return bool(source.first_name == "Mina")


class OnlyOfStaff21(BasePermission):
    """Compares ids."""

    message = "21 only."

    def has_permission(self, source: Any, info: Any, **given: Any) -> bool:
        return bool(source.staff_id == "21")


class Loud(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        value = next_(source, info, **kwargs)
        return value and value.upper()

    async def resolve_async(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        value = await next_(source, info, **kwargs)
        return value and value.upper()


class Lasting(FieldExtension):
    async def resolve_async(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        value = await next_(source, info, **kwargs)
        return value and f"{value}!"


class AtMostOne(FieldExtension):
    """Changes an argument."""

    async def resolve_async(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return await next_(source, info, **{**kwargs, "first": 1})


class OfPredecessor(FieldExtension):
    """Gives something else of the object."""

    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return source.previous_staff


class Rounded(FieldExtension):
    """Makes a text of a number."""

    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return f"{next_(source, info, **kwargs):.2f}"


class IfStaff21(FieldExtension):
    """Looks at what the field holds."""

    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        person = next_(source, info, **kwargs)
        return person if person.staff_id == "21" else None


def _initials(person: Any, _context: Context) -> str:
    return f"{person.first_name[:1]}{person.last_name[:1]}"


def _initials_field(**guards: Any) -> Any:
    sources = ("first_name", "last_name")
    return computed_field(_initials, str | None, depends_on=sources, description="x", **guards)


def _email(**guards: Any) -> Any:
    return loaded_field(STAFF, "email_address", str | None, description="x", **guards)


def _profile(of: object, **guards: Any) -> Any:
    load = load_function(CLIENT)
    return entity_field(load, ("client_id",), of, description="x", **guards)


@strawberry.type
class StaffToday:
    """A member of staff as an appointment of today refers to them, or as the upstream lists them."""

    is_type_of = is_type_of_records(resources.StaffReference, resources.Staff)

    id: strawberry.ID
    first_name: str | None
    email: str | None = _email()
    denied_email: str | None = _email(permission_classes=[Denied])
    email_denied_later: str | None = _email(permission_classes=[DeniedLater])
    email_granted_later: str | None = _email(permission_classes=[GrantedLater])
    loud_email: str | None = _email(extensions=[Loud()])
    lasting_email: str | None = _email(extensions=[Lasting(), Loud()])

    @strawberry.field
    def name_tag(self) -> str:
        return f"{self.first_name} ({self.id})"


@strawberry.type
class Company:
    is_type_of = is_type_of_records(resources.CompanyReference)

    id: strawberry.ID


def _company_field(**guards: Any) -> Any:
    def build(company_id: str | None) -> resources.CompanyReference | None:
        return None if company_id is None else resources.CompanyReference(id=company_id)

    return ids_field(build, ("company_id",), Company | None, description="x", **guards)


@strawberry.type
class Staff:
    is_type_of = is_type_of_records(activities.StaffSnapshot)
    form_of_address = "Dr"

    staff_id: strawberry.ID
    first_name: str | None
    last_name: str | None = strawberry.field(permission_classes=[OnlyOfMina], default=None)

    initials: str | None = _initials_field()
    denied_initials: str | None = _initials_field(permission_classes=[Denied])
    loud_initials: str | None = _initials_field(extensions=[Loud()])

    employer: Company | None = _company_field()
    granted_employer: Company | None = _company_field(permission_classes=[Granted])
    denied_employer: Company | None = _company_field(permission_classes=[OnlyOfMina])

    current: StaffToday | None = current_field(STAFF, StaffToday | None, description="x")
    granted_current: StaffToday | None = current_field(
        STAFF, StaffToday | None, description="x", permission_classes=[GrantedLater]
    )
    denied_current: StaffToday | None = current_field(
        STAFF, StaffToday | None, description="x", permission_classes=[OnlyOfMina]
    )

    @strawberry.field
    def full_name(self) -> str | None:
        return f"{self.first_name} {self.last_name}"

    @strawberry.field(permission_classes=[OnlyOfStaff21])  # type: ignore[untyped-decorator]
    def shout(self) -> str | None:
        return self.first_name.upper() if self.first_name else None

    @strawberry.field
    async def full_name_later(self, ending: str = "") -> str:
        await asyncio.sleep(0)
        return f"{self.formal_name}{ending}"

    @strawberry.field
    def letter(self, info: Info) -> str:
        name: Any = self.full_name
        return f"{info.field_name}: {self._opening()} {name()}"

    @strawberry.field
    def same(self) -> "Staff":
        return self

    @strawberry.field
    def twice(self) -> list["Staff"]:
        return [self, self]

    @strawberry.field
    def deputy(self) -> "Staff":
        """An object as Strawberry has them: nothing was reached."""
        return Staff(staff_id=strawberry.ID("21"), first_name="Depp", last_name="Uty")

    @strawberry.field
    def current_by_itself(self) -> str:
        return f"{self.current}"

    @strawberry.field
    def company(root: strawberry.Parent[Node[Any]]) -> str | None:  # noqa: N805 - as it was reached
        return str(root.id("company_id"))

    @strawberry.field(permission_classes=[OnlyOfMina], extensions=[Loud()])  # type: ignore[untyped-decorator]
    def guarded_company(root: strawberry.Parent[Node[Any]]) -> str | None:  # noqa: N805
        return f"c{root.id('company_id')}"

    @property
    def formal_name(self) -> str:
        return f"{self.form_of_address} {self.last_name}"

    def _opening(self) -> str:
        return "Dear"


@strawberry.type
class Today:
    staff: StaffToday | None


@strawberry.type
class Snapshot:
    appointment_id: strawberry.ID
    staff: Staff | None
    guarded_staff: Staff | None = strawberry.field(
        resolver=lambda root: root.staff,
        permission_classes=[GrantedLater],
        graphql_type=Staff | None,
    )
    denied_staff: list[Staff] | None = strawberry.field(
        resolver=lambda root: [root.staff],
        extensions=[PermissionExtension([Denied()], fail_silently=True)],
        graphql_type=list[Staff] | None,
    )
    previous_staff: Staff | None
    start: ZonedDateTime | None
    current: Today | None = current_field(APPOINTMENT, Today | None, description="x")
    notes: str | None = strawberry.field(extensions=[Loud()], default=None)
    chief: Staff | None = strawberry.field(
        resolver=lambda root: root.staff, extensions=[IfStaff21()], graphql_type=Staff | None
    )

    @strawberry.field(extensions=[Rounded()], graphql_type=str)  # type: ignore[untyped-decorator]
    def price(self) -> float:
        return 2.5

    @strawberry.field
    def begins(self) -> str | None:
        return self.start.instant.isoformat() if self.start and self.start.instant else None

    @strawberry.field
    def what(self) -> str:
        """Of an attribute of the record that is no field."""
        service: Any = getattr(self, "service")  # noqa: B009 - the class has none
        return str.__add__(service.service_id, f" {service.name.upper()}")

    @strawberry.field
    def who(self) -> Staff | None:
        return self.staff

    @strawberry.field(extensions=[OfPredecessor()])  # type: ignore[untyped-decorator]
    def predecessor(self) -> Staff | None:
        return None

    @strawberry.field
    def everybody(self) -> list[Staff | None]:
        return [self.staff, None, self.previous_staff]

    @strawberry.field
    def time(self) -> str | None:
        return f"{self.start.date_time} in {self.start.time_zone}" if self.start else None

    @strawberry.field
    def when(self) -> ZonedDateTime | None:
        return self.start

    @strawberry.field
    def names(self) -> str | None:
        return f"{self.staff.first_name}, {self.staff.formal_name}" if self.staff else None


@strawberry.type
class Profile:
    first_name: str | None
    denied_first_name: str | None = strawberry.field(
        resolver=lambda root: root.first_name, permission_classes=[Denied], graphql_type=str | None
    )

    @strawberry.field
    def greeting(self) -> str:
        return f"Hello {self.first_name}"


@strawberry.type
class Client:
    is_type_of = is_type_of_records(resources.RequestedClient, resources.ClientReference)

    id: strawberry.ID
    profile: Profile | None = _profile(Profile | None)
    denied_profile: Profile | None = _profile(Profile | None, permission_classes=[Denied])
    granted_profile: Profile | None = _profile(Profile | None, permission_classes=[GrantedLater])


class OfClient7(BasePermission):
    """Compares the id of a client, of which only the id is known."""

    message = "Client 7 only."

    def has_permission(self, source: Any, info: Any, **given: Any) -> bool:
        return bool(source.client.id == "7")


def _client_field(**guards: Any) -> Any:
    ids = ("client_id", "client_argument")
    of = Client | None if guards else Client
    return ids_field(timeline_client, ids, of, description="x", **guards)


@strawberry.interface
class Activity:
    id: strawberry.ID
    client: Client = _client_field()
    denied_client: Client | None = _client_field(permission_classes=[DeniedLater])
    granted_client: Client | None = _client_field(permission_classes=[Granted])
    kind_raw: str
    guarded_kind: str | None = strawberry.field(
        resolver=lambda root: root.kind_raw,
        permission_classes=[OfClient7],
        graphql_type=str | None,
    )
    denied_kind: str | None = strawberry.field(
        resolver=lambda: "x", permission_classes=[Denied], graphql_type=str | None
    )

    @strawberry.field
    def label(self) -> str:
        return f"{self.kind_raw} {self.id}{self.mark}"

    @strawberry.field
    def client_label(self) -> str:
        return f"of client {self.client.id}"

    @strawberry.field
    async def client_later(self) -> Client:
        await asyncio.sleep(0)
        return self.client

    mark = "?"


def _kind(record: type) -> Any:
    members = {"is_type_of": is_type_of_records(record), "__annotations__": {}}
    if record is activities.AppointmentActivity:
        members |= {"__annotations__": {"appointment": Snapshot | None}, "mark": "!"}
    return strawberry.type(type(record.__name__, (Activity,), members))


KINDS = [*map(_kind, activities.KINDS.values()), _kind(activities.UnknownActivity)]


@strawberry.type
class Connection:
    nodes: list[Activity]
    same_nodes: list[Activity] = strawberry.field(
        resolver=lambda root: root.nodes, graphql_type=list[Activity]
    )
    total_count: int = strawberry.field(permission_classes=[Granted])
    denied_count: int | None = strawberry.field(
        resolver=lambda root: root.total_count,
        extensions=[PermissionExtension([Denied()])],
        graphql_type=int | None,
    )


def _activities(**guards: Any) -> Any:
    @wraps(resolve_activities)
    def resolver(*args: Any, **kwargs: Any) -> Any:
        return with_full_records(resolve_activities(*args, **kwargs))

    return strawberry.field(
        resolver=as_async_resolver(resolver),
        graphql_type=Connection | None,
        metadata=resolver_metadata(resolve_activities, items=ACTIVITIES),
        **guards,
    )


@strawberry.enum
class Manner(Enum):
    POLITE = "Dear "
    PLAIN = ""


@strawberry.input
class Part:
    text: str
    times: int = 1


@strawberry.input
class Search:
    """An input object with what input objects may have: an enum, lists, an object inside, and defaults."""

    client_id: strawberry.ID
    manner: Manner = Manner.PLAIN
    parts: list[Part] = strawberry.field(default_factory=list)
    ending: Part | None = strawberry.UNSET
    from_: str | None = strawberry.field(name="from", default=strawberry.UNSET)


def _found(search: Search) -> Node[Any]:
    return asked(search.client_id)


@strawberry.type
class Words:
    text: str


def _words_of(
    search: Search | None = strawberry.UNSET, others: list[Part] | None = None
) -> Node[Words]:
    """All that an input object holds, by the names and classes of Python."""
    if not search:
        return Node(Words(text=f"{search!r} {others}"))
    parts = [part.text * part.times for part in (*search.parts, *(others or ()))]
    ending = search.ending.text if isinstance(search.ending, Part) else repr(search.ending)
    words = f"{search.manner.value}{search.client_id}: {parts} {ending} {search.from_!r}"
    return Node(Words(text=words))


@strawberry.directive(locations=[DirectiveLocation.FIELD])
def loud(value: DirectiveValue[str], times: int = 1) -> str:
    return value.upper() + "!" * times


@strawberry.directive(locations=[DirectiveLocation.FIELD])
async def named(value: DirectiveValue[Any]) -> Any:
    await asyncio.sleep(0)
    return value if value.first_name == "Mina" else None


@strawberry.type
class Query:
    activities: Any = _activities()
    denied_activities: Any = _activities(permission_classes=[DeniedLater])
    granted_activities: Any = _activities(permission_classes=[GrantedLater])
    few_activities: Any = _activities(extensions=[AtMostOne()])
    client: Any = strawberry.field(
        resolver=asked, graphql_type=Client, metadata=resolver_metadata(asked)
    )
    denied_client: Any = strawberry.field(
        resolver=asked,
        graphql_type=Client | None,
        metadata=resolver_metadata(asked),
        permission_classes=[DeniedByAnError],
    )
    unknown_client: Any = strawberry.field(
        resolver=asked,
        graphql_type=Client | None,
        metadata=resolver_metadata(asked),
        permission_classes=[DeniedAsUnknown],
    )
    found: Any = strawberry.field(
        resolver=_found, graphql_type=Client | None, metadata=resolver_metadata(_found)
    )
    words_of: Any = strawberry.field(
        resolver=_words_of, graphql_type=Words, metadata=resolver_metadata(_words_of)
    )

    @strawberry.field
    def hello(self, info: Info, name: str = "you") -> str:
        return f"Hello {name}, {info.variable_values}"

    @strawberry.field(permission_classes=[Denied])  # type: ignore[untyped-decorator]
    def secret(self) -> str | None:
        return "secret"

    @strawberry.field
    def words(self, source: str, resolve: str, parent: str, field: str) -> str:
        return f"{source} {resolve} {parent} {field}"

    @strawberry.field(extensions=[Loud()])  # type: ignore[untyped-decorator]
    def loud_words(self, resolve: str, parent: str, field: str) -> str:
        return f"{resolve} {parent} {field}"

    @strawberry.field
    def version(self) -> str:
        return "1"

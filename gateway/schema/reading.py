"""How fields read records: one attribute each, and an error where there is nothing to read."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import strawberry

from gateway.errors import ContractBroken
from gateway.schema.context import Info
from gateway.schema.plain_text import plain_text
from gateway.upstream import entities, links, records
from gateway.upstream.session import Session

_R_co = TypeVar("_R_co", bound=records.Record, covariant=True)
_S = TypeVar("_S", bound=records.Record)


@dataclass(frozen=True, slots=True)
class Reached(Generic[_R_co]):
    """A record, and what it was reached through: what it does not say itself, that may.

    Every object of a timeline is resolved from one of these, so that an entity behind a snapshot can
    be found by ids that stand further up: the client's, the company's, the conference's.
    """

    record: _R_co
    through: "Reached[records.Record] | None" = None

    def to(self, record: _S) -> "Reached[_S]":
        """A record inside this one."""
        return Reached(record, self)

    def nearest(self, kind: type[_S]) -> "_S | None":
        """The nearest record of a kind: this one, or one that it was reached through."""
        return next((record for record in self._upward() if isinstance(record, kind)), None)

    @property
    def company_id(self) -> str | None:
        """The company that this belongs to: by the appointment it stands in, or by that one's link."""
        return next(filter(None, map(_company_id, self._upward())), None)

    @property
    def client_id(self) -> str | None:
        """The client whose this is: the appointment's, or whose timeline it was found in."""
        return next(filter(None, map(_client_id, self._upward())), None)

    def _upward(self) -> Iterator[records.Record]:
        reached: Reached[records.Record] | None = self
        while reached is not None:
            yield reached.record
            reached = reached.through


def _company_id(record: records.Record) -> str | None:
    match record:
        case records.AppointmentSnapshot():
            return links.company_id(record.self_link)
        case entities.Appointment(company=entities.CompanyReference(id=id_)):
            return str(id_)
    return None


def _client_id(record: records.Record) -> str | None:
    match record:
        case entities.ClientReference(id=id_):
            return str(id_)
        case entities.Appointment(client=entities.ClientReference(id=id_)):
            return str(id_)
    return None


def readable(value: object) -> bool:
    """Whether the upstream sent what it should: false for what stands in the place of anything else."""
    return not isinstance(value, records.Unreadable)


def read(source: object, name: str) -> Any:
    """The value of a plain field: of a record that was reached, or of an object of this schema.

    Raises:
        ContractBroken: The upstream sent something that is not what it should be.
    """
    if not isinstance(source, Reached):
        return _checked(getattr(source, name))
    value = _checked(getattr(source.record, name))
    if isinstance(value, records.Record):
        return source.to(value)
    if isinstance(value, list):
        return [source.to(each) if isinstance(each, records.Record) else each for each in value]
    return value


def _checked(value: object) -> object:
    """A list with an unreadable element is unreadable: what is left would pass for all there is."""
    if readable(value) and not (isinstance(value, list) and not all(map(readable, value))):
        return value
    raise ContractBroken("The upstream sent something that cannot be read here.")


def text(source: object, name: str) -> str | None:
    """A text field, also where the upstream sent a number; raises as `read` does."""
    value = read(source, name)
    return None if value is None else str(value)


def plain_text_of(name: str) -> Callable[..., str | None]:
    """A resolver for the plain text of an HTML field; raises as `read` does."""

    def resolve(root: strawberry.Parent[Reached[Any]]) -> str | None:
        body = text(root, name)
        return None if body is None else plain_text(body)

    return resolve


def recorded_as(*kinds: type[records.Record]) -> Callable[[object, object], bool]:
    """An `is_type_of` for a type whose values are records of some classes."""

    def is_type_of(value: object, _info: object) -> bool:
        return isinstance(value, Reached) and isinstance(value.record, kinds)

    return is_type_of


Load = Callable[[Session, Reached[Any]], Awaitable[Any]]
"""How the session finds what a record stands for; None where it is no more."""


def looked_up(
    load: Load, name: str, graphql_type: object, *, description: str
) -> Any:  # what strawberry.field returns
    """A field of an entity that the embedded record does not carry.

    The first of them costs a read, further ones nothing. Null where the entity is no more.
    """

    def resolve(root: strawberry.Parent[Reached[Any]], info: Info) -> Any:
        return _found(load(info.context.session, root), lambda found: read(root.to(found), name))

    return strawberry.field(resolver=resolve, graphql_type=graphql_type, description=description)


def entity(load: Load, graphql_type: object, *, description: str) -> Any:
    """A field that is an entity as a whole. Null where it is no more."""

    def resolve(root: strawberry.Parent[Reached[Any]], info: Info) -> Any:
        return _found(load(info.context.session, root), root.to)

    return strawberry.field(resolver=resolve, graphql_type=graphql_type, description=description)


async def _found(load: Awaitable[_S | None], show: Callable[[_S], Any]) -> Any:
    """What `show` makes of what is loaded. The load was enqueued before: see `Session`."""
    found = await load
    return None if found is None else show(found)

"""A small library: its schema, its records, and how its fields are read."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

import msgspec
from graphql import GraphQLError
from msgspec import Meta, Raw, Struct, structs

from gateway.engine.compiler.declared_types import union_members
from gateway.engine.polymorphic_lists import ItemDecoder, PolymorphicList
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    FieldSource,
    FieldSources,
    LoadedField,
    Node,
    ResolverField,
)
from gateway.observability.event_loop import CooperativeSteps, run_to_completion

LIBRARY = """
    type Query { shelf(size: Int! = 10, titles: [String!], like: Like): Shelf
                 author(id: ID!): Author  authors(ids: [ID!]!): [Author!]  odd: String }
    type Shelf { id: ID!  count: Int!  top: Thing  things: [Thing!]!  places: [Place!]! }
    type Place { number: Int!  thing: Thing! }
    interface Thing { id: ID!  kind: Kind!  word: String!  title: String  author: Author }
    type Book implements Thing { id: ID!  kind: Kind!  word: String!  title: String  author: Author
                                 pages: Int  price: Float  parts: [Part!]  label: String  odd: Int }
    type Disc implements Thing { id: ID!  kind: Kind!  word: String!  title: String  author: Author
                                 minutes: Int!  notes: [String]  label: Label  labels: [Label!] }
    type Label { name: String  city: String  founded: Int  open: Boolean! }
    type Other implements Thing { id: ID!  kind: Kind!  word: String!  title: String  author: Author }
    type Part { title: String  author: Author }
    type Author { id: ID!  name: String  initials: String  born: Int  age: Int  must: Int!  today: Person }
    type Person { name: String  born: Int  friend: Author  works: [Work!] }
    union Work = Book | Disc
    enum Kind { BOOK DISC OTHER }
    input Like { title: String  like: Like }
"""

Text = int | float | str
Count = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class Unreadable:
    """Stands where something could not be read."""

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE: Any = Unreadable()


_F = TypeVar("_F", bound=Callable[..., Any])


def depends_on(*dependencies: str) -> Callable[[_F], _F]:
    """Says which fields a property or check reads."""

    def declare(function: _F) -> _F:
        function.dependencies = dependencies  # type: ignore[attr-defined]
        return function

    return declare


class EmptyObject(ValueError):
    """An object without any value, which is null. Raised by the record's own check."""


class Record(Struct, kw_only=True, frozen=True, rename="camel"):
    """What is sent, or shown."""


class Author(Record, kw_only=True, frozen=True):
    id: int | str
    name: Text | None = None
    secret: str | None = None

    @property
    @depends_on("name")
    def initials(self) -> str | None:
        return None if self.name is None else str(self.name)[:1]


class Part(Record, kw_only=True, frozen=True):
    title: Text | None = None
    author: Author | None = None

    @depends_on("title")
    def __post_init__(self) -> None:
        if self.title == "":
            raise ValueError("a blank title")


class Thing(Record, kw_only=True, frozen=True):
    inner_id_names: ClassVar[tuple[str, ...]] = ("house_id",)
    kind: ClassVar[str] = "OTHER"

    id: int | str
    word: str = msgspec.field(name="type")
    title: Text | None = None
    author: Author | None = None
    house_id: str | None = None


class Book(Thing, kw_only=True, frozen=True):
    kind = "BOOK"
    pages: Count | None = None
    price: float | None = None
    parts: list[Part] | None = None


class Label(Record, kw_only=True, frozen=True):
    name: Text | None = None
    city: str | None = msgspec.field(name="town", default=None)
    founded: Count | None = None
    open: bool = True


class Disc(Thing, kw_only=True, frozen=True):
    kind = "DISC"
    minutes: Count = 0
    notes: list[Text | None] | None = None
    label: Label | None = None
    labels: list[Label] | None = None


class Person(Record, kw_only=True, frozen=True):
    """Who an author is: loaded."""

    name: object = None
    born: Any = None
    friend: object = None
    works: object = None

    @property
    def age(self) -> int:
        if self.born in {None, UNREADABLE}:
            raise ValueError("nobody knows")
        born: int = self.born
        return 2000 - born


class Place(Record, kw_only=True, frozen=True):
    number: int
    thing: Any


class Shelf(Record, kw_only=True, frozen=True):
    id: str
    things: list[Any]
    top: Any = None

    @property
    def count(self) -> int:
        return len(self.things)

    @property
    def places(self) -> list[Place]:
        return [Place(number=number, thing=thing) for number, thing in enumerate(self.things)]


@dataclass
class Context:
    """What resolvers get.

    Attributes:
        items: What a shelf holds, as it is sent.
        people: What is found for an id: a person, None, or why there is none.
        gates: For an id, what its load waits for.
        asked: The loads, in the order in which they were started; equal ones once.
    """

    items: Sequence[Any] = ()
    people: Mapping[str | None, Any] = field(default_factory=dict)
    gates: Mapping[str | None, asyncio.Event] = field(default_factory=dict)
    reported_errors: list[GraphQLError] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    loading: dict[tuple[str | None, ...], Awaitable[Any]] = field(default_factory=dict)

    def load(self, *ids: str | None) -> Awaitable[Any]:
        if ids not in self.loading:
            self.asked.append("/".join(map(str, ids)))
            self.loading[ids] = asyncio.ensure_future(self._found(ids[-1]))
        return self.loading[ids]

    async def _found(self, id_: str | None) -> Any:
        await (self.gates[id_].wait() if id_ in self.gates else asyncio.sleep(0))
        found = self.people.get(id_)
        if isinstance(found, Exception):
            raise found
        return found


RECORDS: Mapping[str, type[Thing]] = {"book": Book, "disc": Disc}


def whole(item: Raw) -> Any:
    """An item by all that is declared of it, with UNREADABLE for each value that does not fit."""
    tag = msgspec.json.decode(item)["type"]
    return lenient(item, RECORDS.get(tag, Thing))


def lenient(value: Raw, declared: Any) -> Any:
    try:
        return msgspec.json.decode(value, type=declared)
    except msgspec.ValidationError:
        pass
    try:
        for option in union_members(declared):
            if get_origin(option) is list:
                sent = msgspec.json.decode(value, type=list[Raw])
                return [lenient(each, get_args(option)[0]) for each in sent]
            if isinstance(option, type) and issubclass(option, Record):
                return _by_fields(msgspec.json.decode(value, type=dict[str, Raw]), option)
    except EmptyObject:
        return None
    except (ValueError, TypeError):
        pass
    return UNREADABLE


def _by_fields(values: Mapping[str, Raw], record: type[Record]) -> Record:
    """Raises TypeError or ValueError where no record can be made of the values."""
    return record(
        **{
            each.name: lenient(values[each.encode_name], each.type)
            for each in structs.fields(record)
            if each.encode_name in values
        }
    )


UNDECODABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)
ITEMS = PolymorphicList("Thing", "type", RECORDS, Thing, ("id",), UNDECODABLE, whole)


class Sent(Struct):
    """A shelf whose things are still to be decoded."""

    info: Any
    size: int
    items: Sequence[Raw]

    def decode_ahead(self, decoder: ItemDecoder) -> CooperativeSteps[None]:
        if len(self.items) <= self.size:
            yield from decoder.decode(self.items)

    def to_connection(self, decoder: ItemDecoder) -> Shelf:
        if len(self.items) > self.size:
            kept = [
                item
                for item, head in zip(
                    self.items, run_to_completion(decoder.decode_headers(self.items)), strict=True
                )
                if not isinstance(head.id, Unreadable)
            ]
            things = run_to_completion(decoder.decode(kept[: self.size]))
        else:
            things = run_to_completion(decoder.decode(self.items))
        unreadable = sum(isinstance(thing.id, Unreadable) for thing in things)
        if unreadable:
            path = self.info.path.as_list()
            self.info.context.reported.append(GraphQLError(f"{unreadable} of them", path=path))
        return Shelf(id="s", things=things, top=things[0] if things else None)


def raw(item: object) -> Raw:
    return Raw(item if isinstance(item, bytes) else json.dumps(item).encode())


def shelf(
    root: Any, info: Any, size: int, titles: Any = None, like: Any = None
) -> Node[Any] | None:
    if size < 0:
        raise ValueError("no such shelf")
    named = [item for item in info.context.items if not titles or item["title"] in titles]
    return Node(Sent(info, size, [*map(raw, named)])) if size else None


async def authors(root: Any, info: Any, ids: Sequence[str]) -> list[Node[Author]]:
    await asyncio.sleep(0)
    return [author(root, info, id=id_) for id_ in ids]


def author(root: Any, info: Any, **given: str) -> Node[Author]:
    return Node(Author(**given, name=f"{given['id']}th"))


def load(context: Context, *ids: str | None) -> Awaitable[Any]:
    return context.load(*ids)


def label(book: Any, _context: Context) -> str:
    if book.author in {None, UNREADABLE}:
        raise ValueError("nobody wrote it")
    return f"{book.title} by {book.author.name}"


SOURCE_BY_FIELD: Mapping[tuple[str, str], FieldSource] = {
    ("Query", "shelf"): ResolverField(shelf, ITEMS),
    ("Query", "author"): ResolverField(author),
    ("Query", "authors"): ResolverField(authors),
    **{
        ("Shelf", name): AttributeField(name) for name in ("id", "count", "top", "things", "places")
    },
    **{("Place", name): AttributeField(name) for name in ("number", "thing")},
    **{
        (type_, name): AttributeField(name)
        for type_ in ("Book", "Disc", "Other")
        for name in ("id", "kind", "word", "title", "author")
    },
    **{("Book", name): AttributeField(name) for name in ("pages", "price", "parts")},
    ("Book", "label"): ComputedField(label, ("title", "author")),
    **{("Disc", name): AttributeField(name) for name in ("minutes", "notes", "label", "labels")},
    **{("Label", name): AttributeField(name) for name in ("name", "city", "founded", "open")},
    **{("Part", name): AttributeField(name) for name in ("title", "author")},
    **{("Author", name): AttributeField(name) for name in ("id", "name", "initials")},
    ("Author", "born"): LoadedField(load, ("house_id", "id"), AttributeField("born")),
    ("Author", "age"): LoadedField(load, ("house_id", "id"), AttributeField("age")),
    ("Author", "must"): LoadedField(load, ("house_id", "id"), AttributeField("born")),
    ("Author", "today"): LoadedField(load, ("house_id", "id"), None),
    **{("Person", name): AttributeField(name) for name in ("name", "born", "friend", "works")},
}

CLASSES = {"Book": (Book,), "Disc": (Disc,), "Other": (Thing,)}

FIELDS = FieldSources(SOURCE_BY_FIELD, CLASSES, Unreadable)

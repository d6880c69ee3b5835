from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from graphql import build_schema, get_operation_ast, parse
from msgspec import Meta, Raw, json

from gateway.engine.compiler.collect_fields import FieldCollector
from gateway.engine.compiler.item_decoding import ProjectedDecoder
from gateway.engine.compiler.projection import Projection
from gateway.engine.compiler.projection_builder import ProjectionBuilder
from gateway.engine.polymorphic_lists import PolymorphicList
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    FieldSource,
    FieldSources,
    LoadedField,
    ResolverField,
)
from tests.unit.engine.compiler.library import (
    UNDECODABLE,
    Record,
    Text,
    Unreadable,
    depends_on,
    load,
)

SCHEMA = build_schema("""
    type Query { things: [Thing!]! }
    interface Thing { id: ID  word: String  author: Person }
    type Book implements Thing { id: ID  word: String  title: String  pages: Int  rating: Float  kind: String  tags: [String]
                                 blurb: Blurb  blurbs: [Blurb]  wrapped: Blurb
                                 initial: String  summary: String  odd: String  author: Person  readers: [Person]  loan: Loan  resolved: Person }
    type Disc implements Thing { id: ID  word: String  author: Person }
    type Person { id: ID  name: String  born: Int  today: Person  home: Home  odd: String }
    type Home { town: String  owner: Person  odd: String  blurb: Blurb }
    type Blurb { text: String  by: String }
    type Loan { since: String  until: String  note: String  days: Int }
""")


class Loan(Record, kw_only=True, frozen=True):
    since: str
    until: str | None = None
    note: Text = "none"

    @depends_on("until")
    def __post_init__(self) -> None:
        if self.until is not None and self.until < self.since:
            raise ValueError("over before it began")


class Blurb(Record, kw_only=True, frozen=True):
    """Null without any value: its check reads all, and names no sources."""

    text: Text | None = None
    by: Text | None = None

    def __post_init__(self) -> None:
        if self.text is None and self.by is None:
            raise ValueError("says nothing")


class Home(Record, kw_only=True, frozen=True):
    town: Text | None = None
    owner: "Person | None" = None
    blurb: Blurb | None = None


class Person(Record, kw_only=True, frozen=True):
    id: str
    name: Text | None = None
    home: Home | None = None


class Thing(Record, kw_only=True, frozen=True):
    inner_id_names: ClassVar[tuple[str, ...]] = ("house_id",)
    kind: ClassVar[str]

    id: int | str
    word: Text = msgspec.field(name="type")
    house_id: str | None = None


class Book(Thing, kw_only=True, frozen=True):
    kind = "a book"
    title: Text | None = None
    subtitle: Text | None = None
    pages: Annotated[int, Meta(ge=0)] = 1
    rating: float | None = msgspec.field(name="stars", default=None)
    tags: list[Text] | None = None
    author: Person | None = None
    readers: list[Person] | None = None
    loan: Loan | None = None
    blurb: Blurb | None = None
    blurbs: list[Blurb] | None = None
    wrapped: Blurb | str | None = None

    @property
    @depends_on("title", "subtitle")
    def initial(self) -> str:
        return str(self.title or self.subtitle)[:1]


class Disc(Thing, kw_only=True, frozen=True):
    kind = "a disc"
    author: Person | None = None


_PLAIN = {
    "Book": "id word title pages rating kind tags initial author readers loan blurb blurbs wrapped",
    "Disc": "id word author",
    "Person": "id name home",
    "Home": "town owner blurb",
    "Blurb": "text by",
    "Loan": "since until note",
}

SOURCE_BY_FIELD: Mapping[tuple[str, str], FieldSource] = {
    **{
        (type_, name): AttributeField(name)
        for type_, names in _PLAIN.items()
        for name in names.split()
    },
    ("Book", "summary"): ComputedField(lambda book, _: "...", ("subtitle", "author", "kind")),
    ("Person", "born"): LoadedField(load, ("house_id", "id"), AttributeField("born")),
    ("Person", "today"): LoadedField(load, ("id",), None),
    ("Loan", "days"): ComputedField(lambda loan, _: 1, ()),
    ("Book", "resolved"): ResolverField(lambda root, info: None),
}

FIELDS = FieldSources(SOURCE_BY_FIELD, {"Book": (Book,), "Disc": (Disc,)}, Unreadable)
KINDS: Mapping[str, type[Thing]] = {"book": Book, "disc": Disc}
ITEMS = PolymorphicList(
    "Thing", "type", KINDS, Thing, (), UNDECODABLE, lambda item: ("whole", item)
)


def decoder(
    *texts: str, items: PolymorphicList = ITEMS, builder: ProjectionBuilder | None = None
) -> ProjectedDecoder:
    """How things are decoded of which these are selected, one text for each place."""
    text = f"{{ {' '.join(f'x{n}: things {{ {each} }}' for n, each in enumerate(texts))} }}"
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    root = FieldCollector(SCHEMA, document).collect(operation)
    places = {
        tag: [field.selection_by_type[tag.title()] for field in root.distinct_fields()]
        for tag in items.record_by_tag
    }
    return (builder or ProjectionBuilder(FIELDS)).item_decoder(items, places)


def book(inside: str, *more: str) -> Projection:
    """The projection of a book of which this is selected."""
    return decoder(f"... on Book {{ {inside} }}", *more).projections["book"]


def names(projection: Projection) -> set[str]:
    """All fields of a projection, but the id, which is always needed."""
    return {*projection.struct.__struct_fields__} - {"id"}


def raw(**values: Any) -> Raw:
    return Raw(json.encode(values))


def test_a_lean_record_has_exactly_what_is_selected():
    projection = book("title pages x: title", "... on Book { title }")
    assert names(projection) == {"title", "pages"}
    assert projection.struct.__name__ == "Book"


def test_what_a_record_cannot_be_without_is_always_there():
    assert book("__typename").struct.__struct_fields__ == ("id",)


def test_each_kind_of_item_has_its_own_shape():
    projections = decoder("word ... on Book { title }").projections
    assert {tag: names(projection) for tag, projection in projections.items()} == {"book": {"title"}, "disc": set()}  # fmt: skip


def test_what_is_selected_at_any_place_is_there():
    assert names(book("title", "... on Book { pages }", "id")) == {"title", "pages"}


def test_fields_keep_their_names_and_defaults():
    [item] = decoder("... on Book { rating pages }").decode([raw(type="book", id=1, stars=4.5)])
    assert (item.rating, item.pages) == (4.5, 1)


def test_a_record_inside_is_lean_too():
    projection = book("author { name home { town } }")
    assert names(projection.nested["author"]) == {"name", "home"}
    assert names(projection.nested["author"].nested["home"]) == {"town"}
    assert projection.field_types["author"] == projection.nested["author"].struct | None


def test_records_in_a_list_are_lean_too():
    projection = book("readers { name }")
    struct: Any = projection.nested["readers"].struct
    assert struct.__struct_fields__ == ("id", "name")
    assert projection.field_types["readers"] == list[struct] | None


def test_what_is_selected_of_a_record_at_any_place_is_there():
    projection = book(
        "author { name } x: author { home { town } }", "... on Book { author { id } }"
    )
    assert names(projection.nested["author"]) == {"name", "home"}


def test_a_record_of_which_the_same_is_selected_has_one_shape():
    projections = decoder("author { name }").projections
    assert projections["book"].nested["author"] is projections["disc"].nested["author"]


def test_a_check_comes_along_with_what_it_reads():
    projection = book("loan { days }").nested["loan"]
    assert names(projection) == {"since", "until"}
    over = raw(type="book", id=1, loan={"since": "3", "until": "1"})
    assert decoder("... on Book { loan { days } }").decode([over]) == [("whole", over)]


@pytest.mark.parametrize(
    ("inside", "way"),
    [
        ("blurb { by }", ["blurb"]),
        ("author { home { blurb { by } } }", ["author", "home", "blurb"]),
    ],
)
def test_a_record_that_may_be_null_without_values_is_read_in_part(inside, way):
    """What is read of it may be null while the rest is not: who delivers it finds out."""
    projection = book(inside)
    for name in way:
        projection = projection.nested[name]
    assert projection.struct.__struct_fields__ == ("by",)
    assert projection.is_partial
    [item] = decoder("... on Book { blurb { by } }").decode([raw(type="book", id=1, blurb={})])
    assert item.blurb.by is None


@pytest.mark.parametrize(
    ("inside", "way"),
    [
        ("blurb { __typename }", ["blurb"]),
        ("blurbs { by }", ["blurbs"]),
        ("wrapped { by }", ["wrapped"]),
    ],
)
def test_anywhere_else_it_is_read_as_it_is_declared(inside, way):
    """So that its check finds out: an item with one that says nothing is read as a whole."""
    projection = book(inside)
    for name in way:
        projection = projection.nested[name]
    assert projection.struct is Blurb
    assert not projection.is_partial


def test_a_record_that_may_not_be_without_something_is_never_read_in_part():
    projection = book("author { name } loan { days }")
    assert not any(inside.is_partial for inside in projection.nested.values())


def test_a_derived_attribute_brings_what_it_reads():
    projection = book("initial")
    assert names(projection) == {"title", "subtitle"}
    [item] = decoder("... on Book { initial }").decode([raw(type="book", id=1, subtitle="S")])
    assert item.initial == "S"


def test_a_computed_field_brings_what_it_reads_as_it_is_declared():
    projection = book("summary")
    assert names(projection) == {"subtitle", "author"}
    assert projection.field_types["subtitle"] == Text | None
    assert projection.nested["author"].struct is Person
    assert projection.nested["author"].nested["home"].struct is Home


def test_what_is_computed_from_and_selected_too_is_as_it_is_declared():
    projection = book("summary author { name }")
    assert projection.nested["author"].struct is Person


def test_a_resolver_may_read_anything_of_its_object():
    projection = book("resolved { id }")
    assert names(projection) == {*Book.__struct_fields__} - {"id", "word"}
    [item] = decoder("... on Book { resolved { id } }").decode([raw(type="book", id=1, title="T")])
    assert (item.title, item.initial) == ("T", "T")


ODD = {
    "of the item": "odd",
    "of what is in it": "author { odd }",
    "in a list": "readers { odd }",
    "of what is loaded": "author { today { odd } }",
}


@pytest.mark.parametrize("inside", ODD.values(), ids=ODD)
def test_an_item_is_whole_where_a_resolver_may_read_anything_of_it(inside):
    """Of all that the resolver's object was reached through, too."""
    sent = raw(type="book", id=1), raw(type="disc", id=2)
    read = decoder("id", f"... on Book {{ {inside} }}").decode(sent)
    assert read[0] == ("whole", sent[0])
    assert read[1].__class__ is not tuple


def test_what_leads_to_no_such_resolver_is_lean_beside_it():
    tags = decoder(
        "... on Book { author { name } } ... on Disc { author { odd } }"
    ).full_record_tags
    assert tags == {"disc"}


def test_a_word_that_all_of_a_kind_share_is_no_field():
    lean_book = book("kind word")
    assert names(lean_book) == set()
    assert lean_book.constants == {"kind": "a book", "word": "book", "inner_id_names": ()}
    assert (lean_book.struct.kind, lean_book.struct.word) == ("a book", "book")  # type: ignore[attr-defined]


def test_the_word_for_a_kind_is_known_only_where_it_is_sent():
    projection = book("author { id }").nested["author"]
    assert projection.constants == {"inner_id_names": ()}
    assert projection.struct.__struct_config__.tag is None


def test_items_are_told_apart_by_their_word():
    read = decoder("id").decode([raw(type="disc", id=1), raw(type="book", id=2)])
    assert [type(item).__name__ for item in read] == ["Disc", "Book"]


LOADED = {
    "here": ("author { born }", {"author", "house_id"}),
    "further inside": ("author { home { owner { born } } }", {"author", "house_id"}),
    "in a list": ("readers { born }", {"readers", "house_id"}),
    "an id of its own": ("author { today { id } }", {"author"}),
    "inside what is loaded": ("author { today { born } }", {"author", "house_id"}),
    "none": ("author { name }", {"author"}),
}


@pytest.mark.parametrize(("inside", "needed"), LOADED.values(), ids=LOADED)
def test_ids_that_something_is_loaded_by_are_kept_on_the_way_to_it(inside, needed):
    assert names(book(inside)) == needed


@pytest.mark.parametrize(
    ("inside", "inner_id_names"),
    [
        ("author { born }", ("house_id",)),
        ("author { home { owner { born } } }", ("house_id",)),
        ("author { born } readers { born }", ("house_id",)),
        ("author { today { id } }", ()),
        ("author { name }", ()),
        ("title", ()),
    ],
)
def test_a_record_passes_on_the_ids_that_something_in_it_is_loaded_by_and_no_others(
    inside, inner_id_names
):
    projection = book(inside)
    assert projection.struct.inner_id_names == inner_id_names  # type: ignore[attr-defined]
    assert all(
        each.struct.inner_id_names == ()  # type: ignore[attr-defined]
        for each in projection.nested.values()
    )


def test_records_that_pass_on_other_ids_have_other_shapes():
    """Though both need the same attributes: `house_id` is shown by one of them alone."""
    source_by_field = {**SOURCE_BY_FIELD, ("Book", "odd"): AttributeField("house_id")}
    builder = ProjectionBuilder(replace(FIELDS, source_by_field=source_by_field))
    loads, shows = (
        decoder(f"... on Book {{ {inside} }}", builder=builder).projections["book"].struct
        for inside in ("odd author { born }", "odd author { name }")
    )
    assert loads is not shows
    assert loads.inner_id_names == ("house_id",)  # type: ignore[attr-defined]
    assert shows.inner_id_names == ()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("title", str | None),
        ("pages", Annotated[int, Meta(ge=0)]),
        ("rating", float | None),
        ("tags", list[str] | None),
    ],
)
def test_only_texts_are_declared_more_narrowly(name, declared):
    assert book(name).field_types[name] == declared


def test_a_text_that_must_be_there_is_not_narrowed():
    items = replace(ITEMS, tag="kind")
    assert decoder("word", items=items).projections["book"].field_types["word"] == Text


def test_a_text_that_is_never_null_is_narrowed_too():
    assert book("loan { note }").nested["loan"].field_types["note"] is str


def test_the_list_itself_reads_heads():
    items = replace(ITEMS, header_attributes=("id", "kind", "house_id", "initial"))
    found = decoder("... on Book { pages }", items=items)
    assert names(found.projections["book"]) == {"pages", "house_id", "title", "subtitle"}
    [head, other] = found.decode_headers(
        [raw(type="book", id=1, title="A", pages="?"), raw(type="disc", id=2)]
    )
    assert (head.id, head.kind, head.initial, hasattr(head, "pages")) == (1, "a book", "A", False)
    assert other.kind == "a disc"


def test_heads_are_the_same_for_all_operations():
    builder = ProjectionBuilder(FIELDS)
    first, second = (decoder(text, builder=builder) for text in ("id", "... on Book { title }"))
    [head], [other] = (each.decode_headers([raw(type="book", id=1)]) for each in (first, second))
    assert type(head) is type(other)
    assert type(second.decode([raw(type="book", id=1)])[0]) is not type(head)


def test_operations_that_need_the_same_have_the_same_shapes():
    builder = ProjectionBuilder(FIELDS)
    texts = "... on Book { title loan { note } }", "... on Book { a: title loan { b: note } }"
    first, second = (decoder(text, builder=builder) for text in texts)
    assert first is second
    assert decoder("... on Book { pages loan { note } }", builder=builder) is not first


UNPLAIN = {
    "a fraction for a text": raw(type="book", id=1, title=5.5),
    "an object for a text": raw(type="book", id=1, title={}),
    "something missing": raw(type="book"),
    "another kind": raw(type="scroll", id=1),
    "no kind": raw(id=1),
    "a number for a kind": raw(type=5, id=1),
    "no object": raw(),
    "a list": Raw(b"[]"),
    "no JSON": Raw(b"{"),
    "no text": Raw(b'{"type": "book", "id": 1, "title": "\xff"}'),
    "half a character": Raw(b'{"type": "book", "id": 1, "title": "\\ud800"}'),
    "depth without end": Raw(b'{"type": "book", "id": 1, "x": ' + b"[" * 100_000),
}


@pytest.mark.parametrize("item", UNPLAIN.values(), ids=UNPLAIN)
def test_an_item_that_is_not_plain_is_read_as_a_whole(item):
    found = decoder("... on Book { title }")
    plain = raw(type="book", id=1, title="A")
    read = found.decode([plain, item, plain])
    assert read[1] == ("whole", item)
    assert [each.title for each in (read[0], read[2])] == ["A", "A"]


def test_a_head_that_is_not_plain_is_read_as_a_whole():
    head = raw(type="book", id={})
    assert decoder("id").decode_headers([head]) == [("whole", head)]


def test_what_is_not_selected_cannot_spoil_an_item():
    [item] = decoder("... on Book { title }").decode([raw(type="book", id=1, title="A", pages="?")])
    assert item.title == "A"


def test_one_item_is_read_as_a_whole_on_demand():
    assert decoder("id").decode_full_record(Raw(b"{}")) == ("whole", Raw(b"{}"))


def test_of_many_items_only_the_odd_one_is_read_as_a_whole():
    whole: list[Raw] = []
    items = replace(ITEMS, decode_full_record=whole.append)
    sent = [raw(type="book", id=number, title=f"title {number}") for number in range(300)]
    sent[137] = odd = raw(type="book", id=137, title=[])
    read = decoder("... on Book { title }", items=items).decode(sent)
    assert whole == [odd]
    assert read.pop(137) is None
    assert [each.title for each in read] == [f"title {n}" for n in range(300) if n != 137]


def test_whole_numbers_are_read_as_texts_wherever_selected():
    found = decoder(
        "... on Book { title tags author { name home { town } } readers { name } loan { note } }"
    )
    author = {"id": "7", "name": 1, "home": {"town": -2}}
    plain = raw(type="book", id="1", title="A")
    book = raw(
        type="book",
        id=2,
        title=10**30,
        tags=[3],
        author=author,
        readers=[author],
        loan={"since": "", "note": 0},
    )
    one, other = found.decode([plain, book])
    assert (one.id, one.title) == ("1", "A")
    assert (other.id, other.title, other.tags) == (2, str(10**30), ["3"])
    assert (other.author.name, other.author.home.town) == ("1", "-2")
    assert [each.name for each in other.readers] == ["1"]
    assert other.loan.note == "0"


def test_a_widened_struct_is_defined_once_and_names_the_narrow_one():
    found = decoder("... on Book { title }")
    numbers = [raw(type="book", id=1, title=5)]
    [one], [other] = found.decode(numbers), found.decode(numbers)
    assert type(one) is type(other)
    assert type(one).narrow_struct is found.projections["book"].struct
    assert json.encode(one) == b'{"type":"book","id":1,"title":"5"}'


def test_what_has_no_texts_is_not_widened():
    projection = decoder("... on Book { pages author { id } }").projections["book"]
    assert projection.widen() is projection
    assert projection.nested["author"].widen() is projection.nested["author"]

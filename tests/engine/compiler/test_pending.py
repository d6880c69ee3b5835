from dataclasses import replace

import pytest
from graphql import build_schema, get_operation_ast, parse

from gateway.engine.compiler.collect_fields import Selections
from gateway.engine.compiler.pending import Kinds, Part, Where, is_of
from gateway.engine.compiler.projection import Shapes
from gateway.engine.resolvers import NotPlain, Plain
from tests.engine.compiler.library import FIELDS, ITEMS, LIBRARY, Record, Thing


def test_a_class_has_its_function():
    assert Kinds({int: "number"})[int] == "number"


@pytest.mark.parametrize("kind", [bool, str, type(None)])
def test_a_value_of_no_such_class_is_not_plain(kind):
    """Nor is one of a class inside one: types are told by the class itself."""
    with pytest.raises(NotPlain):
        Kinds({int: "number"})[kind]


def test_parts_differ_even_where_they_hold_the_same():
    """What is shown is remembered by part."""
    assert len({Part(()), Part(())}) == 2


def test_a_part_depends_on_its_place_until_it_is_known_not_to():
    assert Part(()).is_open


class Blurb(Record, kw_only=True, frozen=True):
    text: str | None = None

    def __post_init__(self) -> None:
        raise AssertionError("a part of it is not asked")


class Leaflet(Thing, kw_only=True, frozen=True):
    author: Blurb | None = None  # type: ignore[assignment]


def test_the_first_attribute_is_known_of_a_record_that_is_read_in_part():
    items = replace(ITEMS, records={"book": Leaflet})
    readings = {("Book", "author"): Plain("author"), ("Author", "name"): Plain("text")}
    document = parse("{ shelf { things { ... on Book { author { name } } } } }")
    operation = get_operation_ast(document)
    assert operation is not None
    [shelf] = Selections(build_schema(LIBRARY), document).of_operation(operation).merged()
    [things] = shelf.of["Shelf"].merged()
    lean = Shapes(replace(FIELDS, readings=readings)).of_items(items, {"book": [things.of["Book"]]})
    item = Where(lean.shapes["book"], item=lean)
    assert (item.first_of_part("author"), item.first_of_part("title")) == ("text", None)
    assert Where(lean.shapes["book"]).first_of_part("author") is None
    assert Where().first_of_part("author") is None


@pytest.mark.parametrize(("key", "holds"), [("things", True), ("top", True), ("places", False)])
def test_items_are_told_by_their_type_by_themselves_or_in_a_list(key, holds):
    document = parse("{ shelf { things { id } top { id } places { number } } }")
    operation = get_operation_ast(document)
    assert operation is not None
    [shelf] = Selections(build_schema(LIBRARY), document).of_operation(operation).merged()
    [field] = [field for field in shelf.of["Shelf"].merged() if field.key == key]
    assert is_of(ITEMS, field) is holds
    assert (
        Where(lean=Shapes(FIELDS).of_items(ITEMS, {"book": [], "disc": []})).holds_items(field)
        is holds
    )
    assert not Where().holds_items(field)


def test_places_where_the_same_is_known_are_the_same():
    """Functions are found by them."""
    assert len({Where(), Where(None, None)}) == 1

from dataclasses import replace

import pytest
from graphql import build_schema, get_operation_ast, parse

from gateway.engine.compiler.collect_fields import FieldCollector
from gateway.engine.compiler.projection_builder import ProjectionBuilder
from gateway.engine.compiler.value_context import ValueContext, has_item_type
from gateway.engine.resolvers import AttributeField
from tests.unit.engine.compiler.library import FIELDS, ITEMS, LIBRARY, Record, Thing


class Blurb(Record, kw_only=True, frozen=True):
    text: str | None = None

    def __post_init__(self) -> None:
        raise AssertionError("the check of a partially projected record")


class Leaflet(Thing, kw_only=True, frozen=True):
    author: Blurb | None = None  # type: ignore[assignment]


def test_the_first_attribute_is_that_of_a_partial_projection():
    items = replace(ITEMS, record_by_tag={"book": Leaflet})
    source_by_field = {
        ("Book", "author"): AttributeField("author"),
        ("Author", "name"): AttributeField("text"),
    }
    document = parse("{ shelf { things { ... on Book { author { name } } } } }")
    operation = get_operation_ast(document)
    assert operation is not None
    [shelf] = FieldCollector(build_schema(LIBRARY), document).collect(operation).distinct_fields()
    [things] = shelf.selection_by_type["Shelf"].distinct_fields()
    decoder = ProjectionBuilder(replace(FIELDS, source_by_field=source_by_field)).item_decoder(
        items, {"book": [things.selection_by_type["Book"]]}
    )
    item = ValueContext(decoder.projections["book"], own_decoder=decoder)
    assert (
        item.first_attribute_if_partial("author"),
        item.first_attribute_if_partial("title"),
    ) == ("text", None)
    assert ValueContext(decoder.projections["book"]).first_attribute_if_partial("author") == "text"
    assert ValueContext().first_attribute_if_partial("author") is None


@pytest.mark.parametrize(("key", "holds"), [("things", True), ("top", True), ("places", False)])
def test_a_field_holds_items_as_its_value_or_in_a_list(key, holds):
    document = parse("{ shelf { things { id } top { id } places { number } } }")
    operation = get_operation_ast(document)
    assert operation is not None
    [shelf] = FieldCollector(build_schema(LIBRARY), document).collect(operation).distinct_fields()
    [field] = [
        field for field in shelf.selection_by_type["Shelf"].distinct_fields() if field.key == key
    ]
    assert has_item_type(ITEMS, field) is holds
    assert (
        ValueContext(
            items_decoder=ProjectionBuilder(FIELDS).item_decoder(ITEMS, {"book": [], "disc": []})
        ).holds_items(field)
        is holds
    )
    assert not ValueContext().holds_items(field)


def test_equal_value_contexts_have_one_hash():
    """Generated functions are cached by them."""
    assert len({ValueContext(), ValueContext(None, None)}) == 1

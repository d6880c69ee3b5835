from textwrap import dedent
from typing import Any

import pytest
from graphql import get_operation_ast, parse

from gateway.engine.compiler.codegen import CodeGenerator
from gateway.engine.compiler.collect_fields import FieldCollector
from gateway.engine.compiler.projection import ProjectionBuilder
from tests.engine.compiler.engine import Engine
from tests.engine.compiler.library import FIELDS, LIBRARY, Context, Person

ROOT = """

def Query_{0}(record, run, path, parent):
    node = Node(record, parent)
    return {{
        "{0}": {1}(record.value, run, (*path, "{0}"), record.parent),
    }}


def Query(record, run, path, parent):
    node = Node(record, parent)
    result = {{
        "{0}": None,
    }}
    run.defer({0}_deferred, result, node, path)
    return result
"""

PLAIN = (
    "{ shelf { id places { number } } }",
    """
    def Place(record, run):
        return {
            "number": Int_non_null(record.number),
        }


    def Shelf(record, run, path, parent):
        return {
            "id": v if (v := record.id).__class__ is str else ID_non_null(v),
            "places": [Place(non_null(each), run) for each in non_null(record.places)],
        }
    """,
    ROOT.format("shelf", "Shelf"),
)

CONDITIONAL = (
    "query($x: Boolean!, $y: Boolean!) { shelf { id @skip(if: $x) count id places @include(if: $y) { number } } }",
    """
    def Place(record, run):
        result = {}
        if run.condition_values[0]:
            result["number"] = Int_non_null(record.number)
        return result


    def Shelf(record, run, path, parent):
        result = {}
        if run.condition_values[1] and "id" not in result:
            result["id"] = v if (v := record.id).__class__ is str else ID_non_null(v)
        result["count"] = Int_non_null(record.count)
        if "id" not in result:
            result["id"] = v if (v := record.id).__class__ is str else ID_non_null(v)
        if run.condition_values[0]:
            result["places"] = [Place(non_null(each), run) for each in non_null(record.places)]
        return result
    """,
    ROOT.format("shelf", "Shelf"),
)

WAITING = (
    "{ author(id: 1) { name born age today { friend { name } } } }",
    """
    def Author_born_age(record, run, path, parent):
        return {
            "born": Int(record.born),
            "age": Int(Author_age_of(record, run.context)),
        }


    def Author_2(record, run):
        return {
            "name": v if (v := record.name) is None or v.__class__ is str else String(v),
        }


    def Person(record, run):
        return {
            "friend": None if (v := readable(record.friend)) is None else Author_2(v, run),
        }


    def Author_today(record, run, path, parent):
        return {
            "today": None if (v := readable(record)) is None else Person(v, run),
        }


    def Author(record, run, path, parent):
        node = Node(record, parent)
        result = {
            "name": v if (v := record.name) is None or v.__class__ is str else String(v),
            "born": None,
        }
        run.defer(born_deferred, result, node, path)
        result["age"] = None
        result["today"] = None
        run.defer(today_deferred, result, node, path)
        return result
    """,
    ROOT.format("author", "Author"),
)


@pytest.mark.parametrize(("text", "functions", "root"), [PLAIN, CONDITIONAL, WAITING])
def test_an_operation_is_written_so(library, text, functions, root):
    assert library.plan(text).source_code == dedent(functions).lstrip("\n") + root


def source_of(text: str) -> tuple[CodeGenerator, str]:
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    source = CodeGenerator(FIELDS, ProjectionBuilder(FIELDS))
    schema = Engine(LIBRARY, FIELDS).schema
    return source, source.root_function_name(FieldCollector(schema, document).collect(operation))


def test_the_function_for_the_root_is_named():
    source, name = source_of("{ odd }")
    assert name == "Query"
    assert source.source_code.startswith(f"def {name}(record, run, path, parent):")


def test_a_name_that_is_taken_gets_a_number():
    source, _ = source_of("{ odd }")
    assert [source.unique_name("readable", value) for value in "abc"] == [
        "readable_2",
        "readable_3",
        "readable_4",
    ]
    assert [source.namespace[name] for name in ("readable_2", "readable_3", "readable_4")] == [
        "a",
        "b",
        "c",
    ]


def test_conditions_are_numbered_in_the_order_in_which_they_are_asked_for():
    source, _ = source_of(
        "query($x: Boolean!, $y: Boolean!) { a: odd @skip(if: $y) b: odd @include(if: $x) c: odd @skip(if: $y) }"
    )
    assert source.conditions == [{("y", False)}, {("x", True)}]


def written(text: str) -> list[str]:
    """The names of the functions."""
    return [
        line[4 : line.index("(")]
        for line in source_of(text)[0].source_code.splitlines()
        if line.startswith("def ")
    ]


def test_what_is_selected_alike_is_written_once():
    fragment = "fragment F on Author { name }"
    assert written(f"{{ a: author(id: 1) {{ ...F }} b: author(id: 2) {{ id }} }} {fragment}") == [
        "Author", "Query_a", "Author_2", "Query_b", "Query",
    ]  # fmt: skip
    text = "{ authors(ids: [1]) { today { works { ...F } } } shelf { places { thing { ... on Book { ...B } } } } }"
    names = written(
        f"{text} fragment F on Book {{ ...B }} fragment B on Book {{ parts {{ title }} }}"
    )
    assert names.count("Part") == 1


def test_what_is_read_of_items_alike_is_derived_once():
    text = "{ a: shelf { ...F } b: shelf { ...F } c: shelf { top { ... on Book { pages } } } } fragment F on Shelf { things { id } }"
    namespace = source_of(text)[0].namespace
    a, b, c = (namespace[f"{key}_deferred"].items_decoder for key in "abc")
    assert a is b
    assert a is not c


def test_leaves_and_functions_that_compute_are_named_once():
    source, _ = source_of(
        "{ shelf { things { ... on Book { label x: label id y: id } ... on Disc { title id } } } }"
    )
    assert [name for name in source.namespace if name.startswith(("Book_label", "ID", "String"))] == [
        "Book_label_of", "String", "ID_non_null",
    ]  # fmt: skip


def test_functions_are_open_only_where_something_in_them_waits():
    text = source_of(
        "{ authors(ids: []) { today { friend { name } } } author(id: 1) { today { friend { born } } } }"
    )[0].source_code
    assert "Author_2(record, run):" in text
    assert "def Person(record, run):" in text
    assert "def Person_2(record, run, path, parent):" in text


def test_parts_that_show_the_same_everywhere_are_closed():
    namespace = source_of("{ author(id: 1) { born today { name } x: today { friend { born } } } }")[
        0
    ].namespace
    assert {key: namespace[f"{key}_deferred"].needs_path for key in ("born", "today", "x")} == {
        "born": False,
        "today": False,
        "x": True,
    }


def test_an_unreadable_value_is_told_apart():
    source, _ = source_of("{ odd }")
    readable, non_null = source.namespace["readable"], source.namespace["non_null"]
    assert (readable(5), readable(None), non_null(5)) == (5, None, 5)


SAME_NAMES = {
    "an alias like a type": "{ Shelf: shelf { id } Author: author(id: 1) { String: name name born } }",
    "aliases that make one name": "{ a_b: author(id: 1) { a: born } a: author(id: 1) { b_a: born b: must } }",
    "a type and a key that make one name": "{ author(id: 1) { today { friend { born_today: age } } born_today: age born today { born } } }",
    "a key in many places": "{ shelf { shelf: things { author { author: today { name } } } } author: authors(ids: [1]) { author: today { born } } }",
    "keys that end like ours": "{ x_deferred: odd x: odd x_deferred_2: odd x_2: odd }",
}  # fmt: skip


@pytest.mark.parametrize("text", SAME_NAMES.values(), ids=SAME_NAMES)
async def test_names_do_not_collide(library, text):
    def make() -> Any:
        people: dict[str | None, Any] = {
            str(n): Person(name=f"P{n}", born=n, friend=None) for n in range(4)
        }
        return Context([{"id": 1, "type": "book", "author": {"id": 1, "name": "N"}}], people)

    names = written(text)
    assert len(names) == len(set(names))
    await library.same(text, make)

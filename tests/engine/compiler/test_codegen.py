from textwrap import dedent
from typing import Any

import pytest
from graphql import get_operation_ast, parse

from gateway.engine.compiler.codegen import Source
from gateway.engine.compiler.collect_fields import Selections
from gateway.engine.compiler.projection import Shapes
from tests.engine.compiler.engine import Engine
from tests.engine.compiler.library import FIELDS, LIBRARY, Context, Person

ROOT = """

def Query_{0}(it, run, at, through):
    here = Reached(it, through)
    return {{
        "{0}": {1}(it.value, run, (*at, "{0}"), it.through),
    }}


def Query(it, run, at, through):
    here = Reached(it, through)
    out = {{
        "{0}": None,
    }}
    run.wait({0}_part, out, here, at)
    return out
"""

PLAIN = (
    "{ shelf { id places { number } } }",
    """
    def Place(it, run):
        return {
            "number": Int_there(it.number),
        }


    def Shelf(it, run, at, through):
        return {
            "id": v if (v := it.id).__class__ is str else ID_there(v),
            "places": [Place(there(each), run) for each in there(it.places)],
        }
    """,
    ROOT.format("shelf", "Shelf"),
)

CONDITIONAL = (
    "query($x: Boolean!, $y: Boolean!) { shelf { id @skip(if: $x) count id places @include(if: $y) { number } } }",
    """
    def Place(it, run):
        out = {}
        if run.on[0]:
            out["number"] = Int_there(it.number)
        return out


    def Shelf(it, run, at, through):
        out = {}
        if run.on[1] and "id" not in out:
            out["id"] = v if (v := it.id).__class__ is str else ID_there(v)
        out["count"] = Int_there(it.count)
        if "id" not in out:
            out["id"] = v if (v := it.id).__class__ is str else ID_there(v)
        if run.on[0]:
            out["places"] = [Place(there(each), run) for each in there(it.places)]
        return out
    """,
    ROOT.format("shelf", "Shelf"),
)

WAITING = (
    "{ author(id: 1) { name born age today { friend { name } } } }",
    """
    def Author_born_age(it, run, at, through):
        return {
            "born": Int(it.born),
            "age": Int(Author_age_of(it, run.context)),
        }


    def Author_2(it, run):
        return {
            "name": v if (v := it.name) is None or v.__class__ is str else String(v),
        }


    def Person(it, run):
        return {
            "friend": None if (v := told(it.friend)) is None else Author_2(v, run),
        }


    def Author_today(it, run, at, through):
        return {
            "today": None if (v := told(it)) is None else Person(v, run),
        }


    def Author(it, run, at, through):
        here = Reached(it, through)
        out = {
            "name": v if (v := it.name) is None or v.__class__ is str else String(v),
            "born": None,
        }
        run.wait(born_part, out, here, at)
        out["age"] = None
        out["today"] = None
        run.wait(today_part, out, here, at)
        return out
    """,
    ROOT.format("author", "Author"),
)


@pytest.mark.parametrize(("text", "functions", "root"), [PLAIN, CONDITIONAL, WAITING])
def test_an_operation_is_written_so(library, text, functions, root):
    assert library.plan(text).text == dedent(functions).lstrip("\n") + root


def source_of(text: str) -> tuple[Source, str]:
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    source = Source(FIELDS, Shapes(FIELDS))
    schema = Engine(LIBRARY, FIELDS).schema
    return source, source.operation(Selections(schema, document).of_operation(operation))


def test_the_function_for_the_root_is_named():
    source, name = source_of("{ odd }")
    assert name == "Query"
    assert source.text.startswith(f"def {name}(it, run, at, through):")


def test_a_name_that_is_taken_gets_a_number():
    source, _ = source_of("{ odd }")
    assert [source.named("told", value) for value in "abc"] == ["told_2", "told_3", "told_4"]
    assert [source.namespace[name] for name in ("told_2", "told_3", "told_4")] == ["a", "b", "c"]


def test_conditions_are_numbered_in_the_order_in_which_they_are_asked_for():
    source, _ = source_of(
        "query($x: Boolean!, $y: Boolean!) { a: odd @skip(if: $y) b: odd @include(if: $x) c: odd @skip(if: $y) }"
    )
    assert source.conditions == [{("y", False)}, {("x", True)}]


def written(text: str) -> list[str]:
    """The names of the functions."""
    return [
        line[4 : line.index("(")]
        for line in source_of(text)[0].text.splitlines()
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
    a, b, c = (namespace[f"{key}_part"].lean for key in "abc")
    assert a is b
    assert a is not c


def test_leaves_and_functions_that_compute_are_named_once():
    source, _ = source_of(
        "{ shelf { things { ... on Book { label x: label id y: id } ... on Disc { title id } } } }"
    )
    assert [name for name in source.namespace if name.startswith(("Book_label", "ID", "String"))] == [
        "Book_label_of", "String", "ID_there",
    ]  # fmt: skip


def test_functions_are_open_only_where_something_in_them_waits():
    text = source_of(
        "{ authors(ids: []) { today { friend { name } } } author(id: 1) { today { friend { born } } } }"
    )[0].text
    assert "Author_2(it, run):" in text
    assert "def Person(it, run):" in text
    assert "def Person_2(it, run, at, through):" in text


def test_parts_that_show_the_same_everywhere_are_closed():
    namespace = source_of("{ author(id: 1) { born today { name } x: today { friend { born } } } }")[
        0
    ].namespace
    assert {key: namespace[f"{key}_part"].is_open for key in ("born", "today", "x")} == {
        "born": False,
        "today": False,
        "x": True,
    }


def test_an_unreadable_value_is_told_apart():
    source, _ = source_of("{ odd }")
    told, there = source.namespace["told"], source.namespace["there"]
    assert (told(5), told(None), there(5)) == (5, None, 5)


SAME_NAMES = {
    "an alias like a type": "{ Shelf: shelf { id } Author: author(id: 1) { String: name name born } }",
    "aliases that make one name": "{ a_b: author(id: 1) { a: born } a: author(id: 1) { b_a: born b: must } }",
    "a type and a key that make one name": "{ author(id: 1) { today { friend { born_today: age } } born_today: age born today { born } } }",
    "a key in many places": "{ shelf { shelf: things { author { author: today { name } } } } author: authors(ids: [1]) { author: today { born } } }",
    "keys that end like ours": "{ x_part: odd x: odd x_part_2: odd x_2: odd }",
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

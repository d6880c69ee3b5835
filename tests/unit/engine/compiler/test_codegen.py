from textwrap import dedent
from typing import Any

import pytest

from tests.unit.engine.compiler.library import UNREADABLE, Author, Context, Person

ROOT = """

def Query_{0}(record, run, path, ids):
    return (
        {1}(record.value, run, (*path, "{0}"), record.ids),  # {0}
    )


def Query(record, run, path, ids):
    node = Node(record, ids)
    result = Query_object(
        None,  # {0}
    )
    run.defer({0}_deferred, result, node, path)
    return result
"""

CONDITIONAL = (
    "query($x: Boolean!, $y: Boolean!) { shelf { id @skip(if: $x) count id places @include(if: $y) { number } } }",
    """
    def Place(record, run):
        result = Place_object()
        if run.condition_values[0]:
            result.f_number = Int_non_null(record.number)
        return result


    def Shelf(record, run, path, ids):
        result = {}
        if run.condition_values[1] and "id" not in result:
            result["id"] = v if (v := record.id).__class__ is str else ID_non_null(v)
        result["count"] = Int_non_null(record.count)
        if "id" not in result:
            result["id"] = v if (v := record.id).__class__ is str else ID_non_null(v)
        if run.condition_values[0]:
            result["places"] = v if (v := record.places) == [] else [Place(non_null(each), run) for each in (v if v.__class__ is list else non_null(v))]
        return result
    """,
    ROOT.format("shelf", "Shelf"),
)

WAITING = (
    "{ author(id: 1) { name born age today { friend { name } } } }",
    """
    def Author_born_age(record, run, path, ids):
        return (
            Int(record.born),  # born
            Int(record.age),  # age
        )


    def Author(record, run):
        return Author_object(
            v if (v := record.name) is None or v.__class__ is str else String(v),  # name
        )


    def Person(record, run):
        return Person_object(
            None if (v := readable(record.friend)) is None else Author(v, run),  # friend
        )


    def Author_today(record, run, path, ids):
        return (
            None if (v := readable(record)) is None else Person(v, run),  # today
        )


    def Author_2(record, run, path, ids):
        node = Node(record, ids)
        result = Author_object_2(
            v if (v := record.name) is None or v.__class__ is str else String(v),  # name
            None,  # born
        )
        run.defer(born_deferred, result, node, path)
        result.f_age = None
        result.f_today = None
        run.defer(today_deferred, result, node, path)
        return result
    """,
    ROOT.format("author", "Author_2"),
)


@pytest.mark.parametrize(("text", "functions", "root"), [CONDITIONAL, WAITING])
def test_the_source_of_an_operation_is_as_reviewed(library, text, functions, root):
    """These two, and that of docs/compiled-queries.md: what functions answer is compared with graphql-core."""
    assert library.compile(text).source_code == dedent(functions).lstrip("\n") + root


async def test_fragments_that_double_cost_what_is_written_not_what_it_means(library):
    levels = 40
    fragments = "".join(
        f"fragment F{n} on Person {{ a: friend {{ today {{ ...F{n + 1} }} }} b: friend {{ today {{ ...F{n + 1} }} }} }} "
        for n in range(levels)
    )
    text = f"{{ author(id: 1) {{ today {{ ...F0 }} }} }} {fragments} fragment F{levels} on Person {{ name }}"
    answered = await library.same(text, lambda: Context(people={"1": Person()}))
    assert answered.data == {"author": {"today": {"a": None, "b": None}}}


UNPLAIN_FRIENDS = {
    "nobody": None,
    "an unreadable one": UNREADABLE,
    "one with an unreadable name": Author(id=2, name=UNREADABLE),
    "one who is loaded": Author(id=2, name="F"),
}


@pytest.mark.parametrize("friend", UNPLAIN_FRIENDS.values(), ids=UNPLAIN_FRIENDS)
async def test_an_object_is_the_same_whether_or_not_something_in_it_is_waited_for(library, friend):
    text = """{ authors(ids: [1, 3]) { today { friend { name } } }
                author(id: 1) { born today { name } x: today { friend { born } } } }"""
    people: dict[str | None, Any] = {"1": Person(friend=friend, born=1), "2": Person(born=2)}
    await library.same(text, lambda: Context(people=people))


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

    await library.same(text, make)

"""Lists that compiled queries render without their resolver, while the budget of a pass suffices."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.engine.resolvers import InlineList, Node, ResolverField
from gateway.observability.event_loop import PassBudget
from tests.unit.engine.compiler.engine import Engine
from tests.unit.engine.compiler.library import (
    FIELDS,
    LIBRARY,
    SOURCE_BY_FIELD,
    UNREADABLE,
    Author,
    Context,
    Disc,
    Person,
)


def disc(id_: int, **fields: Any) -> Disc:
    return Disc(id=id_, word="disc", house_id=f"h{id_}", author=Author(id=id_), **fields)


class Bookcase:
    """An engine whose field `Person.works` is an inline list with a budget; the resolver's calls are counted."""

    def __init__(self, works_per_pass: int, *lists: list[Any]) -> None:
        self.calls = 0
        self._budget = PassBudget(works_per_pass)
        self._lists = lists
        works = ResolverField(self._works, inline_list=InlineList("works", self._budget))
        self.engine = Engine(
            LIBRARY.replace("odd: String }", "people: [Person!] }", 1),
            replace(
                FIELDS,
                source_by_field={
                    **SOURCE_BY_FIELD,
                    ("Query", "people"): ResolverField(self._people),
                    ("Person", "works"): works,
                },
            ),
        )

    def _people(self, _root: Any, _info: Any) -> list[Node[Person]]:
        return [Node(Person(name=str(index), works=each)) for index, each in enumerate(self._lists)]

    def _works(self, root: Node[Any], _info: Any) -> Any:
        self.calls += 1
        nodes = [root.child(each) for each in root.value.works]
        return nodes if self._budget.consume(len(nodes)) else self._in_a_later_pass(nodes)

    @staticmethod
    async def _in_a_later_pass(nodes: list[Any]) -> list[Any]:
        await asyncio.sleep(0)
        return nodes


WORKS = "works { ... on Disc { id title } }"


async def test_the_resolver_is_called_beyond_the_budget_only():
    bookcase = Bookcase(3, [disc(1), disc(2)], [disc(3), disc(4)], [disc(5)], [disc(6)], [])
    answered = await bookcase.engine.answer(f"{{ people {{ name {WORKS} }} }}", Context())
    assert answered is not None
    assert (bookcase.calls, answered.is_fully_compiled) == (2, True)
    found = [[work["id"] for work in person["works"]] for person in answered.data["people"]]
    assert found == [["1", "2"], ["3", "4"], ["5"], ["6"], []]


SELECTIONS = {
    "one field": "{ people { name works { ... on Disc { id title minutes } } born } }",
    "aliases": f"{{ people {{ {WORKS} a: {WORKS} b: works {{ __typename }} }} }}",
    "fragments": f"{{ people {{ ...A name ...B }} }} fragment A on Person {{ {WORKS} }} fragment B on Person {{ works {{ ... on Disc {{ kind }} }} }}",
    "aliases of the parent": f"{{ people {{ {WORKS} }} b: people {{ {WORKS} }} c: people {{ x: {WORKS} }} }}",
    "ids": "{ people { works { ... on Disc { author { born today { name } } } } name } }",
    "conditions": "query($x: Boolean! = true) { people { works @include(if: $x) { __typename } b: works @skip(if: $x) { __typename } } }",
    "a position that depends on a condition": "query($x: Boolean! = false) { people { works @include(if: $x) { __typename } name works { __typename } } }",
}  # fmt: skip

LISTS: dict[str, list[list[Any]]] = {
    "readable": [[disc(1), disc(2)], [], [disc(3)], [disc(4), disc(5)]],
    "an unreadable title": [[disc(1)], [disc(2), disc(3, title=UNREADABLE)], [disc(4), disc(5)]],
    "an unreadable element": [[disc(1)], [disc(4), UNREADABLE], [disc(3)]],
    "a null element": [[disc(1), None], [disc(2)]],
}


@pytest.mark.parametrize("budget", [0, 2, 100])
@pytest.mark.parametrize("lists", LISTS.values(), ids=LISTS)
@pytest.mark.parametrize("text", SELECTIONS.values(), ids=SELECTIONS)
async def test_lists_are_those_of_graphql_core_within_the_budget_and_beyond(text, lists, budget):
    people: dict[str | None, Any] = {"2": Person(name="N", born=9), "4": OSError("away")}
    await Bookcase(budget, *lists).engine.same(text, lambda: Context(people=people))


@pytest.mark.parametrize("budget", [2, 4, 100])
async def test_the_resolver_is_not_called_for_an_unreadable_list_within_the_budget(budget):
    bookcase = Bookcase(budget, [disc(1)], [disc(2, title=UNREADABLE)], [disc(3), disc(4)])
    answered = await bookcase.engine.answer(f"{{ people {{ {WORKS} }} }}", Context())
    assert answered is not None
    assert [error.path for error in answered.errors] == [["people", 1, "works", 0, "title"]]
    assert bookcase.calls == (1 if budget == 2 else 0), "for the last list alone"


async def test_identical_lists_of_an_object_are_resolved_once():
    bookcase = Bookcase(4, [disc(1), disc(2)], [disc(3), disc(4)])
    aliases = " ".join(f"a{number}: {WORKS}" for number in range(8))
    await bookcase.engine.answer(f"{{ people {{ {aliases} }} }}", Context())
    assert bookcase.calls == 2


@pytest.mark.parametrize("budget", [2, 4, 100])
@pytest.mark.parametrize("title", ["T", UNREADABLE], ids=["readable", "unreadable"])
async def test_loads_inside_an_inline_list_start_in_the_order_of_graphql_core(title, budget):
    lists = [disc(1, title=title), disc(2)], [disc(3)], [disc(4, title=title)]
    text = "{ people { works { ... on Disc { title author { born } } } name } }"
    asked = []
    for ask in ("answer", "core"):
        context = Context()
        await getattr(Bookcase(budget, *map(list, lists)).engine, ask)(text, context)
        asked.append(context.asked)
    assert asked[0] == asked[1]
    assert sorted(asked[0]) == ["h1/1", "h2/2", "h3/3", "h4/4"]

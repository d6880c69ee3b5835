import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLError, build_schema, get_operation_ast, parse
from msgspec import Raw

from gateway.engine.compiler.collect_fields import FieldCollector
from gateway.engine.compiler.field_identity import FieldIdentities
from gateway.engine.resolvers import Node, ResolverField
from tests.unit.engine.compiler.engine import Engine
from tests.unit.engine.compiler.library import (
    FIELDS,
    ITEMS,
    LIBRARY,
    SOURCE_BY_FIELD,
    Author,
    Context,
    Person,
    author,
    shelf,
)

BOOK = {"id": 1, "type": "book", "title": "A", "author": {"id": 1, "name": "N"}}


class Counter:
    """An engine whose resolvers of `shelf` and `author` are counted."""

    def __init__(self, resolve_author: Callable[..., Any] = author) -> None:
        self.calls: list[str] = []

        def count(name: str, resolve: Callable[..., Any]) -> Callable[..., Any]:
            def counted(root: Any, info: Any, **arguments: Any) -> Any:
                self.calls.append(name)
                return resolve(root, info, **arguments)

            return counted

        sources = {
            **SOURCE_BY_FIELD,
            ("Query", "shelf"): ResolverField(count("shelf", shelf), ITEMS),
            ("Query", "author"): ResolverField(count("author", resolve_author)),
        }
        self.engine = Engine(LIBRARY, replace(FIELDS, source_by_field=sources))

    async def calls_of_compiled_query(self, text: str, context: Context, **variables: Any) -> int:
        """How often resolvers are called by the compiled query, whose answer is graphql-core's."""
        await self.engine.same(
            text, lambda: replace(context, reported_errors=[], asked=[], loading={}), **variables
        )
        self.calls.clear()
        await self.engine.answer(text, replace(context, loading={}), **variables)
        return len(self.calls)


IDENTICAL = {
    "the same text": "{ a: author(id: 1) { id name } b: author(id: 1) { id name } }",
    "items": "{ a: shelf { things { id } } b: shelf { things { id } } c: shelf { things { id } } }",
    "a fragment": "{ a: shelf { ...F } b: shelf { ...F } } fragment F on Shelf { things { title author { name } } }",
    "a fragment and its text": "{ a: shelf { ...F } b: shelf { things { id } } } fragment F on Shelf { things { id } }",
    "arguments in another order": "{ a: shelf(size: 5, titles: []) { id } b: shelf(titles: [], size: 5) { id } }",
    "the same variable": "query($n: Int! = 5) { a: shelf(size: $n) { id } b: shelf(size: $n) { id } }",
    "the same condition": "query($x: Boolean! = true) { a: shelf @include(if: $x) { id } b: shelf @include(if: $x) { id } }",
    "the same condition inside": "query($x: Boolean! = true) { a: shelf { id @skip(if: $x) count } b: shelf { id @skip(if: $x) count } }",
    "without another field between": "{ a: shelf { id } odd b: shelf { id } }",
}  # fmt: skip


@pytest.mark.parametrize("text", IDENTICAL.values(), ids=IDENTICAL)
async def test_identical_fields_are_resolved_once(text):
    assert await Counter().calls_of_compiled_query(text, Context([BOOK, BOOK])) == 1


DIFFERENT = {
    "another argument": "{ a: author(id: 1) { id } b: author(id: 2) { id } }",
    "an argument and its default": "{ a: shelf { id } b: shelf(size: 10) { id } }",
    "another variable": "query($n: Int! = 5, $m: Int! = 6) { a: shelf(size: $n) { id } b: shelf(size: $m) { id } }",
    "another field inside": "{ a: shelf { id } b: shelf { count } }",
    "another key inside": "{ a: shelf { id } b: shelf { x: id } }",
    "another order": "{ a: shelf { id count } b: shelf { count id } }",
    "another field of one kind": "{ a: shelf { things { id ... on Book { pages } } } b: shelf { things { id } } }",
    "another condition": "query($x: Boolean! = true) { a: shelf @include(if: $x) { id } b: shelf { id } }",
    "another condition inside": "query($x: Boolean! = true) { a: shelf { id @include(if: $x) count } b: shelf { id count } }",
}  # fmt: skip


@pytest.mark.parametrize("text", DIFFERENT.values(), ids=DIFFERENT)
async def test_different_fields_are_resolved_each(text):
    assert await Counter().calls_of_compiled_query(text, Context([BOOK])) == 2


UNUSUAL: dict[str, dict[str, Any]] = {
    "an item that graphql-core completes": {**BOOK, "title": 5},
    "an item with an error": {**BOOK, "author": {"id": []}},
    "an item of no class": {"id": 1, "type": "scroll"},
}


@pytest.mark.parametrize("item", UNUSUAL.values(), ids=UNUSUAL)
async def test_identical_fields_have_errors_each_at_its_own_path(library, item):
    text = """{ a: shelf { things { id title author { name } } }
                b: shelf { things { id title author { name } } } }"""
    answered = await library.same(text, lambda: Context([BOOK, item]))
    assert [error.path and error.path[0] for error in answered.errors] in ([], ["a", "b"])


@pytest.mark.parametrize("born", [5, OSError("away"), None])
async def test_identical_fields_that_wait_inside_are_answered_each(library, born):
    text = "{ a: author(id: 1) { id born } b: author(id: 1) { id born } }"
    person = born if isinstance(born, Exception) else Person(born=born)
    answered = await library.same(text, lambda: Context(people={"1": person}))
    paths = [["a", "born"], ["b", "born"]] if isinstance(born, Exception) else []
    assert [error.path for error in answered.errors] == paths


async def away(_root: Any, _info: Any, id: str) -> Any:  # noqa: A002
    await asyncio.sleep(0)
    raise OSError("away")


def away_at_once(_root: Any, _info: Any, id: str) -> Any:  # noqa: A002
    raise OSError("away")


async def nobody(_root: Any, _info: Any, id: str) -> Any:  # noqa: A002
    await asyncio.sleep(0)


@pytest.mark.parametrize("resolve", [away, away_at_once, nobody])
async def test_identical_fields_fail_together(resolve):
    text = "{ a: author(id: 1) { id } b: author(id: 1) { id } }"
    assert await Counter(resolve).calls_of_compiled_query(text, Context()) == 1


async def test_what_a_resolver_reports_is_reported_for_each():
    def reporting(_root: Any, info: Any, id: str) -> Any:  # noqa: A002
        info.context.reported_errors.append(GraphQLError("odd", path=info.path.as_list()))
        return Node(Author(id=id))

    text = "{ a: author(id: 1) { id } b: author(id: 1) { id } }"
    assert await Counter(reporting).calls_of_compiled_query(text, Context()) == 2


async def test_an_argument_that_a_variable_spoils_is_an_error_of_each(library):
    text = "query($n: Int = 1) { a: shelf(size: $n) { id } b: shelf(size: $n) { id } }"
    answered = await library.same(text, Context, n=None)
    assert [error.path for error in answered.errors] == [["a"], ["b"]]


async def test_elements_that_are_awaited_are_answered_each():
    async def soon(id_: str) -> Node[Author]:
        await asyncio.sleep(0)
        return Node(Author(id=id_))

    engine = Engine(
        LIBRARY.replace("odd: String }", "found: [Author] }", 1),
        replace(
            FIELDS,
            source_by_field={
                **SOURCE_BY_FIELD,
                ("Query", "found"): ResolverField(lambda _root, _info: [soon("1"), None]),
            },
        ),
    )
    answered = await engine.same("{ a: found { id } b: found { id } }", Context)
    assert answered.data == {"a": [{"id": "1"}, None], "b": [{"id": "1"}, None]}


async def test_identical_fields_are_encoded_once(library):
    text = "{ a: shelf { things { id } } b: shelf { things { id } } c: shelf { id } }"
    context = Context([BOOK])
    result = await library.compile(text).run(context, library.variables(text, {}), pytest.fail)
    assert result.data.f_a is result.data.f_b
    assert (result.data.f_a.__class__, result.data.f_c.__class__ is Raw) == (Raw, False)


def test_fragments_that_double_are_numbered_once_each():
    levels = 60
    fragments = "".join(
        f"fragment F{n} on Author {{ a: today {{ friend {{ ...F{n + 1} }} }} b: today {{ friend {{ ...F{n + 1} }} }} }} "
        for n in range(levels)
    )
    document = parse(
        f"{{ a: author(id: 1) {{ ...F0 }} }} {fragments} fragment F{levels} on Author {{ name }}"
    )
    operation = get_operation_ast(document)
    assert operation is not None
    selection = FieldCollector(build_schema(LIBRARY), document).collect(operation)
    [field] = selection.distinct_fields()
    identities = FieldIdentities()
    assert identities.identity(field) == identities.identity(field)

"""Operations at the edge of what compiled queries are for: answered as graphql-core answers them, and soon."""

from typing import Any

import httpx
import pytest

from tests.support.gateway import Gateway

UNLIMITED: dict[str, Any] = dict.fromkeys(("max_depth", "max_duplicate_fields", "max_cost"), 2**40)


@pytest.fixture
def both(rest, sandbox_app):
    """What comes of an operation with compiled queries and without."""

    async def ask(query, **settings):
        return [
            (
                await Gateway(
                    httpx.ASGITransport(sandbox_app),
                    compile_queries=compile_queries,
                    **UNLIMITED,
                    **settings,
                ).post(query)
            )
            for compile_queries in ("eager", "off")
        ]

    return ask


@pytest.mark.parametrize("most", [2, 3, 4])
async def test_when_reads_run_out_the_same_fields_have_no_answer(both, most):
    compiled, executed = await both(
        """{ activities(clientId: "1001") { nodes { ... on AppointmentActivity { appointment {
             current { status } service { current { description } } staff { current { role } }
           } } } } }""",
        max_upstream_reads=most,
    )
    assert compiled.content == executed.content


@pytest.mark.parametrize("levels", [4, 12, 25])
async def test_a_deep_document_is_answered(both, levels):
    fields = "id"
    for _ in range(levels):
        client = f"client {{ activities {{ nodes {{ {fields} }} }} }}"
        fields = f"id ... on AppointmentActivity {{ appointment {{ current {{ {client} }} }} }}"
    compiled, executed = await both(
        f'{{ activities(clientId: "nobody") {{ nodes {{ {fields} }} }} }}'
    )
    assert compiled.content == executed.content


async def test_conditions_upon_conditions_are_answered(both):
    levels = range(20)
    variables = " ".join(f"$a{n}: Boolean = true $b{n}: Boolean = true" for n in levels)
    fragments = " ".join(
        f"fragment F{n} on Client {{ ...F{n + 1} @include(if: $a{n}) ...F{n + 1} @include(if: $b{n}) }}"
        for n in levels
    )
    compiled, executed = await both(
        f'query({variables}) {{ client(id: "1") {{ ...F0 }} }} {fragments} fragment F20 on Client {{ id }}'
    )
    assert compiled.json() == {"data": {"client": {"id": "1"}}}
    assert compiled.content == executed.content

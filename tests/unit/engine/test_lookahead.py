"""Which fields an operation selects below one that is being resolved."""

from typing import Any

import pytest
from graphql import GraphQLResolveInfo, build_schema, graphql_sync

from gateway.engine.lookahead import selected_names

SCHEMA = build_schema(
    """
    type Query { page: Page }
    type Page { counts: Counts total: Int }
    type Counts { kinds: Int users: Int days: Int }
    """
)


def selected(document: str, *path: str, **variables: object) -> frozenset[str]:
    """The names that graphql-core's info of the root field gives."""
    found: list[frozenset[str]] = []

    def resolve_page(info: GraphQLResolveInfo[Any]) -> None:
        found.append(selected_names(info, *path))

    result = graphql_sync(SCHEMA, document, {"page": resolve_page}, None, variables)
    assert result.errors is None
    return found[0]


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ("{ page { total } }", set()),
        ("{ page { counts { kinds users } } }", {"kinds", "users"}),
        ("{ page { a: counts { b: kinds } } }", {"kinds"}),
        ("{ page { counts { kinds } counts { days } } }", {"kinds", "days"}),
        ("{ page { counts { kinds } } page { counts { days } } }", {"kinds", "days"}),
        ("{ page { ...P } } fragment P on Page { counts { ...C } } fragment C on Counts { kinds }", {"kinds"}),
        ("{ page { ... on Page { counts { ... { users } } } } }", {"users"}),
        ("{ page { counts @skip(if: true) { kinds } } }", set()),
        ("{ page { counts { kinds @include(if: false) users } } }", {"users"}),
        ("query ($v: Boolean!) { page { counts @include(if: $v) { kinds } } }", {"kinds"}),
        ("query ($v: Boolean!) { page { ... @skip(if: $v) { counts { kinds } } } }", set()),
        ("query ($v: Boolean!) { page { ...P @skip(if: $v) } } fragment P on Page { counts { days } }", set()),
    ],
)  # fmt: skip
def test_selected_fields_are_known_before_they_are_resolved(document, names):
    variables = {"v": True} if "$v" in document else {}
    assert selected(document, "counts", **variables) == names


def test_fragments_may_be_spread_more_than_once():
    document = "{ page { ...P ...P counts { ...C } } } fragment P on Page { counts { ...C } } fragment C on Counts { kinds }"
    assert selected(document, "counts") == {"kinds"}
    assert selected(document) == {"counts"}

import pytest
import strawberry

from gateway.schema import build_schema
from gateway.schema.arguments import value_or_none


@pytest.mark.parametrize("value", ["x", "", 0, [], None])
def test_what_is_given_is_taken_as_it_is(value):
    assert value_or_none(value) == value


def test_what_is_absent_counts_as_null():
    assert value_or_none(strawberry.UNSET) is None


FILTERS = "kinds: null, events: null, appointmentId: null, from: null, to: null"
PAGING = "sort: null, first: null, last: null, after: null, before: null"


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("filters", ["null", "{}", f"{{ {FILTERS} }}"])
async def test_a_null_argument_equals_an_absent_one(gateway_over_items, filters, compile_queries):
    gateway = gateway_over_items({"id": "1", "type": "note"}, compile_queries=compile_queries)
    nulls = f"filter: {filters}, {PAGING}"
    fields = "totalCount edges { cursor }"
    data = await gateway.data(f"""{{
      absent: activities(clientId: 7) {{ {fields} }}
      activities(clientId: 7, {nulls}) {{ {fields} }}
      client(id: 7) {{ activities({nulls}) {{ {fields} }} }}
    }}""")
    assert data["activities"] == data["client"]["activities"] == data["absent"]
    assert data["absent"]["totalCount"] == 1


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_a_filter_may_be_a_variable_a_literal_or_of_variables(
    gateway_over_items, compile_queries
):
    items = [{"id": str(n), "type": kind} for n, kind in enumerate(("note", "consent", "note"))]
    gateway = gateway_over_items(*items, compile_queries=compile_queries)
    query = """query($filter: ActivityFilter, $kinds: [ActivityKind!], $kind: ActivityKind!) {
      variable: activities(clientId: 7, filter: $filter) { nodes { id } }
      literal: activities(clientId: 7, filter: { kinds: CONSENT }) { nodes { id } }
      field: activities(clientId: 7, filter: { kinds: $kinds }) { nodes { id } }
      element: activities(clientId: 7, filter: { kinds: [$kind] }) { nodes { id } }
    }"""
    variables = {"filter": {"kinds": ["CONSENT"]}, "kinds": ["CONSENT"], "kind": "CONSENT"}
    for _ in range(2):
        data = await gateway.data(query, **variables)
        assert sorted(data) == ["element", "field", "literal", "variable"]
        assert all(found == {"nodes": [{"id": "1"}]} for found in data.values())


INVALID_FILTERS = [
    {"kinds": ["CALL"]},
    {"kinds": [None]},
    {"events": "created"},
    {"from": "yesterday"},
    {"until": "2026-07-01T00:00:00Z"},
    "NOTE",
]


@pytest.mark.parametrize("sent", INVALID_FILTERS, ids=str)
async def test_an_invalid_filter_is_refused_before_execution(gateway_over_items, sent):
    query = (
        "query($filter: ActivityFilter) { activities(clientId: 7, filter: $filter) { totalCount } }"
    )
    answer = await gateway_over_items().ask(query, {"filter": sent})
    assert "data" not in answer
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}


def test_no_argument_and_no_field_of_the_filter_shows_a_default_of_null():
    schema = build_schema()
    type_: object = schema.type_map["ActivityFilter"]
    assert "= null" not in "\n".join(
        str(field.ast_node or field.default_value)
        for field in type_.fields.values()  # type: ignore[attr-defined]
    )

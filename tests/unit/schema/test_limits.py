"""What honest operations measure, and how far that is from what is allowed."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from gateway import schema
from gateway.cli.welcome import EXAMPLE_QUERIES
from gateway.config.settings import Settings
from gateway.engine.complexity.limits import Limits, compare_with_limits, enforce, enforce_cost
from gateway.engine.complexity.measure import OperationSize, measure_document
from gateway.engine.validation import build_validator
from gateway.schema.engine_binding import operation_limits
from tests.scenarios.runner import Scenario
from tests.support.documents import EVERYTHING
from tests.support.pages import QUERIES
from tests.unit.schema import clinic

ROOT = Path(__file__).parents[3]


def limits_of(**given: Any) -> Limits:
    """What is allowed with these settings."""
    settings = Settings(**{"upstream_url": "http://upstream", **given})
    return operation_limits(schema.build_schema(), settings)


ALLOWED = limits_of()


def test_a_read_costs_what_it_does_behind_a_permission_too():
    guarded = schema.executable_schema(
        schema.build_strawberry_schema(clinic.Query, types=clinic.KINDS)
    )
    settings: dict[str, Any] = {"upstream_url": "http://upstream"}
    weights = operation_limits(guarded, Settings(**settings)).field_costs

    def costs(field: str) -> int:
        text = f"{{ client(id: 7) {{ {field} {{ firstName }} }} }}"
        return measure_document(parse(text), weights)[0].cost.evaluate({})

    assert costs("deniedProfile") == costs("profile") > 10


def size(text: str) -> OperationSize:
    """Of the first operation of a text."""
    return measure_document(parse(text), ALLOWED.field_costs)[0]


def cost(text: str, **variables: object) -> int:
    return size(text).cost.evaluate(variables)


def ten_aliases(text: str) -> str:
    """An operation of one root field, as ten."""
    opening, _, rest = text.partition("{\n")
    field, _, fragments = rest.partition("\n}\n")
    return f"{opening}{{ {' '.join(f'a{n}: {field}' for n in range(10))} }} {fragments}"


INTROSPECTION = get_introspection_query(
    descriptions=True,
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    one_of=True,
    input_value_deprecation=True,
)
BENCHMARK = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests/benchmarks/operations").glob("*.graphql"))
}
HONEST = {
    "everything": EVERYTHING,
    "everything, ten times": ten_aliases(EVERYTHING),
    "introspection": INTROSPECTION,
    **{
        path.stem: scenario.query
        for path in sorted((ROOT / "tests/scenarios").glob("*.md"))
        if (scenario := Scenario.read(path)).is_executed and "graphql" in scenario.blocks
    },
    **QUERIES,
    **{text.splitlines()[0]: text for text in re.split(r"\n\n", EXAMPLE_QUERIES) if text.strip()},
    **{
        name: text + BENCHMARK["activity"] * (name != "introspection")
        for name, text in BENCHMARK.items()
        if name != "activity"
    },
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_an_honest_operation_is_far_from_every_limit(text):
    for each in compare_with_limits(size(text), ALLOWED, {"first": 100, "clients": ["1"] * 20}):
        assert each.measured * 2 <= each.allowed
    for definition in measure_document(parse(text), ALLOWED.field_costs):
        enforce(definition, ALLOWED)
        enforce_cost(definition, ALLOWED, {})


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_an_honest_operation_takes_few_comparisons(text):
    """A hundredth of what is allowed."""
    few = replace(ALLOWED, comparisons=ALLOWED.comparisons // 100)
    build_validator(schema.build_schema(federated=True), few, introspection=True)(parse(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EVERYTHING, (3_012, 447, 8, 0, 0, 1, 2, 83_137)),
        (ten_aliases(EVERYTHING), (21_709, 3_248, 8, 10, 2, 10, 2, 831_370)),
        (INTROSPECTION, (1_645, 184, 15, 0, 0, 1, 1, 51_863)),
    ],
    ids=["everything", "everything, ten times", "introspection"],
)
def test_the_largest_operations_measure_what_they_did_when_limits_were_chosen(text, expected):
    assert tuple(each.measured for each in compare_with_limits(size(text), ALLOWED, {})) == expected


TIMELINE = "{ activities(clientId: 7%s) { totalCount nodes { id event } } }"


@pytest.mark.parametrize(
    ("arguments", "items"),
    [("", 50), (", first: 3", 3), (", last: 3", 3), (", first: 100", 100), (", first: 1000", 100)],
)
@pytest.mark.parametrize("place", ["", ', around: "1"', ', startingAt: "2026-01-01T00:00:00Z"'])
def test_a_timeline_costs_a_read_and_its_page(arguments, items, place):
    assert cost(TIMELINE % (arguments + place)) == 10 + 1 + 1 + 2 * items


def test_a_page_is_as_long_as_the_settings_say():
    weights = limits_of(default_page_size=7, max_page_size=9).field_costs
    found = [measure_document(parse(TIMELINE % each), weights)[0] for each in ("", ", first: 1000")]
    assert [each.cost.evaluate({}) for each in found] == [12 + 2 * 7, 12 + 2 * 9]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{ client(id: "7") { id } }', 1 + 1),
        ('{ client(id: "7") { id profile { firstName } } }', 1 + 1 + 10 + 1),
        ('{ clients(ids: ["7", "8"]) { id profile { firstName } } }', 1 + 2 * (1 + 10 + 1)),
        ("{ clients(ids: 7) { id } }", 1 + 20),
        ('{ client(id: "7") { activities(first: 3) { edges { node { id } } } } }', 12 + 3 * 2),
        (
            '{ client(id: "7") { appointmentThreads(first: 3) { nodes { phase steps { id } } } } }',
            1 + 10 + 1 + 3 * (1 + 1 + 10),
        ),
        (
            "{ client(id: 7) { appointmentThreads(last: 3) { nodes { activities(first: 2) { nodes { id } } } } } }",
            1 + 10 + 1 + 3 * (10 + 1 + 2),
        ),
        (
            '{ client(id: "7") { profile { companies { id emailAddress address { city } } } } }',
            1 + 10 + 1 + 10 * (1 + 10 + 10 + 1),
        ),
    ],
)
def test_what_takes_a_read_weighs_more(text, expected):
    assert cost(text) == expected


def test_a_thread_of_threads_of_threads_is_too_much():
    thread = "activities(first: 100) { nodes { ... on AppointmentActivity { appointment { current { %s } } } } }"
    text = "{ client(id: 7) { " + thread % (thread % (thread % "reference status")) + " } }"
    assert cost(text) > ALLOWED.cost
    text = "{ client(id: 7) { " + thread % (thread % "reference status") + " } }"
    assert cost(text) < ALLOWED.cost


def test_what_is_allowed_is_what_is_set():
    allowed = limits_of(
        max_document_characters=1,
        max_tokens=2,
        max_depth=3,
        max_aliases=4,
        max_alias_characters=5,
        max_root_fields=6,
        max_duplicate_fields=7,
        max_field_comparisons=8,
        max_cost=9,
    )
    assert [
        allowed.characters,
        allowed.tokens,
        allowed.depth,
        allowed.aliases,
        allowed.alias_characters,
        allowed.root_fields,
        allowed.duplicate_fields,
        allowed.comparisons,
        allowed.cost,
    ] == list(range(1, 10))

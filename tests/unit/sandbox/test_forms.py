"""Forms, their questions, and the answers of clients."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

import pytest

from gateway.sandbox.fixtures.clock import PARIS
from gateway.sandbox.fixtures.entities import Client, Json
from gateway.sandbox.representations.form import (
    ANSWER_BY_ITEM_TYPE,
    ITEMS_BY_FORM_NUMBER,
    contact_answers,
    form_answers,
    form_json,
    form_result_json,
)
from tests.unit.sandbox.contract import Form, FormResult, activities, is_refused, many, one

PATH = "/api/2.3/forms"


def all_items(items: list[Json]) -> Iterator[Json]:
    for item in items:
        yield item
        yield from all_items(item.get("subItem", []))


def answers(sample_data) -> list[Json]:
    """All that client 2000 has answered."""
    history = sample_data.client_timeline("1", "2000").history
    return list(
        chain.from_iterable(
            all_items(form_answers(result, history.client))
            for result in history.form_results.values()
        )
    )


# Forms and results


async def test_a_form_is_what_the_list_says(rest):
    listed = await many(rest, PATH, Form)
    assert len(listed) == 3
    for form in listed:
        assert await one(rest, f"{PATH}/{form.id}", Form) == form


@pytest.mark.parametrize("client_id", ["1020", "1100", "2000"])
async def test_results_are_those_of_the_timeline(rest, client_id):
    names = {str(form.id): form.name for form in await many(rest, PATH, Form)}
    for activity in await activities(rest, client_id, "formResult"):
        told = activity["formResult"]
        form_id, name = str(told["form"]["id"]), told["form"].get("name")
        assert names[form_id] == (name or told["name"]["name"])
        shown = await one(rest, f"{PATH}/{form_id}/results/{told['id']}", FormResult)
        assert [str(shown.id), str(shown.form), str(shown.client)] == [
            told["id"],
            form_id,
            client_id,
        ]


@pytest.mark.parametrize(
    "path",
    [
        "2000000000000701",
        "1000000000000701/results/431100000099",
        "1000000000000701/results/1",
        "1/results/431100000001",
        "2000000000000701/results/433050000001",
    ],
)
async def test_what_belongs_to_others_or_to_another_form_is_unknown(rest, path):
    assert await is_refused(rest, f"{PATH}/{path}")


def test_the_second_form_has_a_number_for_id_and_no_title(sample_data):
    one, two, three = map(form_json, sample_data.catalogue_by_account["1"].forms.values())
    assert (one["id"], two["id"]) == ("1000000000000701", 1000000000000702)
    assert two["title"] is None
    assert three["picture"] is None
    assert one["picture"]


def test_results_have_bare_ids_and_a_date_as_text(sample_data):
    history = sample_data.client_timeline("1", "1100").history
    shown = [form_result_json(one, history.client) for one in history.form_results.values()]
    for name in ("id", "form", "client"):
        assert {type(one[name]) for one in shown} == {str, int}
    assert {type(one["date"]) for one in shown} == {str}
    assert {one["currentStatus"] for one in shown} >= {"NEUTRAL", "IN_PROGRESS", "FINISHED"}
    assert {one.get("route", {}).get("type") for one in shown} == {"message", "link", None}
    assert all(one["ipAddress"] for one in shown)


# Questions


def test_every_form_of_an_account_has_its_own_questions(sample_data):
    assert len(ITEMS_BY_FORM_NUMBER) == len(sample_data.catalogue_by_account["1"].forms)


def test_the_ids_of_questions_are_distinct_within_a_form():
    for fields in ITEMS_BY_FORM_NUMBER.values():
        ids = [item["id"] for item in all_items(fields)]
        assert len(ids) == len(set(ids))


def test_sections_lie_in_sections():
    inner = [item for item in ITEMS_BY_FORM_NUMBER[1][1]["subItem"] if item["type"] == "section"]
    assert [item["title"] for item in inner[0]["subItem"]] == ["When was it?", "Its report"]


# Answers


def test_every_type_of_item_can_be_answered():
    types = {item["type"] for fields in ITEMS_BY_FORM_NUMBER.values() for item in all_items(fields)}
    assert types == {*ANSWER_BY_ITEM_TYPE, "section"}


def test_the_same_result_has_the_same_answers(sample_data):
    history = sample_data.client_timeline("1", "1100").history
    result = next(iter(history.form_results.values()))
    assert form_answers(result, history.client) == form_answers(result, history.client)


def test_checkboxes_have_several_values_and_values_within(sample_data):
    boxes = [item for item in answers(sample_data) if item["type"] == "checkbox"]
    assert {len(box["values"]) for box in boxes} == {2, 3}
    assert any(
        len(value["values"]) == 1 for box in boxes for value in box["values"] if "values" in value
    )
    assert all(box["value"] is None for box in boxes)


def test_each_type_of_question_is_answered_in_its_own_way(sample_data):
    by_type: dict[str, Json] = {item["type"]: item for item in answers(sample_data)}
    assert by_type["radio"]["values"][0]["value"] == by_type["radio"]["value"]
    assert isinstance(by_type["number"]["value"], int)
    assert by_type["scalerating"]["value"] in "12345"
    assert by_type["file"]["fileName"].endswith(".pdf")
    assert by_type["date"]["zonedDateTime"].keys() == {"dateTime", "timeZone"}


def test_not_everybody_writes_something(sample_data):
    written = {item["value"] for item in answers(sample_data) if item["type"] == "textarea"}
    assert None in written
    assert len(written) > 1


def test_a_client_says_who_it_is():
    client = Client("7", "Léa", "Ito", "lea.ito@example.com", "+33100000000")
    shown = contact_answers(client, datetime(2025, 1, 1, tzinfo=PARIS))
    assert [item["value"] for item in shown] == [
        "Ito",
        "Léa",
        "lea.ito@example.com",
        "+33100000000",
    ]

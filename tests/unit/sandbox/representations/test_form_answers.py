from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from gateway.sandbox.fixtures.clock import PARIS
from gateway.sandbox.fixtures.entities import Client, Json
from gateway.sandbox.representations.form import (
    ANSWER_BY_ITEM_TYPE,
    ITEMS_BY_FORM_NUMBER,
    contact_answers,
    form_answers,
)


def all_items(items: list[Json]) -> Iterator[Json]:
    for item in items:
        yield item
        yield from all_items(item.get("subItem", []))


def given(sample_data) -> list[Json]:
    history = sample_data.client_timeline("1", "2000").history
    return list(
        chain.from_iterable(
            all_items(form_answers(result, history.client))
            for result in history.form_results.values()
        )
    )


def test_every_type_of_item_can_be_answered():
    types = {item["type"] for fields in ITEMS_BY_FORM_NUMBER.values() for item in all_items(fields)}
    assert types == {*ANSWER_BY_ITEM_TYPE, "section"}


def test_the_same_result_has_the_same_answers(sample_data):
    history = sample_data.client_timeline("1", "1100").history
    result = next(iter(history.form_results.values()))
    assert form_answers(result, history.client) == form_answers(result, history.client)


def test_checkboxes_have_several_values_some_with_values_of_their_own(sample_data):
    boxes = [item for item in given(sample_data) if item["type"] == "checkbox"]
    assert {len(box["values"]) for box in boxes} == {2, 3}
    assert any(
        len(value["values"]) == 1 for box in boxes for value in box["values"] if "values" in value
    )
    assert all(box["value"] is None for box in boxes)


def test_choices_numbers_files_and_dates_are_answered_each_in_its_way(sample_data):
    by_type: dict[str, Json] = {item["type"]: item for item in given(sample_data)}
    assert by_type["radio"]["values"][0]["value"] == by_type["radio"]["value"]
    assert isinstance(by_type["number"]["value"], int)
    assert by_type["scalerating"]["value"] in "12345"
    assert by_type["file"]["fileName"].endswith(".pdf")
    assert by_type["date"]["zonedDateTime"].keys() == {"dateTime", "timeZone"}


def test_not_everybody_writes_something(sample_data):
    written = {item["value"] for item in given(sample_data) if item["type"] == "textarea"}
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

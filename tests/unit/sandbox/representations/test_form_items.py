from collections.abc import Iterator

from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.representations.form import ITEMS_BY_FORM_NUMBER


def all_items(items: list[Json]) -> Iterator[Json]:
    for item in items:
        yield item
        yield from all_items(item.get("subItem", []))


def test_every_form_of_an_account_has_its_own_questions(sample_data):
    assert len(ITEMS_BY_FORM_NUMBER) == len(sample_data.catalogue_by_account["1"].forms)


def test_ids_are_distinct_within_a_form():
    for fields in ITEMS_BY_FORM_NUMBER.values():
        ids = [item["id"] for item in all_items(fields)]
        assert len(ids) == len(set(ids))


def test_sections_lie_in_sections():
    inner = [item for item in ITEMS_BY_FORM_NUMBER[1][1]["subItem"] if item["type"] == "section"]
    assert [item["title"] for item in inner[0]["subItem"]] == ["When was it?", "Its report"]

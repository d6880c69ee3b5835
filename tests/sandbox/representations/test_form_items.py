from collections.abc import Iterator

from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.representations.form import FIELDS


def all_items(items: list[Json]) -> Iterator[Json]:
    for item in items:
        yield item
        yield from all_items(item.get("subItem", []))


def test_every_form_of_an_account_has_its_own_questions(world):
    assert len(FIELDS) == len(world.catalogues["1"].forms)


def test_ids_are_distinct_within_a_form():
    for fields in FIELDS.values():
        ids = [item["id"] for item in all_items(fields)]
        assert len(ids) == len(set(ids))


def test_sections_lie_in_sections():
    inner = [item for item in FIELDS[1][1]["subItem"] if item["type"] == "section"]
    assert [item["title"] for item in inner[0]["subItem"]] == ["When was it?", "Its report"]

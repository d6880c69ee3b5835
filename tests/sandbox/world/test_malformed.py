import json

from gateway.sandbox.world.malformed import ITEMS, malformed_entries


def test_every_item_is_sent_as_it_stands_and_in_order():
    assert [json.loads(entry.json) for entry in malformed_entries()] == list(ITEMS)


def test_three_are_healthy():
    healthy = (ITEMS[0], *ITEMS[-2:])
    assert [item.get("id") for item in healthy if isinstance(item, dict)] == ["1", "12", "13"]


def test_what_has_no_kind_is_of_none():
    assert [entry.kind for entry in malformed_entries()].count("") == 2

"""Two values of one, where the specification misprints a key; the rest of lenient reading is in test_decode."""

import pytest
from msgspec import Raw, json

from gateway.upstream.records.activities import StaffSnapshot, User, ZonedDateTime
from gateway.upstream.records.coercion import raw_values
from gateway.upstream.records.lenient_decoding import NULL, lenient_decoder, merge
from gateway.upstream.records.resources import Amount, Money, StaffReference
from gateway.upstream.surprises import FOREIGN_OBJECT, ODD_VALUE, observe_surprises


@pytest.mark.parametrize("nothing", [b"null", b'""', b"[]", b"[ ]"])
@pytest.mark.parametrize("something", [b'{"a":1}', b'"x"', b"0", b"false"])
def test_what_says_nothing_gives_way(nothing, something):
    assert bytes(merge(Raw(nothing), Raw(something), 1)) == something
    assert bytes(merge(Raw(something), Raw(nothing), 1)) == something


@pytest.mark.parametrize(
    ("sent", "misprinted", "read"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 2}, {"a": 1}),
        ({"a": None}, {"a": 2}, {"a": 2}),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": 1}, {"a": {"c": 2}}, {"a": 1}),
        ({"a": {"c": 2}}, {"a": 1}, {"a": {"c": 2}}),
        ([1], [2], [1]),
        ("x", {"a": 1}, "x"),
    ],
    ids=repr,
)
def test_what_stands_where_it_should_be_goes_first(sent, misprinted, read):
    found = merge(Raw(json.encode(sent)), Raw(json.encode(misprinted)), 2)
    assert json.decode(found) == read


def test_objects_are_merged_as_deep_as_is_asked():
    ours, theirs = Raw(b'{"a":{"b":{}}}'), Raw(b'{"a":{"b":{"c":1},"d":2}}')
    assert json.decode(merge(ours, theirs, 2)) == {"a": {"b": {}, "d": 2}}


def test_what_is_no_object_has_no_values():
    assert raw_values(Raw(b'{"a": null}')) == {"a": NULL}
    for sent in (b"[]", b"7", b"null", b'{"a":' * 100_000):
        assert raw_values(Raw(sent)) is None


def test_an_object_without_its_id_is_null_where_it_says_nothing():
    read = lenient_decoder(StaffReference | None)
    assert read(Raw(b'{"id":"","firstName":""}')) is None
    assert read(Raw(b'{"id":{"id":7.0}}')) == StaffReference(id=7)


def test_a_snapshot_that_lacks_its_id_is_null_where_it_has_empty_texts_alone():
    read = lenient_decoder(StaffSnapshot | None)
    assert read(Raw(b'{"id":"","firstName":null}')) is None
    assert read(Raw(b'{"id":"","firstName":""}')) is None
    assert read(Raw(b'{"id":"7","firstName":""}')) == StaffSnapshot(staff_id="7", first_name="")
    assert read(Raw(b'{"id":{"id":7.0}}')) == StaffSnapshot(staff_id=7)


@pytest.mark.parametrize(
    ("declared", "sent", "told"),
    [
        (User | None, b'{"login":"ito"}', [FOREIGN_OBJECT]),
        (User | None, b'{"login":"","userName":null}', []),
        (User | None, b'{"login":{},"userName":"ito"}', []),
        (StaffReference | None, b'{"staffId":"5","firstName":""}', [FOREIGN_OBJECT]),
        (StaffSnapshot | None, b'{"staffId":"5","firstName":null}', [FOREIGN_OBJECT]),
        (StaffSnapshot | None, b'{"staffId":"5","firstName":""}', [FOREIGN_OBJECT]),
        (ZonedDateTime | None, b'{"DateTime":"2026-03-01T09:00:00"}', [FOREIGN_OBJECT]),
        (Money | Amount | None, b'{"value":"45"}', [FOREIGN_OBJECT]),
        (User | None, b"{}", []),
    ],
    ids=str,
)
def test_an_object_of_other_keys_is_null_and_noted(declared, sent, told):
    found: list[str] = []
    with observe_surprises(lambda what, _: found.append(what)):
        read = lenient_decoder(declared)(Raw(sent))
    assert found == told
    if told:
        assert read is None


def test_an_object_may_be_a_text_where_a_text_may_stand_beside_a_record():
    found: list[str] = []
    with observe_surprises(lambda what, _: found.append(what)):
        assert lenient_decoder(User | str | None)(Raw(b'{"value":"Intake"}')) == "Intake"
    assert found == [ODD_VALUE]


def test_parts_of_two_things_are_not_made_one():
    one, other = Raw(b'{"id":"71","start":{}}'), Raw(b'{"id":72,"start":{"dateTime":"x"}}')
    assert bytes(merge(one, other, 2)) == bytes(one)
    same = Raw(b'{"id":71,"end":1}')
    assert json.decode(merge(one, same, 2)) == {"id": "71", "start": {}, "end": 1}

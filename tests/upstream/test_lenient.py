"""Two values of one, where the specification misprints a key; the rest of lenient reading is in test_decode."""

import pytest
from msgspec import Raw, json

from gateway.upstream.lenient import NULL, merged, reader, values_in
from gateway.upstream.records import Staff


@pytest.mark.parametrize("nothing", [b"null", b'""', b"[]", b"[ ]"])
@pytest.mark.parametrize("something", [b'{"a":1}', b'"x"', b"0", b"false"])
def test_what_says_nothing_gives_way(nothing, something):
    assert bytes(merged(Raw(nothing), Raw(something), 1)) == something
    assert bytes(merged(Raw(something), Raw(nothing), 1)) == something


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
    found = merged(Raw(json.encode(sent)), Raw(json.encode(misprinted)), 2)
    assert json.decode(found) == read


def test_objects_are_merged_as_deep_as_is_asked():
    ours, theirs = Raw(b'{"a":{"b":{}}}'), Raw(b'{"a":{"b":{"c":1},"d":2}}')
    assert json.decode(merged(ours, theirs, 2)) == {"a": {"b": {}, "d": 2}}


def test_what_is_no_object_has_no_values():
    assert values_in(Raw(b'{"a": null}')) == {"a": NULL}
    for sent in (b"[]", b"7", b"null", b'{"a":' * 100_000):
        assert values_in(Raw(sent)) is None


def test_an_object_without_its_id_is_null_where_it_says_nothing():
    read = reader(Staff | None)
    assert read(Raw(b'{"id":"","firstName":""}')) is None
    assert read(Raw(b'{"id":{"id":7.0}}')) == Staff(id=7)

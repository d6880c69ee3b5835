"""What comes of every JSON type in the place of every declared one, beside what is declared."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import Raw, json

from gateway.upstream.records.activities import UNREADABLE, Unreadable
from gateway.upstream.records.coercion import count_keys, raw_values
from gateway.upstream.records.field_types import (
    BoundedList,
    Count,
    Id,
    Link,
    NonEmptyText,
    Text,
    Word,
)
from gateway.upstream.records.lenient_decoding import lenient_decoder
from gateway.upstream.records.resources import Amount, Money
from gateway.upstream.surprises import ODD_VALUE, observe_surprises

DECLARED: dict[str, Any] = {
    "id": Id | None,
    "text": Text | None,
    "stated": NonEmptyText | None,
    "link": Link | None,
    "count": Count | None,
    "amount": Amount | None,
    "boolean": bool | None,
    "word": Word | None,
}
BIG = 12345678901234567890

# What is sent, and what is read of it by what is declared; everywhere else it is unreadable.
TABLE: list[tuple[bytes, Mapping[str, object]]] = [
    (b"null", dict.fromkeys(DECLARED)),
    (b'""', {**dict.fromkeys(DECLARED), "text": "", "link": ""}),
    (b"true", {"boolean": True}),
    (b'"true"', {"id": "true", "text": "true", "stated": "true", "link": "true", "boolean": True}),
    (b'"True"', {"id": "True", "text": "True", "stated": "True", "link": "True"}),
    (b"7", {"id": 7, "text": 7, "stated": 7, "link": "7", "count": 7, "amount": 7.0}),
    (b"7.0", {"id": 7, "text": 7.0, "stated": 7.0, "link": "7.0", "count": 7, "amount": 7.0}),
    (
        b"-7.00",
        {"id": -7, "text": -7.0, "stated": -7.0, "link": "-7.00", "count": -7, "amount": -7.0},
    ),
    (b"7e1", {"id": 70, "text": 70.0, "stated": 70.0, "link": "7e1", "count": 70, "amount": 70.0}),
    (b"7.5", {"text": 7.5, "stated": 7.5, "link": "7.5", "amount": 7.5}),
    (b"%d" % BIG, {"id": BIG, "text": BIG, "stated": BIG, "link": str(BIG), "amount": float(BIG)}),
    (
        b"%d.0" % BIG,
        {
            "id": BIG,
            "text": float(BIG),
            "stated": float(BIG),
            "link": f"{BIG}.0",
            "amount": float(BIG),
        },
    ),
    (b"1e400", {"link": "1e400"}),
    (b'"7"', {"id": "7", "text": "7", "stated": "7", "link": "7", "count": 7, "amount": 7.0}),
    (
        b'" 7\\n"',
        {"id": " 7\n", "text": " 7\n", "stated": " 7\n", "link": " 7\n", "count": 7, "amount": 7.0},
    ),
    (
        b'"1.0"',
        {"id": "1.0", "text": "1.0", "stated": "1.0", "link": "1.0", "count": 1, "amount": 1.0},
    ),
    (
        b'"45.50"',
        {"id": "45.50", "text": "45.50", "stated": "45.50", "link": "45.50", "amount": 45.5},
    ),
    *(
        (json.encode(text), {"id": text, "text": text, "stated": text, "link": text})
        for text in (
            "1,000",
            "45,00",
            "1 000",
            "+1",
            "01",
            ".5",
            "1.",
            "0x1",
            "٤",
            "NaN",
            "1e400",
            "-",
            " ",
        )
    ),
    (b"{}", {}),
    (b'{"name":""}', {}),
    (b'{"name":"","value":"x"}', {"id": "x", "text": "x", "stated": "x"}),
    (b'{"href":"","url":"/x"}', {"link": "/x", "text": "/x", "stated": "/x"}),
    (b'{"href":"","to":"/x"}', {"link": "/x", "text": "/x", "stated": "/x"}),
    (b'{"name":"x"}', {"text": "x", "stated": "x"}),
    (b'{"name":"accepted"}', {"text": "accepted", "stated": "accepted"}),
    (b'{"text":"accepted"}', {"text": "accepted", "stated": "accepted"}),
    (
        b'{"value":"accepted"}',
        {"id": "accepted", "text": "accepted", "stated": "accepted"},
    ),
    (b'{"value":"b","name":"a"}', {"id": "b", "text": "a", "stated": "a"}),
    (b'{"name":null,"value":"b"}', {"id": "b", "text": "b", "stated": "b"}),
    (b'{"name":[],"value":"b"}', {"id": "b", "text": "b", "stated": "b"}),
    (b'{"value":7.0}', {"id": 7, "text": 7.0, "stated": 7.0}),
    (b'{"id":7,"value":8}', {"id": 7, "text": 8, "stated": 8}),
    (b'{"id":"7"}', {"id": "7", "text": "7", "stated": "7"}),
    (b'{"ref":"7"}', {"id": "7", "text": "7", "stated": "7"}),
    (b'{"ref":"x","no":7}', {"text": "x", "stated": "x"}),
    (b'{"ref":"x","no":"7"}', {}),
    (b'{"ref":" "}', {}),
    (b'{"href":"/a","rel":"self"}', {"link": "/a"}),
    (b'{"url":"/a","href":"/b"}', {"link": "/b"}),
    (b'{"url":"a"}', {"link": "a", "text": "a", "stated": "a"}),
    (
        b'{"to":"HTTPS://example.com/"}',
        dict.fromkeys(("link", "text", "stated"), "HTTPS://example.com/"),
    ),
    (b'{"to":"/a b"}', {"text": "/a b", "stated": "/a b"}),
    (b'{"value":{"value":"x"}}', {}),
    (b'{"value":"\\ud800"}', {}),
    (b'{"value":' * 100_000, {}),
    (b"[]", {}),
    (b'["x"]', {}),
    (b'[{"value":"x"}]', {}),
]
AS_DECLARED = {
    "id": (b"7", b'"7"', b'"1.0"'),
    "text": (b'""', b'"7"', b"7", b"7.5"),
    "link": (b'""', b'"7"'),
    "count": (b"7",),
    "amount": (b"7", b"7.0", b"7.5"),
    "boolean": (b"true",),
}


@pytest.mark.parametrize("declared", DECLARED)
def test_a_value_is_read_where_it_has_one_meaning_and_nowhere_else(declared):
    surprises: list[str] = []
    for sent, read in TABLE:
        surprises.clear()
        with observe_surprises(lambda what, _: surprises.append(what)):
            found = lenient_decoder(DECLARED[declared])(Raw(sent))
        expected = read.get(declared, UNREADABLE)
        if declared == "word" and isinstance(text := read.get("stated"), str):
            expected = text  # any text that is not empty may be a word, and no number
        assert (found, type(found)) == (expected, type(expected)), sent
        is_value = found is not None and not isinstance(found, Unreadable)
        is_odd = is_value and not fits(sent, declared)
        assert surprises == [ODD_VALUE] * is_odd, sent


def fits(sent: bytes, declared: str) -> bool:
    try:
        json.decode(sent, type=DECLARED[declared])
    except (ValueError, RecursionError):
        return False
    return True


@pytest.mark.parametrize("declared", AS_DECLARED)
def test_what_is_sent_as_it_is_declared_surprises_nobody(declared):
    with observe_surprises(lambda what, _: pytest.fail(what)):
        for sent in AS_DECLARED[declared]:
            assert not isinstance(lenient_decoder(DECLARED[declared])(Raw(sent)), Unreadable)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b'"45.00"', 45.0),
        (b'{"amount":"45.00"}', Money(amount=45.0)),
        (b'{"amount":"45,00","currency":"EUR"}', "EUR"),
        (b'"45,00"', UNREADABLE),
        (b"[45]", UNREADABLE),
    ],
)
def test_beside_a_record_a_number_may_be_a_text(sent, read):
    found = lenient_decoder(Money | Amount | None)(Raw(sent))
    assert (found.currency if read == "EUR" else found) == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b'[{"name":"a"},7,"b",null]', ["a", 7, "b"]),
        (b'[["a"],"b"]', [UNREADABLE, "b"]),
        (b'{"name":"a"}', UNREADABLE),
        (b'"a"', UNREADABLE),
    ],
)
def test_in_a_list_each_element_is_read_by_itself(sent, read):
    assert lenient_decoder(BoundedList[Text] | None)(Raw(sent)) == read


def test_objects_and_keys_are_counted_also_with_blanks_before_the_colon():
    assert count_keys(b'{"a":[{"b":1},{"b" \n:2}],"c":"x"}') == 7


@pytest.mark.parametrize("blank", ["", " "])
def test_a_large_object_of_very_many_keys_is_not_looked_into(blank):
    members = ",".join(f'"key of {number}"{blank}:"{"x" * 20}"' for number in range(20_100))
    sent = Raw(f"{{{members}}}".encode())
    assert raw_values(sent) is None
    assert lenient_decoder(Text | None)(sent) is UNREADABLE
    few = Raw(b'{"name":"%s","a":1}' % (b"x" * 1_000_000))
    assert len(raw_values(few) or {}) == 2


def test_a_text_of_very_many_digits_is_no_number():
    for digits, read in ((b"0." + b"1" * 4_000, float), (b"0." + b"1" * 5_000, Unreadable)):
        assert type(lenient_decoder(Amount | None)(Raw(b'"%s"' % digits))) is read

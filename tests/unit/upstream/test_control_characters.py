"""Control characters in JSON: what is read of them is what would have been read, had they been escaped."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings, strategies as st

from gateway.observability.event_loop import run_to_completion
from gateway.upstream.records.control_characters import MAX_BYTES, escape_control_characters

CONTROLS = "".join(map(chr, range(0x20)))


def read(body: bytes) -> Any:
    """What msgspec reads of a body with control characters."""
    mended = run_to_completion(escape_control_characters(body))
    assert mended is not None
    return msgspec.json.decode(mended)


def written(value: Any) -> str:
    """JSON as those write it who escape nothing but what would end a text."""
    match value:
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return "[\n\t" + ",\r\n".join(map(written, value)) + "]"
        case dict():
            pairs = [f"{written(key)} :\t{written(each)}" for key, each in value.items()]
            return "{" + ",\n".join(pairs) + "}\n"
    return json.dumps(value)


@pytest.mark.parametrize("control", CONTROLS, ids=repr)
def test_every_control_character_is_read_in_texts_and_in_keys(control):
    assert read(f'{{"a{control}b": ["{control}"]}}'.encode()) == {f"a{control}b": [control]}


TEXTS = st.text(
    alphabet=st.sampled_from([*CONTROLS, "\\", '"', "n", "u", "0", "/", " ", "é", "😀"]), max_size=8
)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(VALUES)
@example(["\\\n", '\\"\n', "\\\\\t", '"\0"'])
def test_any_json_with_unescaped_control_characters_is_read_as_it_was_meant(value):
    assert read(f" {written(value)}\n".encode()) == value


def test_escapes_and_numbers_stay_as_they_are():
    sent = rb'{"a":"\n\u0041\\\"\/\ud83d\ude00', b'\n", "b": 123456789012345678901, "c": 1.10}'
    assert run_to_completion(escape_control_characters(b"".join(sent))) == b"".join(sent).replace(
        b"\n", rb"\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1}',
        b"",
        b'"\\\n"',
        b'["a\n", "\\\t"]',
        b'"\n' + bytes([0xC0, 0xC1, *range(0xF5, 0x100)]) + b'"',
    ],
    ids=repr,
)
def test_where_nothing_can_be_done_nothing_is(body):
    assert run_to_completion(escape_control_characters(body)) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"x\n",\0"b":1}',
        b'["a\n"\x1f]',
        b'["a\n',
        b'["a\n]',
        b'["a\n"] x',
        b'["a\n", \\"b"]',
        b'["a\n", "\\x"]',
        b'["a\n", NaN]',
        b'["a\n", 01]',
        b'["\n"]' + b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_whatever_else_is_wrong_stays_wrong(body):
    with pytest.raises(msgspec.DecodeError):
        read(body)


def test_bytes_that_are_no_utf_8_cost_no_more_than_they_did():
    assert (
        run_to_completion(escape_control_characters(b'["a\n", "\xff\xc0"]'))
        == b'["a\\n", "\xff\xc0"]'
    )


@pytest.mark.parametrize("length", [262_143, 262_144, 262_145, 1_000_000])
def test_a_long_text_is_read_across_steps(length):
    text = ("a\n" * length)[:length]
    assert read(f'["{text}", "\t", 1]'.encode()) == [text, "\t", 1]


@pytest.mark.slow
def test_what_is_large_is_read_in_steps_up_to_4_mb():
    item = b'{"id":"1","body":"one\ntwo"},'
    body = b"[" + item * ((MAX_BYTES - 10) // len(item)) + b"0]"
    steps = sum(1 for _ in escape_control_characters(body))
    assert steps == 15
    assert read(body)[0] == {"id": "1", "body": "one\ntwo"}
    assert (
        run_to_completion(escape_control_characters(body + b" " * (MAX_BYTES - len(body))))
        is not None
    )
    assert (
        run_to_completion(escape_control_characters(body + b" " * (MAX_BYTES + 1 - len(body))))
        is None
    )


def test_escapes_do_not_make_more_than_8_mb_of_4():
    assert (
        run_to_completion(escape_control_characters(b'["' + b"\n" * (MAX_BYTES - 10) + b'"]'))
        is not None
    )
    assert (
        run_to_completion(escape_control_characters(b'["' + b"\0" * (MAX_BYTES - 10) + b'"]'))
        is None
    )

import json
import re

import pytest
from hypothesis import given, strategies as st

from gateway.observability.event_loop import run_to_completion
from gateway.upstream.records.surrogates import replace_lone_surrogates

HIGH, LOW = rb"\ud83d", rb"\uDE00"
LONE = rb"\ufffd"

ESCAPED = {
    "nothing": (b"", b""),
    "no escape": (b"a ud83d b", b"a ud83d b"),
    "other escapes": (rb"\n\"\u00e9\uD7FF\ue000", rb"\n\"\u00e9\uD7FF\ue000"),
    "a pair": (HIGH + LOW, HIGH + LOW),
    "a first half": (b"a" + HIGH + b"b", b"a" + LONE + b"b"),
    "a second half": (b"a" + LOW + b"b", b"a" + LONE + b"b"),
    "two first halves": (HIGH + HIGH, LONE + LONE),
    "halves the wrong way round": (LOW + HIGH, LONE + LONE),
    "a half before a pair": (HIGH + HIGH + LOW, LONE + HIGH + LOW),
    "a half behind a pair": (HIGH + LOW + LOW, HIGH + LOW + LONE),
    "a half behind an escaped backslash": (rb"\\" + HIGH, rb"\\" + LONE),
    "an escaped backslash before what looks like a half": (rb"\\ud83d", rb"\\ud83d"),
    "the same in the middle of a pair": (HIGH + rb"\\ude00", LONE + rb"\\ude00"),
    "half an escape": (rb"\ud8", rb"\ud8"),
    "nothing but the sign": (b"\\", b"\\"),
    "what is no JSON": (b"\0" + HIGH, b"\0" + HIGH),
}


@pytest.mark.parametrize(("sent", "whole"), ESCAPED.values(), ids=ESCAPED)
def test_halves_of_characters_are_replaced_and_nothing_else(sent, whole):
    assert run_to_completion(replace_lone_surrogates(sent)) == whole


PARTS = st.sampled_from([HIGH, LOW, HIGH + LOW, rb"\\", rb"\n", b"u", b"d83d", b"a"])


@given(st.lists(PARTS).map(b"".join))
def test_a_text_of_any_escapes_is_the_one_that_json_reads(escapes):
    sent = b'"' + escapes + b'"'
    characters = json.loads(sent)  # of which some are halves
    assert json.loads(run_to_completion(replace_lone_surrogates(sent))) == re.sub(
        "[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", characters
    )


STEP_BYTES = 1_048_576


@pytest.mark.sample(2)
@pytest.mark.parametrize("escape", [rb"\n", rb"\\", HIGH + LOW, rb"\u0041", HIGH])
def test_many_escapes_are_read_in_steps_that_divide_none(escape):
    count = 5 * STEP_BYTES // 2 // len(escape)
    sent = b'"' + escape * count + HIGH + b'"'
    assert len([*replace_lone_surrogates(sent)]) == 2
    whole = LONE if escape == HIGH else escape
    assert run_to_completion(replace_lone_surrogates(sent)) == b'"' + whole * count + LONE + b'"'


@pytest.mark.parametrize("before", range(40))
def test_wherever_a_step_ends_halves_are_told_from_pairs(before):
    escapes = HIGH + HIGH + LOW + LOW + rb"\\" + LOW + HIGH
    text = b"a" * (STEP_BYTES - before)
    whole = LONE + HIGH + LOW + LONE + rb"\\" + LONE + LONE
    assert run_to_completion(replace_lone_surrogates(text + escapes)) == text + whole

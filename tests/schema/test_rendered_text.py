import html

import pytest
from hypothesis import given, strategies as st

from gateway.observability.event_loop import at_once
from gateway.schema.rendered_text import (
    STEP_CHARACTERS,
    as_sent,
    in_parts,
    kept,
    lines,
    unescaped,
    without_marks,
    without_padding,
)


def lines_of_blocks(text: str) -> str:
    """The lines of a text as a whole."""
    blocks = [
        "\n".join(" ".join(line.split()) for line in block.split("\v")).strip("\n")
        for block in text.split("\f")
    ]
    return "\n".join(filter(None, blocks))


BORDERING = st.text(alphabet="ab \n\f\v\r\u00a0", min_size=1, max_size=12)


@given(BORDERING, st.integers(0, 12), BORDERING)
def test_lines_are_those_of_the_whole_wherever_a_step_ends(text, before, more):
    long = "c" * (STEP_CHARACTERS - before) + text + "d" * STEP_CHARACTERS + more
    for each in (text, long, text + long):
        assert at_once(lines(each)) == lines_of_blocks(each)


@pytest.mark.parametrize("blank", [" ", "\f", "\v", "\f ", "\v\v \n"])
@pytest.mark.parametrize("around", [("", ""), ("a", ""), ("", "a"), ("a", "b")])
def test_lines_are_those_of_the_whole_however_long_they_are_blank(blank, around):
    text = around[0] + blank * STEP_CHARACTERS + around[1]
    assert at_once(lines(text)) == lines_of_blocks(text)


ENTITIES = {
    "&amp;": "&",
    "&eacute;": "é",
    "&#65;": "A",
    "&#x41": "A",
    "&notit;": "¬it;",
    "\r\n": "\r\n",
}


@pytest.mark.parametrize("before", range(12))
@pytest.mark.parametrize(("sent", "meant"), ENTITIES.items(), ids=repr)
def test_no_entity_is_divided_wherever_a_step_ends(sent, meant, before):
    filler = "c " * (STEP_CHARACTERS // 2)
    text = filler[before:] + sent + " " + filler + sent
    assert at_once(in_parts(unescaped, text)) == filler[before:] + meant + " " + filler + meant
    assert at_once(as_sent(text)) == html.unescape(text).strip()


@pytest.mark.parametrize("before", range(6))
def test_no_padding_is_divided_wherever_a_step_ends(before):
    filler = "é " * (STEP_CHARACTERS // 2)
    text = filler[before:] + "a\u200b \u200b \u200bb a\u200db" + filler
    assert at_once(without_padding(text)) == filler[before:] + "a b a\u200db" + filler


@pytest.mark.parametrize("before", range(4))
def test_no_line_break_is_divided_wherever_a_step_ends(before):
    text = "a" * (STEP_CHARACTERS - before) + "\r\n" + "b" * STEP_CHARACTERS
    assert at_once(in_parts(kept, text)).count("\v") == 1


def test_padding_as_long_as_a_step_is_left_out_as_well():
    padding = " \u200b" * 3 * STEP_CHARACTERS
    assert at_once(lines(at_once(without_padding(f"a{padding}b{padding}")))) == "a b"


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        (as_sent, "&amp; a"),
        (as_sent, "é "),
        (without_padding, "\u200b "),
        (lines, "a b\f"),
    ],
)
def test_a_long_text_is_read_in_steps(reading, text):
    assert len([*reading(text)]) == 0
    count = 10 * STEP_CHARACTERS // len(text)
    assert len([*reading(text * count)]) >= 4


def test_a_text_has_no_marks():
    assert without_marks("a\fb\vc") == "a b c"


@pytest.mark.parametrize("digits", ["0" * 5_000 + "65", "1" * 5_000])
def test_numbers_of_very_many_digits_are_read(digits):
    assert unescaped(f"&#{digits};") in {"A", "\ufffd"}

import html

import pytest
from hypothesis import given, strategies as st

from gateway.observability.event_loop import run_to_completion
from gateway.schema.rendered_text import (
    STEP_CHARACTERS,
    map_parts,
    mark_line_breaks,
    render_lines,
    render_plain,
    strip_marks,
    strip_padding,
    unescape,
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
        assert run_to_completion(render_lines(each)) == lines_of_blocks(each)


@pytest.mark.parametrize("blank", [" ", "\f", "\v", "\f ", "\v\v \n"])
@pytest.mark.parametrize("around", [("", ""), ("a", ""), ("", "a"), ("a", "b")])
def test_lines_are_those_of_the_whole_however_long_they_are_blank(blank, around):
    text = around[0] + blank * STEP_CHARACTERS + around[1]
    assert run_to_completion(render_lines(text)) == lines_of_blocks(text)


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
    assert (
        run_to_completion(map_parts(unescape, text))
        == filler[before:] + meant + " " + filler + meant
    )
    assert run_to_completion(render_plain(text)) == html.unescape(text).strip()


@pytest.mark.parametrize("before", range(6))
def test_no_padding_is_divided_wherever_a_step_ends(before):
    filler = "é " * (STEP_CHARACTERS // 2)
    text = filler[before:] + "a\u200b \u200b \u200bb a\u200db" + filler
    assert run_to_completion(strip_padding(text)) == filler[before:] + "a b a\u200db" + filler


@pytest.mark.parametrize("before", range(4))
def test_no_line_break_is_divided_wherever_a_step_ends(before):
    text = "a" * (STEP_CHARACTERS - before) + "\r\n" + "b" * STEP_CHARACTERS
    assert run_to_completion(map_parts(mark_line_breaks, text)).count("\v") == 1


def test_padding_as_long_as_a_step_is_left_out_as_well():
    padding = " \u200b" * 3 * STEP_CHARACTERS
    assert (
        run_to_completion(render_lines(run_to_completion(strip_padding(f"a{padding}b{padding}"))))
        == "a b"
    )


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        (render_plain, "&amp; a"),
        (render_plain, "é "),
        (strip_padding, "\u200b "),
        (render_lines, "a b\f"),
    ],
)
def test_a_long_text_is_read_in_steps(reading, text):
    assert len([*reading(text)]) == 0
    count = 10 * STEP_CHARACTERS // len(text)
    assert len([*reading(text * count)]) >= 4


def test_a_text_has_no_marks():
    assert strip_marks("a\fb\vc") == "a b c"


@pytest.mark.parametrize("digits", ["0" * 5_000 + "65", "1" * 5_000])
def test_numbers_of_very_many_digits_are_read(digits):
    assert unescape(f"&#{digits};") in {"A", "\ufffd"}

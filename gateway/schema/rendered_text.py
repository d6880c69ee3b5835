"""Rendering of text: decodes character references, removes padding and collapses blanks.

Works in cooperative steps where the text may be long.
"""

import html
import re
from collections.abc import Callable

from gateway.observability.event_loop import CooperativeSteps

STEP_CHARACTERS = 65_536
"""Characters per cooperative step, which takes about 5 ms, or 40 ms where all of them are markup."""

BLOCK_MARK, LINE_BREAK_MARK = "\f", "\v"
"""Sentinels for a block boundary and a preserved line break; `strip_marks` removes them from input."""

_SOFT_HYPHEN = "\u00ad"
_INVISIBLE = "\u034f\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff"
"""Characters of no width. Within a word they join or separate letters (Persian) or signs (emoji)."""

_NON_BREAKS = re.compile(rf"[^\n\r{BLOCK_MARK}{LINE_BREAK_MARK}]++")

_BLANK = rf"[\s{_INVISIBLE}]"
_PADDING = re.compile(rf"{_BLANK}{{2,}}+")
_PART = re.compile(
    rf".{{1,{STEP_CHARACTERS}}}+[^&;\s{_INVISIBLE}]*+;?+{_BLANK}{{0,{STEP_CHARACTERS}}}+(?:{_BLANK}(?!{_BLANK}))?",
    re.DOTALL,
)
"""A part of a text that splits no character reference, word or padding, unless one is as long as a step."""

_LINE_BREAK = re.compile(r"\r\n?|\n")
_LEADING_ZEROS = re.compile(r"&#0+(?=[0-9])")
_BEYOND_UNICODE = re.compile(r"&#[0-9]{8,};?")


def map_parts(function: Callable[[str], str], text: str) -> CooperativeSteps[str]:
    """Apply a function to a text, part by part."""
    if len(text) <= STEP_CHARACTERS:
        return function(text)
    results: list[str] = []
    for part in _PART.finditer(text):
        if results:
            yield
        results.append(function(part[0]))
    return "".join(results)


def render_plain(text: str) -> CooperativeSteps[str]:
    """Render a text without markup, whose own line breaks are kept."""
    unescaped_text = (yield from map_parts(unescape, text)) if "&" in text else text
    return (yield from strip_padding(unescaped_text)).strip()


def unescape(text: str) -> str:
    """`text` with its character references decoded."""
    if "&" not in text:
        return text
    if "&#" in text:  # `html.unescape` raises on numbers of thousands of digits
        shortened = _LEADING_ZEROS.sub("&#", text)
        text = _BEYOND_UNICODE.sub("\N{REPLACEMENT CHARACTER}", shortened)
    return html.unescape(text)


def strip_marks(text: str) -> str:
    """`text` with any `BLOCK_MARK` and `LINE_BREAK_MARK` replaced by blanks."""
    return text.replace(BLOCK_MARK, " ").replace(LINE_BREAK_MARK, " ")


def mark_line_breaks(text: str) -> str:
    """`text` with its line breaks as `LINE_BREAK_MARK`, so that they are kept."""
    return _LINE_BREAK.sub(LINE_BREAK_MARK, text)


def strip_padding(text: str) -> CooperativeSteps[str]:
    """`text` without soft hyphens, and without invisible characters that join or separate nothing."""
    if text.isascii():
        return text
    collapsed = yield from map_parts(_collapse_padding, text.replace(_SOFT_HYPHEN, ""))
    return collapsed.strip(_INVISIBLE)


def _collapse_padding(text: str) -> str:
    return _PADDING.sub(_collapse_run, text)


def _collapse_run(run: re.Match[str]) -> str:
    """A run of blanks and invisible characters, reduced to its line breaks, or else to one blank, if any."""
    blanks = run[0]
    if blanks.isspace():
        return blanks
    return _NON_BREAKS.sub("", blanks) or (" " if any(map(str.isspace, blanks)) else "")


def render_lines(text: str) -> CooperativeSteps[str]:
    """Render the lines of a text: one for each block, and for each kept line break.

    Only lines inside of a block may be empty.
    """
    rendered: list[str] = []
    separator = ""
    for begin in range(0, len(text), STEP_CHARACTERS):
        if begin:
            yield
        part = text[begin : begin + STEP_CHARACTERS]
        words = part.strip()
        if not words:
            separator = _reduce_blanks(separator + part)
            continue
        if rendered:
            rendered.append(
                _render_blanks(_reduce_blanks(separator + part[: len(part) - len(part.lstrip())]))
            )
        rendered.append(
            "\n".join(filter(None, map(_render_block, filter(None, words.split(BLOCK_MARK)))))
        )
        separator = _reduce_blanks(part[len(part.rstrip()) :])
    return "".join(rendered)


def _render_block(block: str) -> str:
    """The lines of a block, without empty lines before and after."""
    return "\n".join(" ".join(line.split()) for line in block.split(LINE_BREAK_MARK)).strip("\n")


def _reduce_blanks(blanks: str) -> str:
    """The shortest blanks with the same rendering."""
    return (
        BLOCK_MARK
        if BLOCK_MARK in blanks
        else LINE_BREAK_MARK * blanks.count(LINE_BREAK_MARK) or blanks[:1]
    )


def _render_blanks(blanks: str) -> str:
    """The rendering of reduced blanks between two words."""
    if not blanks:
        return ""
    return "\n" if blanks == BLOCK_MARK else "\n" * blanks.count(LINE_BREAK_MARK) or " "

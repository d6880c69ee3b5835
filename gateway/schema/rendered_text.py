"""Text as it is shown: entities resolved, padding left out, blanks put together. In steps, for it may be long."""

import html
import re
from collections.abc import Callable

from gateway.observability.event_loop import Steps

STEP_CHARACTERS = 65_536
"""So many are one step: reading them takes some 5 milliseconds, or 40 where all are markup."""

BLOCK_END, KEPT = "\f", "\v"
"""Where a block begins or ends, and a line break that is kept: until lines are put together. No text has them."""

_SOFT_HYPHEN = "\u00ad"
_INVISIBLE = "\u034f\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff"
"""Characters of no width. Within a word they join or part letters, as in Persian, and signs, as in emoji."""

_NO_BREAKS = re.compile(rf"[^\n\r{BLOCK_END}{KEPT}]++")

_BLANK = rf"[\s{_INVISIBLE}]"
_PADDING = re.compile(rf"{_BLANK}{{2,}}+")
_PART = re.compile(
    rf".{{1,{STEP_CHARACTERS}}}+[^&;\s{_INVISIBLE}]*+;?+{_BLANK}{{0,{STEP_CHARACTERS}}}+(?:{_BLANK}(?!{_BLANK}))?+",
    re.DOTALL,
)
"""A part of a text that ends where no entity, no word and no padding does, unless that is as long as a step."""

_LINE_BREAK = re.compile(r"\r\n?|\n")
_LEADING_ZEROS = re.compile(r"&#0+(?=[0-9])")
_BEYOND_UNICODE = re.compile(r"&#[0-9]{8,};?")


def in_parts(function: Callable[[str], str], text: str) -> Steps[str]:
    """What a function makes of a text, given some of it at a time."""
    if len(text) <= STEP_CHARACTERS:
        return function(text)
    made: list[str] = []
    for part in _PART.finditer(text):
        if made:
            yield
        made.append(function(part[0]))
    return "".join(made)


def as_sent(text: str) -> Steps[str]:
    """A text without markup, with line breaks of its own."""
    resolved = (yield from in_parts(unescaped, text)) if "&" in text else text
    return (yield from without_padding(resolved)).strip()


def unescaped(text: str) -> str:
    """`text` with its entities resolved."""
    if "&" not in text:
        return text
    if "&#" in text:  # `html.unescape` fails over numbers of thousands of digits
        shortened = _LEADING_ZEROS.sub("&#", text)
        text = _BEYOND_UNICODE.sub("\N{REPLACEMENT CHARACTER}", shortened)
    return html.unescape(text)


def without_marks(text: str) -> str:
    """`text` without what stands for the end of a block, and for a line break that is kept."""
    return text.replace(BLOCK_END, " ").replace(KEPT, " ")


def kept(text: str) -> str:
    """`text` with its line breaks kept."""
    return _LINE_BREAK.sub(KEPT, text)


def without_padding(text: str) -> Steps[str]:
    """`text` without soft hyphens, and without invisible characters where there is nothing to join or part."""
    if text.isascii():
        return text
    without = yield from in_parts(_without_padding, text.replace(_SOFT_HYPHEN, ""))
    return without.strip(_INVISIBLE)


def _without_padding(text: str) -> str:
    return _PADDING.sub(_blank, text)


def _blank(run: re.Match[str]) -> str:
    """What is left of blanks with invisible characters among them: the line breaks, else one blank."""
    sent = run[0]
    if sent.isspace():
        return sent
    return _NO_BREAKS.sub("", sent) or (" " if any(map(str.isspace, sent)) else "")


def lines(text: str) -> Steps[str]:
    """The lines of a text: one for each block, and where line breaks are kept; none is empty but those in a block."""
    shown: list[str] = []
    between = ""
    for begin in range(0, len(text), STEP_CHARACTERS):
        if begin:
            yield
        part = text[begin : begin + STEP_CHARACTERS]
        words = part.strip()
        if not words:
            between = _between(between + part)
            continue
        if shown:
            shown.append(_break(_between(between + part[: len(part) - len(part.lstrip())])))
        shown.append("\n".join(filter(None, map(_lines, filter(None, words.split(BLOCK_END))))))
        between = _between(part[len(part.rstrip()) :])
    return "".join(shown)


def _lines(block: str) -> str:
    """The lines of a block, without empty ones around them."""
    return "\n".join(" ".join(line.split()) for line in block.split(KEPT)).strip("\n")


def _between(blanks: str) -> str:
    """The least blanks that stand for these."""
    return BLOCK_END if BLOCK_END in blanks else KEPT * blanks.count(KEPT) or blanks[:1]


def _break(blanks: str) -> str:
    """What the least blanks between two words are shown as."""
    if not blanks:
        return ""
    return "\n" if blanks == BLOCK_END else "\n" * blanks.count(KEPT) or " "

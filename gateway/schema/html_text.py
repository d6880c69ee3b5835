"""Conversion of an HTML body to plain text, for places that cannot or should not render HTML.

Bodies come from untrusted senders, so the time must depend on the length alone, and linearly. html5ever,
behind nh3, takes a time quadratic in the nesting depth (half a megabyte of `<div>`: 13 seconds), and
`html.parser` of older Pythons a time quadratic in the amount of unclosed markup. The text needs no tree:
regular expressions without backtracking find the tokens, and a stack records the open elements.
"""

import re
from collections.abc import Collection

from gateway.observability.event_loop import CooperativeSteps, run_to_completion
from gateway.schema.html_document import HtmlDocument
from gateway.schema.html_elements import ELEMENTS, NON_RENDERED, PREFORMATTED, RAW_TEXT
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

# Python before 3.11.5 continues within a possessively repeated group that failed after a character. So groups that
# can fail there are greedy or atomic, in all patterns.
_NAME = r"[a-z][a-z0-9:._-]*+ (?= [\s/>] | \Z )"

_TOKEN = re.compile(
    rf"""
      (?P<words> [^<]{{1,{STEP_CHARACTERS}}}+ [^<&;\t\n\f\ ]*+ [;\t\n\f\ ]?+
               | (?> (?: <(?! [/!?] | {_NAME} ) ){{1,4096}} ) )
    | <(?P<start> {_NAME} )
    | </(?P<end> [a-z][^\s/>]*+ )
    | (?P<other> <!-- -?+> | <(?!!--)[/!?][^>]*+>?+ )
    | (?P<comment> <!-- )
    """,
    re.ASCII | re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
"""The tokens of HTML (HTML standard, 13.2.5), as far as text is concerned; of a tag, only its beginning.

A `<` before anything but `!`, `?`, `/` and the name of an element is an ordinary character: people write
`Jo <jo@example.org>` and `Hb <norm`, and unlike a browser, this parser need not treat such text
as a tag. A long text is several tokens of the group `words`, none of which ends inside of a character
reference.
"""

_TAG_REST = re.compile(
    r"""[^>=]*+(?:=\s*+(?:"[^"]*+"?+|'[^']*+'?+)?+[^>=]*+){0,50000}+>?+""", re.ASCII
)
"""The rest of a tag, or the part of the rest that takes about 10 ms.

A `>` in quotes does not end a tag; a tag without a `>` outside of quotes ends with the body.
"""

_END_TAG_REST = re.compile(r"[^>]*+>?+")
_COMMENT_END = re.compile(r"--!?>")
_END_TAGS = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.ASCII | re.IGNORECASE)
    for name in NON_RENDERED | RAW_TEXT
}
_MAX_MATCH_CHARACTERS = 16
"""The maximum length of a hint of `_has_any`, and of a match of `_search` with the characters that have to follow it."""

_HIDING_HINTS = ("hidden", "display")
_NESTING_HINTS = (*_HIDING_HINTS, "<listing", "<math", "<plaintext", "<pre", "<svg")
"""One of them is in every body for which nesting matters: one with hidden, preformatted or foreign elements."""

_ATTRIBUTE = re.compile(
    r"""[\s/>]++|([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"?+|'([^']*+)'?+|([^\s>]*+)))?""",
    re.ASCII,
)
_STEP_ATTRIBUTES = 20_000
_MAX_STYLE_CHARACTERS = 262_144
"""The maximum number of characters that are parsed of a `style` attribute."""

_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CSS_DISPLAY = re.compile(
    r"(?:\A|;)\s*+display\s*+:\s*+([a-z-]++)\s*+(!\s*+important\s*+)?(?=;|\Z)", re.ASCII
)

_LINE_BREAK = re.compile(r"\r\n?|\n")


def plain_text(body: str) -> str:
    """The plain text of an HTML body, one line per block, with character references decoded.

    Scripts, styles, hidden elements, soft hyphens and invisible padding are omitted. `pre` and `textarea`
    keep their line breaks, but no indentation; a body without markup keeps its own line breaks. The result
    is text, not HTML, and must be escaped before a page embeds it.
    """
    return run_to_completion(_plain_text(body))


def plain_text_in_steps(body: str) -> CooperativeSteps[str]:
    """`plain_text` in cooperative steps, for a long body or one of many."""
    yield
    return (yield from _plain_text(body))


def _plain_text(body: str) -> CooperativeSteps[str]:
    if "<" not in body:
        return (yield from render_plain(body))
    document = HtmlDocument(is_flat=not (yield from _has_any(_NESTING_HINTS, body)))
    yield from _parse(strip_marks(body), document)
    if not document.has_markup:
        return (yield from render_plain(body))
    return (yield from render_lines((yield from strip_padding(document.text()))))


def _has_any(hints: Collection[str], text: str) -> CooperativeSteps[bool]:
    """Whether any of these is in a text, in upper or lower case. A regular expression takes seven times as long."""
    for begin in range(0, len(text), STEP_CHARACTERS):
        if begin:
            yield
        part = text[begin : begin + STEP_CHARACTERS + _MAX_MATCH_CHARACTERS].lower()
        if any(hint in part for hint in hints):
            return True
    return False


def _search(
    pattern: re.Pattern[str], text: str, start: int
) -> CooperativeSteps[re.Match[str] | None]:
    """The first match from `start` on."""
    for begin in range(start, len(text), STEP_CHARACTERS):
        if begin > start:
            yield
        if result := pattern.search(text, begin, begin + STEP_CHARACTERS + _MAX_MATCH_CHARACTERS):
            return result
    return None


def _parse(body: str, document: HtmlDocument) -> CooperativeSteps[None]:
    at, pause, token_at = 0, STEP_CHARACTERS, _TOKEN.match
    while token := token_at(body, at):
        at, kind = token.end(), token.lastgroup
        if kind == "words":
            text = token[0]
            document.add_text(strip_marks(unescape(text)) if "&" in text else text)
        elif kind == "start":
            at = yield from _parse_start_tag(token["start"], body, at, document)
        elif kind == "end":
            at = yield from _tag_end(body, at)
            document.end_element(token["end"].lower())
        else:
            document.has_markup = True
            if kind == "comment":
                comment_end = yield from _search(_COMMENT_END, body, at)
                at = comment_end.end() if comment_end else len(body)
        if at >= pause:
            yield
            pause = at + STEP_CHARACTERS


def _tag_end(body: str, at: int) -> CooperativeSteps[int]:
    """The end of a tag, given the end of its name."""
    if body.startswith(">", at):  # most tags have no attributes
        return at + 1
    while True:
        rest = _TAG_REST.match(body, at)
        assert rest is not None  # it may be empty
        at = rest.end()
        if not body.startswith("=", at) or body[at - 1] == ">":
            return at
        yield


def _parse_start_tag(
    raw_name: str, body: str, at: int, document: HtmlDocument
) -> CooperativeSteps[int]:
    """Parse a start tag, if it is one, and content after it that is not HTML; returns the end position."""
    name = raw_name.lower()
    if name not in ELEMENTS and not document.accepts_tag(name):
        document.add_text(f"<{raw_name}")
        return at
    is_hidden = is_self_closing = False
    if body.startswith(">", at):  # most tags have no attributes
        at += 1
    else:
        attributes_start = at
        at = yield from _tag_end(body, at)
        attributes = body[attributes_start:at]
        is_hidden = yield from _is_hidden(attributes)
        is_self_closing = attributes.endswith("/>") and document.is_self_closing(name)
    if name in _END_TAGS and not is_self_closing:
        end_tag = yield from _search(_END_TAGS[name], body, at)
        document.has_markup = True
        if name in RAW_TEXT and not is_hidden:
            raw_text = body[at : end_tag.start() if end_tag else None]
            document.add_raw_text(
                (
                    yield from map_parts(
                        mark_line_breaks if name == "xmp" else _decode_textarea, raw_text
                    )
                )
            )
        end = _END_TAG_REST.match(body, end_tag.end() if end_tag else len(body))
        assert end is not None  # it may be empty
        return end.end()
    document.start_element(name, is_hidden=is_hidden, self_closing=is_self_closing)
    if name in PREFORMATTED and (line_break := _LINE_BREAK.match(body, at)):
        return line_break.end()
    return at


def _decode_textarea(text: str) -> str:
    return mark_line_breaks(strip_marks(unescape(text)))


def _is_hidden(attributes: str) -> CooperativeSteps[bool]:
    """Whether an element with these attributes is hidden. Of two attributes of one name, the first counts."""
    if not (yield from _has_any(_HIDING_HINTS, attributes)):
        return False
    style: str | None = None
    for number, attribute in enumerate(_ATTRIBUTE.finditer(attributes), 1):
        if number % _STEP_ATTRIBUTES == 0:
            yield
        name, *values = attribute.groups("")
        if name.lower() == "hidden":
            return True
        if style is None and name.lower() == "style":
            style = "".join(values)[:_MAX_STYLE_CHARACTERS]
    style = _CSS_COMMENT.sub("", unescape(style or "").lower())
    declared = _CSS_DISPLAY.findall(style)
    important = [each for each in declared if each[1]]
    return any(value == "none" for value, _ in (important or declared)[-1:])

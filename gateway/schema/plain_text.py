"""The text of an HTML body, for places that cannot or should not show HTML.

Bodies come from anybody, so time must grow with length alone. html5ever, behind nh3, takes a time
quadratic in nesting (half a megabyte of `<div>`: 13 seconds), and `html.parser` of older Pythons one
quadratic in what is left open. Reading the text needs no tree: one expression that never backtracks.
"""

import html
import re

_BLOCKS = {
    *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure"),
    *("footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p"),
    *("pre", "section", "table", "tr", "ul"),
}
_CELLS = {"td", "th"}

_MARKUP = re.compile(r"<[a-zA-Z/!]")

_UP_TO_ITS_END = r"""[^>=]*+(?:=\s*+(?:"[^"]*+"?+|'[^']*+'?+)?+[^>=]*+)*+>?+"""
"""The rest of a tag. A `>` in quotes does not end it; where nothing does, the body's end will."""

_TOKEN = re.compile(
    rf"""
      (?P<words> [^<]++ | <(?![a-zA-Z/!?]) )
    | <!-- (?: -?+> | .*? (?: --!?> | \Z ) )
    | <(?P<silent> iframe | noscript | script | style | template | title )(?=[\s/>])
        {_UP_TO_ITS_END} .*? (?: </(?P=silent)(?=[\s/>])[^>]*+>?+ | \Z )
    | </?+(?P<tag> [a-zA-Z][^\s/>]*+ ){_UP_TO_ITS_END}
    | <[/!?][^>]*+>?+
    """,
    re.ASCII | re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
"""What HTML consists of (HTML standard, 13.2.5), as far as its text is concerned."""

_LEADING_ZEROS = re.compile(r"(?<=&#)0+(?=[0-9])")
_BEYOND_UNICODE = re.compile(r"&#[0-9]{8,};?")


def plain_text(body: str) -> str:
    """The words of `body`, one line per block, entities resolved.

    Scripts and styles are dropped. A body without markup keeps its own line breaks. The result is
    text, not HTML: whoever puts it into a page must escape it.
    """
    if not _MARKUP.search(body):
        return _unescaped(body).strip()
    lines = (" ".join(line.split()) for line in _TOKEN.sub(_shown, body).split("\n"))
    return "\n".join(filter(None, lines))


def _shown(token: re.Match[str]) -> str:
    if words := token["words"]:
        return re.sub(r"\s+", " ", _unescaped(words))
    tag = (token["tag"] or "").lower()
    if tag in _BLOCKS:
        return "\n"
    return " " if tag in _CELLS else ""


def _unescaped(text: str) -> str:
    """`text` with its entities resolved."""
    if "&#" in text:  # `html.unescape` fails over numbers of thousands of digits
        shortened = _LEADING_ZEROS.sub("", text)
        text = _BEYOND_UNICODE.sub("\N{REPLACEMENT CHARACTER}", shortened)
    return html.unescape(text)

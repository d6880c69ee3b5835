"""The text of an HTML body, for places that cannot or should not show HTML."""

import html
import re

import nh3

_BLOCKS = (
    *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure"),
    *("footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p"),
    *("pre", "section", "table", "tr", "ul"),
)
_CELLS = ("td", "th")
_SILENT = {"head", "noscript", "script", "style", "template", "title"}

_MARKUP = re.compile(r"<[a-zA-Z/!]")
_BREAK = re.compile(rf"</?(?:{'|'.join(_BLOCKS)})>")
_TAG = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"[^\S\xa0]+")
_BLANK_LINES = re.compile(r"\n(?:\s*\n)+")


def plain_text(body: str) -> str:
    """The words of `body`, one line per block, entities resolved.

    Scripts and styles are dropped. A body without markup keeps its own line breaks. The result is
    text, not HTML: whoever puts it into a page must escape it.
    """
    if not _MARKUP.search(body):
        return html.unescape(body).strip()
    # Cleaning first makes what follows simple: balanced tags without attributes, escaped text.
    clean = nh3.clean(
        body, tags={*_BLOCKS, *_CELLS}, attributes={}, clean_content_tags=_SILENT, link_rel=None
    )
    lines = _BREAK.sub("\n", _SPACES.sub(" ", clean))
    text = html.unescape(_TAG.sub(" ", lines)).replace("\xa0", " ")
    return _BLANK_LINES.sub("\n", "\n".join(map(str.strip, text.split("\n")))).strip()

"""The elements of HTML by name, and the effect of each on the rendered text.

Source: HTML standard, sections 4 (elements), 13.1.2 (optional tags), 15.3 (rendering of elements) and
16.2 (obsolete elements, which are common in e-mails). SVG and MathML have further elements, but only
inside of `svg` and `math`.
"""

import re
from collections.abc import Mapping, Set as AbstractSet

CELLS = {"td", "th"}
"""Table cells, separated from each other by a blank."""

BLOCKS = {
    *(
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "details",
    ),
    *("dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form"),
    *("frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr"),
    *("html", "legend", "li", "listing", "main", "menu", "nav", "ol", "optgroup", "option", "p"),
    *("plaintext", "pre", "search", "section", "summary", "table", "tbody", "textarea", "tfoot"),
    *("thead", "tr", "ul", "xmp"),
}
"""Block elements, rendered on lines of their own; a `br` ends a line."""

VOID = {
    *("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input"),
    *("keygen", "link", "meta", "param", "source", "track", "wbr"),
}
"""Void elements, without content and without an end tag."""

NON_RENDERED = {"iframe", "noembed", "noframes", "noscript", "script", "style", "template", "title"}
"""Elements that browsers do not render: the content is for programs, or for software other than browsers."""

RAW_TEXT = {"textarea", "xmp"}
"""Elements whose content is text, even where it looks like markup."""

PREFORMATTED = {"listing", "plaintext", "pre"}
"""Preformatted elements, which keep the line breaks of their content."""

FOREIGN = {"math", "svg"}
"""Foreign elements, whose content has element names of its own."""

_PHRASING = {
    *("a", "abbr", "acronym", "applet", "audio", "b", "bdi", "bdo", "big", "blink", "button"),
    *("canvas", "cite", "code", "colgroup", "data", "datalist", "del", "dfn", "em", "font", "i"),
    *("ins", "isindex", "kbd", "label", "map", "mark", "marquee", "menuitem", "meter", "multicol"),
    *("nextid", "nobr", "object", "output", "picture", "progress", "q", "rb", "rp", "rt", "rtc"),
    *("ruby", "s", "samp", "select", "selectedcontent", "slot", "small", "spacer", "span"),
    *("strike", "strong", "sub", "sup", "time", "tt", "u", "var", "video"),
}
STRUCTURE = BLOCKS | CELLS | {"applet", "button", "datalist", "marquee", "object", "select"}
"""Elements whose end closes all elements inside. All others are phrasing elements, which may overlap."""

ELEMENTS = BLOCKS | CELLS | VOID | NON_RENDERED | RAW_TEXT | FOREIGN | _PHRASING

_ROWS = frozenset({"tbody", "tfoot", "thead", "tr"})
_TERMS = frozenset({"dd", "dt"})
ENDED_BY: Mapping[str, AbstractSet[str]] = {
    "p": (BLOCKS | CELLS) - {"body", "br", "head", "html", "legend", "optgroup", "option"},
    "li": {"li"},
    **dict.fromkeys(_TERMS, _TERMS),
    "option": {"optgroup", "option"},
    "optgroup": {"optgroup"},
    "caption": _ROWS | CELLS,
    **dict.fromkeys(_ROWS - {"tr"}, _ROWS - {"tr"}),
    "tr": _ROWS,
    **dict.fromkeys(CELLS, _ROWS | CELLS),
}
"""For each element with an optional end tag: the elements whose start closes it implicitly."""

_PREFIXED_NAME = re.compile(r"[a-z][a-z0-9]*:[a-z][a-z0-9._-]*")


def is_element(name: str) -> bool:
    """Whether a name, in lower case, is that of an HTML element, or has a prefix, such as `o:p`."""
    return name in ELEMENTS or _PREFIXED_NAME.fullmatch(name) is not None

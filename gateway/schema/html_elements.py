"""The elements of HTML by name, and what each does to the text around it.

Source: HTML standard, sections 4 (elements), 13.1.2 (tags that may be left out), 15.3 (how elements are shown) and
16.2 (obsolete elements, which mails are full of). SVG and MathML have more, but only inside of `svg` and `math`.
"""

import re
from collections.abc import Mapping, Set as AbstractSet

CELLS = {"td", "th"}
"""Separated from each other by a blank."""

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
"""Shown on lines of their own; a `br` ends one."""

VOID = {
    *("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input"),
    *("keygen", "link", "meta", "param", "source", "track", "wbr"),
}
"""Without content, and without an end tag."""

NON_RENDERED = {"iframe", "noembed", "noframes", "noscript", "script", "style", "template", "title"}
"""What they hold is for programs, or for other ones than browsers."""

RAW_TEXT = {"textarea", "xmp"}
"""What they hold is text, whatever it looks like."""

PREFORMATTED = {"listing", "plaintext", "pre"}
"""They show the line breaks that they hold."""

FOREIGN = {"math", "svg"}
"""What they hold has names of its own."""

_PHRASING = {
    *("a", "abbr", "acronym", "applet", "audio", "b", "bdi", "bdo", "big", "blink", "button"),
    *("canvas", "cite", "code", "colgroup", "data", "datalist", "del", "dfn", "em", "font", "i"),
    *("ins", "isindex", "kbd", "label", "map", "mark", "marquee", "menuitem", "meter", "multicol"),
    *("nextid", "nobr", "object", "output", "picture", "progress", "q", "rb", "rp", "rt", "rtc"),
    *("ruby", "s", "samp", "select", "selectedcontent", "slot", "small", "spacer", "span"),
    *("strike", "strong", "sub", "sup", "time", "tt", "u", "var", "video"),
}
STRUCTURE = BLOCKS | CELLS | {"applet", "button", "datalist", "marquee", "object", "select"}
"""What ends all that is open in it when it ends; all other ones are parts of phrases, which may overlap."""

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
"""By elements whose end tag may be left out: the elements that end them by beginning."""

_PREFIXED_NAME = re.compile(r"[a-z][a-z0-9]*:[a-z][a-z0-9._-]*")


def is_element(name: str) -> bool:
    """Whether a name, in lower case, is one of an element: of HTML, or with a prefix, such as `o:p`."""
    return name in ELEMENTS or _PREFIXED_NAME.fullmatch(name) is not None

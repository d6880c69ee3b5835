"""The text of an HTML body, for places that cannot or should not show HTML.

Bodies come from anybody, so time must grow with length alone. html5ever, behind nh3, takes a time
quadratic in nesting (half a megabyte of `<div>`: 13 seconds), and `html.parser` of older Pythons one
quadratic in what is left open. Reading the text needs no tree: expressions that never backtrack find
what a body consists of, and a stack tells what ends where.
"""

import re

from gateway.observability.event_loop import Steps, at_once
from gateway.schema.html_document import Document
from gateway.schema.html_elements import ELEMENTS, PREFORMATTED, SILENT, VERBATIM
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

_NAME = r"[a-z][a-z0-9:._-]*+ (?= [\s/>] | \Z )"

_TOKEN = re.compile(
    rf"""
      (?P<words> [^<]{{1,{STEP_CHARACTERS}}}+ [^<&;\t\n\f\ ]*+ [;\t\n\f\ ]?+
               | (?: <(?! [/!?] | {_NAME} ) ){{1,4096}}+ )
    | <(?P<start> {_NAME} )
    | </(?P<end> [a-z][^\s/>]*+ )
    | (?P<other> <!-- -?+> | <(?!!--)[/!?][^>]*+>?+ )
    | (?P<comment> <!-- )
    """,
    re.ASCII | re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
"""What HTML consists of (HTML standard, 13.2.5), as far as its text is concerned; of a tag, what it begins with.

A `<` before anything but `!`, `?`, `/` and the name of an element is a sign like others: people write
`Jo <jo@example.org>` and `Hb <norm`, and no browser has to guess what was meant. Long texts are several
words, each of which ends where no entity does.
"""

_REST = re.compile(r"""[^>=]*+(?:=\s*+(?:"[^"]*+"?+|'[^']*+'?+)?+[^>=]*+){0,50000}+>?+""", re.ASCII)
"""The rest of a tag, or so much of it as takes some 10 milliseconds.

A `>` in quotes does not end it; where nothing does, the body's end will.
"""

_UP_TO_ITS_END = re.compile(r"[^>]*+>?+")
_COMMENT_END = re.compile(r"--!?>")
_ENDS = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.ASCII | re.IGNORECASE) for name in SILENT | VERBATIM
}
_LONGEST_FOUND = 16
"""No match of what is looked for from a place on has more characters, with what has to follow it."""

_MAY_NEST = re.compile("hidden|display|<(?:listing|math|plaintext|pre|svg)", re.IGNORECASE)
"""What there has to be for it to matter what ends where."""

_MAY_HIDE = re.compile("hidden|display", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""[\s/>]++|([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"?+|'([^']*+)'?+|([^\s>]*+)))?+""",
    re.ASCII,
)
_STEP_ATTRIBUTES = 20_000
_MOST_STYLE = 262_144
"""Characters of a style that are read."""

_REMARK = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_DISPLAY = re.compile(
    r"(?:\A|;)\s*+display\s*+:\s*+([a-z-]++)\s*+(!\s*+important\s*+)?+(?=;|\Z)", re.ASCII
)

_LINE_BREAK = re.compile(r"\r\n?|\n")


def plain_text(body: str) -> str:
    """The words of `body`, one line per block, entities resolved.

    Scripts, styles, hidden elements, soft hyphens and invisible padding are left out. `pre` and `textarea`
    keep their line breaks, but no indentation; a body without markup keeps its own line breaks. The
    result is text, not HTML: whoever puts it into a page must escape it.
    """
    return at_once(_plain_text(body))


def plain_text_in_steps(body: str) -> Steps[str]:
    """The same for a long body, or one of many."""
    yield
    return (yield from _plain_text(body))


def _plain_text(body: str) -> Steps[str]:
    if "<" not in body:
        return (yield from as_sent(body))
    document = Document(is_flat=(yield from _found(_MAY_NEST, body, 0)) is None)
    yield from _read(without_marks(body), document)
    if not document.has_markup:
        return (yield from as_sent(body))
    return (yield from lines((yield from without_padding(document.text()))))


def _found(pattern: re.Pattern[str], text: str, at: int) -> Steps[re.Match[str] | None]:
    """The first match from a place on."""
    for begin in range(at, len(text), STEP_CHARACTERS):
        if begin > at:
            yield
        if found := pattern.search(text, begin, begin + STEP_CHARACTERS + _LONGEST_FOUND):
            return found
    return None


def _read(body: str, document: Document) -> Steps[None]:
    at, pause, token_at = 0, STEP_CHARACTERS, _TOKEN.match
    while token := token_at(body, at):
        at, kind = token.end(), token.lastgroup
        if kind == "words":
            sent = token[0]
            document.words(without_marks(unescaped(sent)) if "&" in sent else sent)
        elif kind == "start":
            at = yield from _start(token["start"], body, at, document)
        elif kind == "end":
            at = yield from _tag_end(body, at)
            document.end(token["end"].lower())
        else:
            document.has_markup = True
            if kind == "comment":
                found = yield from _found(_COMMENT_END, body, at)
                at = found.end() if found else len(body)
        if at >= pause:
            yield
            pause = at + STEP_CHARACTERS


def _tag_end(body: str, at: int) -> Steps[int]:
    """Where a tag ends, given where its name does."""
    if body.startswith(">", at):  # as most do
        return at + 1
    while True:
        rest = _REST.match(body, at)
        assert rest is not None  # it may be empty
        at = rest.end()
        if not body.startswith("=", at) or body[at - 1] == ">":
            return at
        yield


def _start(sent: str, body: str, at: int, document: Document) -> Steps[int]:
    """Reads a start tag, if it is one, and what is no HTML after it; returns where it ends."""
    name = sent.lower()
    if name not in ELEMENTS and not document.knows(name):
        document.words(f"<{sent}")
        return at
    begins = at
    at = yield from _tag_end(body, at)
    attributes = body[begins:at]
    hidden = len(attributes) > 1 and (yield from _is_hidden(attributes))
    ends_itself = attributes.endswith("/>") and document.ends_itself(name)
    if name in _ENDS and not ends_itself:
        found = yield from _found(_ENDS[name], body, at)
        document.has_markup = True
        if name in VERBATIM and not hidden:
            held = body[at : found.start() if found else None]
            document.verbatim((yield from in_parts(kept if name == "xmp" else _kept_words, held)))
        end = _UP_TO_ITS_END.match(body, found.end() if found else len(body))
        assert end is not None  # it may be empty
        return end.end()
    document.start(name, hidden=hidden, ends_itself=ends_itself)
    if name in PREFORMATTED and (first := _LINE_BREAK.match(body, at)):
        return first.end()
    return at


def _kept_words(sent: str) -> str:
    return kept(without_marks(unescaped(sent)))


def _is_hidden(attributes: str) -> Steps[bool]:
    """Whether an element with these attributes is not shown. Of two of a name, the first counts."""
    if (yield from _found(_MAY_HIDE, attributes, 0)) is None:
        return False
    style: str | None = None
    for number, attribute in enumerate(_ATTRIBUTE.finditer(attributes), 1):
        if number % _STEP_ATTRIBUTES == 0:
            yield
        name, *values = attribute.groups("")
        if name.lower() == "hidden":
            return True
        if style is None and name.lower() == "style":
            style = "".join(values)[:_MOST_STYLE]
    style = _REMARK.sub("", unescaped(style or "").lower())
    declared = _DISPLAY.findall(style)
    important = [each for each in declared if each[1]]
    return any(value == "none" for value, _ in (important or declared)[-1:])

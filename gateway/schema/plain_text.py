"""The text of an HTML body, for places that cannot or should not show HTML.

Bodies come from anybody, so time must grow with length alone. html5ever, behind nh3, takes a time
quadratic in nesting (half a megabyte of `<div>`: 13 seconds), and `html.parser` of older Pythons one
quadratic in what is left open. Reading the text needs no tree: expressions that never backtrack find
what a body consists of, and a stack tells what ends where.
"""

import html
import re
from collections import defaultdict

from gateway.schema.elements import (
    BLOCKS,
    CELLS,
    ELEMENTS,
    EMBEDDED,
    ENDED_BY,
    PREFORMATTED,
    SILENT,
    STRUCTURE,
    VERBATIM,
    VOID,
    is_element,
)

_UP_TO_ITS_END = r"""[^>=]*+(?:=\s*+(?:"[^"]*+"?+|'[^']*+'?+)?+[^>=]*+)*+>?+"""
"""The rest of a tag. A `>` in quotes does not end it; where nothing does, the body's end will."""

_NAME = r"[a-z][a-z0-9:._-]*+ (?= [\s/>] | \Z )"

_TOKEN = re.compile(
    rf"""
      (?P<words> (?: [^<]++ | <(?! [/!?] | {_NAME} ) )++ )
    | <(?P<start> {_NAME} )
    | </(?P<end> [a-z][^\s/>]*+ ){_UP_TO_ITS_END}
    | (?P<other> <!-- (?: -?+> | .*? (?: --!?> | \Z ) ) | <[/!?][^>]*+>?+ )
    """,
    re.ASCII | re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
"""What HTML consists of (HTML standard, 13.2.5), as far as its text is concerned.

A `<` before anything but `!`, `?`, `/` and the name of an element is a sign like others: people write
`Jo <jo@example.org>` and `Hb <norm`, and no browser has to guess what was meant.
"""

_REST = re.compile(_UP_TO_ITS_END, re.ASCII)
_ENDS = {
    name: re.compile(rf"</{name}(?=[\s/>])[^>]*+>?+", re.ASCII | re.IGNORECASE)
    for name in SILENT | VERBATIM
}

_MAY_NEST = re.compile("hidden|display|<(?:listing|math|plaintext|pre|svg)", re.IGNORECASE)
"""What there has to be for it to matter what ends where."""

_MAY_HIDE = re.compile("hidden|display", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"?+|'([^']*+)'?+|([^\s>]*+)))?+""", re.ASCII
)
_REMARK = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_DISPLAY = re.compile(
    r"(?:\A|;)\s*+display\s*+:\s*+([a-z-]++)\s*+(!\s*+important\s*+)?+(?=;|\Z)", re.ASCII
)

_LEADING_ZEROS = re.compile(r"(?<=&#)0+(?=[0-9])")
_BEYOND_UNICODE = re.compile(r"&#[0-9]{8,};?")

_LINE_BREAK = re.compile(r"\r\n?|\n")
_BLOCK_END, _KEPT = "\f", "\v"
"""Where a block begins or ends, and a line break that is kept: until lines are put together. No text has them."""

_SEPARATORS = {**dict.fromkeys(BLOCKS, _BLOCK_END), **dict.fromkeys(CELLS, " ")}

_SOFT_HYPHEN = "\u00ad"
_INVISIBLE = "\u034f\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff"
"""Characters of no width. Within a word they join or part letters, as in Persian, and signs, as in emoji."""

_PADDING = re.compile(rf"[\s{_INVISIBLE}]{{2,}}+")
_NO_BREAKS = re.compile(rf"[^\n\r{_BLOCK_END}{_KEPT}]++")


def plain_text(body: str) -> str:
    """The words of `body`, one line per block, entities resolved.

    Scripts, styles, hidden elements, soft hyphens and invisible padding are left out. `pre` and `textarea`
    keep their line breaks, but no indentation; a body without markup keeps its own line breaks. The
    result is text, not HTML: whoever puts it into a page must escape it.
    """
    if "<" not in body:
        return _as_sent(body)
    document = _Document(is_flat=not _MAY_NEST.search(body))
    _read(_without_marks(body), document)
    if not document.has_markup:
        return _as_sent(body)
    blocks = _without_padding(document.text()).split(_BLOCK_END)
    return "\n".join(filter(None, map(_lines, blocks)))


def _as_sent(body: str) -> str:
    return _without_padding(_unescaped(body)).strip()


def _read(body: str, document: "_Document") -> None:
    at, token_at = 0, _TOKEN.match
    while token := token_at(body, at):
        at, kind = token.end(), token.lastgroup
        if kind == "words":
            sent = token[0]
            document.words(_without_marks(_unescaped(sent)) if "&" in sent else sent)
        elif kind == "start":
            at = _start(token["start"], body, at, document)
        elif kind == "end":
            document.end(token["end"].lower())
        else:
            document.has_markup = True


def _start(sent: str, body: str, at: int, document: "_Document") -> int:
    """Reads a start tag, if it is one, and what is no HTML after it; returns where it ends."""
    name = sent.lower()
    if name not in ELEMENTS and not document.knows(name):
        document.words(f"<{sent}")
        return at
    begins = at
    if body.startswith(">", at):  # as most do
        at += 1
    else:
        rest = _REST.match(body, at)
        assert rest is not None  # it may be empty
        at = rest.end()
    attributes = body[begins:at]
    hidden = len(attributes) > 1 and _is_hidden(attributes)
    ends_itself = attributes.endswith("/>") and document.ends_itself(name)
    if name in _ENDS and not ends_itself:
        end = _ENDS[name].search(body, at)
        held = body[at : end.start() if end else None]
        at = end.end() if end else len(body)
        document.has_markup = True
        if name in VERBATIM and not hidden:
            document.verbatim(held if name == "xmp" else _without_marks(_unescaped(held)))
        return at
    document.start(name, hidden=hidden, ends_itself=ends_itself)
    if name in PREFORMATTED and (first := _LINE_BREAK.match(body, at)):
        return first.end()
    return at


class _Document:
    """What is shown of a document, and what is open where it is read.

    Attributes:
        has_markup: Whether there has been any tag or comment.
    """

    def __init__(self, *, is_flat: bool) -> None:
        """`is_flat` where it does not matter what ends where: nothing is open then."""
        self.has_markup = False
        self._is_flat = is_flat
        self._shown: list[str] = []
        self._open: list[tuple[str, int | None]] = []
        """The elements, and how much was shown before those that are hidden."""
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        """Where in the stack the elements of a name are."""
        self._blocks: list[int] = []
        """Where in it those are that are no part of a phrase."""
        self._embedded: list[int] = []
        """Where in it those are whose content has names of its own."""
        self._preformatted = 0

    def knows(self, name: str) -> bool:
        """Whether a tag of this name, in lower case, may stand here."""
        return is_element(name) or bool(self._embedded)

    def ends_itself(self, name: str) -> bool:
        """Whether a tag of this name with a `/` at its end is all of an element: no tag of HTML is."""
        return bool(self._embedded) or name in EMBEDDED or name not in ELEMENTS

    def words(self, text: str) -> None:
        self._shown.append(_kept(text) if self._preformatted else text)

    def verbatim(self, text: str) -> None:
        """An element whose text has lines of its own."""
        self._shown += [_BLOCK_END, _kept(text), _BLOCK_END]

    def start(self, name: str, *, hidden: bool, ends_itself: bool) -> None:
        """A start tag; `ends_itself` where it is all of an element."""
        self.has_markup = True
        if self._is_flat:
            self._separate(name)
            return
        self._end_before(name)
        before = len(self._shown) if hidden else None
        if not (hidden and name in VOID):
            self._separate(name)
        if ends_itself or name in VOID or name in {"body", "head", "html"}:
            return
        self._places[name].append(len(self._open))
        if name in STRUCTURE:
            self._blocks.append(len(self._open))
        elif name in EMBEDDED:
            self._embedded.append(len(self._open))
        self._open.append((name, before))
        self._preformatted += name in PREFORMATTED

    def _end_before(self, name: str) -> None:
        """What ends because an element of this name begins."""
        if self._embedded and name in BLOCKS:  # which those do not hold
            self._close(self._embedded[0])
        while self._blocks and name in ENDED_BY.get(self._open[self._blocks[-1]][0], ()):
            self._close(self._blocks[-1])

    def end(self, name: str) -> None:
        """An end tag. That of a phrase ends nothing outside of the block where it stands."""
        self.has_markup = True
        if self._is_flat:
            self._separate(name)
            return
        places, hidden = self._places[name], False
        if places and (name in STRUCTURE or not self._blocks or places[-1] > self._blocks[-1]):
            hidden = self._open[places[-1]][1] is not None
            self._close(places[-1])
        if not hidden:
            self._separate(name)

    def text(self) -> str:
        """What is shown, at the end. What is hidden ends there only if its end tag may be left out.

        Any other that is not ended would take all that follows along, so it hides nothing.
        """
        for index, (name, before) in enumerate(self._open):
            if before is not None and name in ENDED_BY:
                self._close(index)
                break
        return "".join(self._shown)

    def _close(self, index: int) -> None:
        while len(self._open) > index:
            name, before = self._open.pop()
            self._places[name].pop()
            self._preformatted -= name in PREFORMATTED
            if name in STRUCTURE:
                self._blocks.pop()
            elif name in EMBEDDED:
                self._embedded.pop()
            if before is not None:
                del self._shown[before:]

    def _separate(self, name: str) -> None:
        if separator := _SEPARATORS.get(name):
            self._shown.append(separator)


def _is_hidden(attributes: str) -> bool:
    """Whether an element with these attributes is not shown. Of two of a name, the first counts."""
    if not _MAY_HIDE.search(attributes):
        return False
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(attributes):
        found.setdefault(name.lower(), "".join(values))
    if "hidden" in found:
        return True
    style = _REMARK.sub("", _unescaped(found.get("style", "")).lower())
    declared = _DISPLAY.findall(style)
    important = [each for each in declared if each[1]]
    return any(value == "none" for value, _ in (important or declared)[-1:])


def _unescaped(text: str) -> str:
    """`text` with its entities resolved."""
    if "&" not in text:
        return text
    if "&#" in text:  # `html.unescape` fails over numbers of thousands of digits
        shortened = _LEADING_ZEROS.sub("", text)
        text = _BEYOND_UNICODE.sub("\N{REPLACEMENT CHARACTER}", shortened)
    return html.unescape(text)


def _without_marks(text: str) -> str:
    return text.replace(_BLOCK_END, " ").replace(_KEPT, " ")


def _kept(text: str) -> str:
    return _LINE_BREAK.sub(_KEPT, text)


def _lines(block: str) -> str:
    """The lines of a block, without empty ones around them."""
    return "\n".join(" ".join(line.split()) for line in block.split(_KEPT)).strip("\n")


def _without_padding(text: str) -> str:
    """`text` without soft hyphens, and without invisible characters where there is nothing to join or part."""
    if text.isascii():
        return text
    return _PADDING.sub(_blank, text.replace(_SOFT_HYPHEN, "")).strip(_INVISIBLE)


def _blank(run: re.Match[str]) -> str:
    """What is left of blanks with invisible characters among them: the line breaks, else one blank."""
    sent = run[0]
    if sent.isspace():
        return sent
    return _NO_BREAKS.sub("", sent) or (" " if any(map(str.isspace, sent)) else "")

"""The state of an HTML document during parsing: the rendered text and the stack of open elements."""

from collections import defaultdict

from gateway.schema.html_elements import (
    BLOCKS,
    CELLS,
    ELEMENTS,
    ENDED_BY,
    FOREIGN,
    PREFORMATTED,
    STRUCTURE,
    VOID,
    is_element,
)
from gateway.schema.rendered_text import BLOCK_MARK, mark_line_breaks

_SEPARATORS = {**dict.fromkeys(BLOCKS, BLOCK_MARK), **dict.fromkeys(CELLS, " ")}

_MAX_OPEN_ELEMENTS = 100_000
"""The maximum depth of nested elements.

Deeper content is part of the innermost element, so that closing all elements is one short step.
"""


class HtmlDocument:
    """The rendered text and the stack of open elements of a document during parsing.

    Attributes:
        has_markup: Whether a tag or comment has been parsed.
    """

    def __init__(self, *, is_flat: bool) -> None:
        """An empty document; `is_flat` where nesting does not matter, so that no element counts as open."""
        self.has_markup = False
        self._is_flat = is_flat
        self._parts: list[str] = []
        self._open: list[tuple[str, int | None]] = []
        """The stack of open elements, hidden ones with the number of text parts before them."""
        self._positions: defaultdict[str, list[int]] = defaultdict(list)
        """The positions of open elements in the stack, by name."""
        self._structure_positions: list[int] = []
        """The positions of structural elements, which are not part of a phrase."""
        self._foreign_positions: list[int] = []
        """The positions of foreign elements, whose content has element names of its own."""
        self._preformatted = 0
        self._overflow_depth = 0
        """The number of open elements beyond the maximum depth."""

    def accepts_tag(self, name: str) -> bool:
        """Whether a tag of this name, in lower case, is valid at this position."""
        return is_element(name) or bool(self._foreign_positions)

    def is_self_closing(self, name: str) -> bool:
        """Whether a tag of this name that ends in `/` is a whole element, which no tag of HTML is."""
        return bool(self._foreign_positions) or name in FOREIGN or name not in ELEMENTS

    def add_text(self, text: str) -> None:
        self._parts.append(mark_line_breaks(text) if self._preformatted else text)

    def add_raw_text(self, text: str) -> None:
        """Add the text of an element that keeps its own line breaks."""
        self._parts += [BLOCK_MARK, text, BLOCK_MARK]

    def start_element(self, name: str, *, is_hidden: bool, self_closing: bool) -> None:
        """Process a start tag; `self_closing` where the tag is a whole element."""
        self.has_markup = True
        if self._is_flat:
            self._add_separator(name)
            return
        self._close_implied(name)
        before = len(self._parts) if is_hidden else None
        if not (is_hidden and name in VOID):
            self._add_separator(name)
        if self_closing or name in VOID or name in {"body", "head", "html"}:
            return
        if len(self._open) == _MAX_OPEN_ELEMENTS:
            self._overflow_depth += 1
            return
        self._positions[name].append(len(self._open))
        if name in STRUCTURE:
            self._structure_positions.append(len(self._open))
        elif name in FOREIGN:
            self._foreign_positions.append(len(self._open))
        self._open.append((name, before))
        self._preformatted += name in PREFORMATTED

    def _close_implied(self, name: str) -> None:
        """Close the elements that the start of an element of this name closes implicitly."""
        if self._foreign_positions and name in BLOCKS:  # which foreign elements do not contain
            self._close(self._foreign_positions[0])
        while self._structure_positions and name in ENDED_BY.get(
            self._open[self._structure_positions[-1]][0], ()
        ):
            self._close(self._structure_positions[-1])

    def end_element(self, name: str) -> None:
        """Process an end tag. A phrasing element's end tag closes nothing outside of the enclosing block."""
        self.has_markup = True
        if self._is_flat or self._overflow_depth:
            self._overflow_depth -= not self._is_flat
            self._add_separator(name)
            return
        positions, is_hidden = self._positions[name], False
        if positions and (
            name in STRUCTURE
            or not self._structure_positions
            or positions[-1] > self._structure_positions[-1]
        ):
            is_hidden = self._open[positions[-1]][1] is not None
            self._close(positions[-1])
        if not is_hidden:
            self._add_separator(name)

    def text(self) -> str:
        """The rendered text, at the end of the document.

        A hidden element that is still open hides its content only where its end tag is optional. Any other
        would hide all the following text, so it hides nothing.
        """
        for index, (name, before) in enumerate(self._open):
            if before is not None and name in ENDED_BY:
                self._close(index)
                break
        return "".join(self._parts)

    def _close(self, index: int) -> None:
        while len(self._open) > index:
            name, before = self._open.pop()
            self._positions[name].pop()
            self._preformatted -= name in PREFORMATTED
            if name in STRUCTURE:
                self._structure_positions.pop()
            elif name in FOREIGN:
                self._foreign_positions.pop()
            if before is not None:
                del self._parts[before:]

    def _add_separator(self, name: str) -> None:
        if separator := _SEPARATORS.get(name):
            self._parts.append(separator)

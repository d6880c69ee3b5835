"""An HTML document while it is read: what is shown of it, and what is open."""

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
"""Elements within each other; what is further inside is part of the innermost, so that all end in one short step."""


class HtmlDocument:
    """What is shown of a document, and what is open where it is read.

    Attributes:
        has_markup: Whether there has been any tag or comment.
    """

    def __init__(self, *, is_flat: bool) -> None:
        """`is_flat` where it does not matter what ends where: nothing is open then."""
        self.has_markup = False
        self._is_flat = is_flat
        self._parts: list[str] = []
        self._open: list[tuple[str, int | None]] = []
        """The elements, and how much was shown before those that are hidden."""
        self._positions: defaultdict[str, list[int]] = defaultdict(list)
        """Where in the stack the elements of a name are."""
        self._structure_positions: list[int] = []
        """Where in it those are that are no part of a phrase."""
        self._foreign_positions: list[int] = []
        """Where in it those are whose content has names of its own."""
        self._preformatted = 0
        self._overflow_depth = 0
        """How many are open further inside than elements may be."""

    def accepts_tag(self, name: str) -> bool:
        """Whether a tag of this name, in lower case, may stand here."""
        return is_element(name) or bool(self._foreign_positions)

    def is_self_closing(self, name: str) -> bool:
        """Whether a tag of this name with a `/` at its end is all of an element: no tag of HTML is."""
        return bool(self._foreign_positions) or name in FOREIGN or name not in ELEMENTS

    def add_text(self, text: str) -> None:
        self._parts.append(mark_line_breaks(text) if self._preformatted else text)

    def add_raw_text(self, text: str) -> None:
        """An element whose text has lines of its own, which are kept."""
        self._parts += [BLOCK_MARK, text, BLOCK_MARK]

    def start_element(self, name: str, *, is_hidden: bool, self_closing: bool) -> None:
        """A start tag; `ends_itself` where it is all of an element."""
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
        """What ends because an element of this name begins."""
        if self._foreign_positions and name in BLOCKS:  # which those do not hold
            self._close(self._foreign_positions[0])
        while self._structure_positions and name in ENDED_BY.get(
            self._open[self._structure_positions[-1]][0], ()
        ):
            self._close(self._structure_positions[-1])

    def end_element(self, name: str) -> None:
        """An end tag. That of a phrase ends nothing outside of the block where it stands."""
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
        """What is shown, at the end. What is hidden ends there only if its end tag may be left out.

        Any other that is not ended would take all that follows along, so it hides nothing.
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

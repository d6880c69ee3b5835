"""An HTML document while it is read: what is shown of it, and what is open."""

from collections import defaultdict

from gateway.schema.html_elements import (
    BLOCKS,
    CELLS,
    ELEMENTS,
    EMBEDDED,
    ENDED_BY,
    PREFORMATTED,
    STRUCTURE,
    VOID,
    is_element,
)
from gateway.schema.rendered_text import BLOCK_END, kept

_SEPARATORS = {**dict.fromkeys(BLOCKS, BLOCK_END), **dict.fromkeys(CELLS, " ")}

_MOST_OPEN = 100_000
"""Elements within each other; what is further inside is part of the innermost, so that all end in one short step."""


class Document:
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
        self._further = 0
        """How many are open further inside than elements may be."""

    def knows(self, name: str) -> bool:
        """Whether a tag of this name, in lower case, may stand here."""
        return is_element(name) or bool(self._embedded)

    def ends_itself(self, name: str) -> bool:
        """Whether a tag of this name with a `/` at its end is all of an element: no tag of HTML is."""
        return bool(self._embedded) or name in EMBEDDED or name not in ELEMENTS

    def words(self, text: str) -> None:
        self._shown.append(kept(text) if self._preformatted else text)

    def verbatim(self, text: str) -> None:
        """An element whose text has lines of its own, which are kept."""
        self._shown += [BLOCK_END, text, BLOCK_END]

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
        if len(self._open) == _MOST_OPEN:
            self._further += 1
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
        if self._is_flat or self._further:
            self._further -= not self._is_flat
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

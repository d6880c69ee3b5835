"""Surprises: what the upstream sends otherwise than its contract says, and what is read of it all the same.

Whoever reads something leniently says so by `surprised`; that it is told of a path is up to whoever began
the reading, by `noted`. Decoding knows neither paths nor metrics.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

OFFSET_DIFFERS = "offset_differs"
"""A date-time has an offset that its time zone does not have then."""

ODD_ENVELOPE = "odd_envelope"
"""A list stands elsewhere than under `items`."""

ODD_VALUE = "odd_value"
"""A value has another JSON type than is declared."""

CONTROL_CHARACTERS = "control_characters"
"""Texts in JSON hold control characters as they are."""

UNKNOWN_CHARSET = "unknown_charset"
"""A body declares a charset that does not exist, and is in UTF-8."""

REPEATED_LENGTH = "repeated_length"
"""An answer tells its Content-Length several times, each time the same."""

_note: ContextVar[Callable[[str], None] | None] = ContextVar("note", default=None)


def surprised(what: str) -> None:
    """Note that something was read otherwise than the contract says, if anybody wants to know."""
    if (note := _note.get()) is not None:
        note(what)


@contextmanager
def noted(note: Callable[[str], None]) -> Iterator[None]:
    """What is read inside tells `note` of what was surprising; the tasks that begin inside do as well."""
    token = _note.set(note)
    try:
        yield
    finally:
        _note.reset(token)

"""The outermost JSON of an answer, read as it is declared, in steps where it is large. Pure."""

from collections.abc import Callable
from typing import TypeVar

from msgspec import json

from gateway.steps import Steps
from gateway.upstream import control_characters
from gateway.upstream.declaring import UNDECODABLE
from gateway.upstream.surprises import CONTROL_CHARACTERS, surprised
from gateway.upstream.surrogates import whole_characters

_T = TypeVar("_T")

_LARGE_BYTES = 4_194_304
"""What is larger is read in steps."""


def is_large(body: bytes) -> bool:
    """Whether an answer is so large that others are answered before each of its steps."""
    return len(body) > _LARGE_BYTES


def envelope(
    body: bytes, declared: type[_T], *, tell: Callable[[str], None] = surprised
) -> Steps[_T]:
    """`body` as declared, with U+FFFD for half a character: some senders cut texts blindly.

    Control characters in texts are read as well, and `tell` is told of them.

    Raises:
        UNDECODABLE: It is not what was declared.
    """
    if is_large(body):
        yield
    try:
        return json.decode(body, type=declared)
    except UNDECODABLE:
        escaped = yield from control_characters.escaped(body)
        mended = yield from whole_characters(escaped or body)
    if is_large(body):
        yield
    found = json.decode(mended, type=declared)
    if escaped is not None:
        tell(CONTROL_CHARACTERS)
    return found


def keys(body: bytes) -> int:
    """About how many objects and keys there are in a large answer; in others none are counted."""
    return body.count(b"{") + body.count(b'":') if is_large(body) else 0

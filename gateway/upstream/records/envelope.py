"""The outermost JSON of an answer, read as it is declared, in steps where it is large. Pure.

A list may stand elsewhere than under `items`, where it is one of activities or of resources beyond doubt: an
error page or a report that happens to have a list inside is none. An empty list is one by itself only.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from msgspec import Raw, json

from gateway.observability.event_loop import Steps, mapped
from gateway.upstream.records import control_characters
from gateway.upstream.records.activities import Record
from gateway.upstream.records.coercion import values_in
from gateway.upstream.records.field_types import UNDECODABLE
from gateway.upstream.records.lenient import NULL
from gateway.upstream.records.surrogates import whole_characters
from gateway.upstream.surprises import CONTROL_CHARACTERS, ODD_ENVELOPE, surprised

_T = TypeVar("_T")

_LARGE_BYTES = 4_194_304
"""What is larger is read in steps."""

_OTHER_KEYS = ("activities", "data", "results", "content")

Mark = Literal["type", "id"]
"""By which key the elements of a list are known: activities have a `type`, other things an `id`."""


class _Items(Record, frozen=True):
    items: list[Raw]


class _Typed(Record, frozen=True):
    type: Raw


class _Identified(Record, frozen=True):
    id: Raw


_MARKED: Mapping[Mark, json.Decoder[Any]] = {
    "type": json.Decoder(_Typed),
    "id": json.Decoder(_Identified),
}

MOST_ITEMS = 200_000
"""Of a list, honest or not."""


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


def listed(body: bytes, mark: Mark) -> Steps[list[Raw]]:
    """The elements of the list that an answer holds, each still to be decoded.

    Raises:
        UNDECODABLE: It holds none.
    """
    try:
        return (yield from envelope(body, _Items)).items
    except UNDECODABLE:
        sent = yield from envelope(body, Raw)
        found = yield from _elsewhere(sent, mark)
        if found is None:
            raise
    surprised(ODD_ENVELOPE)
    return found


def _elsewhere(sent: Raw, mark: Mark) -> Steps[list[Raw] | None]:
    """A bare list, or the one under another key; None where there is none, or more than one."""
    if is_large(bytes(sent)):
        yield
    if (bare := _elements(sent)) is not None:
        return bare if (yield from _are_marked(bare, mark)) else None
    values = values_in(sent) or {}
    if "items" in values:
        return None
    found = []
    for key in _OTHER_KEYS:
        elements = _elements(values.get(key, NULL))
        if elements and (yield from _are_marked(elements, mark)):
            found.append(elements)
    return found[0] if len(found) == 1 else None


def _elements(sent: Raw) -> list[Raw] | None:
    try:
        return json.decode(sent, type=list[Raw])
    except UNDECODABLE:
        return None


def _are_marked(elements: Sequence[Raw], mark: Mark) -> Steps[bool]:
    """Whether all elements of a list are objects that have the mark."""
    decoder = _MARKED[mark]

    def unmarked(some: Sequence[Raw]) -> list[Raw]:
        return [each for each in some if not _is_marked(each, decoder, mark)]

    if len(elements) > MOST_ITEMS:
        return False
    return not (yield from mapped(unmarked, elements))


def _is_marked(element: Raw, decoder: json.Decoder[Any], mark: Mark) -> bool:
    try:
        return bool(getattr(decoder.decode(element), mark) != NULL)
    except UNDECODABLE:
        return False

"""Envelope: the outermost JSON of a response, decoded as declared, in steps where it is large. Pure.

A list may be elsewhere than under `items`, where it is certainly one of activities or of resources: an error
page or a report that contains a list is none. An empty list counts only where it is the whole response.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from msgspec import Raw, json

from gateway.observability.event_loop import CooperativeSteps, map_in_steps
from gateway.upstream.records import control_characters
from gateway.upstream.records.activities import Record
from gateway.upstream.records.coercion import raw_values
from gateway.upstream.records.field_types import UNDECODABLE
from gateway.upstream.records.lenient_decoding import NULL
from gateway.upstream.records.surrogates import replace_lone_surrogates
from gateway.upstream.surprises import CONTROL_CHARACTERS, ODD_ENVELOPE, report_surprise

_T = TypeVar("_T")

_LARGE_BYTES = 4_194_304
"""Larger responses are decoded in steps."""

_OTHER_KEYS = ("activities", "data", "results", "content")

RequiredKey = Literal["type", "id"]
"""The key that identifies the elements of a list: activities have a `type`, other resources an `id`."""


class _Items(Record, frozen=True):
    """A list under `items`."""

    items: list[Raw]


class _WithType(Record, frozen=True):
    """An element that has a `type`."""

    type: Raw


class _WithId(Record, frozen=True):
    """An element that has an `id`."""

    id: Raw


_KEY_DECODERS: Mapping[RequiredKey, json.Decoder[Any]] = {
    "type": json.Decoder(_WithType),
    "id": json.Decoder(_WithId),
}

MAX_ITEMS = 200_000
"""The most items of a list."""


def is_large(body: bytes) -> bool:
    """Whether a response is so large that other requests are served between its steps."""
    return len(body) > _LARGE_BYTES


def decode_body(
    body: bytes, declared: type[_T], *, on_surprise: Callable[[str], None] = report_surprise
) -> CooperativeSteps[_T]:
    """`body` decoded as declared, with U+FFFD for lone surrogates: some senders truncate texts blindly.

    Unescaped control characters in texts are accepted, and reported to `on_surprise`.

    Raises:
        UNDECODABLE: `body` does not fit the declaration.
    """
    if is_large(body):
        yield
    try:
        return json.decode(body, type=declared)
    except UNDECODABLE:
        escaped = yield from control_characters.escape_control_characters(body)
        repaired = yield from replace_lone_surrogates(escaped or body)
    if is_large(body):
        yield
    result = json.decode(repaired, type=declared)
    if escaped is not None:
        on_surprise(CONTROL_CHARACTERS)
    return result


def extract_list(body: bytes, required_key: RequiredKey) -> CooperativeSteps[list[Raw]]:
    """The elements of the list in a response, each still to be decoded.

    Raises:
        UNDECODABLE: The response has no list.
    """
    try:
        return (yield from decode_body(body, _Items)).items
    except UNDECODABLE:
        sent = yield from decode_body(body, Raw)
        elements = yield from _extract_misplaced_list(sent, required_key)
        if elements is None:
            raise
    report_surprise(ODD_ENVELOPE)
    return elements


def _extract_misplaced_list(
    sent: Raw, required_key: RequiredKey
) -> CooperativeSteps[list[Raw] | None]:
    """A bare list, or the one under another key; None where there is none, or more than one."""
    if is_large(bytes(sent)):
        yield
    if (bare := _elements(sent)) is not None:
        return bare if (yield from _all_have_key(bare, required_key)) else None
    values = raw_values(sent) or {}
    if "items" in values:
        return None
    candidates = []
    for key in _OTHER_KEYS:
        elements = _elements(values.get(key, NULL))
        if elements and (yield from _all_have_key(elements, required_key)):
            candidates.append(elements)
    return candidates[0] if len(candidates) == 1 else None


def _elements(sent: Raw) -> list[Raw] | None:
    try:
        return json.decode(sent, type=list[Raw])
    except UNDECODABLE:
        return None


def _all_have_key(elements: Sequence[Raw], required_key: RequiredKey) -> CooperativeSteps[bool]:
    """Whether all elements of a list are objects that have the required key."""
    decoder = _KEY_DECODERS[required_key]

    def without_key(some: Sequence[Raw]) -> list[Raw]:
        return [each for each in some if not _has_key(each, decoder, required_key)]

    if len(elements) > MAX_ITEMS:
        return False
    return not (yield from map_in_steps(without_key, elements))


def _has_key(element: Raw, decoder: json.Decoder[Any], required_key: RequiredKey) -> bool:
    try:
        return bool(getattr(decoder.decode(element), required_key) != NULL)
    except UNDECODABLE:
        return False

"""Coercion: reads a value of another JSON type than declared, where only one meaning is possible.

A number for a text, a text for a number, and an object for a scalar: the specification prints `object` beside
links, ids and enum values. Each coerced value is reported as a surprise; any other value is `UNREADABLE`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import reduce
from operator import or_
from types import NoneType
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from msgspec import Raw, json

from gateway.upstream.records.activities import UNREADABLE, Record
from gateway.upstream.records.field_types import UNDECODABLE, Id, Link, StrictText, union_members
from gateway.upstream.surprises import ODD_VALUE, report_surprise

_EMPTY_VALUES = {b"null", b'""'}
_BLANKS = b" \t\r\n"
_BOOLEANS = {b"true", b"false"}
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""A number of JSON (RFC 8259, 6)."""

_LARGE_BYTES = 524_288
_MAX_KEYS = 20_000
_MAX_NUMBER_LENGTH = 4_300
"""The longest text that Python converts to an integer by default; longer ones take a time quadratic in the
length."""

_INTEGRAL_NUMBER = re.compile(rb"(-?[0-9]+)\.0+")
_MAX_EXACT_INTEGER = 2**53
"""Integers up to this one are exact as floats."""


class _ObjectWrapper(NamedTuple):
    """An object that may wrap a declared scalar.

    Attributes:
        keys: The keys under which the scalar is looked up, in order.
        sole_text_pattern: The pattern of the scalar where it is the only text of the object.
    """

    keys: Sequence[str]
    sole_text_pattern: re.Pattern[str]


_LINK_WRAPPER = _ObjectWrapper(
    ("href", "url"), re.compile(r"(https?:/)?/\S+", re.ASCII | re.IGNORECASE)
)
_ID_WRAPPER = _ObjectWrapper(("id", "value"), re.compile(r"[0-9]+", re.ASCII))
_TEXT_WRAPPER = _ObjectWrapper(("name", "value", "text"), re.compile(r".+", re.DOTALL))


def count_keys(sent: bytes | memoryview) -> int:
    """About how many keys and objects there are in JSON."""
    compact = bytes(sent).translate(None, _BLANKS)  # blanks may precede a colon
    return compact.count(b'":') + compact.count(b"{")


def raw_values(sent: bytes | Raw) -> dict[str, Raw] | None:
    """The values of an object, each still to be decoded.

    None for other JSON, and for a large object of very many keys: examining each of them takes seconds.
    """
    view = memoryview(sent)
    if len(view) > _LARGE_BYTES and count_keys(view) > _MAX_KEYS:
        return None
    try:
        return json.decode(sent, type=dict[str, Raw])
    except UNDECODABLE:
        return None


def coercing_decoder(declared: Any) -> Callable[[Raw], Any]:
    """Decoder of values that do not fit a declared type; `UNREADABLE` where a value has no single meaning.

    Only the scalars of a union are tried, not its lists and records.
    """
    scalars = [each for each in union_members(declared) if not _is_composite(each)]
    if not scalars:
        return lambda _: UNREADABLE
    wrapper = _wrapper_of(scalars)
    accepts_numbers = int not in scalars and (str in scalars or Link in scalars)
    scalar_decoder = _ScalarDecoder(json.Decoder(reduce(or_, scalars)), accepts_numbers)

    def decode(raw: Raw) -> Any:
        sent = bytes(raw)
        value = scalar_decoder.decode(sent)
        if value is UNREADABLE and wrapper is not None and sent[:1] == b"{":
            value = _unwrap_object(sent, wrapper, scalar_decoder)
        if value is not UNREADABLE:
            report_surprise(ODD_VALUE, hash(sent))
        return value

    return decode


def _is_composite(declared: Any) -> bool:
    if get_origin(declared) is Annotated:
        return get_origin(get_args(declared)[0]) is list
    return declared is NoneType or issubclass(declared, Record)


def _wrapper_of(scalars: Sequence[Any]) -> _ObjectWrapper | None:
    if Link in scalars:
        return _LINK_WRAPPER
    if {*scalars} == {*union_members(Id)}:
        return _ID_WRAPPER
    return _TEXT_WRAPPER if any(map(_is_text, scalars)) else None


def _is_text(declared: Any) -> bool:
    type_ = get_args(declared)[0] if get_origin(declared) is Annotated else declared
    return declared != StrictText and issubclass(type_, str)


class _ScalarDecoder(NamedTuple):
    """Decoder of scalars.

    Attributes:
        decoder: The strict decoder of the declared type.
        accepts_numbers: Whether a number is accepted as a text.
    """

    decoder: json.Decoder[Any]
    accepts_numbers: bool

    def decode(self, sent: bytes) -> Any:
        """A value as sent, or in an alternative form; `UNREADABLE` where neither fits."""
        for candidate in (sent, *self._alternatives(sent)):
            with suppress(*UNDECODABLE):
                return self.decoder.decode(candidate)
        return UNREADABLE

    def _alternatives(self, sent: bytes) -> Iterator[bytes]:
        """The alternative forms of a value."""
        is_text = sent[:1] == b'"'
        number = _text_content(sent) if is_text else sent
        if is_text and number in _BOOLEANS:
            yield number
        if len(number) > _MAX_NUMBER_LENGTH or not _NUMBER.fullmatch(number):
            return
        if is_text:
            yield number
        yield _as_integer(number)
        if self.accepts_numbers:
            yield b'"%b"' % number


def _text_content(text: bytes) -> bytes:
    """The content of a text, without the blanks around it."""
    try:
        return json.decode(text, type=str).encode().strip(_BLANKS)
    except UNDECODABLE:
        return b""


def _as_integer(number: bytes) -> bytes:
    """The integer that equals a number, such as 2 for 2.0; else the number."""
    if match := _INTEGRAL_NUMBER.fullmatch(number):
        return match[1]
    value = float(number)
    return b"%d" % value if value.is_integer() and abs(value) <= _MAX_EXACT_INTEGER else number


def _unwrap_object(sent: bytes, wrapper: _ObjectWrapper, scalar_decoder: _ScalarDecoder) -> Any:
    """The scalar under one of the keys of an object, or else the only text of the object."""
    if (values := raw_values(sent)) is None:
        return UNREADABLE
    non_empty = {
        key: raw for key, each in values.items() if (raw := bytes(each)) not in _EMPTY_VALUES
    }
    for key in wrapper.keys:
        if key in non_empty and (value := scalar_decoder.decode(non_empty[key])) is not UNREADABLE:
            return value
    texts = [each for each in non_empty.values() if each[:1] == b'"']
    if len(texts) == 1 and wrapper.sole_text_pattern.fullmatch(_text_content(texts[0]).decode()):
        return scalar_decoder.decode(texts[0])
    return UNREADABLE

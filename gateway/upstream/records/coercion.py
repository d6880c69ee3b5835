"""Odd values: what a value of another JSON type says where only one meaning is possible.

A number for a text, a text for a number, and an object for what is no object: the specification prints `object`
beside links, ids and words. Each that is read is noted as surprising; whatever else is sent is no value.
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
from gateway.upstream.records.enums import Word
from gateway.upstream.records.field_types import UNDECODABLE, Id, Link, Prose, options
from gateway.upstream.surprises import ODD_VALUE, surprised

_NOTHING = {b"null", b'""'}
_BLANKS = b" \t\r\n"
_BOOLEANS = {b"true", b"false"}
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""RFC 8259, 6."""

_LARGE_BYTES = 524_288
_MOST_KEYS = 20_000
_LONGEST_NUMBER = 4_300
"""What Python reads as an integer without being told to; longer ones take a time quadratic in the length."""

_WHOLE_NUMBER = re.compile(rb"(-?[0-9]+)\.0+")
_EXACT = 2**53
"""Whole numbers up to here are exact as floats."""


class _Kind(NamedTuple):
    """What is declared, where an object may stand for it.

    Attributes:
        keys: The keys of an object under which it is looked for, in order.
        lone: What the only text of an object has to be like to be it.
    """

    keys: Sequence[str]
    lone: re.Pattern[str]


_LINK = _Kind(("href", "url"), re.compile(r"(https?:/)?/\S+", re.ASCII | re.IGNORECASE))
_ID = _Kind(("id", "value"), re.compile(r"[0-9]+", re.ASCII))
_TEXT = _Kind(("name", "value", "text"), re.compile(r".+", re.DOTALL))


def keys(sent: bytes | memoryview) -> int:
    """About how many keys and objects there are in JSON."""
    told = bytes(sent).translate(None, _BLANKS)  # which may stand before a colon
    return told.count(b'":') + told.count(b"{")


def values_in(sent: bytes | Raw) -> dict[str, Raw] | None:
    """The values of an object, each still to be decoded.

    None for what is no object, and for a large one of very many keys: to look at each of them takes seconds.
    """
    view = memoryview(sent)
    if len(view) > _LARGE_BYTES and keys(view) > _MOST_KEYS:
        return None
    try:
        return json.decode(sent, type=dict[str, Raw])
    except UNDECODABLE:
        return None


def odd(declared: Any) -> Callable[[Raw], Any]:
    """How to read what is no value of a declared type as it stands; `UNREADABLE` where it says nothing.

    Lists and records in a union are not looked at: only what else may stand there.
    """
    scalars = [each for each in options(declared) if not _is_composite(each)]
    if not scalars:
        return lambda _: UNREADABLE
    kind = _kind(scalars)
    takes_numbers = int not in scalars and (str in scalars or Link in scalars)
    plain = _Plain(json.Decoder(reduce(or_, scalars)), takes_numbers)

    def read(raw: Raw) -> Any:
        sent = bytes(raw)
        found = plain.read(sent)
        if found is UNREADABLE and kind is not None and sent[:1] == b"{":
            found = _held(sent, kind, plain)
        if found is not UNREADABLE:
            surprised(ODD_VALUE, hash(sent))
        return found

    return read


def _is_composite(declared: Any) -> bool:
    if get_origin(declared) is Annotated:
        return get_origin(get_args(declared)[0]) is list
    return declared is NoneType or issubclass(declared, Record)


def _kind(scalars: Sequence[Any]) -> _Kind | None:
    if Link in scalars:
        return _LINK
    if {*scalars} == {*options(Id)}:
        return _ID
    return _TEXT if any(map(_is_text, scalars)) else None


def _is_text(declared: Any) -> bool:
    plain = get_args(declared)[0] if get_origin(declared) is Annotated else declared
    return declared != Prose and issubclass(plain, (str, Word))


class _Plain(NamedTuple):
    """Reads what is no object.

    Attributes:
        decoder: Decodes what is declared.
        takes_numbers: Whether a number is a text that is declared.
    """

    decoder: json.Decoder[Any]
    takes_numbers: bool

    def read(self, sent: bytes) -> Any:
        """A value as it stands, or in its other form."""
        for form in (sent, *self._others(sent)):
            with suppress(*UNDECODABLE):
                return self.decoder.decode(form)
        return UNREADABLE

    def _others(self, sent: bytes) -> Iterator[bytes]:
        """The other forms of a value."""
        is_text = sent[:1] == b'"'
        number = _written(sent) if is_text else sent
        if is_text and number in _BOOLEANS:
            yield number
        if len(number) > _LONGEST_NUMBER or not _NUMBER.fullmatch(number):
            return
        if is_text:
            yield number
        yield _whole(number)
        if self.takes_numbers:
            yield b'"%b"' % number


def _written(text: bytes) -> bytes:
    """What a text consists of, without the blanks around it."""
    try:
        return json.decode(text, type=str).encode().strip(_BLANKS)
    except UNDECODABLE:
        return b""


def _whole(number: bytes) -> bytes:
    """The whole number that a number is, such as 2 for 2.0; else the number."""
    if found := _WHOLE_NUMBER.fullmatch(number):
        return found[1]
    value = float(number)
    return b"%d" % value if value.is_integer() and abs(value) <= _EXACT else number


def _held(sent: bytes, kind: _Kind, plain: _Plain) -> Any:
    """What stands under one of the keys of an object, or else is its only text."""
    if (values := values_in(sent)) is None:
        return UNREADABLE
    told = {key: held for key, each in values.items() if (held := bytes(each)) not in _NOTHING}
    for key in kind.keys:
        if key in told and (found := plain.read(told[key])) is not UNREADABLE:
            return found
    texts = [each for each in told.values() if each[:1] == b'"']
    if len(texts) == 1 and kind.lone.fullmatch(_written(texts[0]).decode()):
        return plain.read(texts[0])
    return UNREADABLE

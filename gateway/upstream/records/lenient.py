"""Lenient reading: a value of JSON by its declaration, key by key, where it does not fit as a whole.

What does not convert is `UNREADABLE`, so a broken value costs its field. What has another JSON type is read where
only one meaning is possible, see `odd_values`.

What says nothing is null, and no error: an empty text where a text is not what is declared; and where an object
is declared, an empty list, an object none of whose declared keys holds anything, and one that lacks the id it needs
and holds nothing but empty texts. A list is without such elements, and without null.
"""

import re
from collections.abc import Callable, Mapping, Sequence, Set as AbstractSet
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

from msgspec import Raw, json, structs

from gateway.upstream.records.activities import UNREADABLE, AllOptional, Record, Unreadable
from gateway.upstream.records.coercion import odd, values_in
from gateway.upstream.records.field_types import UNDECODABLE, Nothing, Several, options
from gateway.upstream.surprises import FOREIGN_OBJECT, surprised

_R = TypeVar("_R", bound=Record)

NULL = Raw(b"null")
_EMPTY_TEXT = b'""'
_EMPTY_LIST = re.compile(rb"\[\s*\]")


def merged(sent: Raw, misprinted: Raw, depth: int) -> Raw:
    """One value of two, of objects field by field; what stands where it should be goes first."""
    if _says_nothing(sent):
        return misprinted
    if _says_nothing(misprinted) or depth == 0:
        return sent
    ours, theirs = values_in(sent), values_in(misprinted)
    if ours is None or theirs is None or not _may_be_one(ours, theirs):
        return sent
    for key, each in theirs.items():
        ours[key] = merged(ours.get(key, NULL), each, depth - 1)
    return Raw(json.encode(ours))


def _may_be_one(ours: Mapping[str, Raw], theirs: Mapping[str, Raw]) -> bool:
    """Whether two objects may be parts of one thing: their ids do not differ, where both have one."""
    ids = {bytes(each.get("id", NULL)).strip(b'"') for each in (ours, theirs)}
    return len(ids - {bytes(NULL), b""}) < 2


def _says_nothing(sent: Raw) -> bool:
    return sent == NULL or bytes(sent) == _EMPTY_TEXT or _EMPTY_LIST.fullmatch(sent) is not None


class _Reading(NamedTuple):
    """How a field of a record is read."""

    name: str
    key: str
    read: Callable[[Raw], Any]


@cache
def _declared(record: type[Record]) -> Sequence[_Reading]:
    """Remembered: msgspec finds out anew each time, which takes longer than all the reading."""
    return [
        _Reading(each.name, each.encode_name, reader(each.type)) for each in structs.fields(record)
    ]


def fields_of(record: type[Record], values: Mapping[str, Raw]) -> dict[str, Any]:
    """Field by field: what was read, or `UNREADABLE`; nothing where nothing or null was sent."""
    readings: dict[str, Any] = {}
    for name, key, read in _declared(record):
        raw = values.get(key)
        if raw is not None and raw != NULL and (value := read(raw)) is not None:
            readings[name] = value
    return readings


@cache
def reader(declared: Any) -> Callable[[Raw], Any]:
    """How to read a value of a declared type leniently."""
    for option in options(declared):
        if isinstance(option, type) and issubclass(option, Record):
            return _record_reader(option, declared)
        if get_origin(option) is Annotated and get_origin(get_args(option)[0]) is list:
            (element,) = get_args(get_args(option)[0])
            return _list_reader(element, declared)
    whole, otherwise = _whole_reader(declared), odd(declared)

    def read(raw: Raw) -> Any:
        found = whole(raw)
        return otherwise(raw) if found is UNREADABLE else found

    return read


def _whole_reader(declared: Any) -> Callable[[Raw], Any]:
    """How to read a value as it is declared."""
    decoder = json.Decoder(declared)

    def read(raw: Raw) -> Any:
        try:
            return decoder.decode(raw)
        except UNDECODABLE:
            return None if bytes(raw) == _EMPTY_TEXT else UNREADABLE

    return read


def _list_reader(element: Any, declared: Any) -> Callable[[Raw], Any]:
    whole, otherwise, read_element = _whole_reader(declared), odd(declared), reader(element)

    def read(raw: Raw) -> Any:
        if not isinstance(found := whole(raw), Unreadable):
            return found
        try:
            sent = [each for each in json.decode(raw, type=Several[Raw]) if each != NULL]
            return [each for each in map(read_element, sent) if each is not None]
        except UNDECODABLE:
            return otherwise(raw)

    return read


def _record_reader(record: type[_R], declared: Any) -> Callable[[Raw], Any]:
    required = {declared.name for declared in structs.fields(record) if declared.required}
    known = {declared.encode_name for declared in structs.fields(record)}
    whole, otherwise = _whole_reader(declared), odd(declared)

    def read(raw: Raw) -> Any:
        if not isinstance(found := whole(raw), Unreadable):
            return found
        if (values := values_in(raw)) is None:
            return None if _EMPTY_LIST.fullmatch(raw) else otherwise(raw)
        readings = fields_of(record, values)
        if any(isinstance(readings.get(name, UNREADABLE), Unreadable) for name in required):
            found = None if all(map(_is_blank, readings.values())) else UNREADABLE
        else:
            found = _built(record, readings)
        if found is not None or not _says_anything(values, known):
            return found
        if (scalar := otherwise(raw)) is not UNREADABLE:
            return scalar
        surprised(FOREIGN_OBJECT, hash(bytes(raw)))
        return None

    return read


def _says_anything(values: Mapping[str, Raw], known: AbstractSet[str]) -> bool:
    """Whether an object has something under another key than the known ones."""
    return not all(_says_nothing(each) for key, each in values.items() if key not in known)


def _is_blank(value: object) -> bool:
    """Whether a value that was read says nothing: an empty text, or an object of nothing else."""
    if isinstance(value, AllOptional):
        return all(map(_is_blank, structs.astuple(value)))
    return value is None or value == ""


def _built(record: type[_R], readings: Mapping[str, Any]) -> _R | Unreadable | None:
    try:
        return record(**readings)
    except Nothing:
        return None
    except ValueError:  # the record's own check, such as a date that no calendar has
        return UNREADABLE

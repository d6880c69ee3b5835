"""Lenient decoding: a JSON value by its declaration, key by key, where it does not fit as a whole.

A value that does not convert is `UNREADABLE`, so an invalid value costs its field. A value of another JSON
type is read where only one meaning is possible, see `coercion`.

An empty value is null, and no error: an empty text where the declaration does not accept it; and where an
object is declared, an empty list, an object whose declared keys are all empty, and an object that lacks the
id it needs and has nothing but empty texts. A list is without empty elements, and without null.
"""

import re
from collections.abc import Callable, Mapping, Sequence, Set as AbstractSet
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

from msgspec import Raw, json, structs

from gateway.upstream.records.activities import UNREADABLE, AllOptional, Record, Unreadable
from gateway.upstream.records.coercion import coercing_decoder, raw_values
from gateway.upstream.records.field_types import (
    UNDECODABLE,
    BoundedList,
    EmptyObject,
    Id,
    union_members,
)
from gateway.upstream.surprises import FOREIGN_OBJECT, report_surprise, suppress_surprises

_R = TypeVar("_R", bound=Record)

NULL = Raw(b"null")
_EMPTY_TEXT = b'""'
_NO_IDS = {"None", str(UNREADABLE)}
_EMPTY_LIST = re.compile(rb"\[\s*\]")


def merge(sent: Raw, misprinted: Raw, depth: int) -> Raw:
    """Merge two values, objects field by field; the value under the correct key takes precedence."""
    if _is_empty(sent):
        return misprinted
    if _is_empty(misprinted) or depth == 0:
        return sent
    ours, theirs = raw_values(sent), raw_values(misprinted)
    if ours is None or theirs is None or not _ids_agree(ours, theirs):
        return sent
    for key, each in theirs.items():
        ours[key] = merge(ours.get(key, NULL), each, depth - 1)
    return Raw(json.encode(ours))


def _ids_agree(ours: Mapping[str, Raw], theirs: Mapping[str, Raw]) -> bool:
    """Whether two objects may be parts of one object: their ids do not differ, where both have one."""
    with suppress_surprises():  # the decoder of the merged object reports them
        ids = {str(lenient_decoder(Id)(each.get("id", NULL))) for each in (ours, theirs)}
    return len(ids - _NO_IDS) < 2


def _is_empty(sent: Raw) -> bool:
    return sent == NULL or bytes(sent) == _EMPTY_TEXT or _EMPTY_LIST.fullmatch(sent) is not None


class _FieldDecoder(NamedTuple):
    """Decoder of one field of a record."""

    name: str
    key: str
    decode: Callable[[Raw], Any]


@cache
def _field_decoders(record: type[Record]) -> Sequence[_FieldDecoder]:
    """The decoders of a record's fields, cached: msgspec's inspection takes longer than the decoding."""
    return [
        _FieldDecoder(each.name, each.encode_name, lenient_decoder(each.type))
        for each in structs.fields(record)
    ]


def decode_fields(record: type[Record], values: Mapping[str, Raw]) -> dict[str, Any]:
    """The fields of a record, each decoded or `UNREADABLE`; a missing or null field is omitted."""
    fields: dict[str, Any] = {}
    for name, key, decode in _field_decoders(record):
        raw = values.get(key)
        if raw is not None and raw != NULL and (value := decode(raw)) is not None:
            fields[name] = value
    return fields


@cache
def lenient_decoder(declared: Any) -> Callable[[Raw], Any]:
    """Lenient decoder of a declared type."""
    for member in union_members(declared):
        if isinstance(member, type) and issubclass(member, Record):
            return _record_decoder(member, declared)
        if get_origin(member) is Annotated and get_origin(get_args(member)[0]) is list:
            (element,) = get_args(get_args(member)[0])
            return _list_decoder(element, declared)
    decode_strictly, coerce = _strict_decoder(declared), coercing_decoder(declared)

    def decode(raw: Raw) -> Any:
        value = decode_strictly(raw)
        return coerce(raw) if value is UNREADABLE else value

    return decode


def _strict_decoder(declared: Any) -> Callable[[Raw], Any]:
    """Decoder of a declared type, `UNREADABLE` for a value that does not fit, None for an empty text."""
    decoder = json.Decoder(declared)

    def decode(raw: Raw) -> Any:
        try:
            return decoder.decode(raw)
        except UNDECODABLE:
            return None if bytes(raw) == _EMPTY_TEXT else UNREADABLE

    return decode


def _list_decoder(element: Any, declared: Any) -> Callable[[Raw], Any]:
    decode_strictly, coerce, decode_element = (
        _strict_decoder(declared),
        coercing_decoder(declared),
        lenient_decoder(element),
    )

    def decode(raw: Raw) -> Any:
        if not isinstance(value := decode_strictly(raw), Unreadable):
            return value
        try:
            sent = [each for each in json.decode(raw, type=BoundedList[Raw]) if each != NULL]
            return [each for each in map(decode_element, sent) if each is not None]
        except UNDECODABLE:
            return coerce(raw)

    return decode


def _record_decoder(record: type[_R], declared: Any) -> Callable[[Raw], Any]:
    required = {declared.name for declared in structs.fields(record) if declared.required}
    known_keys = {declared.encode_name for declared in structs.fields(record)}
    decode_strictly, coerce = _strict_decoder(declared), coercing_decoder(declared)

    def decode(raw: Raw) -> Any:
        if not isinstance(result := decode_strictly(raw), Unreadable):
            return result
        if (values := raw_values(raw)) is None:
            return None if _EMPTY_LIST.fullmatch(raw) else coerce(raw)
        fields = decode_fields(record, values)
        if any(isinstance(fields.get(name, UNREADABLE), Unreadable) for name in required):
            result = None if all(map(_is_blank, fields.values())) else UNREADABLE
        else:
            result = _construct(record, fields)
        if result is not None or not _has_unknown_content(values, known_keys):
            return result
        if (scalar := coerce(raw)) is not UNREADABLE:
            return scalar
        report_surprise(FOREIGN_OBJECT, hash(bytes(raw)))
        return None

    return decode


def _has_unknown_content(values: Mapping[str, Raw], known_keys: AbstractSet[str]) -> bool:
    """Whether an object has content under an unknown key."""
    return not all(_is_empty(each) for key, each in values.items() if key not in known_keys)


def _is_blank(value: object) -> bool:
    """Whether a decoded value is blank: an empty text, or an object of nothing else."""
    if isinstance(value, AllOptional):
        return all(map(_is_blank, structs.astuple(value)))
    return value is None or value == ""


def _construct(record: type[_R], fields: Mapping[str, Any]) -> _R | Unreadable | None:
    try:
        return record(**fields)
    except EmptyObject:
        return None
    except ValueError:  # the record's own check, such as for a date that does not exist
        return UNREADABLE

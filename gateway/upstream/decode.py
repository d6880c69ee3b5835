"""JSON to records, and what to do with what does not fit.

Each item of a list is first decoded as a whole, in C. One that does not fit is read again leniently:
key by key, by the same declaration, with `UNREADABLE` in place of each value that does not convert.
So a broken value costs its field, and a broken item costs itself.

What says nothing is null, and no error: an empty text where a text is not what is declared; and where an object
is declared, an empty list, an object none of whose declared keys holds anything, and one that lacks the id it needs
and holds nothing but empty texts. A list is without such elements, and without null.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Raw, json, structs

from gateway.errors import ContractBroken, ResponseTooLarge
from gateway.steps import Steps, mapped
from gateway.upstream import entities
from gateway.upstream.declaring import Nothing, Several, Text
from gateway.upstream.records import (
    KINDS,
    UNREADABLE,
    Activity,
    AllOptional,
    Record,
    UnknownActivity,
    Unreadable,
)

_R = TypeVar("_R", bound=Record)
_E = TypeVar("_E", bound=entities.Appointment | entities.Staff | entities.Service)
_T = TypeVar("_T")

UNDECODABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)
"""What msgspec raises over bytes that are not what was declared; two of the three are not its own."""

_LONE_SURROGATES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: stays
    rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\."  # any other escape: stays
)


_MOST_ITEMS = 200_000
_NO_ERROR = {b"null", b"false", b'""'}
_NULL = b"null"
_EMPTY_TEXT = b'""'
_EMPTY_LIST = re.compile(rb"\[\s*\]")
_NO_OBJECT: Mapping[str, Any] = dict.fromkeys(Activity.__struct_fields__, UNREADABLE)
"""What is read of an item that is no object: so no filter takes it for one that lacks a date or an event."""


class Failure(NamedTuple):
    """The upstream's error object; it may come with any status, 200 included."""

    code: int | None


def failure(body: bytes) -> Failure | None:
    """The error object of an answer, or None where it has none."""
    if b'"error"' not in body:  # spares a pass over long answers
        return None
    try:
        sent = _envelope(body, _ErrorEnvelope).error
    except UNDECODABLE:
        return None
    if bytes(sent) in _NO_ERROR:
        return None
    try:
        return Failure(json.decode(sent, type=_ErrorCode, strict=False).code)
    except UNDECODABLE:
        return Failure(None)


def items(body: bytes) -> list[Raw]:
    """The items of a list, each still to be decoded: so one can spoil only itself.

    Raises:
        ContractBroken: `body` is not a JSON object with a list under `items`.
        ResponseTooLarge: There are more items than can be honest.
    """
    try:
        found = _envelope(body, _Items).items
    except UNDECODABLE as error:
        raise ContractBroken("The upstream's answer is not a list.") from error
    if len(found) > _MOST_ITEMS:
        raise ResponseTooLarge("The upstream's answer holds more than this gateway takes.")
    return found


def activity(item: Raw) -> Activity:
    """An item of a timeline, whatever was sent. Where its id or kind is unusable, `UNREADABLE` stands."""
    try:
        record = KINDS.get(str(json.decode(item, type=_Kind).type), UnknownActivity)
        found = json.decode(item, type=record)
    except UNDECODABLE:
        found = _lenient_activity(item)
    if found.kind_raw == "":  # blank: as good as missing
        found = structs.replace(found, kind_raw=UNREADABLE)
    return _with_payload(found, item) if isinstance(found, UnknownActivity) else found


def entity(body: bytes, declared: type[_R]) -> _R:
    """A single resource, as sent.

    Raises:
        ContractBroken: `body` is not such a resource; a field that is not, is `UNREADABLE` instead.
    """
    try:
        found = _reader(declared)(_envelope(body, Raw))
    except UNDECODABLE as error:
        raise ContractBroken("The upstream's answer cannot be read.") from error
    if not isinstance(found, declared):
        raise ContractBroken("The upstream's answer is not what it should be.")
    return found


class Roster(Generic[_E]):
    """A list of resources, by id."""

    def __init__(self, by_id: Mapping[str, _E], *, is_whole: bool) -> None:
        self._by_id = by_id
        self._is_whole = is_whole

    def find(self, id_: str) -> _E | None:
        """The resource of an id, or None where the list does not have it.

        Raises:
            ContractBroken: It is not there, but something in the list could not be read.
        """
        found = self._by_id.get(id_)
        if found is None and not self._is_whole:
            raise ContractBroken("The upstream sent a list that cannot be read as a whole.")
        return found


def roster(body: bytes, declared: type[_E]) -> Steps[Roster[_E]]:
    """The items of a list of resources, read in steps. One without a readable id is left out.

    Raises:
        ContractBroken: `body` is not a JSON object with a list under `items`.
    """
    item_of = _record_reader(declared, json.Decoder(declared))
    read = yield from mapped(lambda some: [item_of(item) for item in some], items(body))
    found = [each for each in read if isinstance(each, declared)]
    return Roster({str(each.id): each for each in found}, is_whole=len(found) == len(read))


def usable(activity: Any) -> bool:
    """Whether an activity says what it is: without an id or a kind it cannot be shown."""
    return not (isinstance(activity.id, Unreadable) or isinstance(activity.kind_raw, Unreadable))


class _ErrorEnvelope(Record, frozen=True):
    error: Raw = Raw(b"null")


class _ErrorCode(Record, frozen=True):
    code: int | None = None


class _Items(Record, frozen=True):
    items: list[Raw]


class _Kind(Record, frozen=True):
    type: Text


def _envelope(body: bytes, declared: type[_T]) -> _T:
    """`body` as declared, with U+FFFD for half a character: some senders cut texts blindly."""
    try:
        return json.decode(body, type=declared)
    except UNDECODABLE:
        return json.decode(_LONE_SURROGATES.sub(_replacement, body), type=declared)


def _replacement(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape["lone"] else escape[0]


def _with_payload(activity: UnknownActivity, item: Raw) -> Activity:
    try:
        json.decode(item)
    except UNDECODABLE:  # bytes that are no text: what cannot be shown is not usable
        return structs.replace(activity, id=UNREADABLE)
    return structs.replace(activity, payload=item.copy())


def _lenient_activity(item: Raw) -> Activity:
    if (values := _values(item)) is None:
        return UnknownActivity(**_NO_OBJECT)
    try:
        kind = str(json.decode(values.get("type", b""), type=Text))
    except UNDECODABLE:
        kind = ""
    record = KINDS.get(kind, UnknownActivity)
    return record(**{"id": UNREADABLE, "kind_raw": UNREADABLE, **_readings(record, values)})


def _values(raw: Raw) -> Mapping[str, Raw] | None:
    """The values of an object, each still to be decoded; None for what is no object."""
    try:
        return json.decode(raw, type=dict[str, Raw])
    except UNDECODABLE:
        return None


class _Reading(NamedTuple):
    """How a field of a record is read."""

    name: str
    key: str
    read: Callable[[Raw], Any]


@cache
def _readings_of(record: type[Record]) -> Sequence[_Reading]:
    """Remembered: msgspec finds out anew each time, which takes longer than all the reading."""
    return [
        _Reading(each.name, each.encode_name, _reader(each.type)) for each in structs.fields(record)
    ]


def _readings(record: type[Record], values: Mapping[str, Raw]) -> dict[str, Any]:
    """Field by field: what was read, or `UNREADABLE`; nothing where nothing or null was sent."""
    readings: dict[str, Any] = {}
    for name, key, read in _readings_of(record):
        raw = values.get(key)
        if raw is not None and bytes(raw) != _NULL and (value := read(raw)) is not None:
            readings[name] = value
    return readings


@cache
def _reader(declared: Any) -> Callable[[Raw], Any]:
    """How to read a value of a declared type leniently."""
    for option in get_args(declared) if get_origin(declared) in (Union, UnionType) else [declared]:
        if isinstance(option, type) and issubclass(option, Record):
            return _record_reader(option, json.Decoder(declared))
        if get_origin(option) is Annotated and get_origin(get_args(option)[0]) is list:
            (element,) = get_args(get_args(option)[0])
            return _list_reader(_reader(element), json.Decoder(declared))
    return _value_reader(json.Decoder(declared))


def _value_reader(decoder: json.Decoder[Any]) -> Callable[[Raw], Any]:
    def read(raw: Raw) -> Any:
        try:
            return decoder.decode(raw)
        except UNDECODABLE:
            return None if bytes(raw) == _EMPTY_TEXT else UNREADABLE

    return read


def _list_reader(element: Callable[[Raw], Any], decoder: json.Decoder[Any]) -> Callable[[Raw], Any]:
    whole = _value_reader(decoder)

    def read(raw: Raw) -> Any:
        if not isinstance(found := whole(raw), Unreadable):
            return found
        try:
            sent = [each for each in json.decode(raw, type=Several[Raw]) if bytes(each) != _NULL]
            return [each for each in map(element, sent) if each is not None]
        except UNDECODABLE:
            return UNREADABLE

    return read


def _record_reader(record: type[_R], decoder: json.Decoder[_R | None]) -> Callable[[Raw], Any]:
    required = {declared.name for declared in structs.fields(record) if declared.required}
    whole = _value_reader(decoder)

    def read(raw: Raw) -> Any:
        if not isinstance(found := whole(raw), Unreadable):
            return found
        if (values := _values(raw)) is None:
            return None if _EMPTY_LIST.fullmatch(raw) else UNREADABLE
        readings = _readings(record, values)
        if any(isinstance(readings.get(name, UNREADABLE), Unreadable) for name in required):
            return None if all(map(_is_blank, readings.values())) else UNREADABLE
        return _built(record, readings)

    return read


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

"""JSON to records, and what to do with what does not fit.

Each item of a list is first decoded as a whole, in C. One that does not fit is read again leniently:
key by key, see `lenient`. So a broken value costs its field, and a broken item costs itself.
"""

import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from msgspec import Raw, json, structs

from gateway.errors import ContractBroken, ResponseTooLarge
from gateway.observability.event_loop import Steps, at_once, mapped
from gateway.upstream.records import resources
from gateway.upstream.records.activities import (
    KINDS,
    MISPRINTS,
    UNREADABLE,
    Activity,
    Record,
    UnknownActivity,
    Unreadable,
)
from gateway.upstream.records.coercion import keys, values_in
from gateway.upstream.records.envelope import MOST_ITEMS, Mark, envelope, is_large, listed
from gateway.upstream.records.error_objects import Failure, Forms, may_be_in
from gateway.upstream.records.field_types import UNDECODABLE, Text
from gateway.upstream.records.lenient import NULL, fields_of, merged, reader
from gateway.upstream.surprises import surprised

_R = TypeVar("_R", bound=Record)
_E = TypeVar("_E", bound=resources.Appointment | resources.Staff | resources.Service)

_MOST_KEYS = 1_000_000
"""Objects and keys of one large resource, which take some 200 milliseconds."""

_MOST_ODD_KEYS = 20_000
"""The same where one does not fit: to read all of them one by one takes a hundred times as long."""

_LONG_NUMBER = re.compile(rb"[0-9]{100000}")
"""Nothing is called or counted so. To read a number takes a time that grows faster than its length."""

_TOO_MUCH = "The upstream's answer holds more than this gateway takes."
_TYPE = "type"
_MISPRINT_DEPTH = 3  # the registration, its session, and the start of that
_NO_OBJECT: Mapping[str, Any] = dict.fromkeys(Activity.__struct_fields__, UNREADABLE)
"""What is read of an item that is no object: so no filter takes it for one that lacks a date or an event."""


def failure(body: bytes) -> Failure | None:
    """The error object of an answer, or None where it has none."""
    if not may_be_in(body):  # spares a pass over long answers
        return None
    surprises: list[str] = []
    try:
        if is_large(body):  # half a character is no reason to mend so much at once
            found = json.decode(body, type=Forms).failure()
        else:
            found = at_once(envelope(body, Forms, tell=surprises.append)).failure()
    except UNDECODABLE:
        return None
    if found is not None:  # else whoever reads what it is tells of them
        for each in surprises:
            surprised(each)
    return found


def items(body: bytes, mark: Mark = "type") -> Steps[list[Raw]]:
    """The items of a list, each still to be decoded: so one can spoil only itself.

    Args:
        body: JSON: an object with a list under `items`, or what can be nothing but such a list.
        mark: What all of them have, if they stand elsewhere.

    Raises:
        ContractBroken: `body` is no list of items.
        ResponseTooLarge: There are more items than can be honest.
    """
    try:
        found = yield from listed(body, mark)
    except UNDECODABLE as error:
        message = "The upstream's answer is not a list: `items` was expected."
        raise ContractBroken(message) from error
    if len(found) > MOST_ITEMS or (is_large(body) and _LONG_NUMBER.search(body)):
        raise ResponseTooLarge(_TOO_MUCH)
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


def entity(body: bytes, declared: type[_R]) -> Steps[_R]:
    """A single resource, as sent.

    Raises:
        ContractBroken: `body` is not such a resource; a field that is not, is `UNREADABLE` instead.
        ResponseTooLarge: It holds more than can be honest.
    """
    size = keys(body) if is_large(body) else 0
    if size > _MOST_KEYS:
        raise ResponseTooLarge(_TOO_MUCH)
    try:
        sent = yield from envelope(body, Raw)
        is_crowded = size > _MOST_ODD_KEYS
        found = json.decode(sent, type=declared) if is_crowded else reader(declared)(sent)
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
    """The items of a list of resources. One without a readable id is left out.

    Raises:
        ContractBroken: `body` is no list of items.
    """
    item_of = reader(declared)  # type: ignore[arg-type]  # mypy takes no union of types for hashable
    sent = yield from items(body, "id")
    read = yield from mapped(lambda some: [item_of(item) for item in some], sent)
    found = [each for each in read if isinstance(each, declared)]
    return Roster({str(each.id): each for each in found}, is_whole=len(found) == len(read))


def usable(activity: Any) -> bool:
    """Whether an activity says what it is: without an id or a kind it cannot be shown."""
    return not (isinstance(activity.id, Unreadable) or isinstance(activity.kind_raw, Unreadable))


class _Kind(Record, frozen=True):
    type: Text


def _with_payload(activity: UnknownActivity, item: Raw) -> Activity:
    try:
        bytes(item).decode()  # as objects, 30 MB of lists would take seconds
    except UnicodeError:  # what is no text cannot be shown, and is not usable
        return structs.replace(activity, id=UNREADABLE)
    return structs.replace(activity, payload=item.copy())


def _lenient_activity(item: Raw) -> Activity:
    if (values := values_in(item)) is None:
        return UnknownActivity(**_NO_OBJECT)
    kind = reader(Text)(values.pop(_TYPE, NULL))
    record = KINDS.get(str(kind), UnknownActivity)
    for misprint, key in MISPRINTS.items():
        if (misprinted := values.pop(misprint, NULL)) != NULL:
            values[key] = merged(values.get(key, NULL), misprinted, _MISPRINT_DEPTH)
    kind_raw = UNREADABLE if kind is None else kind
    return record(**{"id": UNREADABLE, **fields_of(record, values), "kind_raw": kind_raw})

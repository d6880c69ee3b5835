"""JSON to records, and what to do with what does not fit.

Each item of a list is first decoded as a whole, in C. One that does not fit is read again leniently:
key by key, see `lenient`. So a broken value costs its field, and a broken item costs itself.
"""

import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from msgspec import Raw, json, structs

from gateway.errors import InvalidUpstreamResponse, ResponseTooLarge
from gateway.observability.event_loop import CooperativeSteps, map_in_steps, run_to_completion
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
from gateway.upstream.records.coercion import count_keys, raw_values
from gateway.upstream.records.envelope import (
    MAX_ITEMS,
    RequiredKey,
    decode_body,
    extract_list,
    is_large,
)
from gateway.upstream.records.error_objects import ErrorEnvelope, ErrorObject, may_contain_error
from gateway.upstream.records.field_types import UNDECODABLE, Text
from gateway.upstream.records.lenient import NULL, decode_fields, lenient_decoder, merge
from gateway.upstream.surprises import report_surprise

_R = TypeVar("_R", bound=Record)
_E = TypeVar("_E", bound=resources.Appointment | resources.Staff | resources.Service)

_MAX_KEYS = 1_000_000
"""Objects and keys of one large resource, which take some 200 milliseconds."""

_MAX_LENIENT_KEYS = 20_000
"""The same where one does not fit: to read all of them one by one takes a hundred times as long."""

_LONG_NUMBER = re.compile(rb"[0-9]{100000}")
"""Nothing is called or counted so. To read a number takes a time that grows faster than its length."""

_TOO_LARGE_MESSAGE = "The upstream's answer holds more than this gateway takes."
_TYPE = "type"
_MISPRINT_DEPTH = 3  # the registration, its session, and the start of that
_UNREADABLE_FIELDS: Mapping[str, Any] = dict.fromkeys(Activity.__struct_fields__, UNREADABLE)
"""What is read of an item that is no object: so no filter takes it for one that lacks a date or an event."""


def parse_error_object(body: bytes) -> ErrorObject | None:
    """The error object of an answer, or None where it has none."""
    if not may_contain_error(body):  # spares a pass over long answers
        return None
    surprises: list[str] = []
    try:
        if is_large(body):  # half a character is no reason to mend so much at once
            error_object = json.decode(body, type=ErrorEnvelope).extract_error()
        else:
            error_object = run_to_completion(
                decode_body(body, ErrorEnvelope, on_surprise=surprises.append)
            ).extract_error()
    except UNDECODABLE:
        return None
    if error_object is not None:  # else whoever reads what it is tells of them
        for each in surprises:
            report_surprise(each)
    return error_object


def items(body: bytes, required_key: RequiredKey = "type") -> CooperativeSteps[list[Raw]]:
    """The items of a list, each still to be decoded: so one can spoil only itself.

    Args:
        body: JSON: an object with a list under `items`, or what can be nothing but such a list.
        required_key: What all of them have, if they stand elsewhere.

    Raises:
        ContractBroken: `body` is no list of items.
        ResponseTooLarge: There are more items than can be honest.
    """
    try:
        elements = yield from extract_list(body, required_key)
    except UNDECODABLE as error:
        message = "The upstream's answer is not a list: `items` was expected."
        raise InvalidUpstreamResponse(message) from error
    if len(elements) > MAX_ITEMS or (is_large(body) and _LONG_NUMBER.search(body)):
        raise ResponseTooLarge(_TOO_LARGE_MESSAGE)
    return elements


def activity(item: Raw) -> Activity:
    """An item of a timeline, whatever was sent. Where its id or kind is unusable, `UNREADABLE` stands."""
    try:
        record = KINDS.get(str(json.decode(item, type=_TypeHeader).type), UnknownActivity)
        result = json.decode(item, type=record)
    except UNDECODABLE:
        result = _lenient_activity(item)
    if result.kind_raw == "":  # blank: as good as missing
        result = structs.replace(result, kind_raw=UNREADABLE)
    return _with_payload(result, item) if isinstance(result, UnknownActivity) else result


def entity(body: bytes, declared: type[_R]) -> CooperativeSteps[_R]:
    """A single resource, as sent.

    Raises:
        ContractBroken: `body` is not such a resource; a field that is not, is `UNREADABLE` instead.
        ResponseTooLarge: It holds more than can be honest.
    """
    key_count = count_keys(body) if is_large(body) else 0
    if key_count > _MAX_KEYS:
        raise ResponseTooLarge(_TOO_LARGE_MESSAGE)
    try:
        sent = yield from decode_body(body, Raw)
        exceeds_lenient_limit = key_count > _MAX_LENIENT_KEYS
        result = (
            json.decode(sent, type=declared)
            if exceeds_lenient_limit
            else lenient_decoder(declared)(sent)
        )
    except UNDECODABLE as error:
        raise InvalidUpstreamResponse("The upstream's answer cannot be read.") from error
    if not isinstance(result, declared):
        raise InvalidUpstreamResponse("The upstream's answer is not what it should be.")
    return result


class ResourceIndex(Generic[_E]):
    """A list of resources, by id."""

    def __init__(self, by_id: Mapping[str, _E], *, is_complete: bool) -> None:
        self._by_id = by_id
        self._is_complete = is_complete

    def find(self, id_: str) -> _E | None:
        """The resource of an id, or None where the list does not have it.

        Raises:
            ContractBroken: It is not there, but something in the list could not be read.
        """
        resource = self._by_id.get(id_)
        if resource is None and not self._is_complete:
            raise InvalidUpstreamResponse(
                "The upstream sent a list that cannot be read as a whole."
            )
        return resource


def index_resources(body: bytes, declared: type[_E]) -> CooperativeSteps[ResourceIndex[_E]]:
    """The items of a list of resources. One without a readable id is left out.

    Raises:
        ContractBroken: `body` is no list of items.
    """
    decode_item = lenient_decoder(declared)  # type: ignore[arg-type]  # mypy takes no union of types for hashable
    sent = yield from items(body, "id")
    decoded = yield from map_in_steps(lambda some: [decode_item(item) for item in some], sent)
    resources = [each for each in decoded if isinstance(each, declared)]
    return ResourceIndex(
        {str(each.id): each for each in resources}, is_complete=len(resources) == len(decoded)
    )


def has_identity(activity: Any) -> bool:
    """Whether an activity says what it is: without an id or a kind it cannot be shown."""
    return not (isinstance(activity.id, Unreadable) or isinstance(activity.kind_raw, Unreadable))


class _TypeHeader(Record, frozen=True):
    type: Text


def _with_payload(activity: UnknownActivity, item: Raw) -> Activity:
    try:
        bytes(item).decode()  # as objects, 30 MB of lists would take seconds
    except UnicodeError:  # what is no text cannot be shown, and is not usable
        return structs.replace(activity, id=UNREADABLE)
    return structs.replace(activity, payload=item.copy())


def _lenient_activity(item: Raw) -> Activity:
    if (values := raw_values(item)) is None:
        return UnknownActivity(**_UNREADABLE_FIELDS)
    kind = lenient_decoder(Text)(values.pop(_TYPE, NULL))
    record = KINDS.get(str(kind), UnknownActivity)
    for misprint, key in MISPRINTS.items():
        if (misprinted := values.pop(misprint, NULL)) != NULL:
            values[key] = merge(values.get(key, NULL), misprinted, _MISPRINT_DEPTH)
    kind_raw = UNREADABLE if kind is None else kind
    return record(**{"id": UNREADABLE, **decode_fields(record, values), "kind_raw": kind_raw})

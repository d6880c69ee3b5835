"""Decoding: JSON to records, with lenient decoding of values that do not fit.

Each item of a list is first decoded as a whole, in C. An item that does not fit is decoded again leniently:
key by key, see `lenient`. So an invalid value costs its field, and an invalid item costs itself.
"""

from collections.abc import Mapping, Sequence
from string import digits
from typing import Any, Generic, TypeVar

from msgspec import DecodeError, Raw, ValidationError, json, structs

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
from gateway.upstream.records.lenient_decoding import NULL, decode_fields, lenient_decoder, merge
from gateway.upstream.records.unreadable_fields import unreadable_fields
from gateway.upstream.surprises import MISSING, WRONG_TYPE, report_surprise

_R = TypeVar("_R", bound=Record)
_E = TypeVar("_E", bound=resources.Appointment | resources.Staff | resources.Service)

_MAX_KEYS = 1_000_000
"""The most objects and keys of one large resource, which take some 200 milliseconds."""

_MAX_LENIENT_KEYS = 20_000
"""The same limit for a resource that does not fit: lenient decoding takes a hundred times as long."""

_LONG_NUMBER_DIGITS = 100_000
"""The digits of a number longer than any count or id."""

_SAMPLE_DISTANCE = 1_000
_DIGITS_AS_ZEROS = bytes(ord("0") if chr(each) in digits else ord(" ") for each in range(0x100))

_TOO_LARGE_MESSAGE = "The upstream response exceeds the configured size limit."
_NOT_JSON_MESSAGE = "The upstream response is not JSON."
_TYPE = "type"
_ITEMS = "items"
_MISPRINT_DEPTH = 3  # the registration, its session, and the start of that
_UNREADABLE_FIELDS: Mapping[str, Any] = dict.fromkeys(Activity.__struct_fields__, UNREADABLE)
"""The fields of an item that is no object: no filter takes the item for one that lacks a date or an event."""


def parse_error_object(body: bytes) -> ErrorObject | None:
    """The error object of a response, or None where there is none."""
    if not may_contain_error(body):  # avoids a pass over long responses
        return None
    surprises: list[str] = []
    try:
        if is_large(body):  # lone surrogates do not justify a repair of so many bytes in one step
            error_object = json.decode(body, type=ErrorEnvelope).extract_error()
        else:
            error_object = run_to_completion(
                decode_body(body, ErrorEnvelope, on_surprise=surprises.append)
            ).extract_error()
    except UNDECODABLE:
        return None
    if error_object is not None:  # else the decoder of the content reports them
        for each in surprises:
            report_surprise(each)
    return error_object


def items(body: bytes, required_key: RequiredKey = "type") -> CooperativeSteps[list[Raw]]:
    """The items of a list, each still to be decoded: so an invalid one affects only itself.

    Args:
        body: JSON: an object with a list under `items`, or a form that can be nothing but such a list.
        required_key: The key that all items have, where the list is not under `items`.

    Raises:
        InvalidUpstreamResponse: `body` is no list of items.
        ResponseTooLarge: There are more items than a plausible response has.
    """
    try:
        elements = yield from extract_list(body, required_key)
    except UNDECODABLE as error:
        message = "The upstream response is not a list: `items` was expected."
        raise _undecodable(error, message) from error
    if len(elements) > MAX_ITEMS or (is_large(body) and _has_long_number(body)):
        raise ResponseTooLarge(_TOO_LARGE_MESSAGE)
    return elements


def _undecodable(error: Exception, message: str) -> InvalidUpstreamResponse:
    """The error for a body that could not be decoded; `message` where it is JSON, unlike the page of a proxy."""
    is_malformed = isinstance(error, DecodeError) and not isinstance(error, ValidationError)
    return InvalidUpstreamResponse(_NOT_JSON_MESSAGE if is_malformed else message)


def _has_long_number(body: bytes) -> bool:
    """Whether so many digits follow each other, in a time proportional to the length of the body.

    A regular expression would begin again at each digit. Few bodies have digits at all samples of a long
    number, so others are not searched as a whole.
    """
    samples = body[::_SAMPLE_DISTANCE].translate(_DIGITS_AS_ZEROS)
    return b"0" * (
        _LONG_NUMBER_DIGITS // _SAMPLE_DISTANCE
    ) in samples and b"0" * _LONG_NUMBER_DIGITS in body.translate(_DIGITS_AS_ZEROS)


def activity(item: Raw) -> Activity:
    """The record of an item of a timeline, whatever was sent. An unusable id or kind is `UNREADABLE`."""
    try:
        record = KINDS.get(str(json.decode(item, type=_TypeHeader).type), UnknownActivity)
        result = json.decode(item, type=record)
    except UNDECODABLE:
        result = _lenient_activity(item)
    if result.kind_raw == "":  # a blank one counts as missing
        result = structs.replace(result, kind_raw=UNREADABLE)
    return _with_payload(result, item) if isinstance(result, UnknownActivity) else result


def entity(body: bytes, declared: type[_R]) -> CooperativeSteps[_R]:
    """The record of a single resource, as sent.

    Raises:
        InvalidUpstreamResponse: `body` is not such a resource; an invalid field is `UNREADABLE` instead.
        ResponseTooLarge: The resource has more keys than a plausible one.
    """
    key_count = count_keys(body) if is_large(body) else 0
    if key_count > _MAX_KEYS:
        raise ResponseTooLarge(_TOO_LARGE_MESSAGE)
    try:
        sent = yield from decode_body(body, Raw)
        exceeds_lenient_limit = key_count > _MAX_LENIENT_KEYS
        result = (
            json.decode(sent, type=declared) if exceeds_lenient_limit else _resource(sent, declared)
        )
    except UNDECODABLE as error:
        message = "The upstream response could not be decoded."
        raise _undecodable(error, message) from error
    if not isinstance(result, declared):
        raise InvalidUpstreamResponse("The upstream response has an unexpected structure.")
    return result


def _resource(sent: Raw, declared: Any) -> Any:
    """The record of a resource, or what else a lenient decoder returns; unreadable fields are reported."""
    try:
        return json.decode(sent, type=declared)
    except UNDECODABLE:
        result = lenient_decoder(declared)(sent)
    if isinstance(result, Record):
        for path in unreadable_fields(result):
            report_surprise(WRONG_TYPE, path, field=path)
    return result


class ResourceIndex(Generic[_E]):
    """Index of a list of resources by id; it may be incomplete."""

    def __init__(self, by_id: Mapping[str, _E], *, is_complete: bool) -> None:
        self._by_id = by_id
        self._is_complete = is_complete

    def find(self, id_: str) -> _E | None:
        """The resource with an id, or None where the list lacks it.

        Raises:
            InvalidUpstreamResponse: The list lacks the resource, but has items that could not be decoded.
        """
        resource = self._by_id.get(id_)
        if resource is None and not self._is_complete:
            raise InvalidUpstreamResponse(
                "The upstream returned a list that could not be decoded completely."
            )
        return resource


def index_resources(body: bytes, declared: type[_E]) -> CooperativeSteps[ResourceIndex[_E]]:
    """The index of a list of resources. Items without a readable id are omitted.

    Raises:
        InvalidUpstreamResponse: `body` is no list of items.
    """
    sent = yield from items(body, "id")
    decoded = yield from map_in_steps(
        lambda some: [_resource(item, declared) for item in some], sent
    )
    resources = [each for each in decoded if isinstance(each, declared)]
    return ResourceIndex(
        {str(each.id): each for each in resources}, is_complete=len(resources) == len(decoded)
    )


def has_identity(activity: Any) -> bool:
    """Whether an activity has an id and a kind, without which it cannot be returned."""
    return not (isinstance(activity.id, Unreadable) or isinstance(activity.kind_raw, Unreadable))


def all_have_identity(activities: Sequence[Any]) -> bool:
    """Whether all activities have an id and a kind."""
    classes = {activity.id.__class__ for activity in activities}
    classes.update([activity.kind_raw.__class__ for activity in activities])
    return Unreadable not in classes


class _TypeHeader(Record, frozen=True):
    """The `type` of an item, which decides its record."""

    type: Text


def _with_payload(activity: UnknownActivity, item: Raw) -> Activity:
    try:
        bytes(item).decode()  # to decode 30 MB of lists to objects would take seconds
    except UnicodeError:  # a payload that is no text cannot be returned
        return structs.replace(activity, id=UNREADABLE)
    return structs.replace(activity, payload=item.copy())


def _lenient_activity(item: Raw) -> Activity:
    if (values := raw_values(item)) is None:
        report_surprise(WRONG_TYPE, _ITEMS, field=_ITEMS)
        return UnknownActivity(**_UNREADABLE_FIELDS)
    kind = lenient_decoder(Text)(values.pop(_TYPE, NULL))
    record = KINDS.get(str(kind), UnknownActivity)
    for misprint, key in MISPRINTS.items():
        if (misprinted := values.pop(misprint, NULL)) != NULL:
            values[key] = merge(values.get(key, NULL), misprinted, _MISPRINT_DEPTH)
    kind_raw = UNREADABLE if kind is None else kind
    fields = decode_fields(record, values)
    result = record(**{"id": UNREADABLE, **fields, "kind_raw": kind_raw})
    missing = {key for key, value in (("id", fields.get("id")), (_TYPE, kind)) if value is None}
    for path in unreadable_fields(result):
        report_surprise(MISSING if path in missing else WRONG_TYPE, path, field=path)
    return result

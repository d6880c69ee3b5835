"""Survey: what differs from the documentation in JSON that was sent, by documented paths, without any value.

It walks all that was sent, also what no record reads and no query selects, so it takes longer than decoding.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from msgspec import Raw, Struct, json, structs

from gateway.errors import InvalidUpstreamResponse, ResponseTooLarge
from gateway.observability.event_loop import CooperativeSteps, run_to_completion
from gateway.upstream.records import decoding, enums, resources
from gateway.upstream.records.activities import KINDS, Activity, Record
from gateway.upstream.records.envelope import RequiredKey, decode_body
from gateway.upstream.records.field_types import UNDECODABLE, union_members
from gateway.upstream.records.lenient_decoding import lenient_decoder
from gateway.upstream.records.unreadable_fields import MAX_DEPTH, unreadable_fields
from gateway.upstream.surprises import (
    MISSING,
    UNKNOWN_FIELD,
    UNKNOWN_WORD,
    WRONG_TYPE,
    suppress_surprises,
)

ITEMS = "items"
"""The path of the items of a list, and of what is undocumented directly in one of them."""

_WORDS: Mapping[type[Record], Mapping[str, type[enums.UpstreamEnum]]] = {
    Activity: {
        "type": enums.ActivityKind,
        "event": enums.ActivityEvent,
        "appointment.status": enums.AppointmentStatus,
        "appointment.previousStatus": enums.AppointmentStatus,
        "conferenceRegistration.status": enums.RegistrationStatus,
        "conferenceRegistration.sourceType": enums.RegistrationSourceType,
    },
    resources.Appointment: {"status": enums.AppointmentStatus},
    resources.ConferenceRegistration: {
        "status": enums.RegistrationStatus,
        "sourceType": enums.RegistrationSourceType,
    },
    resources.FormResult: {"currentStatus": enums.FormResultStatus},
}
"""The enum of each field that has a word of a closed list, by the record and the path in it."""

_MAX_ITEM_BYTES = 131_072
"""The largest activity or resource that is surveyed, which takes about 20 milliseconds in one step."""

_NO_WORDS: Mapping[str, type[enums.UpstreamEnum]] = {}
_BLANK_VALUES = (None, "")


class Deviation(NamedTuple):
    """One way in which what was sent differs from the documentation.

    Attributes:
        field: The documented path of the field. For a key that is not documented, that of the object it is in.
        what: The kind of surprise.
    """

    field: str
    what: str


class SentObject(NamedTuple):
    """One object that was sent.

    Attributes:
        prefix: The path of the object and a point; empty for the outermost one.
        values: The values by their keys.
        record: The record that declares its keys.
    """

    prefix: str
    values: Mapping[str, Any]
    record: type[Struct]

    @property
    def path(self) -> str:
        """The path of the object."""
        return self.prefix[:-1] or ITEMS


def sent_objects(
    values: Mapping[str, Any], record: type[Struct], prefix: str = "", depth: int = MAX_DEPTH
) -> Iterator[SentObject]:
    """An object that was sent, and all declared objects inside, those in lists included."""
    yield SentObject(prefix, values, record)
    for key, nested in declared_fields(record).items():
        if nested is None or not depth or not (value := values.get(key)):
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from sent_objects(each, nested, f"{prefix}{key}.", depth - 1)


@cache
def declared_fields(record: type[Struct]) -> Mapping[str, type[Struct] | None]:
    """The declared keys of a record, each with the record of its value or of its elements, if it has one."""
    return {info.encode_name: _record_in(info.type) for info in structs.fields(record)}


def _record_in(declared: Any) -> type[Struct] | None:
    for member in union_members(declared):
        type_ = get_args(member)[0] if get_origin(member) is Annotated else member
        if get_origin(type_) is list:
            return _record_in(get_args(type_)[0])
        if isinstance(type_, type) and issubclass(type_, Struct):
            return type_
    return None


@cache
def documented_words(record: type[Record]) -> Mapping[str, frozenset[str]]:
    """The documented words of each field of a record, or of `Activity`, that has a closed list of them."""
    return {
        path: frozenset(member.value for member in enum if member.name != "UNKNOWN")
        for path, enum in _WORDS.get(record, _NO_WORDS).items()
    }


def decode_json(sent: Raw | bytes) -> object:
    """What was sent as JSON; None where that cannot be decoded by itself."""
    try:
        return json.decode(sent)
    except UNDECODABLE:
        return None


def survey_timeline(body: bytes) -> CooperativeSteps[set[Deviation]]:
    """What differs in a timeline, with a step for each activity."""
    found: set[Deviation] = set()
    for item in _items(body, "type"):
        yield
        if len(memoryview(item)) <= _MAX_ITEM_BYTES:
            found.update(_activity_deviations(item))
    return found


def survey_resource(
    body: bytes, declared: type[Record], *, is_list: bool
) -> CooperativeSteps[set[Deviation]]:
    """What differs in a resource, or in a list of resources, with a step for each. Further keys are normal."""
    found: set[Deviation] = set()
    for item in _items(body, "id") if is_list else _whole(body):
        yield
        if len(memoryview(item)) <= _MAX_ITEM_BYTES:
            found.update(_resource_deviations(item, declared))
    return found


def _items(body: bytes, required_key: RequiredKey) -> list[Raw]:
    """The items of a list; none where there is no list, which fails the read."""
    try:
        with suppress_surprises():
            return run_to_completion(decoding.items(body, required_key))
    except (InvalidUpstreamResponse, ResponseTooLarge):
        return []


def _whole(body: bytes) -> list[Raw]:
    """The JSON of a response; none where it is no JSON, which fails the read."""
    try:
        with suppress_surprises():
            return [run_to_completion(decode_body(body, Raw))]
    except UNDECODABLE:
        return []


def _activity_deviations(item: Raw) -> Iterator[Deviation]:
    sent = decode_json(item)
    if not isinstance(sent, dict):
        if not bytes(item).startswith(b"{"):  # else it is nested too deeply to be examined
            yield Deviation(ITEMS, WRONG_TYPE)
        return
    with suppress_surprises():
        record = decoding.activity(item)
    kind = KINDS.get(str(sent.get("type")))
    objects = list(sent_objects(sent, kind or Activity))
    yield from _unreadable(unreadable_fields(record), objects)
    yield from _unknown_words(objects, Activity)
    if kind is not None:
        for each in objects:
            if not each.values.keys() <= declared_fields(each.record).keys():
                yield Deviation(each.path, UNKNOWN_FIELD)


def _resource_deviations(item: Raw, declared: type[Record]) -> Iterator[Deviation]:
    sent = decode_json(item)
    if not isinstance(sent, dict):
        if not bytes(item).startswith(b"{"):  # else it is nested too deeply to be examined
            yield Deviation(ITEMS, WRONG_TYPE)
        return
    try:
        with suppress_surprises():
            record = lenient_decoder(declared)(item)
    except UNDECODABLE:  # the read fails
        return
    objects = list(sent_objects(sent, declared))
    if isinstance(record, declared):
        yield from _unreadable(unreadable_fields(record), objects)
    else:
        yield from _unreadable(_required_keys(declared), objects)
    yield from _unknown_words(objects, declared)


def _unreadable(paths: Iterable[str], objects: Iterable[SentObject]) -> Iterator[Deviation]:
    """What unreadable fields lack or have: a required field is missing, there or inside, or the type is wrong."""
    missing = {
        each.prefix + key
        for each in objects
        for key in _required_keys(each.record)
        if each.values.get(key) in _BLANK_VALUES
    }
    for path in set(paths):  # a list may have a thousand unreadable elements
        inside = [each for each in missing if each == path or each.startswith(f"{path}.")]
        if inside:
            yield from (Deviation(each, MISSING) for each in inside)
        else:
            yield Deviation(path, WRONG_TYPE)


@cache
def _required_keys(record: type[Struct]) -> list[str]:
    return [info.encode_name for info in structs.fields(record) if info.required]


def _unknown_words(objects: Iterable[SentObject], record: type[Record]) -> Iterator[Deviation]:
    for each in objects:
        for path, words in documented_words(record).items():
            prefix, point, key = path.rpartition(".")
            word = each.values.get(key) if each.prefix == prefix + point else None
            if isinstance(word, str) and word and word not in words:
                yield Deviation(path, UNKNOWN_WORD)

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from gateway.errors import InvalidUpstreamResponse, ResponseTooLarge
from gateway.observability.event_loop import run_to_completion
from gateway.upstream.records import decoding, resources
from gateway.upstream.records.activities import (
    KINDS,
    Activity,
    AppointmentActivity,
    AppointmentSnapshot,
    FormResultActivity,
    FormSnapshot,
    NoteActivity,
    NoteSnapshot,
    Record,
    UnknownActivity,
    Unreadable,
    ZonedDateTime,
)
from gateway.upstream.records.decoding import ResourceIndex
from gateway.upstream.records.enums import ActivityKind
from gateway.upstream.records.error_objects import ErrorObject
from gateway.upstream.surprises import CONTROL_CHARACTERS, ODD_VALUE, observe_surprises

_T = TypeVar("_T")

NINE = {"dateTime": "2026-03-01T09:00:00", "timeZone": "Europe/Paris"}
NOTE = b'{"id":"1","type":"note","note":{"id":"12","body":"%s"}}'


def body(*items: object) -> bytes:
    return msgspec.json.encode({"items": items})


def raw_body(*items: bytes) -> bytes:
    return b'{"items":[%s]}' % b",".join(items)


def activities(content: bytes) -> list[Activity]:
    return [decoding.activity(item) for item in run_to_completion(decoding.items(content))]


def one(content: bytes) -> Activity:
    [activity] = activities(content)
    return activity


def unreadable(value: object) -> bool:
    return isinstance(value, Unreadable)


def snapshot(activity: Activity) -> NoteSnapshot:
    assert isinstance(activity, NoteActivity)
    assert isinstance(activity.note, NoteSnapshot)
    return activity.note


def note_of(content: bytes) -> NoteSnapshot:
    return snapshot(one(content))


# What may stand in an item: values that fit, and values that do not, field by field.


@dataclass(frozen=True)
class Value:
    good: tuple[Any, ...]
    bad: tuple[Any, ...]


@dataclass(frozen=True)
class Object:
    fields: Mapping[str, "Value | Object"]
    bad: tuple[Any, ...] = (7, "text", [[]], True)


DATE = Value(
    good=(
        *(NINE, {"dateTime": "2026-03-01T09:00"}, None, "", [], {}),
        *({"dateTime": "2026-03-01T09:00:00Z"}, {"datetime": "2026-03-01 24:00"}),
        *({**NINE, "dateTime": ""}, {**NINE, "dateTime": None}, {"timeZone": "Europe/Paris"}),
    ),
    bad=(
        {"dateTime": "2026-02-30T09:00:00"},
        {"dateTime": "2026-03-01T09:00:00+99:00"},
        "2026-03-01",
        0,
        [NINE],
    ),
)
TEXT = Value(
    good=("", "é", "😀", 7, 1.5, None, {"name": "x"}, {"value": 7}, {"a": 1, "b": "x"}),
    bad=(True, [], {}, ["text"], {"a": "x", "b": "y"}, {"name": ["x"]}),
)
LINK = Value(
    good=("", "/x", 7, None, {"href": "/x"}, {"url": ""}, {"rel": "/x"}),
    bad=(True, [], {}, ["/x"], {"rel": "self"}, {"name": "x"}, {"href": []}),
)
WORD = Value(
    good=("updated", "accepted", "moved", "", None, {"value": "updated"}, {"a": "moved"}),
    bad=(3, False, [], {}, {"name": 3}, {"a": "x", "b": "y"}),
)
WORDS = Value(
    good=([], ["start", 7], None, "", ["", None, "start"], [{"name": "start"}]),
    bad=("start", {}, 1),
)
SEATS = Value(
    good=(0, 2, -1, None, "", "2", 2.0, " 2.0 ", "2e1"),
    bad=(2**31, 1.5, "1.5", "1,000", "02", "+2", "٢", "0x2", "two", [], {"value": 2}),
)
ID = Value(
    good=("11", 11, 2**60, "", None, {"id": "11"}, {"value": 11.0}),
    bad=(1.5, True, [], {}, {"a": "x", "b": "y"}),
)
NAMED = Object({"id": ID, "name": TEXT, "firstName": TEXT, "lastName": TEXT}, bad=(7, [[]]))
NOTED = Object({"id": ID, "body": TEXT, "previousBody": TEXT, "selfLink": LINK})
COMMON: Mapping[str, Value | Object] = {
    "date": DATE,
    "event": WORD,
    "user": Object({"userName": TEXT, "emailAddress": TEXT, "firstName": TEXT}),
    "updatedAttributes": WORDS,
    "marketingConsent": Object({"text": TEXT}),
}
OWN: Mapping[str, Mapping[str, Value | Object]] = {
    "appointment": {
        "appointment": Object(
            {
                "id": ID,
                "start": DATE,
                "previousStart": DATE,
                "end": DATE,
                "previousEnd": DATE,
                "service": NAMED,
                "previousService": NAMED,
                "staff": NAMED,
                "previousStaff": NAMED,
                "notes": TEXT,
                "previousNotes": TEXT,
                "status": WORD,
                "previousStatus": WORD,
                "selfLink": LINK,
            }
        )
    },
    "note": {"note": NOTED},
    "consent": {"note": NOTED},
    "formResult": {
        "formResult": Object(
            {
                "id": ID,
                "form": NAMED,
                "name": Object({"name": TEXT}, bad=([[]], True)),
                "selfLink": LINK,
            }
        )
    },
    "emailNotification": {"emailNotification": Object({"subject": TEXT, "body": TEXT})},
    "textMessageNotification": {"textMessageNotification": Object({"body": TEXT})},
    "conferenceRegistration": {
        "conferenceRegistration": Object(
            {
                "id": ID,
                "numberOfSeats": SEATS,
                "conference": Object({"id": ID, "title": TEXT, "capacity": TEXT}),
                "session": Object({"id": ID, "start": DATE, "end": DATE}),
                "source": TEXT,
                "sourceType": WORD,
                "status": WORD,
                "cancelReason": TEXT,
                "selfLink": LINK,
            }
        ),
    },
    "chat": {},
}

Path = tuple[str, ...]


class Spoilt(NamedTuple):
    """An object with bad values in it, the same without them, and where they stood."""

    sent: dict[str, Any]
    clean: dict[str, Any]
    bad: frozenset[Path]


@st.composite
def spoilt(draw: st.DrawFn, fields: Mapping[str, Value | Object], path: Path = ()) -> Spoilt:
    sent: dict[str, Any] = {}
    clean: dict[str, Any] = {}
    bad: set[Path] = set()
    for name, declared in fields.items():
        here = (*path, name)
        match draw(st.sampled_from(["absent", "good", "good", "bad"])):
            case "bad":
                sent[name] = draw(st.sampled_from(declared.bad))
                bad.add(here)
            case "good" if isinstance(declared, Value):
                sent[name] = clean[name] = draw(st.sampled_from(declared.good))
            case "good" if isinstance(declared, Object):
                inner = draw(spoilt(declared.fields, here))
                sent[name], clean[name] = inner.sent, inner.clean
                bad |= inner.bad
    return Spoilt(sent, clean, frozenset(bad))


@st.composite
def items(draw: st.DrawFn) -> Spoilt:
    kind = draw(st.sampled_from(list(OWN)))
    always = {"id": draw(st.sampled_from(["1", 2**60])), "type": kind}
    drawn = draw(spoilt({**COMMON, **OWN[kind]}))
    return Spoilt({**drawn.sent, **always}, {**drawn.clean, **always}, drawn.bad)


def differences(
    found: Record, clean: Record | None, bad: frozenset[Path], path: Path = ()
) -> Iterator[Path]:
    """Where one is not read as the other, though nothing bad stands there.

    What holds nothing but what is bad, and empty texts, is null without it.
    """
    for declared in msgspec.structs.fields(type(found)):
        here = (*path, declared.encode_name)
        mine, others = getattr(found, declared.name), getattr(clean, declared.name, None)
        if here in bad:
            if not unreadable(mine):
                yield here
        elif isinstance(mine, Record) and (
            isinstance(others, Record) or any(place[: len(here)] == here for place in bad)
        ):
            yield from differences(mine, others, bad, here)
        elif declared.name != "payload" and mine != others and (clean is not None or mine != ""):
            yield here


def test_the_table_of_values_knows_every_kind():
    assert set(OWN) - {"chat"} == set(KINDS)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(items())
def test_good_values_next_to_bad_ones_are_read_as_if_all_were_good(item):
    found, clean = activities(body(item.sent, item.clean))
    assert type(found) is type(clean)
    assert list(differences(found, clean, item.bad)) == []


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(items(), max_size=4))
def test_an_item_is_read_the_same_whatever_stands_beside_it(several):
    sent = [item.sent for item in several]
    assert activities(body(*sent)) == [one(body(each)) for each in sent]


def test_the_payload_of_an_unknown_kind_may_hold_numbers_that_few_can_read():
    item = b'{"id":"1","type":"chat","said":[1e999,%s]}' % (b"9" * 5_000)
    assert bytes(one(raw_body(item)).payload) == item  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [10, 1_100_000], ids=["small", "large"])
def test_the_payload_of_an_unknown_kind_is_text_however_large(size):
    item = b'{"id":"1","type":"chat","said":"%s%s"}'
    assert one(raw_body(item % (b"a" * size, b"\xc3\xa9"))).id == "1"
    assert unreadable(one(raw_body(item % (b"a" * size, b"\xff"))).id)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["note", "appointment", "created", "2026-03-01T09:00:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "type", "date", "note", "appointment", "dateTime", "staff", "items", "error"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def outcome(content: bytes) -> list[Activity] | None:
    """What is read, or None for a broken contract; any other exception fails the test."""
    decoding.parse_error_object(content)
    try:
        return activities(content)
    except InvalidUpstreamResponse:
        return None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_arbitrary_bytes_break_the_contract_and_nothing_else(content):
    assert outcome(content) is None


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_arbitrary_json_breaks_the_contract_and_nothing_else(content):
    found = outcome(json.dumps(content).encode())
    is_list = isinstance(content, dict) and isinstance(content.get("items"), list)
    is_bare = isinstance(content, list) and all(
        isinstance(each, dict) and each.get("type") is not None for each in content
    )
    assert (found is None) != (is_list or is_bare)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.lists(JSON, max_size=4))
def test_every_item_is_read_as_something_however_strange(sent):
    found = outcome(json.dumps({"items": sent}).encode())
    assert found is not None
    assert len(found) == len(sent)
    assert all(isinstance(activity, Activity) for activity in found)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(items(), st.binary(min_size=1, max_size=3), st.data())
def test_bytes_thrown_into_an_answer_break_the_contract_and_nothing_else(item, thrown, data):
    content = body(item.sent)
    place = data.draw(st.integers(0, len(content)))
    outcome(content[:place] + thrown + content[place:])


def test_an_answer_that_ends_too_soon_is_broken_wherever_it_ends():
    content = body({"id": "1", "type": "note", "date": NINE, "note": {"id": "12", "body": "é"}})
    for length in range(len(content)):
        with pytest.raises(InvalidUpstreamResponse, match="not JSON"):
            activities(content[:length])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"{}",
        b'"items"',
        b'{"items":null}',
        b'{"items":{}}',
        b'{"items":"none"}',
        b'{"Items":[]}',
        b'{"items":[]}x',
        b"<html><body>Bad gateway</body></html>",
        b'{"items":[{"id":"1","type":"note","note":{"id":"1","body":NaN}}]}',
        b'{"items":[{"id":Infinity,"type":"note"}]}',
        b'{"items":' + b"[" * 100_000,
        b'{"items":[' + b'{"a":' * 100_000,
        b'{"items":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        raw_body(b'{"id":"1","type":"note","body":"\\q"}'),
        raw_body(b'{"id":"1","type":"note","body":"\\ud8"}'),
    ],
    ids=lambda content: repr(content[:40].decode() + str(len(content))),
)
def test_an_answer_that_is_no_list_of_items_is_broken(content):
    with pytest.raises(InvalidUpstreamResponse, match=breach(content)):
        activities(content)


def breach(content: bytes) -> str:
    """What the message says of a body without a list."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(content, parse_constant=refuse)
    except ValueError:
        return "is not JSON"
    except RecursionError:
        pass
    return "is not a list"


@pytest.mark.parametrize("content", [b"", b"<html>", b"{", b'{"id":"1"'], ids=repr)
def test_a_resource_that_is_not_json_is_reported_as_such(content):
    with pytest.raises(InvalidUpstreamResponse, match="is not JSON"):
        run_to_completion(decoding.entity(content, resources.Staff))


def test_an_empty_list_is_no_failure():
    assert activities(b' {"total": 0, "items": [ ]} ') == []


def test_items_stay_in_the_order_in_which_they_were_sent():
    sent = [{"id": id_, "type": "note"} for id_ in ("3", "1", "2", "1")]
    assert [activity.id for activity in activities(body(*sent))] == ["3", "1", "2", "1"]


@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        "note",
        [],
        {},
        {"id": "1"},
        {"type": "note"},
        {"id": "1", "type": None},
        {"id": "1", "type": ["note"]},
        {"id": "1", "type": ""},
        {"id": None, "type": "note"},
        {"id": "", "type": "note"},
        {"id": "", "type": "chat"},
        {"id": {}, "type": "chat"},
        {"id": 1.5, "type": "note"},
    ],
    ids=repr,
)
def test_an_item_without_an_id_or_a_kind_is_unusable_and_costs_only_itself(item):
    before, found, after = activities(
        body({"id": "1", "type": "note"}, item, {"id": "3", "type": "note"})
    )
    assert not decoding.has_identity(found)
    assert decoding.has_identity(before)
    assert decoding.has_identity(after)


@pytest.mark.parametrize("kind", [*KINDS, "chat"])
def test_an_item_with_an_id_and_a_kind_is_usable_however_little_else_fits(kind):
    spoiling = {"date": 1, "event": 1, "user": 1, "note": 1, "appointment": 1, "formResult": 1}
    assert decoding.has_identity(one(body({"id": "1", "type": kind, **spoiling})))


@pytest.mark.parametrize("kind", [[], {}, None, ""], ids=repr)
def test_a_kind_that_cannot_be_read_is_the_unknown_kind(kind):
    activity = one(body({"id": "1", "type": kind}))
    assert isinstance(activity, UnknownActivity)
    assert activity.kind is ActivityKind.UNKNOWN
    assert unreadable(activity.kind_raw)
    assert activity.id == "1"


@pytest.mark.parametrize("item", [None, 7, "note", ""], ids=repr)
def test_of_an_item_that_is_no_object_nothing_can_be_read(item):
    activity = one(body(item))
    assert all(unreadable(getattr(activity, name)) for name in Activity.__struct_fields__)


def test_a_list_may_have_some_elements_that_fit():
    activity = one(body({"id": "1", "type": "note", "updatedAttributes": ["start", {}, 7, "end"]}))
    start, object_, seven, end = activity.sent_updated_attributes or []
    assert (start, seven, end) == ("start", 7, "end")
    assert unreadable(object_)


@pytest.mark.parametrize("blank", [None, ""])
def test_a_list_is_without_what_says_nothing(blank):
    names, nothing = activities(
        body(
            {"id": "1", "type": "note", "updatedAttributes": [blank, "start", blank]},
            {"id": "1", "type": "note", "updatedAttributes": [blank]},
        )
    )
    assert names.sent_updated_attributes == ["start"]
    assert nothing.sent_updated_attributes == []


def test_a_list_stays_empty_or_null_in_an_item_that_does_not_fit():
    empty, null = activities(
        body(
            {"id": "1", "type": "note", "event": 1, "updatedAttributes": []},
            {"id": "1", "type": "note", "event": 1, "updatedAttributes": None},
        )
    )
    assert empty.sent_updated_attributes == []
    assert null.sent_updated_attributes is None


@pytest.mark.parametrize("first", [0, 1, 999])
def test_a_large_timeline_of_a_number_that_is_longer_than_any_is_too_large(first):
    content = raw_body(b'{"x":"%b"}' % LARGE, b'{"x":"%b%b"}' % (b"a" * first, b"7" * 100_000))
    with pytest.raises(ResponseTooLarge):
        run_to_completion(decoding.items(content))


def test_a_large_timeline_of_very_many_long_numbers_is_read_in_one_pass():
    """Where each digit were the start of another search, this test would not end."""
    numbers = b"7" * 99_999 + b" "
    content = raw_body(b'{"x":"%b"}' % (numbers * 290))
    assert len(run_to_completion(decoding.items(content))) == 1


@pytest.mark.parametrize("element", [b'"start"', b"{}"], ids=["well", "unwell"])
@pytest.mark.parametrize(("count", "readable"), [(1_000, True), (1_001, False)])
def test_a_list_that_is_longer_than_any_is_unreadable(element, count, readable):
    attributes = b",".join([element] * count)
    item = b'{"id":"1","type":"note","updatedAttributes":[' + attributes + b"]}"
    assert (
        isinstance(decoding.activity(msgspec.Raw(item)).sent_updated_attributes, list) is readable
    )


def test_a_timeline_that_is_longer_than_any_is_too_large():
    def answer(count: int) -> bytes:
        return b'{"items":[' + b",".join([b"{}"] * count) + b"]}"

    assert len(run_to_completion(decoding.items(answer(200_000)))) == 200_000
    with pytest.raises(ResponseTooLarge):
        run_to_completion(decoding.items(answer(200_001)))


def test_what_does_not_fit_deep_inside_costs_the_innermost_field():
    sent = {"id": "11", "staff": {"id": "5", "firstName": [], "lastName": "Ito"}, "notes": "now"}
    activity = one(body({"id": "1", "type": "appointment", "appointment": sent}))
    assert isinstance(activity, AppointmentActivity)
    assert isinstance(activity.appointment, AppointmentSnapshot)
    assert activity.appointment.notes == "now"
    assert activity.appointment.staff is not None
    assert activity.appointment.staff.last_name == "Ito"
    assert unreadable(activity.appointment.staff.first_name)


def test_the_payload_of_an_unknown_kind_is_a_copy_of_the_item_alone():
    content = body({"id": "0", "type": "note"}, {"id": "1", "type": "chat", "event": 3})
    _, activity = activities(content)
    assert isinstance(activity, UnknownActivity)
    assert bytes(activity.payload) == b'{"id":"1","type":"chat","event":3}'
    assert unreadable(activity.event)


def test_an_unknown_kind_that_is_no_text_is_unusable():
    activity = one(raw_body(b'{"id":"1","type":"chat","lines":"\xff"}'))
    assert not decoding.has_identity(activity)


@pytest.mark.parametrize("wrong", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf"], ids=repr)
def test_bytes_that_are_no_text_spoil_only_their_field(wrong):
    found, other = activities(
        raw_body(
            b'{"id":"1","type":"note","event":"created","note":{"id":"12","body":"%s",'
            b'"selfLink":"l"}}' % wrong,
            NOTE % "é".encode(),
        )
    )
    assert isinstance(found, NoteActivity)
    assert isinstance(found.note, NoteSnapshot)
    assert unreadable(found.note.body)
    assert found.note.self_link == "l"
    assert isinstance(other, NoteActivity)
    assert isinstance(other.note, NoteSnapshot)
    assert other.note.body == "é"


# Half a character


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (rb"a\ud83d", "a\ufffd"),
        (rb"\ude00a", "\ufffda"),
        (rb"\uD83Da", "\ufffda"),
        (rb"\ud83d\ude00", "😀"),
        (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
        (rb"\ud83d\ude00\ude00", "😀\ufffd"),
        (rb"\ude00\ud83d", "\ufffd\ufffd"),
        (rb"\\ud83d \ud83d", "\\ud83d \ufffd"),
        (rb"\\\ud83d", "\\\ufffd"),
        (rb"\n\"\ud83d", '\n"\ufffd'),
        (rb"\ud83dude00", "\ufffdude00"),
    ],
    ids=repr,
)
def test_half_a_character_is_replaced_and_costs_nothing(sent, text):
    assert note_of(raw_body(NOTE % sent)).body == text


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [r"\ud83d", r"\uDBFF", r"\ude00", r"\uDC00", r"\\", r"\n", r"\u0041", "ud83d", "é"]
        )
    )
)
def test_half_characters_are_found_as_another_reader_finds_them(pieces):
    sent = "".join(pieces)
    expected = re.sub("[\ud800-\udfff]", "\ufffd", json.loads(f'"{sent}"'))
    assert note_of(raw_body(NOTE % sent.encode())).body == expected


def test_half_a_character_in_a_key_does_no_harm():
    content = b'{"\\ud83d":1,"items":[{"id":"1","type":"note","\\ude00":2}]}'
    assert decoding.has_identity(one(content))


def test_half_a_character_in_an_item_costs_the_others_nothing():
    first, second = activities(raw_body(NOTE % rb"\ud83d", NOTE % rb"\ud83d\ude00"))
    assert isinstance(first, NoteActivity)
    assert isinstance(second, NoteActivity)
    assert isinstance(second.note, NoteSnapshot)
    assert second.note.body == "😀"


# The upstream's form of an error


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"error":{"code":404,"reason":"notFound","message":"x"}}', 404),
        (b'{"items":[],"error":{"code":401}}', 401),
        (b'{"error":{"code":"429"}}', 429),
        (b'{"error":{"code":503.0}}', 503),
        (b'{"error":{"code":null}}', None),
        (b'{"error":{"code":"broken"}}', None),
        (b'{"error":{"code":[]}}', None),
        (b'{"error":{}}', None),
        (b'{"error":"down"}', None),
        (b'{"error":[]}', None),
        (b'{"error":7}', None),
        (b'{"error":{"code":404,"message":"\xff"}}', 404),
        (b'{"error":{"code":404,"message":"\\ud83d"}}', 404),
        (b'{"error":{"code":404,"message":"two\nlines"}}', 404),
        (b'{"message":"no","statusCode":404,"fields":[]}', 404),
        (b'{"message":"two\nlines","statusCode":404}', 404),
    ],
    ids=repr,
)
def test_an_error_object_is_a_failure_with_its_code_if_it_has_one(content, code):
    assert decoding.parse_error_object(content) == ErrorObject(code)


LARGE = b"a" * 4_194_304


@pytest.mark.parametrize(
    ("half", "expected"), [(b"", ErrorObject(404)), (rb"\ud83d", None)], ids=["whole", "half"]
)
def test_a_large_answer_is_not_mended_for_the_error_that_it_may_hold(half, expected):
    content = b'{"error":{"code":404,"message":"%s%s"}}' % (LARGE, half)
    assert decoding.parse_error_object(content) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"items":[]}',
        b'{"error":null,"items":[]}',
        b'{"error": null }',
        b'{"items":[{"error":{"code":404}}]}',
        b'{"items":[{"body":"\\"error\\""}]}',
        b'["error"]',
        b'"error"',
        b'{"error":',
        b'{"error":' + b"[" * 100_000,
        b'no json, but an "error"',
    ],
    ids=lambda content: repr(content[:40]),
)
def test_an_answer_without_an_error_object_is_no_failure(content):
    assert decoding.parse_error_object(content) is None


# Control characters


def surprising(read: Callable[[], _T]) -> tuple[_T, list[str]]:
    """What is read, and what was surprising about it."""
    told: list[str] = []
    with observe_surprises(lambda what, _: told.append(what)):
        return read(), told


def test_control_characters_in_texts_are_read_and_told_once():
    content = b'{"items":[%s,\n%s]}' % (NOTE % b"a\n\tb\x00\x1f", NOTE % b"c\r\nd \\ud83d")
    read, told = surprising(lambda: activities(content))
    assert [snapshot(each).body for each in read] == ["a\n\tb\x00\x1f", "c\r\nd \ufffd"]
    assert told == [CONTROL_CHARACTERS]


def test_control_characters_spoil_no_neighbour_of_a_broken_field():
    content = raw_body(NOTE % b"a\nb", b'{"id":"2","type":"note","date":7,"note":{"id":"3"}}')
    first, second = activities(content)
    assert snapshot(first).body == "a\nb"
    assert (unreadable(second.date), snapshot(second).note_id) == (True, "3")


def test_control_characters_in_single_things_and_rosters_are_read_as_well():
    thing = b'{"id":"1","name":"two\nlines"}'
    found, told = surprising(lambda: run_to_completion(decoding.entity(thing, resources.Company)))
    assert (found.name, told) == ("two\nlines", [CONTROL_CHARACTERS])
    roster, told = surprising(
        lambda: run_to_completion(decoding.index_resources(raw_body(thing), resources.Service))
    )
    service = roster.find("1")
    assert service is not None
    assert (service.name, told) == ("two\nlines", [CONTROL_CHARACTERS])


@pytest.mark.parametrize("content", [b'{"items":[],\x00"error":0}', b'{"items":["\n]}', b"\0"])
def test_control_characters_between_texts_break_the_contract(content):
    with (
        pytest.raises(InvalidUpstreamResponse),
        observe_surprises(lambda what, _: pytest.fail(what)),
    ):
        run_to_completion(decoding.items(content))


def test_what_is_pretty_printed_has_no_surprises():
    content = json.dumps({"error": None, "items": [json.loads(NOTE % b"x")]}, indent="\t").encode()
    assert decoding.parse_error_object(content) is None
    assert surprising(lambda: len(activities(content))) == (1, [])


@pytest.mark.parametrize("is_error", [False, True])
def test_control_characters_beside_an_error_are_told_once(is_error):
    content = b'{"items":["\n"],"error":%s}' % (b'{"code":404}' if is_error else b"null")
    failure, told = surprising(lambda: decoding.parse_error_object(content))
    assert (failure, told) == ((ErrorObject(404), [CONTROL_CHARACTERS]) if is_error else (None, []))
    assert surprising(lambda: len(run_to_completion(decoding.items(content)))) == (
        1,
        [CONTROL_CHARACTERS],
    )


@pytest.mark.parametrize("size", [4_194_304, 4_194_305])
def test_control_characters_are_read_in_bodies_of_up_to_4_mb(size):
    content = raw_body(NOTE % b"a\nb").ljust(size)
    if size == 4_194_304:
        assert note_of(content).body == "a\nb"
    else:
        with pytest.raises(InvalidUpstreamResponse):
            run_to_completion(decoding.items(content))


def test_a_form_whose_name_is_misprinted_survives_a_broken_neighbour():
    sent = {"id": "14", "form": {"id": "7"}, "name": {"name": "Intake"}, "selfLink": {}}
    activity = one(body({"id": "1", "type": "formResult", "formResult": sent}))
    assert isinstance(activity, FormResultActivity)
    assert activity.form_result is not None
    assert activity.form_result.form == FormSnapshot(form_id="7", name="Intake")
    assert unreadable(activity.form_result.self_link)


def test_a_date_survives_a_broken_neighbour():
    activity = one(body({"id": "1", "type": "note", "event": 3, "date": NINE}))
    assert isinstance(activity.date, ZonedDateTime)


def test_a_zone_that_does_not_fit_costs_the_date_only_its_zone():
    activity = one(body({"id": "1", "type": "note", "date": {**NINE, "timeZone": []}}))
    assert isinstance(activity.date, ZonedDateTime)
    assert activity.date.date_time == NINE["dateTime"]
    assert unreadable(activity.date.time_zone)


# Single resources


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b'"12"',
        b"12",
        b'[{"id":"12"}]',
        b'{"items":[{"id":"12"}]}',
        b'{"id":null}',
        b'{"id":1.5}',
        b'{"id":true}',
        b'{"id":[]}',
        b'{"id":"12"',
        b'{"id":"12"}x',
        b'{"id":"12","html":NaN}',
        b'{"id":"12","other":NaN}',
        b'{"id":"12","other":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"<html>",
        b"\xff",
        b'{"id":"\xff"}',
    ],
    ids=lambda content: repr(content[:30]),
)
def test_an_answer_that_is_no_such_resource_is_broken(content):
    with pytest.raises(InvalidUpstreamResponse):
        run_to_completion(decoding.entity(content, resources.Note))


@pytest.mark.parametrize("id_", ["12", 12, 2**70, "x" * 99], ids=repr)
def test_a_resource_keeps_its_id_as_it_was_sent(id_):
    assert (
        run_to_completion(decoding.entity(json.dumps({"id": id_}).encode(), resources.Note)).id
        == id_
    )


def test_what_does_not_fit_in_a_resource_costs_the_innermost_field():
    sent = {"id": "12", "html": 7, "date": "never", "writer": {"email": [], "lastName": "l"}}
    note = run_to_completion(decoding.entity(msgspec.json.encode(sent), resources.Note))
    assert note.body == 7
    assert unreadable(note.date)
    assert isinstance(note.author, resources.NoteAuthor)
    assert unreadable(note.author.email_address)
    assert note.author.last_name == "l"


@pytest.mark.parametrize("date", [b"null", b'"never"'], ids=["whole", "leniently"])
def test_half_a_character_in_a_resource_is_replaced(date):
    note = run_to_completion(
        decoding.entity(
            rb'{"id":"12","html":"\ud83d \ud83d\ude00","date":%s}' % date, resources.Note
        )
    )
    assert note.body == "\ufffd 😀"


def test_bytes_that_are_no_text_spoil_only_their_field_of_a_resource():
    note = run_to_completion(
        decoding.entity(b'{"id":"12","html":"\xff","contactedByClient":true}', resources.Note)
    )
    assert unreadable(note.body)
    assert note.is_contact_by_client is True


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | JSON.map(lambda content: json.dumps(content).encode()))
def test_any_answer_is_a_resource_and_a_list_or_broken_and_nothing_else(content):
    for read in (
        lambda: run_to_completion(decoding.entity(content, resources.Appointment)),
        lambda: run_to_completion(decoding.index_resources(content, resources.Staff)),
    ):
        try:
            read()
        except InvalidUpstreamResponse:
            continue


# Lists of resources


def staff(*items: object) -> ResourceIndex[resources.Staff]:
    return run_to_completion(decoding.index_resources(body(*items), resources.Staff))


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"{}", b'{"items":null}', b'{"items":{}}', b'{"id":"1"}', b"<html>"],
    ids=repr,
)
def test_an_answer_that_is_no_list_of_resources_is_broken(content):
    with pytest.raises(InvalidUpstreamResponse, match=breach(content)):
        run_to_completion(decoding.index_resources(content, resources.Staff))


def test_a_resource_is_found_in_a_list_by_its_id_as_text():
    found = staff({"id": 5, "email": "five"}, {"id": "6", "email": "six"}, {"id": 2**60})
    for id_, email in (("5", "five"), ("6", "six"), (str(2**60), None)):
        each = found.find(id_)
        assert each is not None
        assert each.email_address == email


@pytest.mark.parametrize("id_", ["7", "", "05", " 5", "5 ", "5.0"])
def test_a_list_that_is_whole_knows_what_it_does_not_have(id_):
    assert staff({"id": 5}).find(id_) is None
    assert staff().find(id_) is None


UNUSABLE: list[object] = [
    {},
    {"id": None},
    {"id": 1.5},
    {"id": []},
    {"email": "e"},
    None,
    7,
    "5",
    [],
]


@pytest.mark.parametrize("item", UNUSABLE, ids=repr)
def test_a_list_that_is_not_whole_answers_for_what_it_has_alone(item):
    found = staff({"id": "5"}, item, {"id": "6"})
    assert found.find("5") == resources.Staff(id="5")
    assert found.find("6") == resources.Staff(id="6")
    with pytest.raises(InvalidUpstreamResponse, match="decoded completely"):
        found.find("7")


def test_a_resource_of_which_a_part_cannot_be_read_does_not_make_a_list_less_whole():
    found = staff({"id": "5", "email": [], "picture": 7, "phone": "p"})
    five = found.find("5")
    assert five is not None
    assert unreadable(five.email_address)
    assert unreadable(five.picture_url)
    assert five.phone == "p"
    assert found.find("6") is None


def test_bytes_that_are_no_text_spoil_only_their_part_of_a_list():
    content = b'{"items":[{"id":"5","email":"\xff"},{"id":"6","email":"e"}]}'
    found = run_to_completion(decoding.index_resources(content, resources.Staff))
    five, six = found.find("5"), found.find("6")
    assert five is not None
    assert unreadable(five.email_address)
    assert six == resources.Staff(id="6", email_address="e")


@pytest.mark.parametrize(
    ("size", "steps"), [(1, [0, 0, 0]), (5_000_000, [1, 11, 1])], ids=["small", "large"]
)
def test_the_event_loop_is_free_before_a_large_answer_is_read_and_in_between(size, steps):
    item = b'{"id":"5","email":"%s"}' % (b"e" * 10_000)
    list_ = raw_body(*[item] * (size // len(item) + 1))
    note = b'{"id":"5","html":"%s"}' % (b"e" * size)
    assert [
        len([*reading])
        for reading in (
            decoding.items(list_),
            decoding.index_resources(list_, resources.Staff),
            decoding.entity(note, resources.Note),
        )
    ] == steps


def of_items(count: int, odd: bytes = b"", padding: bytes = b"") -> bytes:
    """A result of a form of so many items, in lists of a thousand."""
    lists = b",".join([b'{"subItem":[%s]}' % b",".join([b'{"id":"1"}'] * 999)] * (count // 1_000))
    return b'{"id":"1","result":[%s,{"title":"%s"%s}]}' % (lists, padding, odd)


def test_a_resource_of_very_many_objects_is_read_if_all_of_them_fit():
    result = run_to_completion(
        decoding.entity(of_items(30_000, padding=LARGE), resources.FormResult)
    ).result
    assert isinstance(result, list)
    assert len(result) == 31


@pytest.mark.parametrize(
    ("count", "padding"), [(30_000, b""), (9_000, LARGE)], ids=["not large", "not so many"]
)
def test_otherwise_the_one_that_does_not_fit_spoils_itself(count, padding):
    content = of_items(count, b',"value":{}', padding)
    result = run_to_completion(decoding.entity(content, resources.FormResult)).result
    assert isinstance(result, list)
    assert [unreadable(each.value) for each in result[-2:]] == [False, True]


def test_a_large_resource_of_very_many_objects_is_not_read_one_by_one():
    content = of_items(30_000, b',"value":{}', LARGE)
    with pytest.raises(InvalidUpstreamResponse, match="could not be decoded"):
        run_to_completion(decoding.entity(content, resources.FormResult))


@pytest.mark.parametrize("odd", [b"", b',"value":{}'], ids=["all fit", "one does not"])
def test_a_resource_of_more_objects_than_any_is_too_large(odd):
    with pytest.raises(ResponseTooLarge):
        run_to_completion(decoding.entity(of_items(510_000, odd), resources.FormResult))


@pytest.mark.parametrize("declared", [resources.Staff, resources.Service, resources.Appointment])
def test_a_list_is_of_what_it_was_declared_to_be(declared):
    found = run_to_completion(decoding.index_resources(body({"id": "1"}), declared)).find("1")
    assert type(found) is declared


@pytest.mark.parametrize(
    ("sent", "surprises"),
    [
        ({"type": "conferenceRegistration", "aconferenceRegistration": {"session": {}}}, []),
        ({"type": "formResult", "formResult": {"id": "1", "name": {"name": "Intake"}}}, []),
        ({"type": "formResult", "formResult": {"id": "1", "name": "Intake"}}, [ODD_VALUE]),
    ],
    ids=str,
)
def test_what_the_specification_prints_is_no_surprise_and_what_it_does_not_is_one(sent, surprises):
    _, told = surprising(lambda: one(body({"id": "1", **sent})))
    assert told == surprises

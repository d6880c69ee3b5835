import inspect
import re
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, strategies as st

from gateway.observability.event_loop import run_to_completion
from gateway.upstream.records import activities, decoding, resources
from gateway.upstream.records.activities import (
    KINDS,
    UNREADABLE,
    Activity,
    AllOptional,
    AppointmentActivity,
    AppointmentSnapshot,
    CompanySnapshot,
    ConferenceRegistrationActivity,
    ConferenceRegistrationSnapshot,
    ConferenceSessionSnapshot,
    ConferenceSnapshot,
    ConsentActivity,
    EmailNotification,
    EmailNotificationActivity,
    FormResultActivity,
    FormResultSnapshot,
    FormSnapshot,
    MarketingConsent,
    NoteActivity,
    NoteSnapshot,
    Record,
    ServiceSnapshot,
    StaffSnapshot,
    TextMessageNotification,
    TextMessageNotificationActivity,
    UncheckedDateTime,
    UnknownActivity,
    Unreadable,
    User,
    ZonedDateTime,
)
from gateway.upstream.records.enums import (
    ActivityEvent,
    ActivityKind,
    AppointmentStatus,
    MemberByWord,
    RegistrationSourceType,
    RegistrationStatus,
    UpstreamEnum,
)
from gateway.upstream.records.field_types import EmptyObject
from gateway.upstream.records.resources import HasPicture

NINE = {"dateTime": "2026-03-01T09:00:00", "timeZone": "Europe/Paris"}
TEN = {"dateTime": "2026-03-01T10:00:00", "timeZone": "Europe/Paris"}
NINE_RECORD = ZonedDateTime(date_time="2026-03-01T09:00:00", time_zone="Europe/Paris")
LINK = "https://api.example.com/api/2.1/scheduling/companies/3/appointments/11"
RESULT_LINK = "https://api.example.com/api/2.3/forms/7/results/14"
UNZONED, ZONE = {"dateTime": "2026-03-01T09:00:00"}, {"timeZone": "Europe/Paris"}
TEN_RECORD = ZonedDateTime(date_time="2026-03-01T10:00:00", time_zone="Europe/Paris")

EVERYTHING = {
    "appointment": (
        {
            "appointment": {
                "id": "11",
                "start": TEN,
                "previousStart": NINE,
                "end": TEN,
                "previousEnd": NINE,
                "service": {"id": "3", "name": "Cut"},
                "previousService": {"id": "4", "name": "Shave"},
                "staff": {"id": "5", "firstName": "Léa", "lastName": "Ito"},
                "previousStaff": {"id": "6", "firstName": "Max", "lastName": "Roy"},
                "notes": "now",
                "previousNotes": "then",
                "status": "inProgress",
                "previousStatus": "noShow",
                "selfLink": "https://example.com/11",
            }
        },
        AppointmentActivity,
        "appointment",
        AppointmentSnapshot(
            appointment_id="11",
            start=TEN_RECORD,
            previous_start=NINE_RECORD,
            end=TEN_RECORD,
            previous_end=NINE_RECORD,
            service=ServiceSnapshot(service_id="3", name="Cut"),
            previous_service=ServiceSnapshot(service_id="4", name="Shave"),
            staff=StaffSnapshot(staff_id="5", first_name="Léa", last_name="Ito"),
            previous_staff=StaffSnapshot(staff_id="6", first_name="Max", last_name="Roy"),
            notes="now",
            previous_notes="then",
            status_raw="inProgress",
            previous_status_raw="noShow",
            self_link="https://example.com/11",
        ),
    ),
    "note": (
        {"note": {"id": "12", "body": "<b>", "previousBody": "<i>", "selfLink": "l"}},
        NoteActivity,
        "note",
        NoteSnapshot(note_id="12", body="<b>", previous_body="<i>", self_link="l"),
    ),
    "consent": (
        {"note": {"id": "13", "body": "yes"}},
        ConsentActivity,
        "note",
        NoteSnapshot(note_id="13", body="yes"),
    ),
    "formResult": (
        {"formResult": {"id": "14", "form": {"id": "7", "name": "Intake"}, "selfLink": "l"}},
        FormResultActivity,
        "form_result",
        FormResultSnapshot(
            form_result_id="14", sent_form=FormSnapshot(form_id="7", name="Intake"), self_link="l"
        ),
    ),
    "emailNotification": (
        {"emailNotification": {"subject": "S", "body": "B", "selfLink": "l"}},
        EmailNotificationActivity,
        "email_notification",
        EmailNotification(subject="S", body="B", self_link="l"),
    ),
    "textMessageNotification": (
        {"textMessageNotification": {"body": "B", "selfLink": "l"}},
        TextMessageNotificationActivity,
        "text_message_notification",
        TextMessageNotification(body="B", self_link="l"),
    ),
    "conferenceRegistration": (
        {
            "conferenceRegistration": {
                "id": "15",
                "numberOfSeats": 2,
                "conference": {"id": "8", "title": "Colours", "capacity": 40},
                "session": {"id": "9", "start": NINE, "end": TEN},
                "source": "newsletter",
                "sourceType": "widget",
                "status": "waitingList",
                "cancelReason": "ill",
                "selfLink": "l",
            }
        },
        ConferenceRegistrationActivity,
        "conference_registration",
        ConferenceRegistrationSnapshot(
            registration_id="15",
            number_of_seats=2,
            conference=ConferenceSnapshot(conference_id="8", title="Colours", capacity_raw=40),
            session=ConferenceSessionSnapshot(session_id="9", start=NINE_RECORD, end=TEN_RECORD),
            source="newsletter",
            source_type_raw="widget",
            status_raw="waitingList",
            cancel_reason="ill",
            self_link="l",
        ),
    ),
}


def read(**fields: object) -> Activity:
    """One activity, read by way of a whole answer."""
    item = {"id": "1", "type": "note", **fields}
    [sent] = run_to_completion(decoding.items(msgspec.json.encode({"items": [item]})))
    return decoding.activity(sent)


def unreadable(value: object) -> bool:
    return isinstance(value, Unreadable)


def note(**fields: object) -> NoteSnapshot | Unreadable | None:
    activity = read(note={"id": "12", **fields})
    assert isinstance(activity, NoteActivity)
    return activity.note


def registration(**fields: object) -> ConferenceRegistrationSnapshot:
    sent = {"id": "15", **fields}
    activity = read(type="conferenceRegistration", conferenceRegistration=sent)
    assert isinstance(activity, ConferenceRegistrationActivity)
    found = activity.conference_registration
    assert isinstance(found, ConferenceRegistrationSnapshot)
    return found


def date(date_time: object) -> object:
    return read(date={"dateTime": date_time, "timeZone": "Europe/Paris"}).date


def test_the_table_of_kinds_has_a_full_example_each():
    assert set(EVERYTHING) == set(KINDS)
    assert [record.kind for record in KINDS.values()] == list(ActivityKind)[:-1]


@pytest.mark.parametrize(("kind", "example"), EVERYTHING.items(), ids=list(EVERYTHING))
def test_every_kind_decodes(kind, example):
    fields, record, name, expected = example
    activity = read(type=kind, **fields)
    assert type(activity) is record
    assert activity.kind is ActivityKind(kind)
    assert activity.kind_raw == kind
    assert getattr(activity, name) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_may_come_without_anything_but_id_and_type(kind):
    activity = read(type=kind)
    values = msgspec.structs.asdict(activity)
    assert (values.pop("id"), values.pop("kind_raw")) == ("1", kind)
    assert set(values.values()) == {None}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_may_be_null(kind):
    nulls = {field.encode_name: None for field in msgspec.structs.fields(KINDS[kind])}
    assert read(**{**nulls, "id": "1", "type": kind}) == read(type=kind)


def test_what_every_activity_carries_decodes():
    activity = read(
        date=NINE,
        event="deleted",
        user={"userName": "u", "emailAddress": "e", "firstName": "f", "lastName": "l"},
        updatedAttributes=["staff", "start"],
        marketingConsent={"text": "Yes, please."},
    )
    assert activity.date == NINE_RECORD
    assert activity.event is ActivityEvent.DELETED
    assert activity.user == User(user_name="u", email_address="e", first_name="f", last_name="l")
    assert activity.sent_updated_attributes == ["staff", "start"]
    assert activity.marketing_consent == MarketingConsent(text="Yes, please.")


def test_an_unknown_kind_keeps_all_of_the_item_as_sent():
    activity = read(type="chat", chat={"id": 2**70, "lines": [1.0, "é"]})
    assert isinstance(activity, UnknownActivity)
    assert (activity.kind, activity.kind_raw) == (ActivityKind.UNKNOWN, "chat")
    assert bytes(activity.payload) == (
        b'{"id":"1","type":"chat","chat":{"id":1180591620717411303424,"lines":[1.0,"\xc3\xa9"]}}'
    )


def test_a_kind_that_is_called_unknown_is_unknown():
    assert isinstance(read(type="unknown"), UnknownActivity)


def test_a_kind_that_is_a_number_is_unknown():
    activity = read(type=7)
    assert isinstance(activity, UnknownActivity)
    assert activity.kind_raw == 7


def test_unknown_words_cost_nothing_else():
    activity = read(
        type="appointment",
        event="moved",
        appointment={"id": "11", "status": "postponed", "previousStatus": "pending"},
    )
    assert isinstance(activity, AppointmentActivity)
    assert (activity.event, activity.event_raw) == (ActivityEvent.UNKNOWN, "moved")
    assert activity.appointment == AppointmentSnapshot(
        appointment_id="11",
        status_raw="postponed",
        previous_status_raw="pending",
    )
    assert activity.appointment is not None
    assert activity.appointment.status is AppointmentStatus.UNKNOWN
    assert activity.appointment.previous_status is AppointmentStatus.PENDING


@pytest.mark.parametrize("value", [3, 1.5, True, [], {}], ids=repr)
def test_a_word_that_is_no_text_is_unreadable(value):
    activity = read(event=value)
    assert unreadable(activity.event)
    assert unreadable(activity.event_raw)


WORDS: dict[str, tuple[str, str, type[UpstreamEnum]]] = {
    "an event": ("event", "event", ActivityEvent),
    "a status": ("appointment", "status", AppointmentStatus),
    "a previous status": ("appointment", "previousStatus", AppointmentStatus),
    "a status of a registration": ("conferenceRegistration", "status", RegistrationStatus),
    "a type of a source": ("conferenceRegistration", "sourceType", RegistrationSourceType),
}


@pytest.mark.parametrize(("field", "key", "enum"), WORDS.values(), ids=WORDS)
def test_each_word_is_kept_beside_what_it_means(field, key, enum):
    name = re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", key)
    for word in [*(member.value for member in enum), "something new"]:
        activity = read(type=field, **{field: word if field == key else {key: word}})
        owner: Any = activity if field == key else getattr(activity, SNAKE.get(field, field))
        assert getattr(owner, f"{name}_raw") == word
        assert getattr(owner, name) is MemberByWord(enum)[word]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"form": {"id": "7", "name": "Intake"}}, "Intake"),
        ({"form": {"id": "7"}, "name": {"name": "Intake"}}, "Intake"),
        ({"form": {"id": "7", "name": "Intake"}, "name": {"name": "Other"}}, "Intake"),
        ({"form": {"id": "7", "name": None}, "name": {"name": None}}, None),
        ({"form": {"id": "7"}, "name": {}}, None),
        ({"form": {"id": "7"}, "name": None}, None),
        ({"form": {"id": "7"}, "name": "Intake"}, "Intake"),
        ({"form": {"id": "7", "name": ""}, "name": {"name": "Intake"}}, "Intake"),
        ({"form": {"id": "7", "name": "Intake"}, "name": ["x"]}, "Intake"),
        ({"form": {"id": "7"}, "name": ["x"]}, UNREADABLE),
        ({"form": {"id": "7"}, "name": {"name": {"a": "x", "b": "y"}}}, UNREADABLE),
        ({"name": {"name": "Intake"}, "selfLink": RESULT_LINK}, "Intake"),
        ({"name": "Intake", "selfLink": RESULT_LINK}, "Intake"),
        ({"name": "Intake", "form": None, "selfLink": {"href": RESULT_LINK}}, "Intake"),
    ],
    ids=[
        *("documented", "misprinted", "both", "nulls", "empty", "null", "text", "emptytext"),
        *("brokenbesidegood", "broken", "brokeninside", "noform", "textalone", "nullform"),
    ],
)
def test_the_name_of_a_form_is_found_where_the_specification_misprints_it(sent, name):
    activity = read(type="formResult", formResult={"id": "14", **sent})
    assert isinstance(activity, FormResultActivity)
    assert isinstance(activity.form_result, FormResultSnapshot)
    assert activity.form_result.form == FormSnapshot(form_id="7", name=name)


@pytest.mark.parametrize("sent", [{}, {"form": None}, {"name": ""}, {"name": {}}], ids=repr)
def test_a_form_result_without_a_form_has_none(sent):
    activity = read(type="formResult", formResult={"id": "14", **sent})
    assert isinstance(activity, FormResultActivity)
    assert isinstance(activity.form_result, FormResultSnapshot)
    assert activity.form_result.form is None


def test_a_form_that_is_unreadable_stays_so_beside_a_misprinted_name():
    activity = read(type="formResult", formResult={"id": "1", "form": 4, "name": {"name": "x"}})
    assert isinstance(activity, FormResultActivity)
    assert isinstance(activity.form_result, FormResultSnapshot)
    assert unreadable(activity.form_result.form)


def test_a_name_of_nobody_knows_which_form_is_the_name_of_a_form_without_an_id():
    activity = read(type="formResult", formResult={"id": "1", "name": {"name": "Intake"}})
    assert isinstance(activity, FormResultActivity)
    assert isinstance(activity.form_result, FormResultSnapshot)
    assert activity.form_result.form == FormSnapshot(name="Intake")


@pytest.mark.parametrize(
    ("sent", "id_"),
    [
        ({"form": {"name": "Intake"}, "selfLink": RESULT_LINK}, "7"),
        ({"form": {"id": "", "name": "Intake"}, "selfLink": {"href": RESULT_LINK}}, "7"),
        ({"form": {"id": "9", "name": "Intake"}, "selfLink": RESULT_LINK}, "9"),
        ({"form": {"id": [], "name": "Intake"}, "selfLink": RESULT_LINK}, UNREADABLE),
        ({"form": {"name": "Intake"}, "selfLink": LINK}, None),
        ({"form": {"name": "Intake"}, "selfLink": []}, None),
        ({"form": {"name": "Intake"}}, None),
    ],
    ids=repr,
)
def test_the_link_of_a_result_identifies_a_form_that_is_sent_without_an_id(sent, id_):
    activity = read(type="formResult", formResult={"id": "14", **sent})
    assert isinstance(activity, FormResultActivity)
    assert isinstance(activity.form_result, FormResultSnapshot)
    assert activity.form_result.form == FormSnapshot(form_id=id_, name="Intake")


@pytest.mark.parametrize(
    ("session", "misprinted", "start"),
    [
        ({"id": "9", "start": NINE}, None, NINE_RECORD),
        ({"id": "9"}, {"session": {"start": NINE}}, NINE_RECORD),
        ({"id": "9", "start": NINE}, {"session": {"start": TEN}}, NINE_RECORD),
        ({"id": "9"}, {"session": {}}, None),
        ({"id": "9"}, {"session": None}, None),
        ({"id": "9"}, {}, None),
        ({"id": "9", "start": ZONE}, {"session": {"start": UNZONED}}, NINE_RECORD),
        ({"id": "9", "start": UNZONED}, {"session": {"start": ZONE}}, NINE_RECORD),
        ({"start": ZONE}, {"session": {"id": "9", "start": UNZONED}}, NINE_RECORD),
        ({"id": "9", "start": ""}, {"session": {"start": NINE}}, NINE_RECORD),
        ({"id": "9", "start": "x"}, {"session": {"start": NINE}}, UNREADABLE),
        ({"id": "9", "start": NINE}, {"session": {"start": "x"}}, NINE_RECORD),
        ({"id": "9"}, {"session": {"start": "x"}}, UNREADABLE),
        ({"id": "9", "start": NINE}, "x", NINE_RECORD),
    ],
    ids=[
        *("documented", "misprinted", "both", "nostart", "null", "nosession", "tothe letter"),
        *("theotherway", "id", "blank", "broken", "brokenmisprint", "brokenalone", "notanobject"),
    ],
)
def test_the_start_of_a_session_is_found_where_the_specification_misprints_it(
    session, misprinted, start
):
    activity = read(
        type="conferenceRegistration",
        conferenceRegistration={"id": "15", "session": session},
        aconferenceRegistration=misprinted,
    )
    assert isinstance(activity, ConferenceRegistrationActivity)
    assert isinstance(activity.conference_registration, ConferenceRegistrationSnapshot)
    assert activity.conference_registration.session == ConferenceSessionSnapshot(
        session_id="9", start=start
    )


@pytest.mark.parametrize("sent", [{"id": "15"}, {"id": "15", "session": None}], ids=repr)
def test_a_misprinted_start_is_of_a_session_without_an_id_where_no_session_is_sent(sent):
    misprinted = {"session": {"start": NINE}}
    activity = read(
        type="conferenceRegistration",
        conferenceRegistration=sent,
        aconferenceRegistration=misprinted,
    )
    assert isinstance(activity, ConferenceRegistrationActivity)
    assert isinstance(activity.conference_registration, ConferenceRegistrationSnapshot)
    assert activity.conference_registration.session == ConferenceSessionSnapshot(start=NINE_RECORD)


def test_all_of_a_registration_may_stand_under_the_misprinted_key():
    activity = read(
        type="conferenceRegistration",
        aconferenceRegistration={"id": "15", "session": {"id": "9", "start": NINE}},
    )
    assert isinstance(activity, ConferenceRegistrationActivity)
    assert activity.conference_registration == ConferenceRegistrationSnapshot(
        registration_id="15", session=ConferenceSessionSnapshot(session_id="9", start=NINE_RECORD)
    )


@pytest.mark.parametrize(
    ("sent", "capacity"),
    [
        (40, 40),
        ("40", 40),
        (" 40\n", 40),
        ("4.0", 4),
        (4.0, 4),
        ("-4", -4),
        (0, 0),
        ("999999999", 999_999_999),
        (None, None),
        ("", None),
        *((text, None) for text in ("many", " ", "4.5", "007", "4,0", "4e1", "1 000", "٤٠", "+4")),
        *((number, None) for number in (4.5, 1e300, 2**31)),
        ("2147483648", None),
        ("9" * 5_000, None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_capacity_is_the_number_that_its_text_is_and_else_null(sent, capacity):
    conference = registration(conference={"id": "8", "capacity": sent}).conference
    assert isinstance(conference, ConferenceSnapshot)
    assert conference.capacity == capacity
    assert type(conference.capacity) is type(capacity)
    assert conference.capacity_raw == sent


@pytest.mark.parametrize("sent", [True, [40], {}], ids=repr)
def test_a_capacity_that_is_no_text_is_unreadable_and_spoils_only_itself(sent):
    conference = registration(conference={"id": "8", "title": "T", "capacity": sent}).conference
    assert isinstance(conference, ConferenceSnapshot)
    assert unreadable(conference.capacity)
    assert unreadable(conference.capacity_raw)
    assert conference.title == "T"


@pytest.mark.parametrize(
    ("seats", "readable"),
    [
        (-(2**31), True),
        (2**31 - 1, True),
        (2**31, False),
        (-(2**31) - 1, False),
        (10**30, False),
        (1.5, False),
        ("2", True),
        (2.0, True),
        ("2147483647.0", True),
        ("2147483648", False),
        ("1.5", False),
        ("1,000", False),
        ("two", False),
    ],
    ids=repr,
)
def test_a_count_is_what_an_int_of_graphql_can_carry(seats, readable):
    assert unreadable(registration(numberOfSeats=seats).number_of_seats) != readable


@pytest.mark.parametrize("id_", [0, 7, 2**31, 2**53 + 1, 2**64, 10**30 + 1], ids=repr)
def test_an_id_sent_as_a_number_is_exact_at_any_size(id_):
    activity = read(id=id_, note={"id": id_})
    assert isinstance(activity, NoteActivity)
    assert isinstance(activity.note, NoteSnapshot)
    assert str(activity.id) == str(activity.note.note_id) == str(id_)


def test_an_id_sent_as_text_keeps_its_zeros():
    assert read(id="007").id == "007"


@pytest.mark.parametrize("id_", [1.5, None, True, [], {}], ids=repr)
def test_an_id_is_a_whole_number_or_a_text(id_):
    assert unreadable(read(id=id_).id)


@pytest.mark.parametrize(
    ("sent", "shown"), [(0, "0"), (12, "12"), (1.5, "1.5"), (10**30, str(10**30))], ids=repr
)
def test_a_number_in_the_place_of_a_text_is_that_number(sent, shown):
    found = note(body=sent)
    assert isinstance(found, NoteSnapshot)
    assert str(found.body) == shown


@pytest.mark.parametrize("sent", [True, [], {}, ["text"]], ids=repr)
def test_a_text_is_not_a_switch_a_list_or_an_object(sent):
    found = note(body=sent, previousBody="then")
    assert isinstance(found, NoteSnapshot)
    assert unreadable(found.body)
    assert found.previous_body == "then"


@pytest.mark.parametrize(
    ("sent", "local"),
    [
        ("2026-03-01T09:00:00", "2026-03-01 09:00:00"),
        ("2026-03-01T09:00", "2026-03-01 09:00:00"),
        ("2026-03-01T09:00:00.5", "2026-03-01 09:00:00.500000"),
        ("2026-03-01T09:00:00.123456789", "2026-03-01 09:00:00.123456"),
        ("2024-02-29T23:59:59", "2024-02-29 23:59:59"),
        ("0001-01-01T00:00:00", "0001-01-01 00:00:00"),
        ("9999-12-31T23:59:59", "9999-12-31 23:59:59"),
    ],
)
def test_a_date_is_local_and_whole(sent, local):
    found = date(sent)
    assert isinstance(found, ZonedDateTime)
    assert str(found.local) == local


@pytest.mark.parametrize(
    "sent",
    [
        "2026-02-30T09:00:00",
        "2025-02-29T09:00:00",
        "2026-13-01T09:00:00",
        "2026-00-01T09:00:00",
        "0000-01-01T00:00:00",
        "2026-03-01T24:00:01",
        "2026-03-01T24:01",
        "2026-03-01T25:00:00",
        "9999-12-31T24:00:00",
        "2026-03-01T09:60:00",
        "2026-03-01T09:00:60",
    ],
)
def test_a_date_that_no_calendar_or_clock_has_is_unreadable(sent):
    assert unreadable(date(sent))


@pytest.mark.parametrize(
    ("sent", "offset"),
    [
        *(("Z", "+00:00"), ("z", "+00:00"), ("+00:00", "+00:00"), ("-00:00", "+00:00")),
        *(("+02:00", "+02:00"), ("-0500", "-05:00"), ("+05:45", "+05:45"), (" +02", "+02:00")),
    ],
    ids=repr,
)
def test_a_date_with_an_offset_is_kept_with_it(sent, offset):
    found = date(f"2026-03-01T09:00:00{sent}")
    assert isinstance(found, ZonedDateTime)
    assert (found.date_time, found.with_offset) == ("", f"2026-03-01T09:00:00{offset}")
    assert found.local.isoformat() == found.with_offset
    assert msgspec.structs.replace(found) == found


@pytest.mark.parametrize(
    "sent",
    [" ", "\n", "[Europe/Paris]", "+99:00", "+18:01", "-02:60", "+", "Z+02:00", "  Z", " 02:00"],
    ids=repr,
)
def test_a_date_with_anything_else_behind_it_is_unreadable(sent):
    assert unreadable(date(f"2026-03-01T09:00:00{sent}"))


@pytest.mark.parametrize(
    ("sent", "local"),
    [
        ({"datetime": "2026-03-01T09:00:00"}, "2026-03-01T09:00:00"),
        ({"dateTime": "", "datetime": "2026-03-01 09:00"}, "2026-03-01T09:00:00"),
        ({"dateTime": None, "datetime": "2026-03-01T09:00:00"}, "2026-03-01T09:00:00"),
        ({"dateTime": "2026-03-01 09:00", "datetime": "x"}, "2026-03-01T09:00:00"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("event", ["updated", 5], ids=["else all well", "beside what is broken"])
def test_a_date_may_stand_under_a_key_in_lower_case(sent, local, event):
    found = read(event=event, date=sent).date
    assert found == ZonedDateTime(date_time=local)


@pytest.mark.parametrize(
    "sent",
    [
        " ",
        "tomorrow",
        "2026-03-01",
        "2026-3-1T9:00:00",
        "20260301T090000",
        "2026-W09-7T09:00:00",
        "\n2026-03-01T09:00:00",
        "٢٠٢٦-03-01T09:00:00",
        20260301,
        {},
    ],
    ids=repr,
)
def test_a_date_in_another_form_is_unreadable(sent):
    assert unreadable(date(sent))


LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?")
"""How local date-times are written; that calendar and clock have them is another matter."""

# Of parts that fit and of parts that nearly do: texts at random would hardly ever come close.
DAYS = {
    **dict.fromkeys(("2023-06-15", "2024-02-29"), True),
    **dict.fromkeys(("2023-02-29", "0000-01-01", "2023-W24-4", "2023-W24", "2023-166"), False),
    **dict.fromkeys(("20230615", "2023-6-15", "2023-06", "23-06-15", "-2023-06-15"), False),
    **dict.fromkeys(("٢٠٢٣-06-15", " 2023-06-15"), False),
}
BETWEEN = {"T": True, "t": True, " ": True, **dict.fromkeys(("", "-", "  ", "٣", "\ud800"), False)}
MINUTES = {"17:51": True, "24:00": True, **dict.fromkeys(("17", "1751", "7:51", "17:5"), False)}
SECONDS = {
    **dict.fromkeys(("", ":00", ":00.0", ":00,000000000"), True),
    **dict.fromkeys((":", ":3", "::31", ":60", ".31", ":00.", ":00.5.5"), False),
}
ENDS = {
    **dict.fromkeys(("", "Z", "z", "+02:00", "-0500", "+5", " Z", "-18:00"), True),
    **dict.fromkeys(("+18:01", "+02:60", "+050", "[UTC]", " ", "\n", "+2:0", " 02:00"), False),
}
EXACT = "2023-06-15T17:51:31"
TWO_PIECES_OF_ONE_TIME = ("17", ":00")
PIECES = [st.sampled_from(list(each.items())) for each in (DAYS, BETWEEN, MINUTES, SECONDS, ENDS)]
ONE_SIGN_OFF = st.builds(
    lambda place, sign: f"{EXACT[:place]}{sign}{EXACT[place + 1 :]}",
    st.integers(0, len(EXACT)),
    st.sampled_from([*"0159-+:.,TWZz ", "", "٣", "é", "\n", "\0"]),
)


def found_in(text: str) -> ZonedDateTime | None:
    try:
        return ZonedDateTime(date_time=text)
    except ValueError:
        return None


def is_local(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return LOCAL.fullmatch(text) is not None


@given(
    st.tuples(*PIECES).filter(lambda pieces: (pieces[2][0], pieces[3][0]) != TWO_PIECES_OF_ONE_TIME)
)
def test_a_date_is_read_where_each_part_of_it_has_one_meaning_and_only_there(pieces):
    text = "".join(piece for piece, _ in pieces)
    assert (found_in(text) is not None) == all(fits for _, fits in pieces)


@given(st.from_regex(LOCAL, fullmatch=True) | ONE_SIGN_OFF | st.text())
@example(EXACT)
@example("2023-06-15T17:51:Z")
@example("2023-W24-4T17:51:31")
@example("20230615T175131")
@example("2023-06-15 17:51:31")
@example("2023-06-15T17:51:31+02:00")
@example("2023-06-15T24:00:00")
@example("9999-12-31T24:00:00")
def test_a_date_in_the_form_of_the_contract_is_as_sent_and_all_others_get_that_form(text):
    found = found_in(text)
    if is_local(text):
        assert found == ZonedDateTime(date_time=text)
        assert found.date_time == text
    elif found is not None:
        local, offset = found.date_time or found.with_offset[:-6], found.with_offset[-6:]
        assert is_local(local)
        assert re.fullmatch(r"([+-](0[0-9]|1[0-8]):[0-5][0-9])?", offset)


def test_a_date_needs_no_zone():
    found = read(date={"dateTime": "2026-03-01T09:00:00"}).date
    assert found == ZonedDateTime(date_time="2026-03-01T09:00:00", time_zone=None)


SNAPSHOTS = [
    ("appointment", "appointment"),
    ("note", "note"),
    ("consent", "note"),
    ("formResult", "form_result"),
    ("conferenceRegistration", "conference_registration"),
]
SENT_AS = {"form_result": "formResult", "conference_registration": "conferenceRegistration"}
SNAKE = {sent: name for name, sent in SENT_AS.items()}


def id_name(snapshot: Record) -> str:
    """The name of the attribute that is sent as `id`."""
    [name] = [each.name for each in msgspec.structs.fields(snapshot) if each.encode_name == "id"]
    return name


@pytest.mark.parametrize("event", ["updated", 5], ids=["else all well", "beside what is broken"])
@pytest.mark.parametrize("missing", [{}, {"id": None}, {"id": ""}], ids=repr)
@pytest.mark.parametrize(("kind", "field"), SNAPSHOTS, ids=lambda value: value)
def test_an_object_without_its_id_lacks_the_id_alone(kind, field, missing, event):
    sent = {**missing, "selfLink": "https://api.example.com/1"}
    snapshot = getattr(read(type=kind, event=event, **{SENT_AS.get(field, field): sent}), field)
    assert snapshot.self_link == "https://api.example.com/1"
    assert getattr(snapshot, id_name(snapshot)) is None


@pytest.mark.parametrize(("kind", "field"), SNAPSHOTS, ids=lambda value: value)
def test_an_id_that_cannot_be_read_costs_itself_alone(kind, field):
    sent = {"id": [], "selfLink": "https://api.example.com/1"}
    snapshot = getattr(read(type=kind, **{SENT_AS.get(field, field): sent}), field)
    assert snapshot.self_link == "https://api.example.com/1"
    assert unreadable(getattr(snapshot, id_name(snapshot)))


@pytest.mark.parametrize("id_", [{}, {"id": None}, {"id": ""}, {"id": []}], ids=repr)
def test_what_is_recorded_further_inside_needs_no_id_either(id_):
    found_id: Any = UNREADABLE if id_.get("id") == [] else None
    named = {**id_, "name": "N", "firstName": "F", "title": "T", "start": NINE}
    activity = read(type="appointment", appointment={"service": named, "staff": named})
    assert isinstance(activity, AppointmentActivity)
    assert activity.appointment == AppointmentSnapshot(
        service=ServiceSnapshot(service_id=found_id, name="N"),
        staff=StaffSnapshot(staff_id=found_id, first_name="F"),
    )
    result = read(type="formResult", formResult={"form": named})
    assert isinstance(result, FormResultActivity)
    assert isinstance(result.form_result, FormResultSnapshot)
    assert result.form_result.form == FormSnapshot(form_id=found_id, name="N")
    found = registration(conference=named, session=named)
    assert found.conference == ConferenceSnapshot(conference_id=found_id, title="T")
    assert found.session == ConferenceSessionSnapshot(session_id=found_id, start=NINE_RECORD)


# What says nothing

NOTHING: dict[str, object] = {
    "an empty object": {},
    "an empty list": [],
    "an empty text": "",
    "nulls": {"id": None, "selfLink": None, "body": None, "notes": None},
    "an empty id": {"id": "", "body": None},
    "foreign keys": {"color": "red", "Id": "1"},
    "nothing deep inside": {"id": "", "start": {"dateTime": ""}, "staff": {"id": ""}, "form": []},
}


@pytest.mark.parametrize("event", ["updated", 5], ids=["else all well", "beside what is broken"])
@pytest.mark.parametrize("nothing", NOTHING.values(), ids=NOTHING)
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        *SNAPSHOTS,
        *(("note", field) for field in ("user", "date", "marketing_consent")),
        ("emailNotification", "email_notification"),
        ("textMessageNotification", "text_message_notification"),
    ],
    ids=lambda value: value,
)
def test_an_object_that_says_nothing_is_null(kind, field, nothing, event):
    head, *rest = field.split("_")
    name = head + "".join(map(str.title, rest))
    activity = read(type=kind, event=event, **{name: nothing})
    assert getattr(activity, field) is None


@pytest.mark.parametrize(
    "field",
    [
        *("start", "previousStart", "end", "previousEnd", "service", "previousService"),
        *("staff", "previousStaff", "status", "previousStatus"),
    ],
)
def test_an_empty_text_is_null_where_no_text_belongs(field):
    activity = read(type="appointment", appointment={"id": "11", field: "", "notes": ""})
    assert isinstance(activity, AppointmentActivity)
    assert activity.appointment == AppointmentSnapshot(appointment_id="11", notes="")


def test_a_list_of_names_may_be_an_empty_text():
    assert read(updatedAttributes="").sent_updated_attributes is None


@pytest.mark.parametrize("event", ["updated", 5], ids=["else all well", "beside what is broken"])
@pytest.mark.parametrize("local", [{}, {"dateTime": None}, {"dateTime": ""}], ids=repr)
def test_a_date_without_a_local_time_is_none_whatever_its_zone(event, local):
    zones: tuple[object, ...] = ("Europe/Paris", "", None, [])
    for zone in zones:
        assert read(event=event, date={**local, "timeZone": zone}).date is None
    assert read(event=event, date={**local}).date is None


@pytest.mark.parametrize("event", ["updated", 5], ids=["else all well", "beside what is broken"])
@pytest.mark.parametrize("id_", [{}, {"id": None}, {"id": ""}], ids=repr)
def test_a_snapshot_of_empty_texts_alone_is_null(event, id_):
    blank = {**id_, "firstName": "", "name": "", "foreign": "x"}
    sent = {"staff": blank, "previousStaff": id_, "service": {**blank, "id": "3"}}
    activity = read(type="appointment", event=event, appointment=sent)
    assert isinstance(activity, AppointmentActivity)
    assert activity.appointment == AppointmentSnapshot(
        service=ServiceSnapshot(service_id="3", name="")
    )


@pytest.mark.parametrize("event", ["updated", 5], ids=["else all well", "beside what is broken"])
@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({}, None),
        ({"id": "", "form": {}, "name": {}, "selfLink": None}, None),
        ({"id": None, "form": {"id": "", "name": None}, "name": {"name": None}}, None),
        ({"form": [], "name": []}, None),
        ({"id": "14"}, FormResultSnapshot(form_result_id="14")),
        ({"selfLink": ""}, None),
        ({"form": {"id": "7"}}, FormResultSnapshot(sent_form=FormSnapshot(form_id="7"))),
        ({"form": {"name": ""}}, None),
        ({"name": {"name": ""}}, None),
        ({"name": ""}, None),
    ],
    ids=repr,
)
def test_a_form_result_is_null_where_nothing_is_said_of_it(sent, found, event):
    activity = read(type="formResult", event=event, formResult=sent)
    assert isinstance(activity, FormResultActivity)
    assert activity.form_result == found


@pytest.mark.parametrize("event", ["updated", 5], ids=["else all well", "beside what is broken"])
def test_an_object_that_needs_no_id_may_be_of_empty_texts(event):
    activity = read(event=event, user={"userName": ""}, marketingConsent={"text": ""})
    assert activity.user == User(user_name="")
    assert activity.marketing_consent == MarketingConsent(text="")


@pytest.mark.parametrize("sent", [" ", "\t", '""', "null", "[]", "{}"], ids=repr)
def test_other_texts_say_something(sent):
    activity = read(date=sent, event=sent, user=sent, updatedAttributes=sent)
    assert activity.event is ActivityEvent.UNKNOWN
    others = (activity.date, activity.user, activity.sent_updated_attributes)
    assert all(map(unreadable, others))


@pytest.mark.parametrize("sent", [[None], [[]], [{}], 0, False], ids=repr)
def test_other_values_say_something(sent):
    activity = read(date=sent, event=sent, user=sent)
    assert all(map(unreadable, (activity.date, activity.event, activity.user)))


def test_an_empty_text_is_no_word():
    activity = read(
        type="appointment", event="", appointment={"status": "", "previousStatus": "", "notes": "x"}
    )
    assert isinstance(activity, AppointmentActivity)
    assert (activity.event, activity.event_raw) == (None, None)
    assert activity.appointment == AppointmentSnapshot(notes="x")
    assert activity.appointment.status is activity.appointment.previous_status is None


def test_an_object_without_required_keys_says_nothing_where_all_are_null():
    every = [
        record
        for module in (activities, resources, resources, resources)
        for record in vars(module).values()
        if isinstance(record, type) and issubclass(record, Record)
    ]
    for record in every:
        fields = msgspec.structs.fields(record)
        if (
            fields
            and not any(field.required for field in fields)
            and record not in {HasPicture, UncheckedDateTime}
        ):
            own_check = record in {ZonedDateTime, FormResultSnapshot}
            assert issubclass(record, AllOptional) or own_check, record
            with pytest.raises(EmptyObject):
                record()
    assert len([record for record in every if issubclass(record, AllOptional)]) > 20


def test_a_service_without_an_id_has_its_name():
    activity = read(
        type="appointment", appointment={"id": "11", "service": {"name": "Cut"}, "notes": "now"}
    )
    assert isinstance(activity, AppointmentActivity)
    assert isinstance(activity.appointment, AppointmentSnapshot)
    assert activity.appointment.service == ServiceSnapshot(name="Cut")
    assert activity.appointment.notes == "now"


def test_keys_that_nobody_knows_are_ignored():
    assert note(colour="#EFEFEF", id_="13") == NoteSnapshot(note_id="12")


@pytest.mark.parametrize("record", [Record, *KINDS.values(), ZonedDateTime, StaffSnapshot])
def test_records_cannot_be_changed(record):
    assert record.__struct_config__.frozen


# What records say of themselves


@pytest.mark.parametrize(
    ("link", "company"), [(LINK, "3"), ("https://x", None), (7, None), ([], None), (None, None)]
)
def test_an_appointment_knows_its_company_by_its_link(link, company):
    activity = read(type="appointment", appointment={"id": "11", "selfLink": link})
    assert isinstance(activity, AppointmentActivity)
    assert isinstance(activity.appointment, AppointmentSnapshot)
    assert activity.appointment.company_id == company
    expected = UNREADABLE if link == [] else company and CompanySnapshot(company_id=company)
    assert activity.appointment.company == expected


@pytest.mark.parametrize(
    ("sent", "form"),
    [
        ({"form": {"id": "9"}, "selfLink": RESULT_LINK}, "9"),
        ({"form": {"id": 9}}, "9"),
        ({"form": {"id": ""}, "selfLink": RESULT_LINK}, "7"),
        ({"form": 9, "selfLink": RESULT_LINK}, "7"),
        ({"form": None, "selfLink": RESULT_LINK}, "7"),
        ({"selfLink": RESULT_LINK}, "7"),
        ({"form": 9, "selfLink": LINK}, None),
        ({"selfLink": 7}, None),
        ({}, None),
    ],
    ids=repr,
)
def test_a_form_result_knows_its_form_by_the_form_before_the_link(sent, form):
    activity = read(type="formResult", formResult={"id": "14", **sent})
    assert isinstance(activity, FormResultActivity)
    assert isinstance(activity.form_result, FormResultSnapshot)
    assert activity.form_result.form_id == form


@pytest.mark.parametrize(
    ("sent", "id_"),
    [
        *(({"id": "8"}, "8"), ({"id": 8}, "8"), ({}, None), (None, None)),
        *(({"id": ""}, None), ({"title": "T", "start": NINE}, None)),
        *(({"id": []}, UNREADABLE), (8, UNREADABLE)),
    ],
    ids=repr,
)
def test_a_registration_knows_its_conference_and_its_session_by_their_ids(sent, id_):
    assert registration(conference=sent).conference_id == id_
    assert registration(session=sent).session_id == id_
    assert (registration().conference_id, registration().session_id) == (None, None)


def derived_in(record: type[Record]) -> dict[str, Any]:
    """The functions of a record by their names: of its own properties, and its own check."""
    functions = {
        name: member.fget for name, member in vars(record).items() if isinstance(member, property)
    }
    check = vars(record).get("__post_init__")
    return {**functions, "__post_init__": check} if check else functions


DERIVING = {
    record: functions
    for _, record in inspect.getmembers(activities, inspect.isclass)
    if issubclass(record, Record)
    and record not in {AllOptional, activities.Snapshot}
    and (functions := derived_in(record))
}
UNREADABLE_FORM: dict[str, Any] = {"sent_form": UNREADABLE}
EXAMPLES: dict[str, Record] = {
    "date": NINE_RECORD,
    "date before its check": UncheckedDateTime(date_time=NINE_RECORD.date_time),
    "appointment": AppointmentSnapshot(appointment_id="11", self_link=LINK),
    "form result with an unreadable form": FormResultSnapshot(
        form_result_id="14", self_link=RESULT_LINK, **UNREADABLE_FORM
    ),
    "form result with a misprinted name": FormResultSnapshot(
        form_result_id="14",
        sent_form=FormSnapshot(form_id="7"),
        misprinted_name=activities._MisprintedFormName(name="Intake"),
    ),
    "conference": ConferenceSnapshot(conference_id="8", capacity_raw="40"),
    "registration": ConferenceRegistrationSnapshot(
        registration_id="15",
        conference=ConferenceSnapshot(conference_id="8"),
        session=ConferenceSessionSnapshot(session_id="9"),
    ),
    "activity": Activity(id="1", kind_raw="note", event_raw="deleted"),
}


def test_the_examples_have_every_record_that_derives_something():
    assert {type(each) for each in EXAMPLES.values()} == set(DERIVING)


@pytest.mark.parametrize("record", EXAMPLES.values(), ids=EXAMPLES)
def test_what_a_record_derives_reads_the_fields_it_says_and_no_others(record):
    for name, function in DERIVING[type(record)].items():
        assert {*function.dependencies} <= {*record.__struct_fields__}, name
        alone = SimpleNamespace(**{each: getattr(record, each) for each in function.dependencies})
        assert function(alone) == function(record), name

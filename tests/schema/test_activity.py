from typing import Any

import httpx
import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"

MOMENT = {"dateTime": "2026-07-01T09:00:00", "timeZone": "Europe/Paris"}

COMMON: dict[str, Any] = {
    "id": "1234567890123456",
    "date": MOMENT,
    "event": "created",
    "user": {
        "userName": "mina",
        "emailAddress": "mina@example.com",
        "firstName": "Mina",
        "lastName": "Ito",
    },
    "marketingConsent": {"text": "Yes, please."},
}
COMMON_SELECTION = """
  __typename id kind kindRaw
  date { dateTime timeZone } event
  user { userName emailAddress firstName lastName }
  updatedAttributes marketingConsent { text }
"""
COMMON_SHOWN = {**COMMON, "event": "CREATED", "updatedAttributes": []}

SERVICE = {"id": "11", "name": "Haircut"}
OLD_SERVICE = {"id": "12", "name": "Shave"}
STAFF = {"id": "21", "firstName": "Léa", "lastName": "Roux"}
OLD_STAFF = {"id": "22", "firstName": "Ken", "lastName": "Abe"}
APPOINTMENT = {
    "start": MOMENT,
    "previousStart": {**MOMENT, "dateTime": "2026-07-01T08:00:00"},
    "end": {**MOMENT, "dateTime": "2026-07-01T10:00:00"},
    "previousEnd": {**MOMENT, "dateTime": "2026-07-01T09:30:00"},
    "service": SERVICE,
    "previousService": OLD_SERVICE,
    "staff": STAFF,
    "previousStaff": OLD_STAFF,
    "notes": "Brings a dog.",
    "previousNotes": "",
    "selfLink": "https://api.example.com/appointments/31",
}
NOTE = {
    "body": "<p>Prefers mornings.</p>",
    "previousBody": "<p>Prefers evenings.</p>",
    "selfLink": "https://api.example.com/notes/41",
}
NOTE_SELECTION = "note { noteId body bodyText previousBody previousBodyText selfLink }"
NOTE_SHOWN = {
    "noteId": "41",
    **NOTE,
    "bodyText": "Prefers mornings.",
    "previousBodyText": "Prefers evenings.",
}
REGISTRATION = {
    "numberOfSeats": 2,
    "conference": {"id": "61", "title": "Hair today", "capacity": 40},
    "session": {
        "id": "62",
        "start": MOMENT,
        "end": {**MOMENT, "dateTime": "2026-07-01T11:00:00"},
    },
    "source": "homepage",
    "cancelReason": "Rain.",
    "selfLink": "https://api.example.com/registrations/63",
}
EMAIL = {
    "subject": "See you",
    "body": "<p>At <b>nine</b>.</p>",
    "selfLink": "https://api.example.com/mails/71",
}
TEXT_MESSAGE = {"body": "At nine <3", "selfLink": "https://api.example.com/texts/72"}
FORM_RESULT = {
    "id": "51",
    "form": {"id": "52", "name": "Allergies"},
    "selfLink": "https://api.example.com/results/51",
}

KINDS: dict[str, Any] = {
    "appointment": (
        "AppointmentActivity",
        "APPOINTMENT",
        {
            "appointment": {
                "id": 31,
                **APPOINTMENT,
                "status": "accepted",
                "previousStatus": "noShow",
            }
        },
        """
        appointment {
          appointmentId
          start { dateTime timeZone } previousStart { dateTime timeZone }
          end { dateTime timeZone } previousEnd { dateTime timeZone }
          service { id name } previousService { id name }
          staff { id firstName lastName } previousStaff { id firstName lastName }
          notes previousNotes status previousStatus selfLink
        }
        """,
        {
            "appointment": {
                "appointmentId": "31",
                **APPOINTMENT,
                "status": "ACCEPTED",
                "previousStatus": "NO_SHOW",
            }
        },
    ),
    "note": (
        "NoteActivity",
        "NOTE",
        {"note": {"id": "41", **NOTE}},
        NOTE_SELECTION,
        {"note": NOTE_SHOWN},
    ),
    "consent": (
        "ConsentActivity",
        "CONSENT",
        {"note": {"id": "41", **NOTE}},
        NOTE_SELECTION,
        {"note": NOTE_SHOWN},
    ),
    "formResult": (
        "FormResultActivity",
        "FORM_RESULT",
        {"formResult": FORM_RESULT},
        "formResult { id form { id name } selfLink }",
        {"formResult": FORM_RESULT},
    ),
    "emailNotification": (
        "EmailNotificationActivity",
        "EMAIL_NOTIFICATION",
        {"emailNotification": EMAIL},
        "emailNotification { subject body bodyText selfLink }",
        {"emailNotification": {**EMAIL, "bodyText": "At nine."}},
    ),
    "textMessageNotification": (
        "TextMessageNotificationActivity",
        "TEXT_MESSAGE_NOTIFICATION",
        {"textMessageNotification": TEXT_MESSAGE},
        "textMessageNotification { body selfLink }",
        {"textMessageNotification": TEXT_MESSAGE},
    ),
    "conferenceRegistration": (
        "ConferenceRegistrationActivity",
        "CONFERENCE_REGISTRATION",
        {
            "conferenceRegistration": {
                "id": 63,
                **REGISTRATION,
                "sourceType": "widget",
                "status": "waitingList",
            }
        },
        """
        conferenceRegistration {
          registrationId numberOfSeats conference { id title capacity }
          session { id start { dateTime timeZone } end { dateTime timeZone } }
          source sourceType status cancelReason selfLink
        }
        """,
        {
            "conferenceRegistration": {
                "registrationId": "63",
                **REGISTRATION,
                "sourceType": "WIDGET",
                "status": "WAITING_LIST",
            }
        },
    ),
    "telepathy": (
        "UnknownActivity",
        "UNKNOWN",
        {"thought": {"id": 81}},
        "payload",
        {"payload": {**COMMON, "type": "telepathy", "thought": {"id": 81}}},
    ),
}


@pytest.mark.parametrize("word", KINDS)
async def test_every_kind_is_shown_with_all_that_it_carries(shown, word):
    typename, kind, carried, selection, expected = KINDS[word]
    selection = f"{COMMON_SELECTION} ... on {typename} {{ {selection} }}"
    node, codes = await shown({**COMMON, "type": word, **carried}, selection)
    assert node == {
        "__typename": typename,
        "kind": kind,
        "kindRaw": word,
        **COMMON_SHOWN,
        **expected,
    }
    assert codes == {}


@pytest.mark.parametrize("word", KINDS)
async def test_every_kind_may_carry_nothing_but_id_and_kind(shown, word):
    typename, kind, _, selection, _ = KINDS[word]
    item = {"id": 5, "type": word}
    selection = f"{COMMON_SELECTION} changes {{ field }} ... on {typename} {{ {selection} }}"
    node, codes = await shown(item, selection)
    assert node.pop("payload", item) == item
    given = {"__typename": typename, "id": "5", "kind": kind, "kindRaw": word}
    assert {name: value for name, value in node.items() if value is not None} == {
        **given,
        "updatedAttributes": [],
        "changes": [],
    }
    assert codes == {}


@pytest.mark.parametrize("word", ["NOTE", "Note", "note ", "unknown", "call", 5])
async def test_a_kind_is_known_by_the_upstreams_exact_word_only(shown, word):
    node, _ = await shown({"id": "1", "type": word}, "__typename kind kindRaw")
    assert node == {"__typename": "UnknownActivity", "kind": "UNKNOWN", "kindRaw": str(word)}


UNREADABLE = {
    "date": ("date", 5),
    "a date without a time": ("date", {"dateTime": "2026-07-01"}),
    "a date that no calendar has": ("date", {"dateTime": "2026-02-30T09:00:00"}),
    "event": ("event", 1),
    "user": ("user", "mina"),
    "marketingConsent": ("marketingConsent", ["Yes"]),
}


@pytest.mark.parametrize(("field", "sent"), UNREADABLE.values(), ids=UNREADABLE)
async def test_an_unreadable_field_is_null_and_reported_at_its_path(shown, field, sent):
    selection = "id date { dateTime } event user { userName } marketingConsent { text }"
    good = {**COMMON, "type": "note"}
    node, codes = await shown({**good, field: sent}, selection)
    intact, _ = await shown(good, selection)
    assert node == {**intact, field: None}
    assert codes == {field: BROKEN}


@pytest.mark.parametrize("field", ["userName", "emailAddress", "firstName", "lastName"])
async def test_an_unreadable_text_costs_itself_only(shown, field):
    item = {**COMMON, "type": "note", "user": {**COMMON["user"], field: {"no": 1}}}
    node, codes = await shown(item, "user { userName emailAddress firstName lastName }")
    assert node["user"] == {**COMMON["user"], field: None}
    assert codes == {f"user.{field}": BROKEN}


@pytest.mark.parametrize("word", [word for word in KINDS if word != "telepathy"])
async def test_an_unreadable_thing_leaves_the_activity_standing(shown, word):
    typename, _, carried, selection, _ = KINDS[word]
    (field,) = carried
    item = {**COMMON, "type": word, field: "spoilt"}
    node, codes = await shown(item, f"id ... on {typename} {{ {selection} }}")
    assert node == {"id": COMMON["id"], field: None}
    assert codes == {field: BROKEN}


@pytest.mark.parametrize("event", ["created", "updated", "deleted"])
async def test_an_event_is_one_of_the_upstreams_words(shown, event):
    node, _ = await shown({"id": "1", "type": "note", "event": event}, "event")
    assert node == {"event": event.upper()}


async def test_an_event_that_is_not_known_yet_is_unknown(shown):
    node, codes = await shown({"id": "1", "type": "note", "event": "archived"}, "event")
    assert (node, codes) == ({"event": "UNKNOWN"}, {})


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        (["start", "notes"], ["start", "notes"]),
        (["notes", "start", "notes"], ["notes", "start", "notes"]),
        (["a name", "", None], ["a name"]),
        ([""], []),
        ([None], []),
        ([5], ["5"]),
        ([], []),
        (None, []),
    ],
)
async def test_the_names_of_what_changed_are_as_sent(shown, sent, names):
    item = {"id": "1", "type": "note", "event": "updated", "updatedAttributes": sent}
    assert await shown(item, "updatedAttributes") == ({"updatedAttributes": names}, {})


@pytest.mark.parametrize("event", ["created", "deleted", "archived", None, "", 5, []], ids=repr)
async def test_the_names_of_what_changed_are_there_whatever_the_event(shown, event):
    item = {"id": "1", "type": "note", "event": event, "updatedAttributes": ["notes"]}
    assert await shown(item, "updatedAttributes") == ({"updatedAttributes": ["notes"]}, {})


@pytest.mark.parametrize(
    ("sent", "names"),
    [("notes", []), ({"notes": 1}, []), ([{}, "notes"], ["notes"]), ([[], {}], [])],
)
async def test_unreadable_names_are_left_out_and_reported(shown, sent, names):
    item = {"id": "1", "type": "note", "event": "updated", "updatedAttributes": sent}
    node, codes = await shown(item, "updatedAttributes")
    assert node == {"updatedAttributes": names}
    assert codes == {"updatedAttributes": BROKEN}


@pytest.mark.parametrize(
    "payload",
    [
        '{"id":"1","type":"new","n":123456789012345678901234567890}',
        '{"id":1,"type":"new","f":1.10,"e":1E40,"z":-0.0}',
        '{"type":"new","b":1,"a":2,"a":3,"id":"1"}',
        '{"id":"1","type":"new","deep":[[[{"a":[null,true,{}]}]]]}',
        '{ "id" : "1" ,\n "type":"new", "text":"\\u00e9 é \\/ \\"" }',
    ],
)
async def test_a_payload_is_exactly_what_was_sent(gateway_over, payload):
    body = f'{{"items":[{payload}]}}'.encode()
    gateway = gateway_over(lambda _: httpx.Response(200, content=body))
    query = "{ activities(clientId: 7) { nodes { ... on UnknownActivity { payload } } } }"
    assert f'"payload":{payload}}}' in (await gateway.post(query)).text

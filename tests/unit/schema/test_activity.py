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
  __typename id client { id } kind kindRaw
  date { dateTime timeZone } event eventRaw
  user { userName emailAddress firstName lastName }
  updatedAttributes marketingConsent { text }
"""
COMMON_SHOWN = {
    **COMMON,
    "client": {"id": "7"},
    "event": "CREATED",
    "eventRaw": "created",
    "updatedAttributes": [],
}

LINK = "https://api.example.com/api/2.1/scheduling/companies/3/appointments/31"


def recorded(key: str, id_: str, /, **fields: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """An object as the upstream sends it, and its snapshot, whose id is named after the object."""
    return {"id": id_, **fields}, {key: id_, **fields}


SERVICE, SERVICE_SHOWN = recorded("serviceId", "11", name="Haircut")
OLD_SERVICE, OLD_SERVICE_SHOWN = recorded("serviceId", "12", name="Shave")
STAFF, STAFF_SHOWN = recorded("staffId", "21", firstName="Léa", lastName="Roux")
OLD_STAFF, OLD_STAFF_SHOWN = recorded("staffId", "22", firstName="Ken", lastName="Abe")
FORM, FORM_SHOWN = recorded("formId", "52", name="Allergies")
CONFERENCE, CONFERENCE_SHOWN = recorded("conferenceId", "61", title="Hair today", capacity=40)
SESSION, SESSION_SHOWN = recorded(
    "sessionId", "62", start=MOMENT, end={**MOMENT, "dateTime": "2026-07-01T11:00:00"}
)
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
    "selfLink": LINK,
}
APPOINTMENT_SHOWN = {
    **APPOINTMENT,
    "service": SERVICE_SHOWN,
    "previousService": OLD_SERVICE_SHOWN,
    "staff": STAFF_SHOWN,
    "previousStaff": OLD_STAFF_SHOWN,
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
    "conference": CONFERENCE,
    "session": SESSION,
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
    "form": FORM,
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
          appointmentId company { companyId }
          start { dateTime timeZone } previousStart { dateTime timeZone }
          end { dateTime timeZone } previousEnd { dateTime timeZone }
          service { serviceId name } previousService { serviceId name }
          staff { staffId firstName lastName } previousStaff { staffId firstName lastName }
          notes previousNotes status statusRaw previousStatus previousStatusRaw selfLink
        }
        """,
        {
            "appointment": {
                "appointmentId": "31",
                "company": {"companyId": "3"},
                **APPOINTMENT_SHOWN,
                "status": "ACCEPTED",
                "statusRaw": "accepted",
                "previousStatus": "NO_SHOW",
                "previousStatusRaw": "noShow",
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
        "formResult { formResultId form { formId name } selfLink }",
        {
            "formResult": {
                "formResultId": "51",
                "form": FORM_SHOWN,
                "selfLink": FORM_RESULT["selfLink"],
            }
        },
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
          registrationId numberOfSeats conference { conferenceId title capacity capacityRaw }
          session { sessionId start { dateTime timeZone } end { dateTime timeZone } }
          source sourceType sourceTypeRaw status statusRaw cancelReason selfLink
        }
        """,
        {
            "conferenceRegistration": {
                "registrationId": "63",
                **REGISTRATION,
                "conference": {**CONFERENCE_SHOWN, "capacityRaw": "40"},
                "session": SESSION_SHOWN,
                "sourceType": "WIDGET",
                "sourceTypeRaw": "widget",
                "status": "WAITING_LIST",
                "statusRaw": "waitingList",
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
async def test_every_kind_is_shown_with_all_that_it_carries(select, word):
    typename, kind, carried, selection, expected = KINDS[word]
    selection = f"{COMMON_SELECTION} ... on {typename} {{ {selection} }}"
    node, codes = await select({**COMMON, "type": word, **carried}, selection)
    assert node == {
        "__typename": typename,
        "kind": kind,
        "kindRaw": word,
        **COMMON_SHOWN,
        **expected,
    }
    assert codes == {}


@pytest.mark.parametrize("word", KINDS)
async def test_every_kind_may_carry_nothing_but_id_and_kind(select, word):
    typename, kind, _, selection, _ = KINDS[word]
    item = {"id": 5, "type": word}
    selection = f"{COMMON_SELECTION} changes {{ field }} ... on {typename} {{ {selection} }}"
    node, codes = await select(item, selection)
    assert node.pop("payload", item) == item
    given = {
        "__typename": typename,
        "id": "5",
        "client": {"id": "7"},
        "kind": kind,
        "kindRaw": word,
    }
    assert {name: value for name, value in node.items() if value is not None} == {
        **given,
        "updatedAttributes": [],
        "changes": [],
    }
    assert codes == {}


@pytest.mark.parametrize("word", ["NOTE", "Note", "note ", "unknown", "call", 5])
async def test_a_kind_is_known_by_the_upstreams_exact_word_only(select, word):
    node, _ = await select({"id": "1", "type": word}, "__typename kind kindRaw")
    assert node == {"__typename": "UnknownActivity", "kind": "UNKNOWN", "kindRaw": str(word)}


UNREADABLE = {
    "date": ("date", 5),
    "a date without a time": ("date", {"dateTime": "2026-07-01"}),
    "a date that no calendar has": ("date", {"dateTime": "2026-02-30T09:00:00"}),
    "user": ("user", "mina"),
    "marketingConsent": ("marketingConsent", ["Yes"]),
}


@pytest.mark.parametrize(("field", "sent"), UNREADABLE.values(), ids=UNREADABLE)
async def test_an_unreadable_field_is_null_and_reported_at_its_path(select, field, sent):
    selection = "id date { dateTime } event user { userName } marketingConsent { text }"
    good = {**COMMON, "type": "note"}
    node, codes = await select({**good, field: sent}, selection)
    intact, _ = await select(good, selection)
    assert node == {**intact, field: None}
    assert codes == {field: BROKEN}


@pytest.mark.parametrize("field", ["userName", "emailAddress", "firstName", "lastName"])
async def test_an_unreadable_text_costs_itself_only(select, field):
    item = {**COMMON, "type": "note", "user": {**COMMON["user"], field: {"no": 1}}}
    node, codes = await select(item, "user { userName emailAddress firstName lastName }")
    assert node["user"] == {**COMMON["user"], field: None}
    assert codes == {f"user.{field}": BROKEN}


@pytest.mark.parametrize("word", [word for word in KINDS if word != "telepathy"])
async def test_an_unreadable_thing_leaves_the_activity_standing(select, word):
    typename, _, carried, selection, _ = KINDS[word]
    (field,) = carried
    item = {**COMMON, "type": word, field: "spoilt"}
    node, codes = await select(item, f"id ... on {typename} {{ {selection} }}")
    assert node == {"id": COMMON["id"], field: None}
    assert codes == {field: BROKEN}


EVENTS = {
    "created": "CREATED",
    "updated": "UPDATED",
    "deleted": "DELETED",
    "archived": "UNKNOWN",
    "CREATED": "UNKNOWN",
    "unknown": "UNKNOWN",
}


@pytest.mark.parametrize("sent", EVENTS)
async def test_the_upstreams_word_stands_beside_the_event(select, sent):
    node, codes = await select({"id": "1", "type": "note", "event": sent}, "event eventRaw")
    assert (node, codes) == ({"event": EVENTS[sent], "eventRaw": sent}, {})


@pytest.mark.parametrize("sent", [None, ""], ids=repr)
async def test_without_an_event_there_is_no_word_either(select, sent):
    node, codes = await select({"id": "1", "type": "note", "event": sent}, "event eventRaw")
    assert (node, codes) == ({"event": None, "eventRaw": None}, {})


@pytest.mark.parametrize("sent", [1, [], {}, {"is": "created", "was": "x"}], ids=repr)
async def test_an_event_that_is_no_text_is_unreadable(select, sent):
    node, codes = await select({"id": "1", "type": "note", "event": sent}, "id event eventRaw")
    assert node == {"id": "1", "event": None, "eventRaw": None}
    assert codes == {"event": BROKEN, "eventRaw": BROKEN}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("word", KINDS)
async def test_every_kind_has_the_client_of_its_timeline_for_one_call(
    gateway_with, compile_queries, word
):
    profile = {"/api/2.0/clients/7": {"id": "7", "firstName": "Zoé"}}
    item = {**COMMON, "type": word}
    gateway = gateway_with(profile, item, item, compile_queries=compile_queries)
    data = await gateway.data("{ activities(clientId: 7) { nodes { client { id } } } }")
    assert data["activities"]["nodes"] == [{"client": {"id": "7"}}] * 2
    assert gateway.asked == {"/api/2.3/activities": 1}
    data = await gateway.data("""{ activities(clientId: 7) { nodes {
      client { profile { firstName } activities(first: 1) { totalCount } }
    } } }""")
    client = {"profile": {"firstName": "Zoé"}, "activities": {"totalCount": 2}}
    assert data["activities"]["nodes"] == [{"client": client}] * 2
    assert gateway.asked == {"/api/2.3/activities": 2, "/api/2.0/clients/7": 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_an_invalid_id_of_the_client_of_an_activity_is_the_callers_mistake(
    gateway_with, compile_queries
):
    """The upstream answers with a timeline; only the path of the profile cannot have the id."""
    gateway = gateway_with({}, {"id": "1", "type": "note"}, compile_queries=compile_queries)
    query = """query($id: ID!) { activities(clientId: $id) { nodes {
      client { id profile { firstName } } } } }"""
    answer = await gateway.ask(query, {"id": "a/b"})
    assert answer["data"]["activities"]["nodes"] == [{"client": {"id": "a/b", "profile": None}}]
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "clientId"}


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
async def test_the_names_of_what_changed_are_as_sent(select, sent, names):
    item = {"id": "1", "type": "note", "event": "updated", "updatedAttributes": sent}
    assert await select(item, "updatedAttributes") == ({"updatedAttributes": names}, {})


@pytest.mark.parametrize("event", ["created", "deleted", "archived", None, "", 5, []], ids=repr)
async def test_the_names_of_what_changed_are_there_whatever_the_event(select, event):
    item = {"id": "1", "type": "note", "event": event, "updatedAttributes": ["notes"]}
    assert await select(item, "updatedAttributes") == ({"updatedAttributes": ["notes"]}, {})


@pytest.mark.parametrize(
    ("sent", "names"),
    [("notes", []), ({"notes": 1}, []), ([{}, "notes"], ["notes"]), ([[], {}], [])],
)
async def test_unreadable_names_are_left_out_and_reported(select, sent, names):
    item = {"id": "1", "type": "note", "event": "updated", "updatedAttributes": sent}
    node, codes = await select(item, "updatedAttributes")
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

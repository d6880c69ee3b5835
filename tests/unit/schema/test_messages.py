import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
BODIES = "note { body bodyText previousBody previousBodyText }"
TYPES = {"note": "NoteActivity", "consent": "ConsentActivity"}


@pytest.mark.parametrize("kind", TYPES)
async def test_a_body_is_as_sent_and_its_text_is_readable(select, kind):
    note = {"id": "41", "body": "<p>is <b>x</b></p>", "previousBody": "was &amp; y"}
    node, _ = await select(
        {"id": "1", "type": kind, "note": note}, f"... on {TYPES[kind]} {{ {BODIES} }}"
    )
    assert node["note"] == {
        "body": "<p>is <b>x</b></p>",
        "bodyText": "is x",
        "previousBody": "was &amp; y",
        "previousBodyText": "was & y",
    }


@pytest.mark.parametrize(("sent", "text"), [(None, None), ("", ""), (5, "5")])
async def test_a_body_may_be_missing_empty_or_a_number(select, sent, text):
    item = {"id": "1", "type": "note", "note": {"id": "41", "body": sent, "previousBody": sent}}
    node, codes = await select(item, f"... on NoteActivity {{ {BODIES} }}")
    assert set(node["note"].values()) == {text}
    assert codes == {}


async def test_an_unreadable_body_has_no_text_either(select):
    item = {"id": "1", "type": "note", "note": {"id": "41", "body": {}, "previousBody": "x"}}
    node, codes = await select(item, f"... on NoteActivity {{ {BODIES} }}")
    assert node["note"] == {
        "body": None,
        "bodyText": None,
        "previousBody": "x",
        "previousBodyText": "x",
    }
    assert codes == {"note.body": BROKEN, "note.bodyText": BROKEN}


MOMENT = {"dateTime": "2026-07-01T09:00:00", "timeZone": "Europe/Paris"}
PATH = "/api/2.0/notes/41"
TODAY = {
    "id": 41,
    "html": "<p>is <b>now</b></p>",
    "writer": {"email": "mina@example.com", "firstName": "Mina", "lastName": "Ito"},
    "date": MOMENT,
    "contactedByClient": True,
}
CURRENT = """current { id body bodyText author { emailAddress firstName lastName }
                       date { dateTime timeZone } isContactByClient }"""


def note(kind: str = "note", **fields: object) -> dict[str, object]:
    return {"id": "1", "type": kind, "note": {"id": "41", **fields}}


@pytest.mark.parametrize("kind", TYPES)
async def test_a_note_of_today_has_all_its_fields(select, kind):
    selection = f"... on {TYPES[kind]} {{ note {{ noteId body {CURRENT} }} }}"
    node, codes = await select(note(kind, body="then"), selection, {PATH: TODAY})
    assert node["note"] == {
        "noteId": "41",
        "body": "then",
        "current": {
            "id": "41",
            "body": "<p>is <b>now</b></p>",
            "bodyText": "is now",
            "author": {
                "emailAddress": "mina@example.com",
                "firstName": "Mina",
                "lastName": "Ito",
            },
            "date": MOMENT,
            "isContactByClient": True,
        },
    }
    assert codes == {}


async def test_a_note_of_today_may_say_nothing_but_its_id(select):
    node, codes = await select(
        note(), f"... on NoteActivity {{ note {{ {CURRENT} }} }}", {PATH: {"id": "41"}}
    )
    nothing = dict.fromkeys(["body", "bodyText", "author", "date", "isContactByClient"])
    assert (node["note"]["current"], codes) == ({"id": "41", **nothing}, {})


async def test_a_note_that_is_no_more_is_null_without_an_error(select):
    selection = f"... on NoteActivity {{ note {{ noteId {CURRENT} }} }}"
    node, codes = await select(note(), selection)
    assert (node, codes) == ({"note": {"noteId": "41", "current": None}}, {})


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("id_", [None, ""], ids=repr)
@pytest.mark.parametrize("kind", TYPES)
async def test_a_note_without_an_id_keeps_its_body_and_is_null_today_without_a_read(
    gateway_with, kind, id_, compile_queries
):
    gateway = gateway_with({}, note(kind, id=id_, body="then"), compile_queries=compile_queries)
    selection = f"... on {TYPES[kind]} {{ note {{ noteId body {CURRENT} }} }}"
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {selection} }} }} }}")
    found = {"noteId": None, "body": "then", "current": None}
    assert data["activities"]["nodes"] == [{"note": found}]
    assert gateway.asked == {"/api/2.3/activities": 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_an_unreadable_id_of_a_note_costs_the_id_and_the_note_of_today(
    gateway_with, codes, compile_queries
):
    gateway = gateway_with({}, note(id=True, body="then"), compile_queries=compile_queries)
    selection = f"... on NoteActivity {{ note {{ noteId body {CURRENT} }} }}"
    answer = await gateway.ask(f"{{ activities(clientId: 7) {{ nodes {{ {selection} }} }} }}")
    found = {"noteId": None, "body": "then", "current": None}
    assert answer["data"]["activities"]["nodes"] == [{"note": found}]
    assert codes(answer, below=3) == {"note.noteId": BROKEN, "note.current": BROKEN}
    assert gateway.asked == {"/api/2.3/activities": 1}


@pytest.mark.parametrize(
    ("field", "sent", "places"),
    [
        ("html", {}, ["body", "bodyText"]),
        ("writer", "Mina", ["author"]),
        ("date", "today", ["date"]),
        ("contactedByClient", "no", ["isContactByClient"]),
    ],
)
async def test_an_unreadable_field_of_today_costs_itself_only(select, field, sent, places):
    selection = f"... on NoteActivity {{ note {{ {CURRENT} }} }}"
    intact, _ = await select(note(), selection, {PATH: TODAY})
    node, codes = await select(note(), selection, {PATH: {**TODAY, field: sent}})
    assert node["note"]["current"] == {**intact["note"]["current"], **dict.fromkeys(places)}
    assert codes == {f"note.current.{place}": BROKEN for place in places}


async def test_a_note_in_several_activities_is_read_once(gateway_with):
    items = [{**note(), "id": str(n)} for n in range(5)]
    gateway = gateway_with({PATH: TODAY}, *items)
    fields = f"... on NoteActivity {{ note {{ {CURRENT} }} }}"
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    assert len(data["activities"]["nodes"]) == 5
    assert gateway.asked[PATH] == 1


EMAIL = "... on EmailNotificationActivity { emailNotification { subject body bodyText } }"
TEXT_MESSAGE = "... on TextMessageNotificationActivity { textMessageNotification { body } }"


@pytest.mark.parametrize(
    ("body", "text"),
    [("<p>At <b>nine</b></p>", "At nine"), ("At nine", "At nine"), ("", ""), (None, None)],
)
async def test_the_body_of_an_email_is_as_sent_and_as_text(select, body, text):
    sent = {"subject": "See you", "body": body}
    item = {"id": "1", "type": "emailNotification", "emailNotification": sent}
    node, codes = await select(item, EMAIL)
    assert node == {"emailNotification": {"subject": "See you", "body": body, "bodyText": text}}
    assert codes == {}


async def test_an_unreadable_body_of_an_email_has_no_text_either(select):
    sent = {"subject": "See you", "body": ["x"]}
    item = {"id": "1", "type": "emailNotification", "emailNotification": sent}
    node, codes = await select(item, EMAIL)
    assert node["emailNotification"] == {"subject": "See you", "body": None, "bodyText": None}
    assert codes == {"emailNotification.body": BROKEN, "emailNotification.bodyText": BROKEN}


@pytest.mark.parametrize("body", ["At nine <3", "a &amp; b", "<b>x</b>", "one\ntwo"])
async def test_a_text_message_is_plain_text_as_sent(select, body):
    sent = {"body": body}
    item = {"id": "1", "type": "textMessageNotification", "textMessageNotification": sent}
    node, _ = await select(item, TEXT_MESSAGE)
    assert node == {"textMessageNotification": {"body": body}}


@pytest.mark.parametrize("kind", ["note", "appointment", "formResult", "telepathy"])
async def test_a_marketing_consent_may_come_with_any_kind(select, kind):
    item = {"id": "1", "type": kind, "marketingConsent": {"text": "Yes, please."}}
    node, _ = await select(item, "marketingConsent { text }")
    assert node == {"marketingConsent": {"text": "Yes, please."}}

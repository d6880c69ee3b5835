import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
BODIES = "note { body bodyText previousBody previousBodyText }"
TYPES = {"note": "NoteActivity", "consent": "ConsentActivity"}


@pytest.mark.parametrize("kind", TYPES)
async def test_a_body_is_as_sent_and_its_text_is_readable(shown, kind):
    note = {"id": "41", "body": "<p>is <b>x</b></p>", "previousBody": "was &amp; y"}
    node, _ = await shown(
        {"id": "1", "type": kind, "note": note}, f"... on {TYPES[kind]} {{ {BODIES} }}"
    )
    assert node["note"] == {
        "body": "<p>is <b>x</b></p>",
        "bodyText": "is x",
        "previousBody": "was &amp; y",
        "previousBodyText": "was & y",
    }


@pytest.mark.parametrize(("sent", "text"), [(None, None), ("", ""), (5, "5")])
async def test_a_body_may_be_missing_empty_or_a_number(shown, sent, text):
    item = {"id": "1", "type": "note", "note": {"id": "41", "body": sent, "previousBody": sent}}
    node, codes = await shown(item, f"... on NoteActivity {{ {BODIES} }}")
    assert set(node["note"].values()) == {text}
    assert codes == {}


async def test_an_unreadable_body_has_no_text_either(shown):
    item = {"id": "1", "type": "note", "note": {"id": "41", "body": {}, "previousBody": "x"}}
    node, codes = await shown(item, f"... on NoteActivity {{ {BODIES} }}")
    assert node["note"] == {
        "body": None,
        "bodyText": None,
        "previousBody": "x",
        "previousBodyText": "x",
    }
    assert codes == {"note.body": BROKEN, "note.bodyText": BROKEN}

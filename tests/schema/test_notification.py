import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
EMAIL = "... on EmailNotificationActivity { emailNotification { subject body bodyText } }"
TEXT_MESSAGE = "... on TextMessageNotificationActivity { textMessageNotification { body } }"


@pytest.mark.parametrize(
    ("body", "text"),
    [("<p>At <b>nine</b></p>", "At nine"), ("At nine", "At nine"), ("", ""), (None, None)],
)
async def test_the_body_of_an_email_is_as_sent_and_as_text(shown, body, text):
    sent = {"subject": "See you", "body": body}
    item = {"id": "1", "type": "emailNotification", "emailNotification": sent}
    node, codes = await shown(item, EMAIL)
    assert node == {"emailNotification": {"subject": "See you", "body": body, "bodyText": text}}
    assert codes == {}


async def test_an_unreadable_body_of_an_email_has_no_text_either(shown):
    sent = {"subject": "See you", "body": ["x"]}
    item = {"id": "1", "type": "emailNotification", "emailNotification": sent}
    node, codes = await shown(item, EMAIL)
    assert node["emailNotification"] == {"subject": "See you", "body": None, "bodyText": None}
    assert codes == {"emailNotification.body": BROKEN, "emailNotification.bodyText": BROKEN}


@pytest.mark.parametrize("body", ["At nine <3", "a &amp; b", "<b>x</b>", "one\ntwo"])
async def test_a_text_message_is_plain_text_as_sent(shown, body):
    sent = {"body": body}
    item = {"id": "1", "type": "textMessageNotification", "textMessageNotification": sent}
    node, _ = await shown(item, TEXT_MESSAGE)
    assert node == {"textMessageNotification": {"body": body}}


@pytest.mark.parametrize("kind", ["note", "appointment", "formResult", "telepathy"])
async def test_a_marketing_consent_may_come_with_any_kind(shown, kind):
    item = {"id": "1", "type": kind, "marketingConsent": {"text": "Yes, please."}}
    node, _ = await shown(item, "marketingConsent { text }")
    assert node == {"marketingConsent": {"text": "Yes, please."}}

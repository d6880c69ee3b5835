from html import unescape

from gateway.sandbox.world import texts


def test_mailboxes_are_ascii():
    assert texts.mailbox("Léa", "O'Brien") == "lea.obrien@example.com"


def test_every_name_makes_a_mailbox():
    boxes = [texts.mailbox(f, name) for f in texts.FIRST_NAMES for name in texts.LAST_NAMES]
    assert all(box.isascii() and "..@" not in box for box in boxes)


def test_one_e_mail_has_what_is_no_text():
    assert "<style>" in texts.NEWSLETTER
    assert "<script>" in texts.NEWSLETTER


def test_html_bodies_have_entities_lists_and_links():
    together = "".join((*texts.NOTES, *texts.CONSENTS, texts.CONFIRMATION, texts.NEWSLETTER))
    assert unescape(together) != together
    assert "<ul>" in together
    assert "<a href=" in together


def test_text_messages_are_plain():
    assert "<" not in texts.REMINDER

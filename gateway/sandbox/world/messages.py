"""What reaches a client: e-mails, text messages, newsletters, and telephone calls."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.sandbox.world.entities import Appointment
from gateway.sandbox.world.links import newsletter_link, notification_link
from gateway.sandbox.world.moments import HAPPENS_TWICE
from gateway.sandbox.world.story import Happening, Story
from gateway.sandbox.world.texts import NEWSLETTER

MAIL_SERVER = ZoneInfo("US/Eastern")
"""Dates of messages are in the mail server's zone: local order is not the order of instants."""


def email(
    story: Story, when: datetime, subject: str, body: str, appointment: Appointment
) -> Happening:
    shown = {
        "subject": subject,
        "body": _filled_in(story, body, appointment),
        "selfLink": notification_link(appointment.company.id, story.new_id("emailNotification")),
    }
    return Happening(
        when.astimezone(MAIL_SERVER),
        "emailNotification",
        "created",
        {"emailNotification": shown},
        user=story.user(),
        appointment_id=appointment.id,
    )


def text_message(story: Story, when: datetime, body: str, appointment: Appointment) -> Happening:
    link = notification_link(appointment.company.id, story.new_id("textMessageNotification"))
    shown = {"body": _filled_in(story, body, appointment), "selfLink": link}
    return Happening(
        when.astimezone(MAIL_SERVER),
        "textMessageNotification",
        "created",
        {"textMessageNotification": shown},
        user=story.user(),
        appointment_id=appointment.id,
    )


def newsletter_thread(story: Story) -> Iterator[Happening]:
    """A mail that belongs to no appointment; the second of them at a time that happens twice."""
    second = story.turn("newsletter_thread") == 1
    when = HAPPENS_TWICE if second else story.some_day(MAIL_SERVER)
    shown = {
        "subject": "News & offers: l'été arrive",
        "body": NEWSLETTER,
        "selfLink": newsletter_link(story.new_id("emailNotification")),
    }
    yield Happening(
        when, "emailNotification", "created", {"emailNotification": shown}, user=story.user()
    )


def call_thread(story: Story) -> Iterator[Happening]:
    """A kind that the specification does not list; version 2.0 had it."""
    when = story.some_day(story.zone())
    shown = {
        "id": story.new_id("call"),
        "direction": "inbound",
        "durationSeconds": int(story.draw.random() * 900),
        "recording": {"available": False, "parts": [when.second, None, {"codec": "opus"}]},
    }
    yield Happening(
        when + timedelta(minutes=1), "call", "created", {"call": shown}, user=story.user()
    )


def _filled_in(story: Story, body: str, appointment: Appointment) -> str:
    return body.format(
        first_name=story.client.first_name,
        service=appointment.service.name,
        staff=f"{appointment.staff.first_name} {appointment.staff.last_name}",
        when=f"{appointment.start:%d/%m/%Y %H:%M}",
        appointment_id=appointment.id,
    )

from gateway.sandbox.world.appointments import appointment_thread
from gateway.sandbox.world.messages import MAIL_SERVER, call_thread, newsletter_thread
from gateway.sandbox.world.moments import HAPPENS_TWICE


def test_messages_are_dated_where_the_mail_server_stands(story):
    created, email, *_ = appointment_thread(story)
    assert email.at.tzinfo is MAIL_SERVER
    assert email.at > created.at
    assert email.at.replace(tzinfo=None) < created.at.replace(tzinfo=None)


def test_bodies_are_filled_in(story):
    steps = list(appointment_thread(story))
    body = steps[1].details["emailNotification"]["body"]
    assert story.client.first_name in body
    assert "{" not in body
    assert "{" not in steps[4].details["textMessageNotification"]["body"]


def test_the_second_newsletter_is_sent_at_a_time_that_happens_twice(story):
    dates = [step.at for _ in range(3) for step in newsletter_thread(story)]
    assert [date == HAPPENS_TWICE for date in dates] == [False, True, False]


def test_a_call_is_of_a_kind_that_the_specification_does_not_list(story):
    (call,) = call_thread(story)
    assert call.kind == "call"
    assert call.details["call"]["direction"] == "inbound"

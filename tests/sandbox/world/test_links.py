from gateway.sandbox.world import links


def test_links_have_their_ids_in_the_path():
    assert links.appointment_link("101", "9").endswith("/companies/101/appointments/9")
    assert links.notification_link("101", "9").endswith("/companies/101/notifications/9")
    assert links.newsletter_link("9").endswith("/messages/emails/9")
    assert links.note_link("9").endswith("/api/2.0/notes/9")
    assert links.form_result_link("7", "9").endswith("/forms/7/results/9")
    assert links.registration_link("7", "8", "9").endswith(
        "/conferences/7/sessions/8/registrations/9"
    )

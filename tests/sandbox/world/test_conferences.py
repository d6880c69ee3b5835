from gateway.sandbox.world.conferences import conference_thread


def test_a_registration_is_made_enlarged_and_cancelled(story):
    made, enlarged, cancelled = (
        (step.event, step.details["conferenceRegistration"]) for step in conference_thread(story)
    )
    assert made[0] == "created"
    assert enlarged[1]["numberOfSeats"] == made[1]["numberOfSeats"] + 1
    assert cancelled[0] == "deleted"
    assert cancelled[1]["status"] == "cancelled"
    assert cancelled[1]["cancelReason"]


def test_some_cancellations_are_updates(story):
    list(conference_thread(story))
    *_, cancelled = conference_thread(story)
    assert (cancelled.event, cancelled.updated) == ("updated", ("status", "cancelReason"))
    assert [one.deleted for one in story.registrations.values()] == [True, False]


def test_both_ways_to_register_occur(story):
    first, second = (next(iter(conference_thread(story))) for _ in range(2))
    assert first.details["conferenceRegistration"]["sourceType"] == "widget"
    assert first.user is None
    assert second.details["conferenceRegistration"]["sourceType"] == "api"
    assert second.user is not None


def test_the_registration_is_kept_as_it_is_today(story):
    list(conference_thread(story))
    (registration,) = story.registrations.values()
    assert registration.status == "cancelled"
    assert registration.cancelled is not None

from gateway.sandbox.world.forms import form_thread


def test_a_form_is_answered_by_the_client_and_worked_on_by_a_user(story):
    answered, worked_on = form_thread(story)
    assert (answered.event, answered.user) == ("created", None)
    assert answered.marketing_consent
    assert worked_on.event == "updated"
    assert worked_on.user in story.catalogue.users


def test_the_result_is_kept_with_its_status_of_today(story):
    list(form_thread(story))
    (result,) = story.form_results.values()
    assert result.status == "IN_PROGRESS"
    assert result.form.id in story.catalogue.forms

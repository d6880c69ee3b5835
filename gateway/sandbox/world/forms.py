"""Form results: a form answered by the client, and what becomes of the answers."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway.sandbox.world.entities import Appointment, FormResult, Json
from gateway.sandbox.world.links import form_result_link
from gateway.sandbox.world.story import Happening, Story
from gateway.sandbox.world.texts import MARKETING_CONSENTS

STATUSES = ("IN_PROGRESS", "FINISHED", "REOPENING")


def form_thread(story: Story) -> Iterator[Happening]:
    """Answered through a widget, by nobody who has a user name; then worked on."""
    when = story.some_day(story.zone())
    result = _answered(story, when)
    yield Happening(
        when,
        "formResult",
        "created",
        {"formResult": snapshot(result)},
        marketing_consent=story.choice(MARKETING_CONSENTS),
    )
    result.status = STATUSES[story.turn("form status") % len(STATUSES)]
    yield Happening(
        when + timedelta(days=1, hours=3),
        "formResult",
        "updated",
        {"formResult": snapshot(result)},
        user=story.user(),
        updated=("currentStatus",),
    )


def form_answered(story: Story, when: datetime, appointment: Appointment) -> Happening:
    """A form that belongs to an appointment; only the upstream knows that it does."""
    appointment.form_result = _answered(story, when)
    return Happening(
        when,
        "formResult",
        "created",
        {"formResult": snapshot(appointment.form_result)},
        user=story.user(),
        appointment_id=appointment.id,
    )


def snapshot(result: FormResult) -> Json:
    return {
        "id": result.id,
        "form": {"id": result.form.id, "name": result.form.name},
        "selfLink": form_result_link(result.form.id, result.id),
    }


def _answered(story: Story, when: datetime) -> FormResult:
    form = story.choice(tuple(story.catalogue.forms.values()))
    result = FormResult(story.new_id("formResult"), story.client.id, form, when, "NEUTRAL")
    story.form_results[result.id] = result
    return result

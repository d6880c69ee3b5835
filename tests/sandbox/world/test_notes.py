from itertools import chain

from gateway.sandbox.world.notes import consent_thread, note_thread


def test_a_note_is_created_updated_and_deleted_or_archived(story):
    threads = [[step.event for step in note_thread(story)] for _ in range(3)]
    assert threads[0] == ["created", "updated", "deleted"]
    assert threads[2][-1] == "archived"
    assert [note.deleted for note in story.notes.values()] == [True, True, False]


def test_an_update_shows_the_body_before(story):
    created, updated, _ = note_thread(story)
    assert updated.details["note"]["previousBody"] == created.details["note"]["body"]
    assert updated.updated == ("body",)


def test_consents_are_notes_of_another_kind_and_one_in_three_is_deleted(story):
    steps = list(chain.from_iterable(consent_thread(story) for _ in range(3)))
    assert {step.kind for step in steps} == {"consent"}
    assert [step.event for step in steps[1::2]] == ["updated", "updated", "deleted"]
    assert all("note" in step.details for step in steps)
    assert [note.deleted for note in story.notes.values()] == [False, False, True]


def test_a_consent_is_given_by_the_client_and_has_its_text(story):
    given, _ = consent_thread(story)
    assert given.user is None
    assert given.marketing_consent

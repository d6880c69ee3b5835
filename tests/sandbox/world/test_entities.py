import json


def test_appointments_today_agree_with_the_last_that_the_timeline_says(world):
    last = {}
    for entry in world.timeline("1", "2000").entries:
        if entry.kind == "appointment":
            shown = json.loads(entry.json)["appointment"]
            last[shown["id"]] = shown
    today = world.life("1", "2000").story.appointments
    assert last.keys() == today.keys()
    for id_, shown in last.items():
        assert shown["status"] == today[id_].status
        assert str(shown["staff"]["id"]) == today[id_].staff.id
        assert shown["notes"] == today[id_].notes


def test_notes_and_registrations_today_agree_with_the_last_that_the_timeline_says(world):
    bodies, seats = {}, {}
    for entry in world.timeline("1", "1100").entries:
        shown = json.loads(entry.json)
        if entry.kind in ("note", "consent"):
            bodies[str(shown["note"]["id"])] = shown["note"]["body"]
        if entry.kind == "conferenceRegistration":
            registration = shown["conferenceRegistration"]
            seats[registration["id"]] = registration["numberOfSeats"]
    story = world.life("1", "1100").story
    assert bodies == {id_: note.body for id_, note in story.notes.items()}
    assert seats == {id_: one.seats for id_, one in story.registrations.items()}

from gateway.sandbox.representations.note import note


def test_ids_and_contact_vary(world):
    shown = [note(one) for one in world.life("1", "1100").story.notes.values()]
    assert {type(one["id"]) for one in shown} == {str, int}
    assert {one.get("contactedByClient") for one in shown} == {True, False, None}
    assert all(one["selfLink"].endswith(str(one["id"])) for one in shown)

import pytest

from tests.unit.sandbox.contract import Note, activities, one, refused

PATH = "/api/2.0/notes"


@pytest.mark.parametrize("client_id", ["1020", "1100", "2000"])
async def test_notes_are_as_the_timeline_last_told_unless_deleted(rest, client_id):
    last = {}
    for activity in await activities(rest, client_id, "note,consent"):
        last[str(activity["note"]["id"])] = activity
    for id_, activity in last.items():
        if activity["event"] == "deleted":
            assert await refused(rest, f"{PATH}/{id_}")
        else:
            shown = await one(rest, f"{PATH}/{id_}", Note)
            assert (str(shown.id), str(shown.client_id)) == (id_, client_id)
            assert shown.html == activity["note"]["body"]


async def test_an_archived_note_is_still_there(rest):
    told = await activities(rest, "1100", "note")
    (archived,) = [activity for activity in told if activity.get("event") == "archived"]
    assert str((await one(rest, f"{PATH}/{archived['note']['id']}", Note)).id) == "421100000012"


async def test_the_note_of_the_malformed_timeline_is_healthy(rest):
    assert (await one(rest, f"{PATH}/421999000001", Note)).html == "<p>Fine</p>"


@pytest.mark.parametrize("id_", ["1", "421100000099", "423050000001", "411100000001"])
async def test_other_notes_are_unknown(rest, id_):
    assert await refused(rest, f"{PATH}/{id_}")

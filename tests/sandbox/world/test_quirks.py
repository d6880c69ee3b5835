from gateway.sandbox.world.entities import Json
from gateway.sandbox.world.quirks import ANY_KIND, QUIRKS, Quirks


def note() -> Json:
    link = "https://api.agendize.com/api/2.0/notes/8"
    return {"id": "1", "type": "note", "note": {"id": "8", "selfLink": link}}


def test_quirks_come_in_turn_by_kind():
    quirks = Quirks()
    notes = [note() for _ in range(9)]
    for one in notes:
        quirks.apply(one)
    assert [n for n, one in enumerate(notes) if one["note"]["id"] == 8] == [2, 8]
    assert [n for n, one in enumerate(notes) if isinstance(one["id"], int)] == [4]
    assert [n for n, one in enumerate(notes) if "selfLink" not in one["note"]] == [4]
    assert [n for n, one in enumerate(notes) if "channel" in one] == [6]
    assert notes[3]["note"]["selfLink"].startswith("http://")


def test_kinds_are_counted_apart():
    quirks = Quirks()
    for _ in range(2):
        quirks.apply({"id": "1", "type": "call"})
    first = note()
    quirks.apply(first)
    assert first == note()


def test_every_quirk_occurs_in_a_timeline_of_a_thousand(world):
    counts = dict.fromkeys(QUIRKS, 0)
    for entry in world.timeline("1", "2000").entries:
        if entry.kind in counts:
            counts[entry.kind] += 1
    for kind, quirks in QUIRKS.items():
        assert all(quirk.first < counts[kind] for quirk in (*quirks, *ANY_KIND)), kind

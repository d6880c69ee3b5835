from gateway.sandbox.representations.note import note_json


def test_ids_and_contact_vary(sample_data):
    shown = [
        note_json(one) for one in sample_data.client_timeline("1", "1100").history.notes.values()
    ]
    assert {type(one["id"]) for one in shown} == {str, int}
    assert {one.get("contactedByClient") for one in shown} == {True, False, None}
    assert all(one["selfLink"].endswith(str(one["id"])) for one in shown)

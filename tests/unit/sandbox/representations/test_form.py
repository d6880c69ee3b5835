from gateway.sandbox.representations.form import form_json, form_result_json


def test_the_second_form_has_a_number_for_id_and_no_title(sample_data):
    one, two, three = map(form_json, sample_data.catalogue_by_account["1"].forms.values())
    assert (one["id"], two["id"]) == ("1000000000000701", 1000000000000702)
    assert two["title"] is None
    assert three["picture"] is None
    assert one["picture"]


def test_results_say_form_and_client_as_bare_ids_and_the_date_as_text(sample_data):
    history = sample_data.client_timeline("1", "1100").history
    shown = [form_result_json(one, history.client) for one in history.form_results.values()]
    for name in ("id", "form", "client"):
        assert {type(one[name]) for one in shown} == {str, int}
    assert {type(one["date"]) for one in shown} == {str}
    assert {one["currentStatus"] for one in shown} >= {"NEUTRAL", "IN_PROGRESS", "FINISHED"}
    assert {one.get("route", {}).get("type") for one in shown} == {"message", "link", None}
    assert all(one["ipAddress"] for one in shown)

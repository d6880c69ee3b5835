from gateway.sandbox.representations.company import company_json


def test_ids_are_text_or_a_number_and_the_third_lacks_what_it_has_not(sample_data):
    one, two, three = map(company_json, sample_data.catalogue_by_account["1"].companies.values())
    assert [one["id"], two["id"], three["id"]] == ["101", 102, "103"]
    assert one["address"]["city"] == "Paris"
    assert two["geolocation"]["lat"] == "42.3559"
    assert "phone" not in three
    assert "picture" not in three


def test_where_nothing_is_known_of_the_place_it_is_null(sample_data):
    berlin, ipanema = map(company_json, sample_data.catalogue_by_account["2"].companies.values())
    assert berlin["address"]["zipCode"] == 10115
    assert (ipanema["address"], ipanema["currency"]) == (None, None)

from gateway.sandbox.representations.services import service_json


def test_ids_pictures_and_prices_vary(sample_data):
    owned = sample_data.catalogue_by_account["1"]
    company = owned.companies["101"]
    shown = [service_json(one, owned.staff_of(company)) for one in owned.services_of(company)]
    assert [one["id"] for one in shown] == ["10151", "10152", 10153, "10154"]
    assert [one["price"] for one in shown] == [60, 120.5, 25, 0]
    assert [one["payable"] for one in shown] == [True, True, True, False]
    assert "picture" not in shown[2]
    assert len(shown[0]["staff"]) == 5

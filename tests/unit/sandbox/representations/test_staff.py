from gateway.sandbox.representations.staff import staff_json


def test_ids_pictures_and_external_ids_vary(sample_data):
    owned = sample_data.catalogue_by_account["1"]
    company = owned.companies["101"]
    shown = [
        staff_json(one, company, owned.services_of(company)) for one in owned.staff_of(company)
    ]
    assert [one["id"] for one in shown] == ["10101", 10102, "10103", "10104", 10105]
    assert [bool(one.get("picture")) for one in shown] == [True, True, False, False, True]
    assert "description" not in shown[3]
    assert "externalId" not in shown[3]
    assert len(shown[0]["services"]) == 4

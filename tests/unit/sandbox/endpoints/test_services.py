import pytest

from tests.unit.sandbox.contract import SCHEDULING, Service, many, one, refused


@pytest.mark.parametrize("company", ["101", "102", "103", "199"])
async def test_a_service_is_what_the_list_says(rest, company):
    listed = await many(rest, f"{SCHEDULING}/{company}/services", Service)
    assert listed
    for service in listed:
        assert await one(rest, f"{SCHEDULING}/{company}/services/{service.id}", Service) == service


async def test_a_service_has_another_name_than_when_it_was_booked(rest, sample_data):
    then = {
        service.id: service.name
        for service in sample_data.catalogue_by_account["1"].services.values()
    }
    today = {
        str(service.id): service.name
        for company in ("101", "102", "103")
        for service in await many(rest, f"{SCHEDULING}/{company}/services", Service)
    }
    assert {id_: name for id_, name in today.items() if then[id_] != name} == {
        "10152": "Bilan de santé complet"
    }


@pytest.mark.parametrize(
    "path", ["101/services/10251", "101/services/none", "201/services", "201/services/20151"]
)
async def test_services_of_another_company_or_account_are_unknown(rest, path):
    assert await refused(rest, f"{SCHEDULING}/{path}")

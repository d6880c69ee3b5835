import pytest

from tests.unit.sandbox.contract import SCHEDULING, Company, many, one, refused


async def test_companies_are_those_of_the_account(rest, stranger):
    shown = await many(rest, SCHEDULING, Company)
    assert [str(company.id) for company in shown] == ["101", "102", "103", "199", "100"]
    two = {"Authorization": "Bearer sandbox-access-2"}
    items = (await stranger.get(SCHEDULING, headers=two)).json()["items"]
    assert [str(company["id"]) for company in items] == ["201", "202"]


async def test_a_deleted_company_is_still_a_row_of_the_list_and_nothing_else(rest):
    deleted = [company for company in await many(rest, SCHEDULING, Company) if company.deleted]
    assert [company.id for company in deleted] == ["100"]
    assert await refused(rest, f"{SCHEDULING}/100")


async def test_a_company_is_what_the_list_says(rest):
    for company in (await many(rest, SCHEDULING, Company))[:4]:
        assert await one(rest, f"{SCHEDULING}/{company.id}", Company) == company


@pytest.mark.parametrize("id_", ["0", "201", "9", "staff"])
async def test_a_company_of_another_account_is_as_unknown_as_any(rest, id_):
    assert await refused(rest, f"{SCHEDULING}/{id_}")

import msgspec
import pytest

from tests.unit.sandbox.contract import SCHEDULING, Staff, activities, many, one, refused


@pytest.mark.parametrize("company", ["101", "102", "103"])
async def test_a_member_is_what_the_list_says_by_its_id_and_by_its_external_id(rest, company):
    for member in await many(rest, f"{SCHEDULING}/{company}/staff", Staff):
        for name in filter(None, (member.id, member.external_id)):
            assert await one(rest, f"{SCHEDULING}/{company}/staff/{name}", Staff) == member


async def test_of_ten_people_in_1100_one_is_gone_and_two_have_another_name(rest):
    today = {
        str(member.id): (member.first_name, member.last_name)
        for company in ("101", "102")
        for member in await many(rest, f"{SCHEDULING}/{company}/staff", Staff)
    }
    then = {
        str(shown[part]["id"]): (shown[part]["firstName"], shown[part]["lastName"])
        for shown in [
            activity["appointment"] for activity in await activities(rest, "1100", "appointment")
        ]
        for part in ("staff", "previousStaff")
        if part in shown
    }
    assert len(then) == 10
    assert then.keys() - today.keys() == {"10103"}
    assert {id_ for id_, name in today.items() if then[id_] != name} == {"10105", "10203"}
    assert await refused(rest, f"{SCHEDULING}/101/staff/10103")


async def test_one_without_an_id_spoils_only_a_company_of_its_own(rest):
    members = (await rest.get(f"{SCHEDULING}/199/staff")).json()["items"]
    assert [member.get("id") for member in members] == ["19901", None, 19902]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(members[1], Staff)


@pytest.mark.parametrize(
    "path", ["101/staff/10201", "101/staff/nobody", "201/staff", "201/staff/20101", "0/staff"]
)
async def test_staff_of_another_company_or_account_are_unknown(rest, path):
    assert await refused(rest, f"{SCHEDULING}/{path}")

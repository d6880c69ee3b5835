import pytest

from gateway.sandbox.world.catalogue import catalogue
from gateway.sandbox.world.today import (
    DELETED_STAFF,
    RENAMED_SERVICES,
    RENAMED_STAFF,
    today,
)


@pytest.mark.parametrize("seed", range(1, 6))
def test_two_people_and_a_service_have_other_names_and_one_person_is_gone(seed):
    then = catalogue("1", seed)
    now = today(then)
    assert then.staff.keys() - now.staff.keys() == DELETED_STAFF
    assert {id_ for id_, one in now.staff.items() if one != then.staff[id_]} == {*RENAMED_STAFF}
    assert {id_ for id_, one in now.services.items() if one != then.services[id_]} == {
        *RENAMED_SERVICES
    }


def test_the_other_account_is_as_it_was():
    assert today(catalogue("2", 1)) == catalogue("2", 1)

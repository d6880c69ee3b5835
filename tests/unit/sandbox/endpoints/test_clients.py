import pytest

from tests.unit.sandbox.contract import Client, one, refused

PATH = "/api/2.0/clients"


@pytest.mark.parametrize("id_", ["1000", "1001", "1020", "1100", "1999", "2000", "5000"])
async def test_every_client_of_the_account_is_somebody(rest, id_):
    assert str((await one(rest, f"{PATH}/{id_}", Client)).id) == id_


@pytest.mark.parametrize("id_", ["3050", "nobody"])
async def test_other_clients_are_unknown(rest, id_):
    assert await refused(rest, f"{PATH}/{id_}")


async def test_there_is_no_other_version(rest):
    assert await refused(rest, "/api/2.3/clients/1100")

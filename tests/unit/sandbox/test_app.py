import httpx
import pytest

from gateway.sandbox.app import create_sandbox

PATH = "/api/2.3/activities"


@pytest.mark.parametrize(
    ("client_id", "count"),
    [("1000", 0), ("1001", 1), ("1020", 20), ("1100", 100), ("2000", 1000), ("5000", 3)],
)
async def test_clients_have_their_activities(rest, client_id, count):
    answer = await rest.get(PATH, params={"clientId": client_id})
    assert len(answer.json()["items"]) == count


async def test_the_other_account_has_other_clients(stranger):
    headers = {"Authorization": "Bearer sandbox-access-2"}
    for client_id, count in (("3000", 0), ("3005", 5), ("3050", 50)):
        answer = await stranger.get(PATH, params={"clientId": client_id}, headers=headers)
        assert len(answer.json()["items"]) == count


async def test_the_same_seed_gives_the_same_bytes():
    bodies = []
    for seed in (1, 1, 2):
        transport = httpx.ASGITransport(create_sandbox(seed=seed))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as rest:
            query = {"clientId": "1100", "apiKey": "sandbox-key-1", "token": "sandbox-token-1"}
            bodies.append((await rest.get(PATH, params=query)).content)
    assert bodies[0] == bodies[1] != bodies[2]


async def test_who_has_no_credentials_is_refused(stranger):
    answer = await stranger.get(PATH, params={"clientId": "1001"})
    assert answer.status_code == answer.json()["error"]["code"] == 401
    assert "set-cookie" not in answer.headers


async def test_answers_set_the_accounts_cookie(rest):
    answer = await rest.get(PATH, params={"clientId": "1001"})
    assert answer.headers["set-cookie"] == "sandbox-account=1; Path=/; HttpOnly"
    again = await rest.get(PATH, params={"clientId": "1001"})
    assert again.status_code == 200


async def test_a_cookie_of_the_other_account_is_refused(rest):
    answer = await rest.get(
        PATH, params={"clientId": "1001"}, headers={"Cookie": "sandbox-account=2"}
    )
    assert answer.status_code == answer.json()["error"]["code"] == 403


async def test_an_unknown_path_is_refused(rest):
    answer = await rest.get("/api/2.3/fax")
    assert answer.status_code == answer.json()["error"]["code"] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_not_implemented(rest, method):
    answer = await rest.request(method, PATH, params={"clientId": "1001"})
    assert answer.status_code == answer.json()["error"]["code"] == 501


def test_too_long_a_timeline_is_refused_at_once():
    with pytest.raises(ValueError, match="100000"):
        create_sandbox(activities=100_001)

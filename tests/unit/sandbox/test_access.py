"""Who may call the sandbox, and that each account has its own data."""

import pytest
from starlette.datastructures import Headers, QueryParams

from gateway.sandbox.accounts import ACCOUNTS, authenticate, carries_foreign_cookie
from gateway.sandbox.fixtures.catalogue import build_catalogue
from gateway.sandbox.routes import ENDPOINT_BY_TEMPLATE
from tests.unit.sandbox.conftest import CREDENTIALS
from tests.unit.sandbox.contract import ACTIVITIES

ONE, TWO = ACCOUNTS
BEARER = {"Authorization": "Bearer sandbox-access-1"}


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        (CREDENTIALS, ""),
        (BEARER, ""),
        ({"authorization": "bearer sandbox-access-1"}, ""),
        ({**CREDENTIALS, **BEARER}, ""),
        ({}, "apiKey=sandbox-key-1&token=sandbox-token-1"),
        ({}, "apikey=sandbox-key-1&token=sandbox-token-1"),
        ({"token": "sandbox-token-1"}, "apiKey=sandbox-key-1"),
    ],
    ids=["keys", "bearer", "lower", "both", "query", "lowerquery", "halves"],
)
def test_credentials_are_taken_in_every_form(headers, query):
    assert authenticate(Headers(headers), QueryParams(query)) == ONE


def test_there_are_two_accounts():
    headers = Headers({"apiKey": "sandbox-key-2", "token": "sandbox-token-2"})
    assert authenticate(headers, QueryParams()) == TWO


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"apiKey": "sandbox-key-1"}, ""),
        ({"token": "sandbox-token-1"}, ""),
        ({"apiKey": "sandbox-key-1", "token": "sandbox-token-2"}, ""),
        ({"apiKey": "sandbox-key-3", "token": "sandbox-token-3"}, ""),
        ({"Authorization": "Bearer wrong"}, ""),
        ({"Authorization": "Basic sandbox-access-1"}, ""),
        ({"Authorization": "sandbox-access-1"}, ""),
        ({**CREDENTIALS, "Authorization": "Bearer sandbox-access-2"}, ""),
        (CREDENTIALS, "token=sandbox-token-2"),
    ],
    ids=["none", "key", "token", "mixed", "no3", "bad", "basic", "bare", "twoways", "twoplaces"],
)
def test_missing_wrong_or_mixed_credentials_are_nobodys(headers, query):
    assert authenticate(Headers(headers), QueryParams(query)) is None


async def test_who_has_no_credentials_is_refused(stranger):
    answer = await stranger.get(ACTIVITIES, params={"clientId": "1001"})
    assert answer.status_code == answer.json()["error"]["code"] == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("template", ENDPOINT_BY_TEMPLATE)
async def test_every_endpoint_wants_credentials(stranger, template):
    path = template.replace("{", "").replace("}", "")
    answer = await stranger.get(path)
    assert answer.status_code == answer.json()["error"]["code"] == 401


# The cookie of an account


async def test_answers_set_the_accounts_cookie(rest):
    answer = await rest.get(ACTIVITIES, params={"clientId": "1001"})
    assert answer.headers["set-cookie"] == "sandbox-account=1; Path=/; HttpOnly"
    again = await rest.get(ACTIVITIES, params={"clientId": "1001"})
    assert again.status_code == 200


async def test_a_cookie_of_the_other_account_is_refused(rest):
    answer = await rest.get(
        ACTIVITIES, params={"clientId": "1001"}, headers={"Cookie": "sandbox-account=2"}
    )
    assert answer.status_code == answer.json()["error"]["code"] == 403


def test_a_cookie_of_the_other_account_is_found_among_others():
    assert carries_foreign_cookie(Headers({"cookie": "a=b; sandbox-account=2"}), ONE)
    assert carries_foreign_cookie(Headers({"cookie": "sandbox-account=1;sandbox-account=2"}), ONE)
    assert not carries_foreign_cookie(Headers({"cookie": "sandbox-account=2"}), TWO)
    assert not carries_foreign_cookie(Headers({"cookie": "lonely"}), ONE)


# The data of an account


async def test_the_other_account_has_other_clients(stranger):
    headers = {"Authorization": "Bearer sandbox-access-2"}
    for client_id, count in (("3000", 0), ("3005", 5), ("3050", 50)):
        answer = await stranger.get(ACTIVITIES, params={"clientId": client_id}, headers=headers)
        assert len(answer.json()["items"]) == count


def test_accounts_do_not_see_each_others_clients(sample_data):
    assert sample_data.timeline("1", "3050") is None
    assert sample_data.timeline("2", "1001") is None
    assert sample_data.timeline("2", "1999") is None


def test_accounts_share_nothing():
    one, two = build_catalogue("1", 1), build_catalogue("2", 1)
    for name in ("companies", "staff", "services", "forms", "conferences"):
        assert not getattr(one, name).keys() & getattr(two, name).keys()

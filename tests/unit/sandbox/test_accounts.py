import pytest
from starlette.datastructures import Headers, QueryParams

from gateway.sandbox.accounts import ACCOUNTS, authenticate, carries_foreign_cookie

ONE, TWO = ACCOUNTS
KEYS = {"apiKey": "sandbox-key-1", "token": "sandbox-token-1"}
BEARER = {"Authorization": "Bearer sandbox-access-1"}


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        (KEYS, ""),
        (BEARER, ""),
        ({"authorization": "bearer sandbox-access-1"}, ""),
        ({**KEYS, **BEARER}, ""),
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
        ({**KEYS, "Authorization": "Bearer sandbox-access-2"}, ""),
        (KEYS, "token=sandbox-token-2"),
    ],
    ids=["none", "key", "token", "mixed", "no3", "bad", "basic", "bare", "twoways", "twoplaces"],
)
def test_missing_wrong_or_mixed_credentials_are_nobodys(headers, query):
    assert authenticate(Headers(headers), QueryParams(query)) is None


def test_a_cookie_of_the_other_account_is_found_among_others():
    assert carries_foreign_cookie(Headers({"cookie": "a=b; sandbox-account=2"}), ONE)
    assert carries_foreign_cookie(Headers({"cookie": "sandbox-account=1;sandbox-account=2"}), ONE)
    assert not carries_foreign_cookie(Headers({"cookie": "sandbox-account=2"}), TWO)
    assert not carries_foreign_cookie(Headers({"cookie": "lonely"}), ONE)

from typing import Any

import pytest
from starlette.datastructures import Headers

from gateway.settings import Settings
from gateway.upstream.caller import Call, Caller, Callers
from gateway.upstream.sharing import Outcome

SECRET = "hush-hush-123"
CREDENTIALS: list[dict[str, str]] = [
    {"apikey": "k", "token": "t"},
    {"authorization": "Bearer a"},
    {"apikey": "k"},
    {"token": "t"},
    {"apikey": "k", "token": "t", "authorization": "Bearer a"},
]
TRACES: list[dict[str, str]] = [
    {},
    {"x-request-id": "r-1"},
    {"x-request-id": "r-2", "traceparent": "00-1-2-01"},
]


def callers(**settings: Any) -> Callers:
    return Callers(Settings(**{"upstream_url": "http://upstream", **settings}))


def caller(headers: dict[str, str], **settings: Any) -> Caller:
    return callers(**settings).of(Headers(headers))


def headers_of(headers: dict[str, str], **settings: Any) -> dict[str, str]:
    """What goes along with the reads of such a request; no header twice."""
    sent = caller(headers, **settings).headers
    names = [name.lower() for name, _ in sent]
    assert len(set(names)) == len(names), "a header is sent twice"
    return {name.lower(): value for name, value in sent}


# What goes along


@pytest.mark.parametrize("credentials", CREDENTIALS, ids="+".join)
@pytest.mark.parametrize(
    "ours",
    [{}, {"api_key": "our-key", "token": "our-token"}, {"bearer_token": "ours"}],
    ids=["none", "keys", "bearer"],
)
def test_a_caller_s_credentials_go_along_and_ours_are_never_mixed_in(credentials, ours):
    assert headers_of(credentials, **ours) == credentials


@pytest.mark.parametrize(
    ("ours", "sent"),
    [
        ({}, {}),
        ({"api_key": "our-key", "token": "our-token"}, {"apikey": "our-key", "token": "our-token"}),
        ({"bearer_token": "ours"}, {"authorization": "Bearer ours"}),
    ],
    ids=["none", "keys", "bearer"],
)
def test_our_credentials_stand_in_where_a_caller_has_none(ours, sent):
    assert headers_of({"x-other": "1"}, **ours) == sent


def test_the_names_of_credentials_are_found_in_any_case_of_letters():
    assert headers_of({"APIKEY": "k", "Token": "t", "AUTHORIZATION": "Bearer a"}) == {
        "apikey": "k",
        "token": "t",
        "authorization": "Bearer a",
    }


def test_only_tracing_and_what_the_settings_name_go_along():
    headers = {
        "x-request-id": "r-1",
        "traceparent": "00-1-2-01",
        "x-tenant": "t",
        "accept-language": "fr",
        "cookie": "a=b",
        "host": "gateway",
        "x-other": "o",
        "x-forwarded-for": "1.2.3.4",
        "referer": "https://example.com",
        "user-agent": "browser",
        "accept": "text/html",
    }
    assert headers_of(headers, forward_headers=("X-Tenant", "Accept-Language")) == {
        "x-request-id": "r-1",
        "traceparent": "00-1-2-01",
        "x-tenant": "t",
        "accept-language": "fr",
    }


def test_a_header_that_goes_along_anyway_is_not_sent_twice():
    headers = {"authorization": "Bearer a", "x-request-id": "r-1", "x-a": "1"}
    forwarded = ("Authorization", "X-Request-Id", "x-a", "X-A")
    assert headers_of(headers, forward_headers=forwarded) == headers


def test_a_forwarded_credential_does_not_join_ours():
    sent = headers_of({"apikey": "k"}, bearer_token="ours", forward_headers=("apiKey",))
    assert sent == {"apikey": "k"}


# Who is who


@pytest.mark.parametrize("credentials", [*CREDENTIALS, {}], ids="+".join)
@pytest.mark.parametrize("trace", TRACES, ids="+".join)
def test_who_a_caller_is_does_not_depend_on_its_traces(credentials, trace):
    for forwarded in ((), ("X-Request-Id", "traceparent")):
        traced = caller({**credentials, **trace}, forward_headers=forwarded)
        assert traced.identity == caller(credentials).identity


def test_different_credentials_are_different_callers():
    several = [*CREDENTIALS, {}, {"apikey": "k2", "token": "t"}, {"apikey": "kt", "token": ""}]
    assert len({caller(each).identity for each in several}) == len(several)


def test_credentials_that_look_alike_when_joined_are_different_callers():
    one = {"apikey": "a', 'b", "token": "c"}
    other = {"apikey": "a", "token": "b', 'c"}
    assert caller(one).identity != caller(other).identity
    assert caller({"apikey": "x"}).identity != caller({"token": "x"}).identity


def test_different_forwarded_headers_are_different_callers():
    identities = {
        caller({"apikey": "k", **forwarded}, forward_headers=("X-A", "X-B")).identity
        for forwarded in ({}, {"x-a": "1"}, {"x-a": "2"}, {"x-b": "1"}, {"x-a": "1", "x-b": "1"})
    }
    assert len(identities) == 5


def test_credentials_are_the_same_whatever_is_forwarded_with_them():
    forwarding = {"forward_headers": ("X-A",)}
    several: list[dict[str, str]] = [*CREDENTIALS, {}]
    for credentials in several:
        alone, tagged = caller(credentials), caller({**credentials, "x-a": "1"}, **forwarding)
        assert alone.credentials == tagged.credentials == alone.identity != tagged.identity
    found = {caller({**each, "x-a": "1"}, **forwarding).credentials for each in several}
    assert len(found) == len(several)


def test_a_header_that_does_not_go_along_makes_no_difference():
    assert caller({"x-other": "1", "cookie": "a"}).identity == caller({}).identity


def test_callers_without_credentials_are_one_whoever_they_are():
    ours = {"bearer_token": "ours"}
    assert caller({}, **ours).identity == caller({"x-other": "1"}, **ours).identity
    assert caller({}, **ours).identity != caller({}).identity


def test_half_a_character_in_a_header_has_an_identity():
    assert callers().of({"apikey": "\ud83d"}).identity


def test_an_identity_does_not_tell_the_credentials():
    identity = caller({"apikey": SECRET, "token": SECRET}).identity
    assert SECRET.encode() not in identity
    assert len(identity) == 64


# What is known of it


def test_a_caller_does_not_show_its_headers():
    asking = caller({"apikey": SECRET, "token": SECRET})
    assert SECRET not in f"{asking} {asking!r}"
    assert repr(asking) == "Caller()"


def test_every_caller_has_calls_of_its_own():
    call = Call("/a", 200, Outcome.CALLED, 1.0, 2, 1)
    one, other = caller({}), caller({})
    one.calls.append(call)
    assert (one.calls, other.calls) == ([call], [])

from typing import Any

import pytest
from starlette.datastructures import Headers

from gateway.config.settings import Settings
from gateway.errors import BadRequest
from gateway.upstream.credentials import Caller, CallerFactory
from gateway.upstream.read_log import CacheStatus, ReadLogEntry
from tests.support.secret import SECRET

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
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
    {"x-request-id": "r-2", "traceparent": PARENT},
]


def callers(**settings: Any) -> CallerFactory:
    return CallerFactory(Settings(**{"upstream_url": "http://upstream", **settings}))


def caller(headers: dict[str, str], **settings: Any) -> Caller:
    return callers(**settings).from_headers(Headers(headers).raw)


def headers_of(headers: dict[str, str], **settings: Any) -> dict[str, str]:
    """What goes along with the reads of such a request; no header twice."""
    sent = caller(headers, **settings).headers
    names = [name.lower() for name, _ in sent]
    assert len(set(names)) == len(names), "a header is sent twice"
    return {name.lower().decode(): value.decode() for name, value in sent}


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
        "traceparent": PARENT,
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
        "traceparent": PARENT,
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


@pytest.mark.parametrize("empty", ["", " ", "\t "])
def test_an_empty_credential_is_none(empty):
    assert headers_of({"apikey": empty, "token": "t"}) == {"token": "t"}
    assert headers_of({"authorization": empty}, bearer_token="ours") == {
        "authorization": "Bearer ours"
    }
    assert caller({"apikey": empty}).identity == caller({}).identity


@pytest.mark.parametrize("name", ["apikey", "token", "authorization"])
@pytest.mark.parametrize("values", [("a", "b"), ("a", "a"), ("", "a")], ids=str)
def test_a_credential_that_is_sent_twice_is_refused(name, values):
    with pytest.raises(BadRequest, match=f"{name} is sent more than once"):
        callers().from_headers([(name.encode(), value.encode()) for value in values])


@pytest.mark.parametrize("sent", ["Bearer", "bearer ", "BEARER\t"])
def test_a_bearer_without_a_token_has_nothing_to_send_and_never_gets_ours(sent):
    asking = caller({"authorization": sent}, bearer_token="ours")
    assert not asking.has_token
    assert "ours" not in str(asking.headers)
    assert caller({"authorization": "Bearer a"}).has_token
    assert caller({}, bearer_token="ours").has_token


def test_a_forwarded_header_in_several_lines_is_one_list_in_order():
    lines = [(b"x-tenant", b"b"), (b"x-other", b"o"), (b"x-tenant", b" a ,c")]
    assert callers(forward_headers=("X-Tenant",)).from_headers(lines).headers == (
        (b"x-tenant", b"b, a ,c"),
    )


FUTURE = f"cc{PARENT[2:]}-what-comes"


@pytest.mark.parametrize("parent", [PARENT, FUTURE, f"01{PARENT[2:]}"])
def test_a_traceparent_of_the_standard_s_form_goes_along(parent):
    assert headers_of({"traceparent": parent}) == {"traceparent": parent}


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "00-1-2-01",
        PARENT.upper(),
        f"ff{PARENT[2:]}",
        f"{PARENT}-more",
        f"{PARENT}0",
        f"{FUTURE} é",
        f"01{PARENT[2:]}0",
        PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        PARENT.replace("b7ad6b7169203331", "0" * 16),
        PARENT.replace("-01", "-0é"),
    ],
)
def test_a_traceparent_of_another_form_is_dropped_with_what_belongs_to_it(parent):
    sent = {"traceparent": parent, "tracestate": "a=b", "baggage": "c=d"}
    assert headers_of(sent, forward_headers=("tracestate", "baggage")) == {"baggage": "c=d"}


def test_two_parents_are_none():
    assert callers().from_headers([(b"traceparent", PARENT.encode())] * 2).headers == ()


def test_what_cannot_be_sent_of_one_request_does_not_go_along():
    """Others share its reads, which would fail for it."""
    sent = {"baggage": "user=é", "sentry-trace": "a"}
    assert headers_of(sent, forward_headers=("baggage", "sentry-trace")) == {"sentry-trace": "a"}


# Who is who


OF_ONE_REQUEST = (
    *("traceparent", "tracestate", "baggage", "sentry-trace", "b3", "x-b3-traceid"),
    *("x-datadog-trace-id", "x-cloud-trace-context", "x-amzn-trace-id", "x-request-id"),
    *("x-correlation-id", "apollographql-client-name", "graphql-client-version"),
)


@pytest.mark.parametrize("name", OF_ONE_REQUEST)
def test_headers_of_tracing_and_client_awareness_do_not_keep_callers_apart(name):
    value = PARENT if name == "traceparent" else "1"
    sent = {"traceparent": PARENT, name: value}
    one = caller({"apikey": "k", **sent}, forward_headers=OF_ONE_REQUEST)
    assert (name.encode(), value.encode()) in one.headers
    assert one.identity == caller({"apikey": "k"}).identity


@pytest.mark.parametrize(
    "name", ["x-b3", "b3-x", "x-datadog", "client-name", "x-tenant", "cookie2"]
)
def test_every_other_forwarded_header_keeps_callers_apart(name):
    one, other = (caller({name: value}, forward_headers=(name,)) for value in "12")
    assert one.identity != other.identity


def test_a_share_is_one_credential_s_whatever_else_is_forwarded():
    forwarded = {"forward_headers": ("x-tenant",)}
    shares = {caller({"apikey": "k", "x-tenant": each}, **forwarded).fairness_key for each in "12"}
    assert len(shares) == 1
    assert shares != {caller({"apikey": "k2"}).fairness_key}


def test_a_share_is_one_form_of_credentials_whatever_is_made_up_beside_it():
    """Several credentials that fail open the breaker for all: nobody shall be several."""
    both = {"apikey": "k", "token": "t"}
    bearers = [f"Bearer {number}" for number in range(3)]
    shares = {caller({**both, "authorization": each}).fairness_key for each in bearers}
    assert shares == {caller(both).fairness_key}
    bearer = {"authorization": "Bearer a"}
    halves: list[dict[str, str]] = [{"apikey": "1"}, {"apikey": "2"}, {"token": "1"}]
    assert {caller({**bearer, **half}).fairness_key for half in halves} == {
        caller(bearer).fairness_key
    }
    identities = {caller({**both, "authorization": each}).identity for each in bearers}
    assert len(identities) == 3


def test_each_key_has_a_share_and_all_have_the_answers_of_the_service():
    ours = callers(bearer_token="ours")
    web, app, nobody = (ours.from_headers([], key_name=name) for name in ("web", "app", None))
    assert web.identity == app.identity == nobody.identity
    assert len({web.fairness_key, app.fairness_key, nobody.fairness_key}) == 3
    own = [(b"apikey", b"k")]
    assert (
        ours.from_headers(own, key_name="web").fairness_key == ours.from_headers(own).fairness_key
    )


@pytest.mark.parametrize("credentials", [*CREDENTIALS, {}], ids="+".join)
@pytest.mark.parametrize("trace", TRACES, ids="+".join)
def test_who_a_caller_is_does_not_depend_on_its_traces(credentials, trace):
    for forwarded in ((), ("X-Request-Id", "traceparent")):
        traced = caller({**credentials, **trace}, forward_headers=forwarded)
        assert traced.identity == caller(credentials).identity


def test_different_credentials_are_different_callers():
    several = [*CREDENTIALS, {}, {"apikey": "k2", "token": "t"}, {"apikey": "kt"}]
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


def test_bytes_beyond_ascii_have_an_identity():
    assert callers().from_headers([(b"apikey", b"\xf0\x9f")]).identity


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
    call = ReadLogEntry("/a", 200, CacheStatus.CALLED, 1.0, 2, 1)
    one, other = caller({}), caller({})
    one.read_log.append(call)
    assert (one.read_log, other.read_log) == ([call], [])

"""What browsers may store, and how they learn that it is up to date."""

import re

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.web.app import create_app
from tests.unit.web.connection import Connection

GRAPHQL = "application/graphql-response+json"
COUNT = "/graphql?query={activities(clientId:1){totalCount}}"
TYPENAME = "/graphql?query={__typename}"
TYPES = "/graphql?query={__schema{types{name description}}}"
SCHEMA = "/schema.graphql"
ON = {"conditional_get": True}
OTHERS = {"apiKey": "sandbox-key-2", "token": "sandbox-token-2"}
NO_STORE = "private, no-store"


@pytest.fixture
def http(http_with):
    return http_with(**ON)


@pytest.mark.parametrize("path", [TYPENAME, TYPES, SCHEMA])
async def test_an_answer_that_is_known_is_not_sent_again(http, path):
    first = await http.get(path)
    again = await http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert re.fullmatch(r'W/"[0-9a-f]{32}"', first.headers["etag"])
    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    kept = ("cache-control", "etag", "vary")
    assert [again.headers[name] for name in kept] == [first.headers[name] for name in kept]
    assert {*again.headers} == {*kept, "x-content-type-options", "x-request-id"}


async def test_the_tag_is_the_same_in_every_coding(http):
    answers = [
        await http.get(TYPES, headers={"Accept-Encoding": coding})
        for coding in ("identity", "gzip", "br", "zstd")
    ]
    assert len({each.headers.get("content-encoding") for each in answers}) == 4
    assert len({each.headers["etag"] for each in answers}) == 1


async def test_the_tag_of_another_media_type_is_another(http):
    tags = {
        (await http.get(TYPENAME, headers={"Accept": accept})).headers["etag"]
        for accept in ("application/json", GRAPHQL)
    }
    assert len(tags) == 2


@pytest.mark.parametrize(
    ("if_none_match", "status"),
    [
        ("{tag}", 304),
        ("{strong}", 304),  # the comparison is weak
        ('"a,b" , W/"", {tag}', 304),
        (",{tag},", 304),
        ("*", 304),
        (" *\t", 304),
        ('W/"00000000000000000000000000000000"', 200),
        ("", 200),
        # malformed
        ("{tag}, *", 200),
        ("{unquoted}", 200),
        ("w/{strong}", 200),
        ('"a{tag}', 200),
    ],
)
async def test_if_none_match_is_a_list_of_tags_or_an_asterisk(http, if_none_match, status):
    tag = (await http.get(TYPENAME)).headers["etag"]
    strong = tag.removeprefix("W/")
    text = if_none_match.format(tag=tag, strong=strong, unquoted=strong.strip('"'))
    answer = await http.get(TYPENAME, headers={"If-None-Match": text})
    assert answer.status_code == status


async def test_several_lines_of_if_none_match_are_one_list(http):
    tag = (await http.get(TYPENAME)).headers["etag"]
    lines = [("If-None-Match", '"a"'), ("If-None-Match", tag)]
    assert (await http.get(TYPENAME, headers=lines)).status_code == 304


async def test_head_is_answered_as_get_is(http):
    for headers in ({"X-Request-Id": "1"}, {"X-Request-Id": "1", "If-None-Match": "*"}):
        got, headed = [
            await http.request(method, TYPES, headers=headers) for method in ("GET", "HEAD")
        ]
        assert (headed.status_code, headed.headers) == (got.status_code, got.headers)
        assert "etag" in got.headers


async def test_an_answer_says_what_it_depends_on(http_with):
    names = ("X-Tenant", "TOKEN", "sentry-trace", "traceparent", "Accept-Language")
    http = http_with(**ON, forward_headers=names)
    got = await http.get(TYPENAME)
    failed = await http.get("/graphql?query={")
    posted = await http.post("/graphql", json={"query": "{__typename}"})
    everything = (
        "Accept, Accept-Encoding, apikey, token, authorization, x-gateway-key, x-gateway-explain, "
        "X-Tenant, Accept-Language"
    )
    assert got.headers["vary"] == failed.headers["vary"] == everything
    assert posted.headers["vary"] == "Accept, Accept-Encoding"
    assert (await http.get(SCHEMA)).headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("{", {}),
        ("{ nothing }", {}),
        ("{ activities(clientId: 1) { totalCount } }", {}),  # a partial answer: no upstream
        ("{ __typename }", {"X-Gateway-Explain": "1"}),  # an answer that is never the same
    ],
    ids=["not parsed", "invalid", "partial", "explained"],
)
@pytest.mark.parametrize("accept", ["application/json", GRAPHQL])
async def test_errors_and_explanations_are_never_stored(http_with, query, headers, accept):
    http = http_with(**ON, explain=True)
    asked = {"Accept": accept, "If-None-Match": "*", **headers}
    answer = await http.get("/graphql", params={"query": query}, headers=asked)
    assert answer.status_code in {200, 400}
    assert answer.headers["cache-control"] == NO_STORE
    assert "etag" not in answer.headers


async def test_an_answer_to_post_is_never_stored(http):
    asked = {"If-None-Match": "*"}
    answer = await http.post("/graphql", json={"query": "{ __typename }"}, headers=asked)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, NO_STORE)
    assert "etag" not in answer.headers


async def test_by_default_nothing_is_stored(http_with):
    http = http_with()
    for path in (TYPENAME, SCHEMA):
        answer = await http.get(path, headers={"If-None-Match": "*"})
        assert (answer.status_code, answer.headers.get("etag")) == (200, None)
        assert answer.headers.get("cache-control") == (NO_STORE if path == TYPENAME else None)


async def test_the_tag_of_one_caller_is_none_of_anothers(gateway_over):
    """Each gets what their own credentials read; 304 says no more than that this is the same."""

    def upstream(request: httpx.Request) -> httpx.Response:
        items = [{"type": "note", "id": "1"}] * (request.headers["apikey"] == "sandbox-key-1")
        return httpx.Response(200, json={"items": items})

    http = gateway_over(upstream, **ON).http
    tag = (await http.get(COUNT)).headers["etag"]
    mine = await http.get(COUNT, headers={"If-None-Match": tag})
    others = await http.get(COUNT, headers={"If-None-Match": tag, **OTHERS})
    assert mine.status_code == 304
    assert (others.status_code, others.json()) == (200, {"data": {"activities": {"totalCount": 0}}})
    assert others.headers["etag"] != tag


async def test_a_change_is_seen_at_once(gateway_over):
    items: list[object] = []
    gateway = gateway_over(lambda _: httpx.Response(200, json={"items": items}), **ON)
    tag = (await gateway.http.get(COUNT)).headers["etag"]
    items.append({"type": "note", "id": "1"})
    answer = await gateway.http.get(COUNT, headers={"If-None-Match": tag})
    assert answer.json() == {"data": {"activities": {"totalCount": 1}}}


async def test_a_listed_page_may_read_what_is_not_modified(http_with):
    page = {"Origin": "https://app.example.com"}
    http = http_with(**ON, cors_origins=tuple(page.values()))
    answer = await http.get(TYPENAME, headers=page | {"If-None-Match": "*"})
    assert answer.status_code == 304
    assert answer.headers["access-control-allow-origin"] == page["Origin"]
    assert answer.headers["vary"].endswith(", Origin")


async def test_a_304_has_no_body_on_the_wire_and_keeps_the_connection():
    settings = Settings.from_environment(upstream_url="http://upstream", **ON)
    caller = Connection(create_app(settings))
    request = b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: a\r\n%s\r\n"
    await caller.sends(request % b"If-None-Match: *\r\n", request % b"")
    assert caller.statuses == [304, 200]
    assert caller.answers == [b"", b'{"data":{"__typename":"Query"}}']
    head = bytes(caller.transport.written).partition(b"HTTP/1.1 200")[0].lower()
    assert not re.search(rb"\n(content-(length|type|encoding)|transfer-encoding)", head)

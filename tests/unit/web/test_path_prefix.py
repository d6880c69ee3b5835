"""The gateway below a path prefix, behind proxies that remove it or pass it on."""

import re
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.config.trusted_proxies import TrustedProxies, is_path_prefix, parse_network
from gateway.web.path_prefix import PathPrefixMiddleware

BROWSER = {"Accept": "text/html"}
BY_PROXY = {"trusted_proxies": "127.0.0.1"}  # the peer of all requests in process
QUERY = {"query": "{ __typename }"}


async def root_in_page(http: httpx.AsyncClient, path: str, headers: dict[str, str]) -> str:
    """The root that GraphiQL's page refers to its files by."""
    page = await http.get(path, headers={**BROWSER, **headers})
    assert page.status_code == 200
    root: str
    (root,) = {*re.findall(r'(?:href|src)="([^"]*?)(?:explorer/|schema\.graphql)', page.text)}
    return root


@pytest.mark.parametrize(
    "path", ["/graphql", "/graphql/", "/team/activities/graphql", "/team/activities/graphql/"]
)
async def test_graphql_is_served_whether_a_proxy_removes_the_prefix(http_with, path):
    http = http_with(root_path="/team/activities")
    assert (await http.post(path, json=QUERY)).json() == {"data": {"__typename": "Query"}}


async def test_all_paths_are_served_below_the_prefix(http_with):
    http = http_with(root_path="/p")
    for path in ("/livez", "/readyz", "/metrics", "/schema.graphql"):
        for prefix in ("", "/p"):
            assert (await http.get(prefix + path)).status_code == 200


@pytest.mark.parametrize("path", ["/pp/graphql", "/p/p/graphql", "/q/graphql", "/P/graphql"])
async def test_a_path_below_another_prefix_is_not_found(http_with, path):
    assert (await http_with(root_path="/p").post(path, json=QUERY)).status_code == 404


async def test_a_prefix_may_be_called_as_the_endpoint(http_with):
    http = http_with(root_path="/graphql")
    for path in ("/graphql", "/graphql/graphql"):
        assert (await http.post(path, json=QUERY)).status_code == 200


@pytest.mark.parametrize(
    ("path", "root"), [("/graphql", "./"), ("/graphql/", "../"), ("/p/graphql", "/p/")]
)
async def test_the_page_finds_its_files_without_a_slash_and_with_one(http_with, path, root):
    http = http_with(root_path="/p" if path.startswith("/p") else "")
    assert await root_in_page(http, path, {}) == root


async def test_the_page_finds_its_files_where_a_trusted_proxy_says(http_with):
    http = http_with(root_path="/p", **BY_PROXY)
    assert await root_in_page(http, "/graphql", {"X-Forwarded-Prefix": "/a.b/c"}) == "/a.b/c/"
    assert await root_in_page(http, "/a.b/c/graphql", {"X-Forwarded-Prefix": "/a.b/c"}) == "/a.b/c/"
    assert await root_in_page(http, "/graphql", {}) == "/p/"


async def test_the_prefix_of_another_peer_is_ignored(http_with):
    for trusted in ("", "10.0.0.0/8, ::1"):
        http = http_with(trusted_proxies=trusted)
        assert await root_in_page(http, "/graphql", {"X-Forwarded-Prefix": "/a"}) == "./"
        answer = await http.post("/a/graphql", json=QUERY, headers={"X-Forwarded-Prefix": "/a"})
        assert answer.status_code == 404


UNUSABLE = [
    "a",
    "/",
    "/a/",
    "//a",
    "/a b",
    "/a%2fb",
    '/"><script>',
    "/../a",
    "/a/.",
    "/" + "a" * 200,
]


@pytest.mark.parametrize("prefix", [*UNUSABLE, "/a, /b", "/é"])
async def test_an_unusable_prefix_of_a_proxy_is_ignored(http_with, prefix):
    sent = {"X-Forwarded-Prefix": prefix.encode("latin-1")}
    assert await root_in_page(http_with(**BY_PROXY), "/graphql", sent) == "./"


@pytest.mark.parametrize("prefix", ["", "/a", "/A.b_c~d-9/...", "/" + "a" * 199])
def test_a_usable_prefix_has_whole_segments(prefix):
    assert is_path_prefix(prefix)


@pytest.mark.parametrize("prefix", [*UNUSABLE, "/a\n", "/é"])
def test_no_other_text_is_a_prefix(prefix):
    assert not is_path_prefix(prefix)


@pytest.mark.parametrize(
    ("peer", "is_trusted"),
    [
        ("127.0.0.1", True),
        ("10.9.8.7", True),
        ("::ffff:10.9.8.7", True),
        ("fd00::7", True),
        ("11.0.0.1", False),
        ("::1", False),
        ("", False),
    ],
)
def test_a_proxy_is_trusted_by_its_address(peer, is_trusted):
    networks = tuple(map(parse_network, ("127.0.0.1", "10.0.0.0/8", "fd00::/8")))
    assert (peer in TrustedProxies(networks)) is is_trusted


async def test_the_log_has_no_address_that_a_proxy_forwards(http_with):
    http = http_with(root_path="/p", **BY_PROXY)
    forwarded = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Real-IP": "203.0.113.7",
        "Forwarded": "for=203.0.113.7",
        "X-Forwarded-Prefix": "/p",
        "X-Forwarded-Proto": "https",
    }
    with capture_logs() as events:
        await http.post("/p/graphql", json=QUERY, headers=forwarded)
    assert [each["event"] for each in events] == ["request"]
    assert not re.search(r"203\.0\.113|127\.0\.0\.1", str(events))


@pytest.mark.parametrize(
    ("peer", "sent", "scheme"),
    [
        ("127.0.0.1", b"https", "https"),
        ("127.0.0.1", b"gopher", "http"),
        ("127.0.0.2", b"https", "http"),
    ],
)
async def test_the_scheme_is_that_of_a_trusted_proxy(peer, sent, scheme):
    seen = []

    async def app(scope, _receive, _send):
        seen.append(scope["scheme"])

    trusted = TrustedProxies((parse_network("127.0.0.1"),))
    below = PathPrefixMiddleware(app, root_path="", trusted_proxies=trusted)
    headers = [(b"x-forwarded-proto", sent)]
    scope = {"type": "http", "scheme": "http", "path": "/", "client": (peer, 1), "headers": headers}
    await below(scope, unused, unused)
    assert seen == [scheme]


async def unused(*_arguments: object) -> Any:
    raise AssertionError

"""What a browser is served: the page, its files, and its policy."""

import gzip
import json
import re
from html import unescape
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.config.settings import Settings
from gateway.web.graphiql import load_graphiql_page
from gateway.web.graphiql_configuration import graphiql_configuration

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
SCRIPT = "console.log('été')"


@pytest.fixture
def built(tmp_path):
    """As the build leaves it."""
    (tmp_path / "index.html").write_text("<!doctype html><title>été</title>", "utf-8")
    for name in ("page-K6AVLXSA.js", "page-N7R2GNLL.css", "licenses.txt", "unknown.bin"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    return tmp_path


@pytest.fixture
def browser(built):
    app = Starlette(routes=[Route("/explorer/{name}", load_graphiql_page({}, built).file_response)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


def test_what_was_built_is_the_page(built):
    assert load_graphiql_page({}, built).html == "<!doctype html><title>été</title>"


def test_the_page_has_its_configuration_escaped(built):
    html = '<div data-configuration="{{configuration}}">'
    (built / "index.html").write_text(html, "utf-8")
    page = load_graphiql_page({"text": '"><script>'}, built)
    (value,) = re.findall(r'^<div data-configuration="([^"<>]*)">$', page.html)
    assert json.loads(unescape(value)) == {"text": '"><script>'}


@pytest.mark.parametrize("over_sandbox", [False, True])
def test_the_configuration_has_nothing_secret(over_sandbox):
    given: dict[str, Any] = {"upstream_url": "http://upstream", "api_key": "key", "token": "token"}
    settings = Settings(**given)
    assert graphiql_configuration(settings, over_sandbox=over_sandbox) == {
        "overSandbox": over_sandbox,
        "callerKeys": False,
        "explain": False,
        "introspection": True,
        "trustedDocumentsOnly": False,
        "maxCost": 2_000_000,
        "maxReads": 250,
    }


def test_the_page_may_run_its_own_files_and_ask_nobody_else(built):
    policy = load_graphiql_page({}, built).html_response("./").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert not re.search(r"https?:|\*|unsafe-eval|'sha", policy)


def test_the_page_is_asked_for_again_each_time(built):
    """Its files have other names after an upgrade."""
    assert load_graphiql_page({}, built).html_response("./").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("page-K6AVLXSA.js", "text/javascript"), ("page-N7R2GNLL.css", "text/css")],
)
async def test_files_named_after_their_content_are_kept_for_good(browser, name, media_type):
    answer = await browser.get(f"/explorer/{name}")
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_other_files_are_not(browser):
    assert (await browser.get("/explorer/licenses.txt")).headers["cache-control"] == "no-cache"


async def test_a_file_of_no_known_type_is_only_bytes(browser):
    answer = await browser.get("/explorer/unknown.bin")
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, br", "gzip"),
        ("br, GZIP;q=0.5", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("br, gzip ; Q=0.000", None),
    ],
)
async def test_files_are_sent_compressed_to_whom_that_suits(browser, accepted, encoding):
    answer = await browser.get("/explorer/page-K6AVLXSA.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.text == SCRIPT


async def test_a_file_is_decompressed_once(browser, built):
    name, plain = "page-K6AVLXSA.js", {"Accept-Encoding": "identity"}
    first = await browser.get(f"/explorer/{name}", headers=plain)
    (built / f"{name}.gz").unlink()
    assert (await browser.get(f"/explorer/{name}", headers=plain)).content == first.content


@pytest.mark.parametrize("name", ["page.js", "index.html", "..%2findex.html", "%2e%2e"])
async def test_there_is_nothing_else(browser, name):
    assert (await browser.get(f"/explorer/{name}")).status_code == 404


def test_without_a_build_the_page_says_so_and_how_to_get_it(tmp_path):
    html = load_graphiql_page({}, tmp_path).html
    assert "GraphiQL is not built" in html
    assert {"make explorer", "make wheel"} <= {*re.findall(r"make \w+", html)}


def test_the_page_without_a_build_asks_no_other_host_for_anything(tmp_path):
    missing = load_graphiql_page({}, tmp_path)
    assert not re.search(r"https?:|<script", missing.html)
    policy = missing.html_response("./").headers["content-security-policy"]
    assert not re.search(r"https?:|\*|unsafe-eval|'sha", policy)


def test_the_root_in_a_page_is_escaped(tmp_path):
    page = load_graphiql_page({}, tmp_path).html_response('/"><script>')
    assert b'href="/&quot;&gt;&lt;script&gt;schema.graphql"' in page.body


async def test_a_browser_gets_the_page_with_its_policy(http):
    answer = await http.get("/graphql", headers={"Accept": BROWSER})
    assert answer.headers["vary"] == "Accept"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_where_graphiql_is_off_its_files_are_not_there(http_with):
    on, off = http_with(), http_with(graphiql=False)
    for client, status in ((on, 405), (off, 404)):
        assert (await client.post("/explorer/page.js")).status_code == status

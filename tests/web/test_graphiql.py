"""What a browser is served: the page, its files, and its policy."""

import gzip
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.web.graphiql import explorer

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
SCRIPT = "console.log('été')"
FOLDER = Path(__file__).parents[2] / "gateway" / "web" / "explorer"


@pytest.fixture
def folder(tmp_path):
    """As in a checkout without a build."""
    (tmp_path / "cdn.html").write_text((FOLDER / "cdn.html").read_text("utf-8"), "utf-8")
    return tmp_path


@pytest.fixture
def built(folder):
    """As the build leaves it."""
    (folder / "built").mkdir()
    (folder / "built" / "index.html").write_text("<!doctype html><title>été</title>", "utf-8")
    for name in ("page-K6AVLXSA.js", "page-N7R2GNLL.css", "licenses.txt", "unknown.bin"):
        (folder / "built" / f"{name}.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    return folder


@pytest.fixture
def browser(built):
    app = Starlette(routes=[Route("/explorer/{name}", explorer(built).file)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


def test_what_was_built_is_preferred(built):
    assert explorer(built).html == "<!doctype html><title>été</title>"


def test_the_page_may_run_its_own_files_and_ask_nobody_else(built):
    policy = explorer(built).page().headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert not re.search(r"https?:|\*|unsafe-eval|'sha", policy)


def test_the_page_is_asked_for_again_each_time(built):
    """Its files have other names after an upgrade."""
    assert explorer(built).page().headers["cache-control"] == "no-cache"


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


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "gzip"), ("identity", None)])
async def test_files_are_sent_compressed_to_whom_that_suits(browser, accepted, encoding):
    answer = await browser.get("/explorer/page-K6AVLXSA.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.text == SCRIPT


@pytest.mark.parametrize("name", ["page.js", "index.html", "cdn.html", "..%2fcdn.html", "%2e%2e"])
async def test_there_is_nothing_else(browser, name):
    assert (await browser.get(f"/explorer/{name}")).status_code == 404


def test_without_a_build_the_page_says_that_it_uses_a_cdn(folder):
    html = explorer(folder).html
    assert "This GraphiQL is loaded from a CDN" in html
    assert "make explorer" in html


def test_the_page_with_a_cdn_may_run_what_stands_in_it_and_what_the_cdn_sends(folder):
    policy = explorer(folder).page().headers["content-security-policy"]
    scripts = re.search(r"script-src ([^;]*);", policy)
    assert scripts is not None
    assert re.fullmatch(
        r"https://cdn\.jsdelivr\.net/npm/ 'sha256-[A-Za-z0-9+/]{43}='", scripts.group(1)
    )
    assert "connect-src 'self';" in policy


def test_every_script_of_the_cdn_has_a_hash(folder):
    tags = re.findall(r"<(?:script|link)\b[^>]*cdn\.jsdelivr[^>]*>", explorer(folder).html)
    assert len(tags) == 4
    assert all('integrity="sha384-' in tag for tag in tags)


async def test_a_browser_gets_the_page_with_its_policy(http):
    answer = await http.get("/graphql", headers={"Accept": BROWSER})
    assert answer.headers["vary"] == "Accept"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_where_graphiql_is_off_its_files_are_not_there(http_with):
    on, off = http_with(), http_with(graphiql=False)
    for client, status in ((on, 405), (off, 404)):
        assert (await client.post("/explorer/page.js")).status_code == status

"""What `/` answers with: links, for browsers and for other clients."""

import re

import pytest

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def links(page: str) -> list[str]:
    return re.findall(r'<a href="([^"]+)">', page)


async def test_a_browser_gets_links_that_lead_somewhere(http):
    page = (await http.get("/", headers=BROWSER)).text
    assert links(page) == ["./graphql", "./schema.graphql", "./livez", "./readyz"]
    for each in links(page):
        assert (await http.get(f"/{each}", headers=BROWSER)).status_code == 200


async def test_the_page_links_to_nothing_that_is_off(http_with):
    http = http_with(graphiql=False, introspection=False)
    page = (await http.get("/", headers=BROWSER)).text
    assert links(page) == ["./livez", "./readyz"]
    assert "<code>./graphql</code>" in page


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "image/png", "text/html;q=0"])
async def test_other_clients_get_the_links_as_json(http_with, accept):
    answer = await http_with(root_path="/p").get("/p", headers={"Accept": accept} if accept else {})
    assert answer.json() == {
        "graphql": "/p/graphql",
        "schema": "/p/schema.graphql",
        "live": "/p/livez",
        "ready": "/p/readyz",
    }


async def test_the_links_are_below_the_prefix_with_a_slash_and_without(http_with):
    http = http_with(root_path="/p")
    for path in ("/", "/p", "/p/"):
        assert links((await http.get(path, headers=BROWSER)).text)[0] == "/p/graphql"


async def test_head_has_the_headers_of_the_page(http):
    head, page = (
        await http.head("/", headers=BROWSER),
        await http.get("/", headers=BROWSER),
    )
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == page.headers["content-length"]


async def test_the_page_runs_no_script_and_loads_nothing(http):
    answer = await http.get("/", headers=BROWSER)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert not re.search(r"script-src|https?:|\*", policy)
    assert answer.headers["vary"] == "Accept"


async def test_the_page_says_no_version_and_wants_no_key(http_with):
    http = http_with(caller_keys_file="tests/unit/web/caller-keys.txt")
    for headers in (BROWSER, {}):
        answer = await http.get("/", headers=headers)
        assert answer.status_code == 200
        assert not re.search(r"\d+\.\d+\.\d+", answer.text)

"""A request that is parsed where it is looked at: to whoever looks, it is one of httpx."""

import pickle

import httpx
import pytest

from gateway.upstream.http.request import LazyRequest, split_request

ORIGIN, TARGET = "http://upstream:8080", "/a%20b/things?clientId=1%262&sort=asc"
HEADERS = ((b"Host", b"upstream:8080"), (b"Accept", b"application/json"), (b"apiKey", b"k"))
EXTENSIONS = {"timeout": {"connect": 1.0}}


@pytest.fixture
def lazy():
    return LazyRequest(ORIGIN, TARGET, HEADERS, EXTENSIONS)


@pytest.fixture
def ordinary():
    return httpx.Request("GET", ORIGIN + TARGET, headers=HEADERS, extensions=EXTENSIONS)


def looks(request: httpx.Request) -> dict[str, object]:
    return {
        "method": request.method,
        "url": request.url,
        "target": request.url.raw_path,
        "headers": request.headers,
        "raw headers": request.headers.raw,
        "extensions": request.extensions,
        "content": request.content,
        "parts": list(request.stream),  # type: ignore[arg-type] # sync as well
    }


async def test_to_whoever_looks_it_is_one_of_httpx(lazy, ordinary):
    assert looks(lazy) == looks(ordinary)
    assert repr(lazy).partition("(")[2] == repr(ordinary).partition("(")[2]
    assert lazy.read() == await lazy.aread() == b""
    assert [part async for part in lazy.stream] == [part async for part in ordinary.stream]
    kept = pickle.loads(pickle.dumps(lazy))
    assert (kept.url, kept.headers) == (ordinary.url, ordinary.headers)


def test_it_is_sent_as_a_request_of_httpx_parsed_or_not(lazy, ordinary):
    origin, target, headers = split_request(ordinary)
    for _ in range(2):
        found = split_request(lazy)
        assert (found[0], found[1], list(found[2])) == (origin, target, headers)
        assert looks(lazy)


def test_what_somebody_changes_is_sent(lazy):
    lazy.headers["X-More"] = "1"
    lazy.url = lazy.url.copy_with(host="another")
    origin, target, headers = split_request(lazy)
    assert (origin, target) == ("http://another:8080", TARGET)
    assert headers == [*HEADERS, (b"X-More", b"1")]


def test_what_somebody_sets_is_sent(lazy):
    lazy.url, lazy.headers = httpx.URL("https://another/x?y"), httpx.Headers({"a": "b"})
    assert split_request(lazy) == ("https://another", "/x?y", [(b"a", b"b")])


def test_one_request_s_extensions_are_not_another_s(lazy):
    lazy.extensions["timeout"] = None
    assert LazyRequest(ORIGIN, TARGET, HEADERS, EXTENSIONS).extensions == EXTENSIONS
    assert EXTENSIONS["timeout"] is not None

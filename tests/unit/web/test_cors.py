"""What pages of other origins may send and read."""

import pytest

from gateway.config.origins import AllowedOrigins
from gateway.web.cors import cors_headers

PAGE = "https://app.example.com"
LISTED = {"cors_origins": (PAGE, "https://*.example.org")}
PREFLIGHT = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
EXPOSED = "X-Request-Id, Retry-After"


def granted(answer) -> dict[str, str]:
    """What an answer says to browsers."""
    return {name: value for name, value in answer.headers.items() if name.startswith("access-")}


async def preflight(http, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await http.options("/graphql", headers=PREFLIGHT | named)


@pytest.mark.parametrize(
    "names",
    [
        "content-type",
        "baggage,content-type,sentry-trace",
        "traceparent, tracestate",
        "apollographql-client-name, apollographql-client-version,\tcontent-type",
        "x!#$%&'*+-.^_`|~9",
        "a,,b,",
        ",".join(["x-header"] * 455),
    ],
    ids=["one", "Sentry", "OpenTelemetry", "Apollo", "odd", "empty ones", "4 kB"],
)
async def test_the_headers_that_a_listed_page_asks_for_are_given_back(http_with, names):
    answer = await preflight(http_with(**LISTED), Access_Control_Request_Headers=names)
    assert answer.status_code == 200
    assert granted(answer) == {
        "access-control-allow-origin": PAGE,
        "access-control-allow-methods": "GET, HEAD, POST",
        "access-control-allow-headers": names,
        "access-control-max-age": "600",
    }
    assert answer.headers["vary"].split(", ")[:3] == [
        "Origin",
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
    ]


async def test_names_in_several_lines_are_given_back_in_one(http_with):
    asked = [*PREFLIGHT.items(), *[("Access-Control-Request-Headers", name) for name in ("a", "b")]]
    answer = await http_with(**LISTED).options("/graphql", headers=asked)
    assert granted(answer)["access-control-allow-headers"] == "a, b"


@pytest.mark.parametrize("asked", [{}, {"Access_Control_Request_Headers": ""}], ids=str)
async def test_without_names_none_are_given_back(http_with, asked):
    answer = await preflight(http_with(**LISTED), **asked)
    assert answer.status_code == 200
    assert "access-control-allow-headers" not in answer.headers


@pytest.mark.parametrize(
    "names",
    ["x y", "x:y", "x;y", "(x)", '"x"', "x=y", "\u00e9", "x,y z", "x" * 4_097, "x," * 2_049],
    ids=lambda names: names[:10],
)
async def test_names_that_are_none_or_too_long_are_refused(http_with, names):
    asked = [*PREFLIGHT.items(), ("Access-Control-Request-Headers", names.encode("latin-1"))]
    answer = await http_with(**LISTED).options("/graphql", headers=asked)
    assert answer.status_code == 400
    assert "access-control-allow-headers" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_the_methods_that_there_are_may_be_used(http_with, method):
    answer = await preflight(http_with(**LISTED), Access_Control_Request_Method=method)
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "post", "QUERY"])
async def test_other_methods_may_not(http_with, method):
    answer = await preflight(http_with(**LISTED), Access_Control_Request_Method=method)
    assert answer.status_code == 400


@pytest.mark.parametrize("origin", ["null", "https://example.org", "http://app.example.com", "*"])
async def test_a_page_that_is_not_listed_learns_nothing(http_with, origin):
    http = http_with(**LISTED)
    asked = {"Origin": origin, "Access_Control_Request_Headers": "content-type"}
    refused = await preflight(http, **asked)
    answered = await http.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"Origin": origin}
    )
    assert (refused.status_code, granted(refused)) == (400, {})
    assert (answered.status_code, granted(answered)) == (200, {})
    assert "Origin" in refused.headers["vary"].split(", ")
    assert answered.headers["vary"] == "Accept, Accept-Encoding, Origin"


@pytest.mark.parametrize("origin", [PAGE, "HTTPS://APP.EXAMPLE.COM:443", "https://a.b.example.org"])
@pytest.mark.parametrize("path", ["/graphql?query={__typename}", "/graphql", "/livez", "/nowhere"])
async def test_a_listed_page_reads_every_answer(http_with, origin, path):
    answer = await http_with(**LISTED).get(path, headers={"Origin": origin})
    assert granted(answer) == {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": EXPOSED,
    }
    assert answer.headers["vary"].split(", ")[-1] == "Origin"


async def test_a_listed_page_reads_that_its_body_is_too_large(http_with):
    http = http_with(**LISTED, max_body_bytes=10)
    answer = await http.post("/graphql", content=b"x" * 11, headers={"Origin": PAGE})
    assert answer.status_code == 413
    assert granted(answer)["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("path", ["/graphql?query={__typename}", "/livez", "/nowhere"])
async def test_without_an_origin_an_answer_still_says_that_it_depends_on_it(http_with, path):
    answer = await http_with(**LISTED).get(path)
    assert granted(answer) == {}
    assert answer.headers["vary"].split(", ")[-1] == "Origin"


def test_an_answer_of_the_connection_itself_says_the_same():
    pages = AllowedOrigins(LISTED["cors_origins"])
    assert cors_headers(PAGE, pages) == {
        "access-control-allow-origin": PAGE,
        "access-control-expose-headers": EXPOSED,
        "vary": "Origin",
    }
    assert cors_headers("https://others.example", pages) == {"vary": "Origin"}
    assert cors_headers(None, pages) == {"vary": "Origin"}
    assert cors_headers(PAGE, AllowedOrigins()) == {}

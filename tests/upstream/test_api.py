import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus

import httpx
import pytest
import structlog
from starlette.datastructures import Headers

from gateway.errors import (
    ContractBroken,
    Forbidden,
    InputRefused,
    NotFound,
    ResponseTooLarge,
    Unauthenticated,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.upstream.api import Caller, Upstream
from gateway.upstream.records import ActivityKind

NOBODY = Caller(())
EMPTY: dict[str, list[object]] = {"items": []}
SECRET = "hush-hush-123"


class Recorder:
    """An upstream that keeps the requests it gets and sends nothing new."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(200, json=EMPTY)

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def upstream(upstream_over, recorder):
    return upstream_over(recorder)


@pytest.fixture
def events() -> Iterator[list[object]]:
    with structlog.testing.capture_logs() as captured:
        yield captured  # type: ignore[misc]  # a list of mappings


@pytest.fixture
def failure_of(upstream_over):
    """What a caller is told where the upstream sends this."""

    async def failure_of(*args: object, **kwargs: object) -> UpstreamError:
        response = httpx.Response(*args, **kwargs)  # type: ignore[arg-type]
        with pytest.raises(UpstreamError) as failure:
            await upstream_over(lambda _: response).activities(NOBODY, "7")
        return failure.value

    return failure_of


# What is asked


async def test_a_timeline_is_one_get_below_the_prefix(upstream, recorder):
    assert await upstream.activities(NOBODY, "7") == []
    assert recorder.last.method == "GET"
    assert str(recorder.last.url) == "http://upstream/api/2.3/activities?clientId=7&sort=asc"
    assert recorder.last.content == b""


@pytest.mark.parametrize(
    ("origin", "prefix", "url"),
    [
        ("https://api.agendize.com", "/api/2.3", "https://api.agendize.com/api/2.3/activities"),
        ("https://sante.agendize.com/", "/v9/", "https://sante.agendize.com/v9/activities"),
        ("http://127.0.0.1:8001", "", "http://127.0.0.1:8001/activities"),
        ("http://upstream", "/", "http://upstream/activities"),
    ],
    ids=["api", "region", "port", "root"],
)
async def test_the_origin_and_the_prefix_are_settings(upstream_over, recorder, origin, prefix, url):
    upstream = upstream_over(recorder, upstream_url=origin, activities_prefix=prefix)
    await upstream.activities(NOBODY, "7")
    assert str(recorder.last.url.copy_with(query=None)) == url


async def test_kinds_are_named_in_one_order_however_they_were_given(upstream, recorder):
    kinds = [ActivityKind.TEXT_MESSAGE_NOTIFICATION, ActivityKind.NOTE, ActivityKind.APPOINTMENT]
    for given in (kinds, kinds[::-1], frozenset(kinds), [*kinds, ActivityKind.NOTE]):
        await upstream.activities(NOBODY, "7", kinds=given)
    assert {request.url.params["type"] for request in recorder.requests} == {
        "appointment,note,textMessageNotification"
    }


async def test_an_appointment_is_a_parameter(upstream, recorder):
    await upstream.activities(NOBODY, "7", appointment_id="11")
    assert dict(recorder.last.url.params) == {
        "clientId": "7",
        "sort": "asc",
        "appointmentId": "11",
    }


@pytest.mark.parametrize(
    "id_",
    [
        "1&type=x",
        "1;type=x",
        "1#x",
        "1?x=y",
        "a b",
        "a+b",
        "é",
        "😀",
        "%2F",
        "%26type%3Dx",
        "../x",
        "//evil.example",
        "http://evil.example/",
        "@evil.example",
        "\x00",
        "\r\nX-Evil: 1",
        "",
        " ",
        '"<>\\^`{|}',
    ],
    ids=repr,
)
async def test_no_id_changes_the_path_or_the_other_parameters(upstream, recorder, id_):
    await upstream.activities(NOBODY, id_, appointment_id=id_, kinds=[ActivityKind.NOTE])
    url = recorder.last.url
    assert (url.scheme, url.host, url.path) == ("http", "upstream", "/api/2.3/activities")
    assert url.raw_path.isascii()
    assert url.fragment == ""
    assert url.params.multi_items() == [
        ("clientId", id_),
        ("sort", "asc"),
        ("type", "note"),
        ("appointmentId", id_),
    ]


@pytest.mark.parametrize("id_", ["7" * 70_000, "\ud83d"], ids=["long", "half"])
async def test_an_id_that_no_url_can_hold_is_refused_without_a_call(upstream, recorder, id_):
    with pytest.raises(InputRefused):
        await upstream.activities(NOBODY, id_)
    assert recorder.requests == []


# Who asks


def sent_headers(request: httpx.Request) -> dict[str, str]:
    """The headers that are about the caller."""
    of_the_connection = {"host", "accept-encoding", "connection", "accept", "user-agent"}
    headers = request.headers.multi_items()
    assert len({name for name, _ in headers}) == len(headers), "a header is sent twice"
    return {name: value for name, value in headers if name not in of_the_connection}


@pytest.mark.parametrize(
    "credentials",
    [
        {"apikey": "k", "token": "t"},
        {"authorization": "Bearer a"},
        {"apikey": "k"},
        {"token": "t"},
        {"apikey": "k", "token": "t", "authorization": "Bearer a"},
    ],
    ids="+".join,
)
@pytest.mark.parametrize(
    "ours",
    [{}, {"api_key": "our-key", "token": "our-token"}, {"bearer_token": "ours"}],
    ids=["none", "keys", "bearer"],
)
async def test_a_caller_s_credentials_go_along_and_ours_are_never_mixed_in(
    upstream_over, recorder, credentials, ours
):
    upstream = upstream_over(recorder, **ours)
    await upstream.activities(upstream.caller(Headers(credentials)), "7")
    assert sent_headers(recorder.last) == credentials


@pytest.mark.parametrize(
    ("ours", "sent"),
    [
        ({}, {}),
        ({"api_key": "our-key", "token": "our-token"}, {"apikey": "our-key", "token": "our-token"}),
        ({"bearer_token": "ours"}, {"authorization": "Bearer ours"}),
    ],
    ids=["none", "keys", "bearer"],
)
async def test_our_credentials_stand_in_where_a_caller_has_none(
    upstream_over, recorder, ours, sent
):
    upstream = upstream_over(recorder, **ours)
    await upstream.activities(upstream.caller(Headers({"x-other": "1"})), "7")
    assert sent_headers(recorder.last) == sent


async def test_the_names_of_credentials_are_found_in_any_case_of_letters(upstream, recorder):
    headers = Headers({"APIKEY": "k", "Token": "t", "AUTHORIZATION": "Bearer a"})
    await upstream.activities(upstream.caller(headers), "7")
    assert sent_headers(recorder.last) == {
        "apikey": "k",
        "token": "t",
        "authorization": "Bearer a",
    }


async def test_only_tracing_and_what_the_settings_name_go_along(upstream_over, recorder):
    upstream = upstream_over(recorder, forward_headers=("X-Tenant", "Accept-Language"))
    headers = Headers(
        {
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
    )
    await upstream.activities(upstream.caller(headers), "7")
    assert sent_headers(recorder.last) == {
        "x-request-id": "r-1",
        "traceparent": "00-1-2-01",
        "x-tenant": "t",
        "accept-language": "fr",
    }
    assert recorder.last.headers["host"] == "upstream"
    assert recorder.last.headers["user-agent"] == "graphql-gateway"
    assert recorder.last.headers["accept"] == "application/json"


async def test_a_header_that_goes_along_anyway_is_not_sent_twice(upstream_over, recorder):
    upstream = upstream_over(
        recorder, forward_headers=("Authorization", "X-Request-Id", "x-a", "X-A")
    )
    headers = Headers({"authorization": "Bearer a", "x-request-id": "r-1", "x-a": "1"})
    await upstream.activities(upstream.caller(headers), "7")
    assert sent_headers(recorder.last) == {
        "authorization": "Bearer a",
        "x-request-id": "r-1",
        "x-a": "1",
    }


async def test_a_forwarded_credential_does_not_join_ours(upstream_over, recorder):
    upstream = upstream_over(recorder, bearer_token="ours", forward_headers=("apiKey",))
    await upstream.activities(upstream.caller(Headers({"apikey": "k"})), "7")
    assert sent_headers(recorder.last) == {"apikey": "k"}


async def test_a_header_that_is_not_ascii_is_refused_without_a_call(upstream, recorder):
    caller = upstream.caller(Headers({"apikey": "clé", "token": "t"}))
    with pytest.raises(InputRefused) as refused:
        await upstream.activities(caller, "7")
    assert "clé" not in str(refused.value)
    assert recorder.requests == []


async def test_two_callers_share_nothing(upstream, recorder):
    one = upstream.caller(Headers({"apikey": "1", "token": "1"}))
    other = upstream.caller(Headers({"authorization": "Bearer 2"}))
    await asyncio.gather(*[upstream.activities(caller, "7") for caller in (one, other, one)])
    assert [sent_headers(request) for request in recorder.requests] == [
        {"apikey": "1", "token": "1"},
        {"authorization": "Bearer 2"},
        {"apikey": "1", "token": "1"},
    ]


@pytest.mark.parametrize(
    "cookie",
    [
        "session=1",
        "session=1; Path=/",
        "session=1; Domain=upstream.example; Path=/; Max-Age=999",
        "session=1; Secure; HttpOnly; SameSite=None",
    ],
    ids=["plain", "path", "domain", "secure"],
)
@pytest.mark.parametrize("status", [200, 401, 503])
async def test_a_cookie_that_the_upstream_sets_never_comes_back(upstream_over, status, cookie):
    requests = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, json=EMPTY, headers={"set-cookie": cookie})

    upstream = upstream_over(handler, upstream_url="https://upstream.example")
    for headers in ({"apikey": "1", "token": "1"}, {"apikey": "2", "token": "2"}):
        try:
            await upstream.activities(upstream.caller(Headers(headers)), "7")
        except UpstreamError:
            assert status != 200
    assert [request.headers.get("cookie") for request in requests] == [None, None]


def test_a_caller_does_not_show_its_headers():
    caller = Caller((("apiKey", SECRET),))
    assert SECRET not in f"{caller} {caller!r}"
    assert "headers" not in repr(caller)


# What the answer means


def meaning(status: int) -> type[UpstreamError]:
    """The table of the conventions, and of house.md."""
    match status:
        case 401:
            return Unauthenticated
        case 403:
            return Forbidden
        case 404:
            return NotFound
        case 408 | 504:
            return UpstreamTimeout
        case 429:
            return UpstreamBusy
    return UpstreamUnavailable if status >= 500 else InputRefused


@pytest.mark.parametrize("status", range(400, 600))
async def test_a_status_of_failure_has_one_meaning_whatever_the_body(failure_of, status):
    html = await failure_of(status, text="<html>Tomcat</html>")
    assert type(html) is meaning(status)
    assert type(await failure_of(status)) is meaning(status)
    assert type(await failure_of(status, json=EMPTY)) is meaning(status)
    assert type(await failure_of(status, json={"error": {"code": 404}})) is meaning(status)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "BAD_USER_INPUT"),
        (401, "UNAUTHENTICATED"),
        (403, "FORBIDDEN"),
        (404, "NOT_FOUND"),
        (408, "UPSTREAM_TIMEOUT"),
        (409, "BAD_USER_INPUT"),
        (418, "BAD_USER_INPUT"),
        (422, "BAD_USER_INPUT"),
        (429, "UPSTREAM_BUSY"),
        (500, "UPSTREAM_UNAVAILABLE"),
        (501, "UPSTREAM_UNAVAILABLE"),
        (503, "UPSTREAM_UNAVAILABLE"),
        (504, "UPSTREAM_TIMEOUT"),
        (599, "UPSTREAM_UNAVAILABLE"),
    ],
)
async def test_a_status_of_failure_has_its_code(failure_of, status, code):
    assert (await failure_of(status)).code == code


@pytest.mark.parametrize("status", [201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308])
async def test_any_other_status_than_200_breaks_the_contract(failure_of, status):
    headers = {"location": "http://evil.example/"}
    failure = await failure_of(status, json=EMPTY, headers=headers)
    assert type(failure) is ContractBroken


async def test_a_redirect_is_not_followed(upstream_over):
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(302, headers={"location": "http://evil.example/"})

    with pytest.raises(ContractBroken):
        await upstream_over(handler).activities(NOBODY, "7")
    assert seen == ["upstream"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 401, "reason": "unauthorized", "message": "no"}, Unauthenticated),
        ({"code": 403}, Forbidden),
        ({"code": 404}, NotFound),
        ({"code": "404"}, NotFound),
        ({"code": 400}, InputRefused),
        ({"code": 429}, UpstreamBusy),
        ({"code": 500}, UpstreamUnavailable),
        ({"code": 504}, UpstreamTimeout),
        ({"code": 200}, ContractBroken),
        ({"code": 0}, UpstreamUnavailable),
        ({"code": -1}, UpstreamUnavailable),
        ({"code": 10**30}, UpstreamUnavailable),
        ({"code": None}, UpstreamUnavailable),
        ({"code": "broken"}, UpstreamUnavailable),
        ({}, UpstreamUnavailable),
        ("down", UpstreamUnavailable),
    ],
    ids=repr,
)
async def test_an_error_object_fails_an_answer_of_200(failure_of, error, expected):
    assert type(await failure_of(200, json={"error": error})) is expected
    assert type(await failure_of(200, json={"error": error, **EMPTY})) is expected


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "utf-8-sig", "utf-8"])
async def test_an_error_object_is_found_in_any_charset(failure_of, charset):
    text = '{"error":{"code":401,"message":"clé"}}'
    content_type = {"content-type": f"application/json;charset={charset.removesuffix('-sig')}"}
    failure = await failure_of(200, content=text.encode(charset), headers=content_type)
    assert type(failure) is Unauthenticated


async def test_an_error_that_is_null_is_none(upstream_over):
    upstream = upstream_over(lambda _: httpx.Response(200, json={"error": None, **EMPTY}))
    assert await upstream.activities(NOBODY, "7") == []


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        ("9" * 5000, 999_999_999),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 60),
        ("Wed, 21 Oct 2026 07:28:00 +0000", 60),
        ("Wednesday, 21-Oct-26 07:28:00 GMT", 60),
        ("Wed, 21 Oct 2026 09:28:00 +0200", 60),
        ("Wed, 21 Oct 2020 07:28:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("1e3", None),
        ("Wed, 21 Oct 2026 07:28:00", None),
        ("Wed, 32 Oct 2026 07:28:00 GMT", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:00 +99999999999999999999", None),
    ],
    ids=lambda value: repr(value)[:50],
)
async def test_how_long_to_wait_is_told_in_whole_seconds(failure_of, retry_after, seconds):
    headers = {"date": "Wed, 21 Oct 2026 07:27:00 GMT"}
    if retry_after is not None:
        headers["retry-after"] = retry_after
    failure = await failure_of(429, headers=headers)
    assert type(failure) is UpstreamBusy
    assert failure.retry_after == seconds


async def test_a_date_to_wait_for_means_nothing_without_the_date_of_the_answer(failure_of):
    failure = await failure_of(429, headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"})
    assert failure.retry_after is None


async def test_an_error_object_that_says_busy_has_the_header_s_seconds(failure_of):
    answer = {"error": {"code": 429}}
    assert (await failure_of(200, json=answer, headers={"retry-after": "3"})).retry_after == 3


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/json;charset=ISO-8859-1", "é".encode("latin-1")),
        ("application/json; Charset=UTF-8", "é".encode()),
        ('application/json; charset="utf-16"', None),
        ("application/json", "é".encode()),
        ("text/plain", "é".encode()),
        ("nonsense", "é".encode()),
        (None, "é".encode()),
    ],
    ids=repr,
)
async def test_an_answer_is_read_in_the_charset_that_it_declares(
    upstream_over, content_type, content
):
    content = (
        '{"items":[{"id":"é","type":"note"}]}'.encode("utf-16")
        if content is None
        else b'{"items":[{"id":"%s","type":"note"}]}' % content
    )
    headers = {} if content_type is None else {"content-type": content_type}
    upstream = upstream_over(lambda _: httpx.Response(200, content=content, headers=headers))
    [activity] = await upstream.activities(NOBODY, "7")
    assert activity.id == "é"


@pytest.mark.parametrize("charset", ["klingon", "hex", "utf-16"])
async def test_an_answer_that_is_not_in_its_charset_breaks_the_contract(failure_of, charset):
    headers = {"content-type": f"application/json;charset={charset}"}
    assert type(await failure_of(200, content=b'{"items":[]}', headers=headers)) is ContractBroken


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"items":null}'], ids=repr)
async def test_an_answer_without_a_list_breaks_the_contract(failure_of, content):
    assert type(await failure_of(200, content=content)) is ContractBroken


# Size and time


def answer_of(size: int) -> bytes:
    return b'{"items":[]}'.ljust(size)


async def test_an_answer_of_just_the_largest_size_is_taken(upstream_over):
    upstream = upstream_over(
        lambda _: httpx.Response(200, content=answer_of(1000)), max_upstream_bytes=1000
    )
    assert await upstream.activities(NOBODY, "7") == []


@pytest.mark.parametrize("status", [200, 404, 500])
async def test_a_larger_answer_is_refused_whatever_its_status(upstream_over, status):
    upstream = upstream_over(
        lambda _: httpx.Response(status, content=answer_of(1001)), max_upstream_bytes=1000
    )
    with pytest.raises(ResponseTooLarge):
        await upstream.activities(NOBODY, "7")


async def test_an_endless_answer_is_given_up_and_closed(upstream_over):
    class Endless(httpx.AsyncByteStream):
        sent = 0
        closed = False

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                self.sent += 1
                yield b" " * 100

        async def aclose(self) -> None:
            self.closed = True

    stream = Endless()
    upstream = upstream_over(lambda _: httpx.Response(200, stream=stream), max_upstream_bytes=1000)
    with pytest.raises(ResponseTooLarge):
        await upstream.activities(NOBODY, "7")
    assert stream.sent == 11
    assert stream.closed


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        ("gzip", gzip.compress(answer_of(1_000_000))),
        ("gzip, gzip", gzip.compress(gzip.compress(answer_of(1_000_000)))),
    ],
    ids=["once", "twice"],
)
async def test_size_is_measured_after_decompression(upstream_over, encoding, bomb):
    assert len(bomb) < 10_000
    upstream = upstream_over(
        lambda _: httpx.Response(200, content=bomb, headers={"content-encoding": encoding}),
        max_upstream_bytes=10_000,
    )
    with pytest.raises(ResponseTooLarge):
        await upstream.activities(NOBODY, "7")


async def test_a_compressed_answer_is_read(upstream_over):
    sent = gzip.compress(b'{"items":[{"id":"1","type":"note"}]}')
    upstream = upstream_over(
        lambda _: httpx.Response(200, content=sent, headers={"content-encoding": "gzip"})
    )
    assert len(await upstream.activities(NOBODY, "7")) == 1


async def test_an_answer_that_cannot_be_decompressed_breaks_the_contract(upstream_over):
    class Wrong(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"not compressed at all"

    upstream = upstream_over(
        lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Wrong())
    )
    with pytest.raises(ContractBroken):
        await upstream.activities(NOBODY, "7")


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_an_answer_that_does_not_start_in_time_is_given_up(upstream_over):
    async def handler(request: httpx.Request) -> httpx.Response:
        await forever()
        raise AssertionError

    with pytest.raises(UpstreamTimeout):
        await upstream_over(handler, upstream_timeout_seconds=0.01).activities(NOBODY, "7")


async def test_an_answer_that_does_not_end_in_time_is_given_up_however_lively(upstream_over):
    class Dripping(httpx.AsyncByteStream):
        closed = False

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(0.001)
                yield b" "

        async def aclose(self) -> None:
            self.closed = True

    stream = Dripping()
    upstream = upstream_over(
        lambda _: httpx.Response(200, stream=stream), upstream_timeout_seconds=0.02
    )
    with pytest.raises(UpstreamTimeout):
        await upstream.activities(NOBODY, "7")
    assert stream.closed


async def test_a_caller_that_leaves_is_not_a_failure_of_the_upstream(upstream_over, events):
    async def handler(request: httpx.Request) -> httpx.Response:
        await forever()
        raise AssertionError

    reading = asyncio.create_task(upstream_over(handler).activities(NOBODY, "7"))
    await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert events == []


# What httpx raises


def raised_by_httpx() -> Iterator[Exception]:
    """One of every exception that sending a request or reading its answer can raise."""
    waiting: list[type[Exception]] = [httpx.HTTPError, httpx.StreamError, httpx.InvalidURL]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not kind.__module__.startswith("httpx"):
            continue
        if kind is httpx.HTTPStatusError:
            request = httpx.Request("GET", f"http://upstream/?{SECRET}")
            yield httpx.HTTPStatusError(SECRET, request=request, response=httpx.Response(500))
        elif kind in WORDLESS:
            yield kind()
        else:
            yield kind(SECRET)


WORDLESS = {
    httpx.RequestNotRead,
    httpx.ResponseNotRead,
    httpx.StreamClosed,
    httpx.StreamConsumed,
}
EXPECTED: dict[type[Exception], type[UpstreamError]] = {
    httpx.TimeoutException: UpstreamTimeout,
    httpx.DecodingError: ContractBroken,
    httpx.InvalidURL: InputRefused,
    Exception: UpstreamUnavailable,
}


@pytest.mark.parametrize(
    "raised", list(raised_by_httpx()), ids=lambda raised: type(raised).__name__
)
@pytest.mark.parametrize("where", ["answer", "body"])
async def test_whatever_httpx_raises_becomes_an_error_of_ours(upstream_over, raised, where):
    class Breaking(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            raise raised

    def handler(request: httpx.Request) -> httpx.Response:
        if where == "answer":
            raise raised
        return httpx.Response(200, stream=Breaking())

    expected = next(ours for theirs, ours in EXPECTED.items() if isinstance(raised, theirs))
    with pytest.raises(UpstreamError) as failure:
        await upstream_over(handler).activities(NOBODY, "7")
    assert type(failure.value) is expected
    assert failure.value.__cause__ is raised
    assert SECRET not in str(failure.value)


def test_every_exception_of_httpx_is_thought_of():
    found = {type(raised) for raised in raised_by_httpx()}
    exported = {
        thing
        for thing in vars(httpx).values()
        if isinstance(thing, type) and issubclass(thing, Exception)
    }
    assert exported - found == {httpx.CookieConflict}  # raised by asking a cookie jar: we do not


async def test_a_bug_of_ours_is_not_blamed_on_the_upstream(upstream_over):
    def handler(request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await upstream_over(handler).activities(NOBODY, "7")


# What nobody may learn


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 429, 500, 504])
async def test_no_message_and_no_event_tells_texts_addresses_or_credentials(
    upstream_over, events, status
):
    error = {"error": {"code": 500, "reason": SECRET, "message": SECRET}}
    upstream = upstream_over(
        lambda _: httpx.Response(status, json=error, headers={"x-secret": SECRET}),
        upstream_url=f"http://{SECRET}",
    )
    caller = upstream.caller(Headers({"apikey": SECRET, "token": SECRET}))
    with pytest.raises(UpstreamError) as failure:
        await upstream.activities(caller, SECRET)
    assert SECRET not in f"{failure.value} {failure.value!r} {failure.value.extensions}"
    assert SECRET not in repr(events)


@pytest.mark.parametrize("status", [HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE])
async def test_a_refusal_is_an_event_with_its_status(failure_of, events, status):
    failure = await failure_of(status)
    assert events == [
        {
            "event": "upstream.refused",
            "log_level": "info",
            "path": "/api/2.3/activities",
            "code": failure.code,
            "status": status,
        }
    ]


async def test_a_call_without_an_answer_is_an_event(upstream_over, events):
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(SECRET)

    with pytest.raises(UpstreamUnavailable):
        await upstream_over(handler).activities(NOBODY, "7")
    assert events == [
        {
            "event": "upstream.failed",
            "log_level": "info",
            "path": "/api/2.3/activities",
            "code": "UPSTREAM_UNAVAILABLE",
        }
    ]


async def test_closing_closes_the_transport(upstream_over):
    class Closing(httpx.AsyncBaseTransport):
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    transport = Closing()
    upstream: Upstream = upstream_over(transport)
    await upstream.aclose()
    assert transport.closed

import asyncio
import gzip
import traceback
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from itertools import product
from typing import Any

import httpx
import pytest
from msgspec import Raw

from gateway.errors import (
    FieldError,
    Forbidden,
    InvalidArgument,
    InvalidUpstreamResponse,
    NotFound,
    ResponseTooLarge,
    Unauthenticated,
    UpstreamBusy,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.upstream.credentials import Caller
from gateway.upstream.http.failure_reason import FailureReason
from gateway.upstream.http.fetcher import UpstreamFetcher
from gateway.upstream.http.response_protocol import IncompleteBody
from gateway.upstream.http.transport import CertificateVerificationFailed, ConnectFailed
from gateway.upstream.read_log import CacheStatus
from gateway.upstream.records import decoding
from tests.support.secret import SECRET
from tests.support.statuses import BROKEN, STATUSES, code_of, statuses_of
from tests.unit.upstream.reading import fetch

EMPTY: dict[str, list[object]] = {"items": []}
THINGS = "/api/2.3/things"


def caller(*headers: tuple[str, str], identity: bytes = b"") -> Caller:
    pairs = tuple((name.encode(), value.encode()) for name, value in headers)
    return Caller(pairs, identity)


class Sent(httpx.AsyncByteStream):
    """A body as it stands on the wire: httpx decompresses what it is given whole."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


async def read(reads: UpstreamFetcher, **options: Any) -> list[Raw]:
    return await fetch(reads, caller(), THINGS, decoding.items, **options)


@pytest.fixture
def failure_of(reads_over):
    """What a caller is told where the upstream sends this."""

    async def failure_of(*args: object, **kwargs: object) -> FieldError:
        response = httpx.Response(*args, **kwargs)  # type: ignore[arg-type]
        with pytest.raises(FieldError) as failure:
            await read(reads_over(lambda _: response))
        return failure.value

    return failure_of


# What is sent


async def test_a_read_is_one_get_without_a_body(reads_over, recorder):
    assert await read(reads_over(recorder), query={"a": "1", "b": "é&c=2"}) == []
    [request] = recorder.requests
    assert request.method == "GET"
    assert str(request.url) == "http://upstream/api/2.3/things?a=1&b=%C3%A9%26c%3D2"
    assert request.content == b""


async def test_ids_stand_in_the_path(reads_over, recorder):
    await fetch(
        reads_over(recorder),
        caller(),
        "/a/{one}/b/{two}",
        decoding.items,
        ids={"one": "1", "two": "x-Y_9"},
    )
    assert recorder.last.url.path == "/a/1/b/x-Y_9"


@pytest.mark.parametrize(
    "id_",
    ["", ".", "..", "../x", "a/b", "a?b", "a#b", "a b", "%2e%2e", "é", "{two}", "1\n", "x" * 65],
    ids=repr,
)
async def test_what_cannot_be_an_id_breaks_the_contract_without_a_call(reads_over, recorder, id_):
    asking = caller()
    with pytest.raises(InvalidUpstreamResponse) as broken:
        await fetch(reads_over(recorder), asking, "/a/{one}", decoding.items, ids={"one": id_})
    assert recorder.requests == []
    assert asking.read_log == []
    assert not id_ or id_ == "." or id_ not in str(broken.value)


async def test_the_headers_of_the_caller_go_along_and_ours_are_few(reads_over, recorder):
    await fetch(
        reads_over(recorder),
        caller(("apiKey", "k"), ("x-request-id", "r-1")),
        THINGS,
        decoding.items,
    )
    headers = recorder.last.headers.multi_items()
    assert len({name for name, _ in headers}) == len(headers), "a header is sent twice"
    of_the_connection = {"accept-encoding", "connection"}
    assert {name: value for name, value in headers if name not in of_the_connection} == {
        "host": "upstream",
        "accept": "application/json",
        "user-agent": "graphql-gateway",
        "apikey": "k",
        "x-request-id": "r-1",
    }


async def test_a_header_that_is_not_ascii_is_refused_without_a_call(reads_over, recorder):
    with pytest.raises(InvalidArgument) as refused:
        await fetch(reads_over(recorder), caller(("apikey", "clé")), THINGS, decoding.items)
    assert "clé" not in str(refused.value)
    assert recorder.requests == []


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
async def test_a_cookie_that_the_upstream_sets_never_comes_back(reads_over, status, cookie):
    requests = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, json=EMPTY, headers={"set-cookie": cookie})

    reads = reads_over(handler, upstream_url="https://upstream.example")
    for _ in range(2):
        try:
            await read(reads)
        except FieldError:
            assert status != 200
    assert [request.headers.get("cookie") for request in requests] == [None, None]


# What the answer means


@pytest.mark.slow
async def test_a_status_of_failure_has_one_meaning_whatever_the_body(reads_over):
    bodies: list[dict[str, Any]] = [
        {},
        {"text": "<html>Tomcat</html>"},
        {"json": EMPTY},
        {"json": {"error": {"code": 404}}},
        {"json": {"message": "no", "statusCode": 404, "fields": []}},
    ]
    answers: list[httpx.Response] = []
    for status, content in product(range(400, 600), bodies):
        reads = reads_over(lambda _: answers.pop())  # anew: no breaker says that it fails
        answers.append(httpx.Response(status, **content))
        with pytest.raises(FieldError) as failure:
            await read(reads)
        assert failure.value.code == code_of(status)


@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_of_failure_has_its_code(failure_of, status):
    assert (await failure_of(status)).code == code_of(status)


@pytest.mark.parametrize("status", [201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308])
async def test_any_other_status_than_200_breaks_the_contract(failure_of, status):
    headers = {"location": "http://evil.example/"}
    failure = await failure_of(status, json=EMPTY, headers=headers)
    assert type(failure) is InvalidUpstreamResponse


async def test_a_redirect_is_not_followed(reads_over):
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(302, headers={"location": "http://evil.example/"})

    with pytest.raises(InvalidUpstreamResponse):
        await read(reads_over(handler))
    assert seen == ["upstream"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 401, "reason": "unauthorized", "message": "no"}, Unauthenticated),
        ({"code": 403}, Forbidden),
        ({"code": 404}, NotFound),
        ({"code": "404"}, NotFound),
        ({"code": 400}, InvalidArgument),
        ({"code": 429}, UpstreamBusy),
        ({"code": 500}, UpstreamUnavailable),
        ({"code": 504}, UpstreamTimeout),
        ({"code": 200}, InvalidUpstreamResponse),
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


STATED = {
    401: Unauthenticated,
    402: Forbidden,
    404: NotFound,
    407: InvalidUpstreamResponse,
    409: InvalidArgument,
    410: NotFound,
    429: UpstreamBusy,
    503: UpstreamUnavailable,
    504: UpstreamTimeout,
}


@pytest.mark.parametrize(("code", "expected"), STATED.items())
async def test_the_other_form_of_an_error_fails_an_answer_of_200(failure_of, code, expected):
    sent = {"message": "no", "statusCode": code, "fields": [{"name": "clientId"}]}
    assert type(await failure_of(200, json=sent)) is expected


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "utf-8-sig", "utf-8"])
async def test_an_error_object_is_found_in_any_charset(failure_of, charset):
    text = '{"error":{"code":401,"message":"clé"}}'
    content_type = {"content-type": f"application/json;charset={charset.removesuffix('-sig')}"}
    failure = await failure_of(200, content=text.encode(charset), headers=content_type)
    assert type(failure) is Unauthenticated


async def test_an_error_that_is_null_is_none(reads_over):
    reads = reads_over(lambda _: httpx.Response(200, json={"error": None, **EMPTY}))
    assert await read(reads) == []


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        ("9" * 5000, 86_400),
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
async def test_an_answer_is_read_in_the_charset_that_it_declares(reads_over, content_type, content):
    content = (
        '{"items":[{"id":"é","type":"note"}]}'.encode("utf-16")
        if content is None
        else b'{"items":[{"id":"%s","type":"note"}]}' % content
    )
    headers = {} if content_type is None else {"content-type": content_type}
    reads = reads_over(lambda _: httpx.Response(200, content=content, headers=headers))
    [item] = await read(reads)
    assert decoding.activity(item).id == "é"


@pytest.mark.parametrize("charset", ["klingon", "hex", "utf-16"])
async def test_an_answer_that_is_not_in_its_charset_breaks_the_contract(failure_of, charset):
    headers = {"content-type": f"application/json;charset={charset}"}
    content = b'{"items":[],"\xe9":0}'
    assert type(await failure_of(200, content=content, headers=headers)) is InvalidUpstreamResponse


@pytest.mark.parametrize("content", [b"", b"<html>", b"[[]]", b'{"items":null}'], ids=repr)
async def test_an_answer_without_a_list_breaks_the_contract(failure_of, content):
    assert type(await failure_of(200, content=content)) is InvalidUpstreamResponse


# Size and time


def answer_of(size: int) -> bytes:
    return b'{"items":[]}'.ljust(size)


async def test_an_answer_of_just_the_largest_size_is_taken(reads_over):
    reads = reads_over(
        lambda _: httpx.Response(200, content=answer_of(1000)), max_upstream_bytes=1000
    )
    assert await read(reads) == []


@pytest.mark.parametrize("status", [200, 404, 500])
async def test_a_larger_answer_is_refused_whatever_its_status(reads_over, status):
    reads = reads_over(
        lambda _: httpx.Response(status, content=answer_of(1001)), max_upstream_bytes=1000
    )
    with pytest.raises(ResponseTooLarge):
        await read(reads)


async def test_an_endless_answer_is_given_up_and_closed(reads_over):
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
    reads = reads_over(lambda _: httpx.Response(200, stream=stream), max_upstream_bytes=1000)
    with pytest.raises(ResponseTooLarge):
        await read(reads)
    assert stream.sent == 11
    assert stream.closed


@pytest.mark.parametrize(
    ("encoding", "code"),
    [("gzip", "UPSTREAM_RESPONSE_TOO_LARGE"), ("gzip, gzip", "UPSTREAM_CONTRACT_BROKEN")],
)
async def test_size_is_measured_after_decompression(reads_over, encoding, code):
    bomb = gzip.compress(answer_of(1_000_000))
    assert len(bomb) < 10_000
    reads = reads_over(
        lambda _: httpx.Response(200, headers={"content-encoding": encoding}, stream=Sent(bomb)),
        max_upstream_bytes=10_000,
    )
    with pytest.raises(FieldError) as failure:
        await read(reads)
    assert failure.value.code == code


async def test_an_answer_of_far_too_many_small_values_is_too_large(reads_over):
    sent = b'{"items":[' + b"0," * 1_000_000 + b"0]}"
    with pytest.raises(ResponseTooLarge):
        await read(reads_over(lambda _: httpx.Response(200, content=sent)))


async def test_a_compressed_answer_is_read(reads_over):
    sent = gzip.compress(b'{"items":[{"id":"1","type":"note"}]}')
    reads = reads_over(
        lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Sent(sent))
    )
    assert len(await read(reads)) == 1


async def test_an_answer_that_cannot_be_decompressed_breaks_the_contract(reads_over):
    wrong = Sent(b"not compressed at all")
    reads = reads_over(
        lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=wrong)
    )
    with pytest.raises(InvalidUpstreamResponse):
        await read(reads)


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_an_answer_that_does_not_start_in_time_is_given_up(reads_over):
    async def handler(request: httpx.Request) -> httpx.Response:
        await forever()
        raise AssertionError

    with pytest.raises(UpstreamTimeout):
        await read(reads_over(handler, upstream_attempt_timeout_seconds=0.01))


async def test_an_answer_that_does_not_end_in_time_is_given_up_however_lively(reads_over):
    class Dripping(httpx.AsyncByteStream):
        closed = False

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(0.001)
                yield b" "

        async def aclose(self) -> None:
            self.closed = True

    stream = Dripping()
    reads = reads_over(
        lambda _: httpx.Response(200, stream=stream), upstream_attempt_timeout_seconds=0.02
    )
    with pytest.raises(UpstreamTimeout):
        await read(reads)
    assert stream.closed


async def test_a_caller_that_leaves_is_not_a_failure_of_the_upstream(reads_over, events):
    async def handler(request: httpx.Request) -> httpx.Response:
        await forever()
        raise AssertionError

    reading = asyncio.create_task(read(reads_over(handler)))
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
EXPECTED: dict[type[Exception], type[FieldError]] = {
    httpx.TimeoutException: UpstreamTimeout,
    httpx.DecodingError: InvalidUpstreamResponse,
    Exception: UpstreamUnavailable,
}


@pytest.mark.parametrize(
    "raised", list(raised_by_httpx()), ids=lambda raised: type(raised).__name__
)
@pytest.mark.parametrize("where", ["answer", "body"])
async def test_whatever_httpx_raises_becomes_an_error_of_ours(reads_over, raised, where):
    class Breaking(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            raise raised

    def handler(request: httpx.Request) -> httpx.Response:
        if where == "answer":
            raise raised
        return httpx.Response(200, stream=Breaking())

    expected = next(ours for theirs, ours in EXPECTED.items() if isinstance(raised, theirs))
    with pytest.raises(FieldError) as failure:
        await read(reads_over(handler))
    assert type(failure.value) is expected
    assert SECRET not in str(failure.value)


def test_every_exception_of_httpx_is_thought_of():
    found = {type(raised) for raised in raised_by_httpx()}
    exported = {
        thing
        for thing in vars(httpx).values()
        if isinstance(thing, type) and issubclass(thing, Exception)
    }
    assert exported - found == {httpx.CookieConflict}  # raised by asking a cookie jar: we do not


async def test_a_bug_of_ours_is_not_blamed_on_the_upstream(reads_over):
    def handler(request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await read(reads_over(handler))


# What nobody may learn


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 429, 500, 504])
async def test_no_message_and_no_event_tells_texts_addresses_or_credentials(
    reads_over, events, status
):
    error = {"error": {"code": 500, "reason": SECRET, "message": SECRET}}
    reads = reads_over(
        lambda _: httpx.Response(status, json=error, headers={"x-secret": SECRET}),
        upstream_url=f"http://{SECRET}",
    )
    asking = caller(("apikey", SECRET), ("token", SECRET))
    with pytest.raises(FieldError) as failure:
        await fetch(
            reads, asking, "/a/{id}", decoding.items, ids={"id": SECRET}, query={"clientId": SECRET}
        )
    assert SECRET not in f"{failure.value} {failure.value!r} {failure.value.extensions}"
    assert SECRET not in repr(events)
    assert SECRET not in f"{asking} {asking.read_log}"


@pytest.mark.parametrize("status", [HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE])
async def test_a_refusal_is_an_event_with_its_status(failure_of, events, status):
    failure = await failure_of(status)
    assert events == [
        {
            "event": "upstream.failed",
            "log_level": "info",
            "path": THINGS,
            "code": failure.code,
            "status": status,
            "reason": None,
            "attempts": 1,
        }
    ]


REPAIRED = {
    "refused": (
        ConnectFailed(FailureReason.CONNECTION_REFUSED),
        ("UPSTREAM_UNAVAILABLE", None, "connection_refused"),
    ),
    "no connection": (
        httpx.ConnectError(SECRET),
        ("UPSTREAM_UNAVAILABLE", None, "connect_failed"),
    ),
    "no connection in time": (
        httpx.ConnectTimeout(SECRET),
        ("UPSTREAM_TIMEOUT", None, "connect_timeout"),
    ),
    "silent": (httpx.ReadTimeout(SECRET), ("UPSTREAM_TIMEOUT", None, "timeout")),
    "reset": (httpx.ReadError(SECRET), ("UPSTREAM_UNAVAILABLE", None, "connection_lost")),
    "incomplete": (
        IncompleteBody(SECRET),
        ("UPSTREAM_UNAVAILABLE", None, "incomplete_response"),
    ),
    "no HTTP": (
        httpx.RemoteProtocolError(SECRET),
        ("UPSTREAM_UNAVAILABLE", None, "invalid_http"),
    ),
    "a certificate": (
        CertificateVerificationFailed(SECRET),
        ("UPSTREAM_UNAVAILABLE", None, "certificate_not_verified"),
    ),
    "a redirect": (httpx.Response(302), ("UPSTREAM_CONTRACT_BROKEN", 302, None)),
    "a page": (httpx.Response(200, text="<html>"), ("UPSTREAM_CONTRACT_BROKEN", 200, None)),
    "no list": (httpx.Response(200, json={}), ("UPSTREAM_CONTRACT_BROKEN", 200, None)),
    "too large": (
        httpx.Response(200, text=" " * 1001),
        ("UPSTREAM_RESPONSE_TOO_LARGE", 200, None),
    ),
}


@pytest.mark.parametrize(("sent", "fields"), REPAIRED.values(), ids=REPAIRED)
async def test_what_somebody_has_to_repair_is_a_warning(
    reads_over,
    events,
    sent: httpx.Response | Exception,
    fields: tuple[str, int | None, str | None],
):
    def handler(request: httpx.Request) -> httpx.Response:
        if isinstance(sent, Exception):
            raise sent
        return sent

    with pytest.raises(FieldError):
        await read(reads_over(handler, max_upstream_bytes=1000))
    code, status, reason = fields
    assert events == [
        {
            "event": "upstream.failed",
            "log_level": "warning",
            "path": THINGS,
            "code": code,
            "status": status,
            "reason": reason,
            "attempts": 1,
        }
    ]


@pytest.mark.parametrize("status", sorted({*STATUSES} - {*statuses_of(BROKEN)}))
@pytest.mark.parametrize("form", ["status", "error"])
async def test_what_an_upstream_at_work_refuses_or_says_of_itself_is_no_warning(
    reads_over, events, status, form
):
    sent = (
        httpx.Response(status)
        if form == "status"
        else httpx.Response(200, json={"error": {"code": status}})
    )
    with pytest.raises(FieldError):
        await read(reads_over(lambda _: sent))
    assert [(event["event"], event["log_level"]) for event in events] == [
        ("upstream.failed", "info")
    ]


@pytest.mark.parametrize("status", [each for each in statuses_of(BROKEN) if each >= 400])
@pytest.mark.parametrize("form", ["status", "error"])
async def test_a_refusal_that_no_caller_can_have_caused_is_a_warning(
    reads_over, events, status, form
):
    sent = (
        httpx.Response(status)
        if form == "status"
        else httpx.Response(200, json={"message": "no", "statusCode": status})
    )
    with pytest.raises(InvalidUpstreamResponse):
        await read(reads_over(lambda _: sent))
    assert [(event["event"], event["log_level"]) for event in events] == [
        ("upstream.failed", "warning")
    ]


async def test_an_upstream_that_is_left_alone_is_one_warning_and_not_one_for_each_read(
    reads_over, events
):
    reads = reads_over(lambda _: httpx.Response(500))
    for _ in range(10):
        await asyncio.gather(read(reads), return_exceptions=True)
    opened = len(events)
    for _ in range(10):
        await asyncio.gather(read(reads), return_exceptions=True)
    assert [e["event"] for e in events if e["log_level"] == "warning"] == [
        "circuit_breaker.state_changed"
    ]
    assert {(e["status"], e["reason"]) for e in events[opened:]} == {(None, "circuit_open")}


# What a caller can tell of its reads


async def test_a_read_is_told_with_its_template_status_and_size(reads_over):
    asking = caller()
    reads = reads_over(lambda _: httpx.Response(200, json=EMPTY))
    await fetch(reads, asking, "/a/{one}", decoding.items, ids={"one": "7"}, query={"q": "8"})
    [call] = asking.read_log
    assert (call.path, call.status, call.cache_status) == ("/a/{one}", 200, CacheStatus.CALLED)
    assert call.bytes == len(b'{"items":[]}')
    assert call.milliseconds >= 0


@pytest.mark.parametrize("status", [302, 404, 503])
async def test_a_read_that_fails_is_told_with_its_status(reads_over, status):
    asking = caller()
    reads = reads_over(lambda _: httpx.Response(status, content=b"<html>"))
    with pytest.raises(FieldError):
        await fetch(reads, asking, THINGS, decoding.items)
    assert [(call.status, call.bytes) for call in asking.read_log] == [(status, 6)]


async def test_a_read_without_an_answer_is_told_without_a_status(reads_over):
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(SECRET)

    asking = caller()
    with pytest.raises(UpstreamUnavailable):
        await fetch(reads_over(handler), asking, THINGS, decoding.items)
    assert [(call.status, call.bytes) for call in asking.read_log] == [(None, 0)]


async def test_an_error_that_many_wait_for_does_not_grow_with_them(reads_over):
    reads = reads_over(lambda _: httpx.Response(503))
    found = await asyncio.gather(*[read(reads) for _ in range(20)], return_exceptions=True)
    assert all(isinstance(each, UpstreamUnavailable) for each in found)
    depths = [len(traceback.format_exception(each)) for each in found]  # type: ignore[arg-type]
    assert max(depths) < 50


# What is shared, and what is kept


async def outcomes(
    reads: UpstreamFetcher, *asking: tuple[Caller, dict[str, str]]
) -> list[CacheStatus]:
    """How reads that start together are answered."""
    await asyncio.gather(
        *[fetch(reads, each, THINGS, decoding.items, query=query) for each, query in asking]
    )
    return [each.read_log[-1].cache_status for each, _ in asking]


async def test_equal_reads_of_one_identity_are_one(reads_over, recorder):
    one, other = caller(identity=b"1"), caller(("traceparent", "t"), identity=b"1")
    found = await outcomes(reads_over(recorder), (one, {"a": "1"}), (other, {"a": "1"}))
    assert found == [CacheStatus.CALLED, CacheStatus.COALESCED]
    assert len(recorder.requests) == 1


async def test_reads_that_differ_in_anything_are_not_one(reads_over, recorder):
    found = await outcomes(
        reads_over(recorder),
        (caller(identity=b"1"), {"a": "1"}),
        (caller(identity=b"2"), {"a": "1"}),
        (caller(identity=b"1"), {"a": "2"}),
        (caller(identity=b"1"), {"b": "1"}),
        (caller(identity=b"1"), {}),
    )
    assert found == [CacheStatus.CALLED] * 5
    assert len(recorder.requests) == 5


async def test_an_answer_that_is_too_large_to_keep_is_not_kept(reads_over):
    called = []

    def handler(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(200, content=answer_of(17_000_000))

    reads = reads_over(handler, entity_cache_seconds=60)
    for _ in range(2):
        await read(reads, cacheable=True)
    assert len(called) == 2


async def test_a_failure_is_not_kept(reads_over, recorder):
    answers = [httpx.Response(503), httpx.Response(200, json=EMPTY)]
    reads = reads_over(lambda _: answers.pop(0), entity_cache_seconds=60)
    with pytest.raises(UpstreamUnavailable):
        await read(reads, cacheable=True)
    assert await read(reads, cacheable=True) == []
    assert await read(reads, cacheable=True) == []
    assert answers == []


async def test_an_answer_is_kept_only_where_the_read_allows_it(reads_over, recorder):
    reads = reads_over(recorder, entity_cache_seconds=60)
    for keep in (False, False, True, True, False):
        await read(reads, cacheable=keep)
    assert len(recorder.requests) == 4


async def test_an_answer_is_not_kept_without_a_time_to_keep_it(reads_over, recorder):
    reads = reads_over(recorder)
    for _ in range(2):
        await read(reads, cacheable=True)
    assert len(recorder.requests) == 2

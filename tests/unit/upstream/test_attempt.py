"""What one attempt comes to; what callers are told of it is in test_reads.py."""

import asyncio
import gc
import sys
import weakref
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.config.headers import RawHeaders
from gateway.errors import ResponseTooLarge
from gateway.upstream.http.attempt import (
    AttemptFailed,
    HttpAttempt,
    LocalFailure,
    ReceivedResponse,
)
from gateway.upstream.http.request import NEW_CONNECTION
from gateway.upstream.http.response_protocol import (
    HeadTooLarge,
    IdleConnectionClosed,
    IncompleteBody,
)
from gateway.upstream.http.transport import CertificateVerificationFailed
from tests.unit.upstream.conftest import settings_of, transport_of

EMPTY = b'{"items":[]}'


async def attempt(answers: Any, **settings: Any) -> ReceivedResponse:
    exchange = HttpAttempt(settings_of(**settings), transport_of(answers))
    return await exchange.get("/things?a=b+c", ((b"apikey", b"k"),))


async def failure(answers: Any, **settings: Any) -> AttemptFailed:
    with pytest.raises(AttemptFailed) as failed:
        await attempt(answers, **settings)
    return failed.value


async def test_a_success_is_its_status_its_body_and_its_size_on_arrival():
    sent = httpx.Response(
        200, content="é".encode("latin-1"), headers={"content-type": "text/plain;charset=latin-1"}
    )
    assert await attempt(lambda _: sent) == ReceivedResponse(200, "é".encode(), 1)


async def test_an_attempt_is_one_request_with_the_limits_that_are_set():
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, content=EMPTY)

    limits: Any = {"connect": 1.5, "read": 2.5}
    await attempt(
        answer,
        upstream_attempt_timeout_seconds=4.5,
        **{f"upstream_{name}_timeout_seconds": value for name, value in limits.items()},
    )
    [request] = requests
    assert str(request.url) == "http://upstream/things?a=b+c"
    assert request.extensions["timeout"] == {**limits, "write": 4.5, "pool": 4.5}


REPEATABLE = {425, 429, 502, 503, 504}


@pytest.mark.sample(1)
@pytest.mark.parametrize("form", ["status", "error", "stated"])
async def test_five_statuses_are_worth_another_attempt_and_those_from_500_are_an_outage(form):
    for status in range(400, 600):
        sent = {
            "status": httpx.Response(status, content=b"<html>"),
            "error": httpx.Response(200, json={"error": {"code": status}}),
            "stated": httpx.Response(200, json={"message": "no", "statusCode": status}),
        }[form]
        failed = await failure(lambda _, sent=sent: sent)
        assert failed.is_retryable == (status in REPEATABLE)
        assert failed.is_outage == (status >= 500)
        assert failed.status == (status if form == "status" else 200)
        assert failed.size == len(sent.content)
        assert failed.max_attempts == (2 if status == 425 else sys.maxsize)
        assert not failed.is_unreachable


@pytest.mark.parametrize("status", [201, 204, 302, 304])
async def test_what_breaks_the_contract_is_no_outage_and_not_worth_repeating(status):
    failed = await failure(lambda _: httpx.Response(status))
    assert (failed.is_retryable, failed.is_outage) == (False, False)


@pytest.mark.parametrize("content", [b'{"error":{}}', b'{"error":"down"}'], ids=str)
async def test_an_error_without_a_code_is_an_outage(content):
    failed = await failure(lambda _: httpx.Response(200, content=content))
    assert (failed.is_retryable, failed.is_outage) == (False, True)


@pytest.mark.parametrize("status", [429, 503])
async def test_how_long_to_wait_is_told_by_those_that_may_say_so(status):
    failed = await failure(lambda _: httpx.Response(status, headers={"retry-after": "7"}))
    assert failed.retry_after == 7
    assert (await failure(lambda _: httpx.Response(status))).retry_after is None


@pytest.mark.parametrize(
    ("raised", "is_repeatable", "is_outage", "is_connected"),
    [
        (httpx.ConnectError("x"), True, True, False),
        (httpx.ConnectTimeout("x"), True, True, False),
        (CertificateVerificationFailed("x"), False, True, False),
        (httpx.ReadError("x"), True, True, True),
        (IdleConnectionClosed("x"), True, True, True),
        (IncompleteBody("x"), True, False, True),
        (httpx.RemoteProtocolError("x"), True, False, True),
        (HeadTooLarge("x"), False, False, True),
        (httpx.ReadTimeout("x"), False, True, True),
        (httpx.DecodingError("x"), False, False, True),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else str(each),
)
async def test_a_connection_that_fails_is_worth_another_attempt_and_silence_is_not(
    raised, is_repeatable, is_outage, is_connected
):
    """An upstream that takes long has enough to do; one answer that is spoilt says nothing of others."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise raised

    failed = await failure(answer)
    assert (failed.is_retryable, failed.is_outage) == (is_repeatable, is_outage)
    assert failed.is_connected is is_connected
    assert failed.is_unreachable is not isinstance(raised, (HeadTooLarge, httpx.DecodingError))
    assert (failed.status, failed.size) == (None, 0)


async def test_a_certificate_that_is_not_in_order_is_not_worth_asking_again():
    def answer(request: httpx.Request) -> httpx.Response:
        raise CertificateVerificationFailed("x")

    error = (await failure(answer)).error
    assert (error.retryable, error.extensions) == (False, {"code": "UPSTREAM_UNAVAILABLE"})


@pytest.mark.parametrize("raised", [IdleConnectionClosed, httpx.ReadError, httpx.ConnectError])
async def test_only_a_connection_that_was_over_needs_a_new_one(raised):
    def answer(request: httpx.Request) -> httpx.Response:
        raise raised("x")

    failed = await failure(answer)
    assert failed.needs_new_connection == (raised is IdleConnectionClosed)


async def test_a_connection_is_made_for_an_attempt_that_needs_one():
    asked: list[bool] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions.get(NEW_CONNECTION, False))
        return httpx.Response(200, content=EMPTY)

    exchange = HttpAttempt(settings_of(), transport_of(answer))
    await exchange.get("/things", ())
    await exchange.get("/things", (), on_new_connection=True)
    assert asked == [False, True]


async def test_a_head_that_is_too_large_is_told_as_such():
    def answer(request: httpx.Request) -> httpx.Response:
        raise HeadTooLarge("x")

    assert type((await failure(answer)).error) is ResponseTooLarge


class Body(httpx.AsyncByteStream):
    """Sends a few bytes, then waits or breaks."""

    closed = False

    def __init__(self, then: Exception | None = None) -> None:
        self._then = then

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"ite'
        if self._then is not None:
            raise self._then
        await asyncio.get_running_loop().create_future()

    async def aclose(self) -> None:
        self.closed = True


async def test_an_answer_that_breaks_off_is_told_with_what_arrived_and_closed():
    body = Body(httpx.ReadError("x"))
    failed = await failure(lambda _: httpx.Response(200, stream=body))
    assert (failed.status, failed.size, failed.is_retryable) == (200, 5, True)
    assert failed.is_unreachable
    assert body.closed


async def test_an_answer_that_stops_is_given_up_and_closed():
    body = Body()
    failed = await failure(
        lambda _: httpx.Response(200, stream=body), upstream_attempt_timeout_seconds=0.01
    )
    assert (failed.error.code, failed.status, failed.size) == ("UPSTREAM_TIMEOUT", 200, 5)
    assert (failed.is_retryable, failed.is_outage) == (False, True)
    assert body.closed


async def test_an_attempt_that_is_cancelled_closes_its_answer_and_is_no_failure():
    body = Body()
    trying = asyncio.create_task(attempt(lambda _: httpx.Response(200, stream=body)))
    await asyncio.sleep(0.01)
    trying.cancel()
    await asyncio.wait([trying])
    assert trying.cancelled()
    assert body.closed


async def test_an_answer_that_is_too_large_is_no_outage():
    failed = await failure(lambda _: httpx.Response(200, content=b" " * 100), max_upstream_bytes=10)
    assert (failed.is_retryable, failed.is_outage) == (False, False)


UNSENDABLE: dict[str, tuple[str, RawHeaders]] = {
    "a header in Latin-1": ("/things", ((b"apikey", "clé".encode("latin-1")),)),
    "a URL that is too long": ("/things?a=" + "x" * 65_536, ()),
    **{
        f"{each!r} as it is": (f"/things?a={each}", ())
        for each in '\n\r\0\t\x7f "#<>\\^`{|}é\ud800'
    },
    "another host": ("@other/", ()),
    "nothing": ("", ()),
}


@pytest.mark.parametrize(("target", "headers"), UNSENDABLE.values(), ids=UNSENDABLE)
async def test_what_cannot_be_sent_is_the_callers_mistake_and_no_outage(target, headers):
    exchange = HttpAttempt(settings_of(), transport_of(lambda _: pytest.fail("was sent")))
    with pytest.raises(LocalFailure) as failed:
        await exchange.get(target, headers)
    assert failed.value.error.code == "BAD_USER_INPUT"
    assert (failed.value.is_retryable, failed.value.is_outage) == (False, False)


async def test_the_gateways_headers_come_before_those_of_the_caller():
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, content=EMPTY)

    exchange = HttpAttempt(settings_of(upstream_url="https://up.test:443"), transport_of(answer))
    await exchange.get("/things", ((b"apikey", b"k"), (b"token", b"t")))
    assert requests[0].headers.raw == [
        (b"Host", b"up.test"),
        (b"Accept", b"application/json"),
        (b"Accept-Encoding", b"gzip, deflate"),
        (b"User-Agent", b"graphql-gateway"),
        (b"apikey", b"k"),
        (b"token", b"t"),
    ]


@pytest.mark.parametrize(
    "sent",
    [{"status_code": 503}, {"status_code": 200, "stream": Body(httpx.ReadError("x"))}],
    ids=["refused", "broken off"],
)
async def test_a_failure_is_gone_when_nobody_holds_it(sent):
    """Failures come in masses: none may wait for the garbage collector, with all that it refers to."""
    gc.collect()
    gc.disable()
    try:
        try:
            await attempt(lambda _: httpx.Response(**sent))
        except AttemptFailed as failed:
            gone = weakref.ref(failed)
        assert gone() is None
    finally:
        gc.enable()

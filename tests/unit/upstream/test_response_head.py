"""Heads: which repetitions of a Content-Length leave nothing open, and which are none of our business."""

import pytest

from gateway.upstream.http import response_head

START = b"HTTP/1.1 200 OK\r\nServer: x\r\n"


def head(*lines: bytes, end: bytes = b"\r\n") -> bytes:
    return START.replace(b"\r\n", end) + end.join([*lines, b"", b""])


ONE = head(b"Content-Length: 5", b"Date: now")


@pytest.mark.parametrize(
    "sent",
    [
        head(b"Content-Length: 5", b"Content-Length: 5", b"Date: now"),
        head(b"Content-Length: 5", b"Date: now", b"Content-Length: 5"),
        head(b"content-length:5", b"Date: now", b"CONTENT-LENGTH: \t 5 \t"),
        head(b"Content-Length: 5, 5", b"Date: now"),
        head(b"Content-Length: 5,5 ,\t5", b"Date: now", b"Content-Length: 5"),
        head(*[b"Content-Length: 5"] * 100, b"Date: now"),
    ],
    ids=repr,
)
def test_equal_lengths_become_one(sent):
    assert response_head.deduplicate_content_length(sent) == ONE


def test_lines_that_end_with_a_line_feed_alone_are_lines():
    sent = head(b"Content-Length: 5", b"Content-Length: 5", end=b"\n")
    assert response_head.deduplicate_content_length(sent).lower().count(b"content-length") == 1


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b"Date: now"],
        [b"Content-Length: 5"],
        [b"Content-Length: 5", b"Via: a, b"],
        [b"X-Content-Length: 5", b"Content-Length: 5"],
        [b"Content-Length: 5", b"Content-Length: 6"],
        [b"Content-Length: 5", b"Content-Length: 05"],
        [b"Content-Length: 5, 6"],
        [b"Content-Length: 5,"],
        [b"Content-Length: 5,,5"],
        [b"Content-Length: 5 5"],
        [b"Content-Length: 5", b"Content-Length:"],
        [b"Content-Length: 5", b"Content-Length: -5"],
        [b"Content-Length: 5", b"Content-Length: +5"],
        [b"Content-Length: 5", b"Content-Length : 5"],
        [b"Content-Length: 5", b"Content-Length: 5", b" 0"],
        [b"Content-Length: 5", b" 0", b"Content-Length: 5"],
        [b"Content-Length: 5", b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"transfer-encoding: chunked", b"Content-Length: 5, 5"],
        ["Content-Length: \u0665, \u0665".encode()],
    ],
    ids=repr,
)
def test_all_others_stay_as_they_are(lines):
    sent = head(*lines)
    assert response_head.deduplicate_content_length(sent) is sent


@pytest.mark.parametrize(
    ("sent", "is_final"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", False),
        (b"\nContent-Length: 5\r\n\r\n", False),
    ],
)
def test_an_interim_head_is_followed_by_another(sent, is_final):
    assert response_head.is_final(sent) is is_final


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        (b"", b""),
        (b"HTTP/1.1 2", b"HTTP/1.1 2"),
        (b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r"),
        (START, START[:-1]),
        (START + b"Cont", START[:-1]),
        (START + b"content-length: 5\r\nDate: now\r\n", START[:-1]),
    ],
)
def test_what_may_be_a_repetition_or_the_end_is_not_decided_yet(text, decided):
    assert text[: response_head.undecided_offset(text)] == decided

"""What a status means; that it means the same wherever it comes from is in test_reads.py."""

import pytest

from gateway.errors import RATE_LIMITED
from gateway.upstream.http.status_errors import (
    RETRYABLE_STATUSES,
    error_for_status,
    is_outage_status,
)
from tests.support.statuses import DOWN, code_of


def test_a_status_has_one_meaning():
    statuses = {*range(100, 600)} - {200}
    meanings = {status: error_for_status(status, {}).code for status in statuses}
    assert meanings == {status: code_of(status) for status in statuses}


@pytest.mark.parametrize("status", [0, -1, 99, 600, 10**30])
def test_a_status_that_is_none_says_that_the_upstream_is_unavailable(status):
    assert error_for_status(status, {}).code == DOWN


def test_whoever_may_ask_again_is_told_so():
    retryable = {status for status in range(100, 600) if error_for_status(status, {}).retryable}
    assert retryable == {408, 425, 429, *range(500, 600)}
    assert retryable > RETRYABLE_STATUSES


def test_only_what_the_upstream_did_not_do_is_an_outage():
    assert {status for status in range(100, 600) if is_outage_status(status)} == set(
        range(500, 600)
    )
    assert all(map(is_outage_status, (0, -1, 99, 600, 10**30)))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "9" * 30}, 86_400),
        (
            {
                "retry-after": "Mon, 30 Nov 2026 10:00:05 GMT",
                "date": "Mon, 30 Nov 2026 10:00:00 GMT",
            },
            5,
        ),
        ({"retry-after": "Mon, 30 Nov 2026 10:00:05 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_where_it_may_be_asked_for(headers, seconds):
    assert error_for_status(429, headers).extensions == {
        "code": "UPSTREAM_BUSY",
        "retryable": True,
        "reason": RATE_LIMITED,
        **({} if seconds is None else {"retryAfter": seconds}),
    }
    assert error_for_status(503, headers).extensions.get("retryAfter") == seconds
    assert "retryAfter" not in error_for_status(425, headers).extensions

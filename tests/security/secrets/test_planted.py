"""The finders find: otherwise every test beside this one would be content with anything."""

import httpx
import pytest

from gateway.observability.tracing import Tracing
from tests.security.secrets.planted import WRITTEN, found_in_answer, found_in_log, found_in_numbers
from tests.security.secrets.traces import Traces
from tests.support.secret import SECRET


@pytest.mark.parametrize(
    "text",
    [
        f"token-{SECRET}",
        'File "/srv/gateway/web/app.py", line 3',
        "Traceback (most recent call last)",
        "KeyError: 'a'",
        "httpx.ConnectError",
        "<class 'int'>",
        "<Query object at 0x7f0000000000>",
        "/usr/lib/python3",
        "gateway.upstream.http.fetcher",
        "'NoneType' has no attribute",
    ],
)
@pytest.mark.parametrize("shown", [True, False])
def test_what_an_answer_must_not_tell_is_found(text, shown):
    told = {"data": None, "errors": [{"message": f"It was {text}."}]}
    assert found_in_answer(httpx.Response(200, json=told), shown=shown)
    assert found_in_answer(httpx.Response(200, text=text), shown=shown)
    assert found_in_answer(httpx.Response(200, headers={"X-Told": text}), shown=shown)


def test_what_was_asked_for_may_be_shown():
    answer = httpx.Response(200, json={"data": {"name": SECRET}})
    assert found_in_answer(answer, shown=True) == []
    assert found_in_answer(answer) == [SECRET]


def test_an_honest_answer_tells_nothing():
    error = {"message": f"Cannot query field '{WRITTEN}' on type 'Query'.", "path": ["a"]}
    sent = httpx.Response(200, json={"errors": [error], "extensions": {"gateway": {"cost": 1}}})
    assert found_in_answer(sent) == []


@pytest.mark.parametrize(
    "line",
    [
        f'{{"event": "internal_error", "text": "{SECRET}"}}',
        f'{{"event": "internal_error", "text": "{WRITTEN}"}}',
        '{"event": "internal_error", "exception": "Traceback (most recent call last)"}',
        "ERROR: not an event",
        '{"message": "not an event"}',
        "Traceback (most recent call last):",
    ],
)
def test_what_a_log_must_not_tell_is_found(line):
    assert found_in_log(line)
    assert found_in_log('{"event": "request"}\n' * 2) == []


@pytest.mark.parametrize("word", [SECRET, WRITTEN])
def test_what_metrics_and_traces_must_not_tell_is_found(word):
    assert found_in_numbers(f'gateway_operations_total{{operation="{word}"}} 1.0')
    traces = Traces()
    Tracing(traces.provider).start_upstream_span(f"/notes/{word}", 1).end(200, None)
    assert found_in_numbers(traces.text())
    assert traces.text() == ""

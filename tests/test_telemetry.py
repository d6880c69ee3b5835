import json
import logging
from typing import Any

import pytest
import structlog

from gateway import telemetry


@pytest.fixture
def written(capsys):
    """Configures by a level, and reads what was written since: `written("info")` and `written()`."""
    before = structlog.get_config()

    def written(level: str | None = None) -> list[dict[str, Any]]:
        if level is not None:
            telemetry.configure(level)
        output = capsys.readouterr()
        assert output.out == ""
        return [json.loads(line) for line in output.err.splitlines()]

    yield written
    structlog.configure(**before)


def test_an_event_is_one_line_of_json_with_its_facts(written):
    written("info")
    telemetry.event("upstream.failed", path="/activities", code="UPSTREAM_TIMEOUT", seconds=0.5)
    [line] = written()
    timestamp = line.pop("timestamp")
    assert line == {
        "event": "upstream.failed",
        "level": "info",
        "path": "/activities",
        "code": "UPSTREAM_TIMEOUT",
        "seconds": 0.5,
    }
    assert timestamp.endswith("Z")


def test_a_fact_cannot_break_the_line(written):
    written("info")
    telemetry.event("request", text='a\nb\r"}\u2028')
    [line] = written()
    assert line["text"] == 'a\nb\r"}\u2028'


def test_a_fact_of_any_kind_can_be_told(written):
    written("info")
    telemetry.event("request", thing=object)
    assert written()[0]["thing"] == "<class 'object'>"


def test_what_is_bound_to_the_request_stands_in_its_events(written):
    written("info")
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        telemetry.event("request")
    telemetry.event("request")
    inside, outside = written()
    assert inside["request_id"] == "r-1"
    assert "request_id" not in outside


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("debug", ["request", "bug"]),
        ("info", ["request", "bug"]),
        ("warning", ["bug"]),
        ("error", ["bug"]),
    ],
)
def test_events_below_the_level_are_not_written(written, level, names):
    written(level)
    telemetry.event("request")
    telemetry.bug("b-1", ValueError())
    assert [line["event"] for line in written()] == names


def test_a_bug_is_told_with_its_id_and_its_traceback(written):
    written("info")
    with pytest.raises(ZeroDivisionError) as raised:
        _ = 1 / 0
    telemetry.bug("b-1", raised.value)
    [line] = written()
    assert (line["event"], line["level"], line["id"]) == ("bug", "error", "b-1")
    assert "ZeroDivisionError: division by zero" in line["exception"]
    assert "test_telemetry.py" in line["exception"]


def test_a_bug_is_told_with_its_cause(written):
    written("info")
    error = ValueError("outer")
    error.__cause__ = KeyError("inner")
    telemetry.bug("b-1", error)
    assert "inner" in written()[0]["exception"]


def test_the_library_s_own_logging_is_left_alone(written):
    handlers = logging.getLogger().handlers[:]
    written("info")
    assert logging.getLogger().handlers == handlers

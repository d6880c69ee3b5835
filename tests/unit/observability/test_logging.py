import asyncio
import gc
import json
import logging
import math
import os
import pty
import re
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Literal

import httpx
import msgspec
import pytest
import structlog
from hypothesis import given, strategies as st
from starlette.responses import PlainTextResponse

import gateway
from gateway.observability import logging as gateway_logging
from gateway.web.request_middleware import RequestMiddleware
from tests.support.processes import PATIENCE_SECONDS
from tests.support.secret import SECRET


@pytest.fixture
def written(log):
    """Configures by a level, and reads what was written since: `written("info")` and `written()`."""

    def written(level: str | None = None) -> list[dict[str, Any]]:
        if level is not None:
            gateway_logging.configure(level)
        return [json.loads(line) for line in log().splitlines()]

    return written


def test_an_event_is_one_line_of_json_with_its_facts(written):
    written("info")
    gateway_logging.log_info(
        "upstream.failed", path="/activities", code="UPSTREAM_TIMEOUT", seconds=0.5
    )
    [line] = written()
    timestamp = line.pop("timestamp")
    assert line == {
        "event": "upstream.failed",
        "level": "info",
        "path": "/activities",
        "code": "UPSTREAM_TIMEOUT",
        "seconds": 0.5,
        "service": "gateway",
        "version": gateway.__version__,
    }
    assert timestamp.endswith("Z")


@pytest.mark.parametrize(
    ("form", "is_json"), [("json", True), ("text", False), ("auto", True)], ids=str
)
def test_lines_are_json_or_text_and_json_where_there_is_no_terminal(log, form, is_json):
    gateway_logging.configure("info", form)
    gateway_logging.log_info("request", status=200, operation="a\nb\x1b[2J")
    [line] = log().splitlines()
    if is_json:
        assert json.loads(line)["status"] == 200
    else:
        assert "operation='a\\nb\\x1b[2J'" in line
        assert "status=200" in line
        assert "\x1b" not in line


def test_a_fact_that_cannot_be_written_is_none_in_a_text(log):
    class Unwritable:
        def __repr__(self) -> str:
            raise ValueError

    gateway_logging.configure("info", "text")
    gateway_logging.log_info("request", fact=Unwritable(), path="/graphql")
    [line] = log().splitlines()
    assert "fact=None" in line
    assert "path='/graphql'" in line


def test_on_a_terminal_lines_are_coloured_text():
    parent, child = pty.openpty()
    with os.fdopen(parent, "rb", buffering=0) as terminal:
        code = TOLD_LAST.replace("'info'", "'info', 'auto'") + "logging.log_info('started')"
        try:
            subprocess.run(
                [sys.executable, "-c", code], stderr=child, check=True, timeout=PATIENCE_SECONDS
            )
        finally:
            os.close(child)
        written = terminal.read(4096)
    assert b"\x1b[" in written
    assert b"started" in written
    assert b'{"' not in written


def test_a_detail_is_told_to_those_who_ask_for_details(written):
    written("info")
    gateway_logging.log_debug("request")
    assert written("debug") == []
    gateway_logging.log_debug("request")
    assert [line["level"] for line in written()] == ["debug"]


def test_a_warning_is_told_to_those_who_want_no_events(written):
    written("warning")
    gateway_logging.log_info("request")
    gateway_logging.log_warning("worker.ended", pid=7)
    assert [(line["event"], line["level"], line["pid"]) for line in written()] == [
        ("worker.ended", "warning", 7)
    ]


def test_a_fact_cannot_break_the_line(written):
    written("info")
    gateway_logging.log_info("request", text='a\nb\r"}\u2028')
    [line] = written()
    assert line["text"] == 'a\nb\r"}\u2028'


@pytest.mark.parametrize(
    "text", ["Zoé", "\x7f", "\x9b2J", "\ud83d", "\U0001f600", "\x00\x1f\t/", "\u2028"], ids=ascii
)
def test_a_line_has_no_character_but_printable_ascii(log, text):
    gateway_logging.configure("info")
    gateway_logging.log_info("request", text=text, of=1)
    line = log().removesuffix("\n")
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["text"] == text


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.slow
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.none() | st.booleans() | st.integers() | FINITE | st.text(),
    )
)
def test_plain_facts_are_told_exactly(facts):
    line = gateway_logging._json_renderer()(facts)
    assert json.loads(line) == facts
    assert line.isascii()


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_plain_facts_are_told_as_json_has_them(facts):
    assert gateway_logging._json_renderer()(facts) == json.dumps(facts).encode()


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("text", ["a", "\x7f"], ids=["by msgspec", "by json"])
def test_a_number_that_json_does_not_have_is_null(written, number, text):
    written("info")
    gateway_logging.log_info("request", milliseconds=number, text=text)
    [line] = written()
    assert (line["milliseconds"], line["text"]) == (None, text)


def test_an_object_is_told_by_its_repr_and_not_by_its_attributes(written):
    @dataclass
    class Credentials:
        token: str = field(repr=False)

    written("info")
    gateway_logging.log_info("request", credentials=Credentials(SECRET), all=[Credentials(SECRET)])
    [line] = written()
    assert line["credentials"].endswith("Credentials()")
    assert_untold(line)


def test_the_time_of_an_event_is_in_utc(written):
    written("info")
    before = time.time()
    gateway_logging.log_info("request")
    [line] = written()
    assert line["timestamp"].endswith("Z")
    assert before <= datetime.fromisoformat(line["timestamp"]).timestamp() <= time.time()


def test_a_fact_of_any_kind_can_be_told(written):
    written("info")
    gateway_logging.log_info("request", thing=object)
    assert written()[0]["thing"] == "<class 'object'>"


class Mute:
    """It cannot even be shown."""

    def __repr__(self) -> str:
        raise ValueError(SECRET)


def circle() -> list[object]:
    made: list[object] = []
    made.append(made)
    return made


def deep() -> list[object]:
    made: list[object] = []
    for _ in range(100_000):
        made = [made]
    return made


UNWRITABLE: dict[str, Callable[[], object]] = {
    "cannot be shown": Mute,
    "a circle": circle,
    "too deep": deep,
    "a key that is no name": lambda: {(1, 2): 3},
}


@pytest.mark.parametrize("fact", UNWRITABLE.values(), ids=UNWRITABLE)
def test_a_fact_that_cannot_be_written_is_null_and_the_others_are_told(written, fact):
    written("info")
    gateway_logging.log_info("request", status=200, fact=fact(), path="/graphql")
    [line] = written()
    assert (line["event"], line["status"], line["fact"], line["path"]) == (
        "request",
        200,
        None,
        "/graphql",
    )
    assert_untold(line)


def test_an_announcement_stands_among_the_events_as_it_is(log):
    gateway_logging.configure("error")
    gateway_logging.write_text("http://127.0.0.1:8000/graphql\nand more")
    gateway_logging.log_bug(ValueError())
    first, second, third = log().splitlines()
    assert (first, second) == ("http://127.0.0.1:8000/graphql", "and more")
    assert json.loads(third)["event"] == "internal_error"


def test_what_is_bound_to_the_request_stands_in_its_events(written):
    written("info")
    bound = gateway_logging.REQUEST_ID.set("r-1")
    gateway_logging.log_info("request")
    assert structlog.contextvars.get_contextvars() == {"request_id": "r-1"}
    gateway_logging.REQUEST_ID.reset(bound)
    gateway_logging.log_info("request")
    inside, outside = written()
    assert inside["request_id"] == "r-1"
    assert "request_id" not in outside


async def test_the_line_of_a_request_has_its_id_and_its_fields_in_order(log):
    gateway_logging.configure("info")
    app = RequestMiddleware(PlainTextResponse("x"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://gateway"
    ) as http:
        await http.get("/", headers={"X-Request-Id": "r-1"})
    line = json.loads(log())
    assert line["request_id"] == "r-1"
    assert list(line) == [
        *("method", "status", "milliseconds", "event", "request_id"),
        *("level", "timestamp", "service", "version"),
    ]


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("debug", ["request", "internal_error"]),
        ("info", ["request", "internal_error"]),
        ("warning", ["internal_error"]),
        ("error", ["internal_error"]),
    ],
)
def test_events_below_the_level_are_not_written(written, level, names):
    written(level)
    gateway_logging.log_info("request")
    gateway_logging.log_bug(ValueError())
    assert [line["event"] for line in written()] == names


def failing(secret: str) -> None:
    try:
        {}[secret]  # type: ignore[index]
    except LookupError as error:
        raise ValueError(secret) from error


def raised_by(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is
        call()
    return raised.value


UNTOLD = (SECRET, "Traceback", 'File "', "/tests/")


def assert_untold(output: object) -> None:
    assert not [word for word in UNTOLD if word in json.dumps(output)]


def test_a_bug_is_told_with_its_id_its_cause_and_where_it_was_made(written):
    written("info")
    error_id = gateway_logging.log_bug(raised_by(lambda: failing(SECRET)))
    [line] = written()
    assert (line["event"], line["level"], line["id"]) == ("internal_error", "error", error_id)
    assert [each["type"] for each in line["exceptions"]] == [
        "builtins.ValueError",
        "builtins.KeyError",
    ]
    for each in line["exceptions"]:
        assert re.fullmatch(rf"{re.escape(__name__)}:\d+ failing", each["frames"][-1])
    assert_untold(line)


def unreadable() -> object:
    return msgspec.json.decode(b'"%b"' % SECRET.encode(), type=Literal["a"])


def of_a_group() -> None:
    raise ExceptionGroup(SECRET, [ValueError(SECRET), raised_by(lambda: failing(SECRET))])


def while_another() -> None:
    try:
        failing(SECRET)
    except ValueError:
        raise TypeError(SECRET)  # noqa: B904 - what it came from is not said, but known


def with_notes() -> None:
    error = OSError(2, SECRET, f"/etc/{SECRET}")
    error.add_note(SECRET)
    raise error


EXCEPTIONS: dict[str, tuple[Callable[[], object], list[str]]] = {
    "with a cause": (lambda: failing(SECRET), ["ValueError", "KeyError"]),
    "while another": (while_another, ["TypeError", "ValueError", "KeyError"]),
    "a group": (of_a_group, ["ExceptionGroup", "ValueError", "ValueError", "KeyError"]),
    "a missing key": (lambda: {}[SECRET], ["KeyError"]),  # type: ignore[index]
    "no number": (lambda: int(SECRET), ["ValueError"]),
    "no Python": (lambda: compile(f"a {SECRET}", SECRET, "exec"), ["SyntaxError"]),
    "no text": (f"{SECRET}\ud800".encode, ["UnicodeEncodeError"]),
    "no word": (unreadable, ["ValidationError"]),
    "no address": (lambda: httpx.URL(f"http://{SECRET}:x"), ["InvalidURL", "ValueError"]),
    "a file and a note": (with_notes, ["FileNotFoundError"]),
}


@pytest.mark.parametrize(("call", "types"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_no_text_of_an_exception_is_written(written, call, types):
    written("debug")
    gateway_logging.log_bug(raised_by(call))
    [line] = written()
    assert [each["type"].rpartition(".")[2] for each in line["exceptions"]] == types
    assert_untold(line)


def test_a_cause_that_was_said_not_to_matter_is_not_told(written):
    written("info")
    error = ValueError()
    error.__context__, error.__suppress_context__ = KeyError(), True
    gateway_logging.log_bug(error)
    assert [each["type"] for each in written()[0]["exceptions"]] == ["builtins.ValueError"]


def test_exceptions_that_lead_in_a_circle_are_each_told_once(written):
    written("info")
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    gateway_logging.log_bug(one)
    assert len(written()[0]["exceptions"]) == 2


def test_a_long_way_is_told_by_its_ends(written):
    def falling(depth: int) -> None:
        if depth == 0:
            raise ValueError
        falling(depth - 1)

    written("info")
    gateway_logging.log_bug(raised_by(lambda: falling(200)))
    frames = written()[0]["exceptions"][0]["frames"]
    assert len(frames) == 41
    assert "raised_by" in frames[0]
    assert frames[10] == "…"
    assert "falling" in frames[-1]


def test_a_long_chain_is_told_by_its_beginning(written):
    written("info")
    errors = [ValueError() for _ in range(50)]
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    gateway_logging.log_bug(errors[0])
    assert len(written()[0]["exceptions"]) == 10


# What others would write


LIBRARY = logging.getLogger("library")


SAID: dict[str, tuple[tuple[object, ...], str | None]] = {
    "put in by logging": (("Cannot load %r", SECRET), "Cannot load %r"),
    "put in before": ((f"Cannot load {SECRET}",), None),
    "an exception": ((OSError(SECRET),), None),
    "an exception beside others": ((OSError(SECRET), 1), None),
    "what cannot be shown": ((Mute(),), None),
    "a traceback": ((f"Traceback (most recent call last)\n{SECRET}",), None),
    "known by its first line": (
        (f"Task exception was never retrieved\nfuture: {SECRET}",),
        "Task exception was never retrieved",
    ),
    "known": (("Invalid HTTP request received.",), "Invalid HTTP request received."),
}


@pytest.mark.parametrize(("logged", "message"), SAID.values(), ids=SAID)
@pytest.mark.parametrize("level", ["debug", "info", "warning"])
def test_what_a_library_says_is_told_without_what_it_says_it_of(written, level, logged, message):
    written(level)
    LIBRARY.warning(*logged)
    [line] = written()
    assert line["message"] == message
    assert_untold(line)


def test_a_library_s_words_are_an_event_with_their_place(written):
    written("info")
    LIBRARY.error("Cannot load %r", SECRET)
    [line] = written()
    assert line.pop("timestamp")
    assert re.fullmatch(r"test_logging:\d+ test_a_library\w+", line.pop("where"))
    assert line == {
        "event": "library_log",
        "level": "error",
        "logger": "library",
        "message": "Cannot load %r",
        "exceptions": [],
        "service": "gateway",
        "version": gateway.__version__,
    }


def test_a_library_s_exception_is_told_like_a_bug(written):
    written("info")
    LIBRARY.error("Exception in ASGI application\n", exc_info=raised_by(lambda: failing(SECRET)))
    [line] = written()
    assert line["message"] == "Exception in ASGI application"
    assert [each["type"] for each in line["exceptions"]] == [
        "builtins.ValueError",
        "builtins.KeyError",
    ]
    assert_untold(line)


@pytest.mark.parametrize("level", ["debug", "info"])
def test_a_library_is_not_heard_below_a_warning(written, level):
    written(level)
    LIBRARY.info("Connected.")
    LIBRARY.debug("Connecting.")
    assert written() == []


def test_a_task_that_nobody_asks_about_is_told_without_its_exception_s_text(written):
    async def fail() -> None:
        raise ValueError(SECRET)

    async def forget() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        del task
        gc.collect()

    written("info")
    asyncio.run(forget())
    [line] = written()
    assert line["logger"] == "asyncio"
    assert line["message"] == "Task exception was never retrieved"
    assert line["exceptions"][0]["type"] == "builtins.ValueError"
    assert_untold(line)


def test_a_warning_is_told_by_its_category_and_place(written):
    written("info")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(SECRET, RuntimeWarning, stacklevel=1)
    [line] = written()
    assert (line["event"], line["level"]) == ("warning", "warning")
    assert line["category"] == "RuntimeWarning"
    assert re.fullmatch(r"test_logging:\d+", line["where"])
    assert_untold(line)


def test_what_ends_the_process_is_told_without_its_text(written):
    written("info")
    error = raised_by(lambda: failing(SECRET))
    sys.excepthook(type(error), error, error.__traceback__)
    [line] = written()
    assert (line["event"], line["level"], len(line["exceptions"])) == (
        "unhandled_exception",
        "error",
        2,
    )
    assert_untold(line)


def test_what_ends_a_thread_is_told_without_its_text(written):
    written("info")
    thread = threading.Thread(target=failing, args=[SECRET])
    thread.start()
    thread.join()
    [line] = written()
    assert (line["event"], line["level"], len(line["exceptions"])) == (
        "unhandled_exception",
        "error",
        2,
    )
    assert_untold(line)


def test_what_nobody_can_catch_is_told_without_its_text(written):
    class Thing:
        def __del__(self) -> None:
            failing(SECRET)

    written("info")
    Thing()
    [line] = written()
    assert (line["event"], len(line["exceptions"])) == ("unhandled_exception", 2)
    assert_untold(line)


def test_what_was_ignored_without_an_exception_is_told_too(written):
    written("info")
    sys.unraisablehook(SimpleNamespace(exc_value=None))
    assert [line["event"] for line in written()] == ["unhandled_exception"]


# How the process ends


TOLD_LAST = "import sys; from gateway.observability import logging; logging.configure('info'); "
ENDS: dict[str, tuple[str, int, list[str]]] = {
    "at its end": ("logging.log_info('last')", 0, ["last"]),
    "by a status": ("logging.log_info('last'); sys.exit(3)", 3, ["last"]),
    "by a bug": ("logging.log_info('last'); {}['key']", 1, ["last", "unhandled_exception"]),
    "after much": ("[logging.log_info('last', of=n) for n in range(5000)]", 0, ["last"] * 5000),
}


@pytest.mark.slow
@pytest.mark.parametrize(("code", "status", "events"), ENDS.values(), ids=ENDS)
def test_what_is_told_last_is_written_before_the_process_ends(code, status, events):
    done = subprocess.run(
        [sys.executable, "-c", TOLD_LAST + code],
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == status
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == events


@pytest.mark.slow
@pytest.mark.sample(1)
@pytest.mark.parametrize(
    ("code", "status"), [ENDS["by a status"][:2], ENDS["by a bug"][:2]], ids=["status", "bug"]
)
@pytest.mark.parametrize("blocks", [True, False], ids=["blocks", "does not block"])
def test_the_process_does_not_wait_for_whoever_does_not_read(code, status, blocks):
    """The pipe is full, and stays so."""
    reading, descriptor = os.pipe()
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b"." * 4096)
    os.set_blocking(descriptor, blocks)
    try:
        done = subprocess.run(
            [sys.executable, "-c", TOLD_LAST + code],
            stderr=descriptor,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    finally:
        os.close(reading)
        os.close(descriptor)
    assert done.returncode == status

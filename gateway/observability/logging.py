"""Structured logging: events with constant names and facts as fields, one line each.

Texts of exceptions are never written, whatever their source: they quote values, and with them addresses,
credentials and personal data. The type of an exception and the place where it was raised are enough.
The same holds for all text that libraries, warnings and the interpreter would write to standard error.
Logging an event never fails and never waits: the writer handles its line.
"""

import atexit
import json
import logging
import math
import os
import sys
import threading
import traceback
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import TextIO

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger

from gateway import __version__
from gateway.observability.log_writer import LogWriter

STANDARD_ERROR = 2
_FLUSH_SECONDS = 1.0
"""How long the exit of the process waits for lines to be written."""

_WRITER = LogWriter(STANDARD_ERROR)
_logger: FilteringBoundLogger = structlog.get_logger()
_LINE_LOGGER = SimpleNamespace(
    debug=_WRITER.write_bytes,
    info=_WRITER.write_bytes,
    warning=_WRITER.write_bytes,
    error=_WRITER.write_bytes,
)
"""The logger to which structlog passes its lines."""

REQUEST_ID: ContextVar[str] = ContextVar("structlog_request_id")
"""The id of the request that is being answered, if any; a field of its events.

By its name it is one of structlog's own context variables, so `structlog.contextvars` sees it as well.
"""

_SERVICE = "gateway"

_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})
"""Types of values for which `msgspec` and `json` write the same, except numbers that JSON does not have."""

_MAX_EXCEPTIONS = 10
_MAX_OUTER_FRAMES, _MAX_INNER_FRAMES = 10, 30

_STATIC_MESSAGES = frozenset(
    {
        "ASGI callable returned without completing response.",
        "ASGI callable returned without starting response.",
        "Application shutdown failed. Exiting.",
        "Application startup failed. Exiting.",
        "Exception in ASGI application",
        "Exception in eof callback",
        "Future exception was never retrieved",
        "Invalid HTTP request received.",
        "Task exception was never retrieved",
        "Task was destroyed but it is pending!",
        "Unclosed client session",
        "Unclosed connection",
    }
)
"""First lines of messages of libraries, as in their sources: no value is quoted in them."""


def configure(level: str, log_format: str = "json") -> None:
    """Write events to standard error.

    Records of libraries become events from "warning" on, as do warnings and uncaught exceptions.

    Args:
        level: The minimum level: "debug", "info", "warning" or "error".
        log_format: The format of lines: "json", "text" for people, or "auto": text on a terminal.
    """
    global _logger  # noqa: PLW0603 - as assembled once, which spares every event a third of its cost
    _WRITER.start()
    is_terminal = os.isatty(STANDARD_ERROR)
    is_text = log_format == "text" or (log_format == "auto" and is_terminal)
    structlog.configure(
        processors=[
            _add_context,
            _SafeRenderer(_text_renderer(is_coloured=is_terminal) if is_text else _json_renderer()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _LINE_LOGGER,
    )
    _logger = structlog.get_logger().bind()
    root = logging.getLogger()
    root.handlers = [_LibraryLogHandler(logging.WARNING)]
    root.setLevel(logging.WARNING)
    warnings.showwarning = _log_python_warning
    sys.excepthook = _log_fatal_exception
    sys.unraisablehook = lambda ignored: _log_ignored_exception(ignored.exc_value)
    threading.excepthook = lambda ended: _log_ignored_exception(ended.exc_value)


def write_text(text: str) -> None:
    """Write text verbatim among the events, for the person who started the process."""
    _WRITER.write(text)


@atexit.register
def flush() -> bool:
    """Whether all events so far are written or dropped, after a wait of at most a second."""
    return _WRITER.flush(_FLUSH_SECONDS)


def dropped_count() -> int:
    """The number of lines that this process could not write."""
    return _WRITER.dropped_count


def log_info(name: str, **fields: object) -> None:
    """Log an event of normal operation."""
    _logger.info(name, **fields)


def log_debug(name: str, **fields: object) -> None:
    """Log an event that is frequent and seldom of interest."""
    _logger.debug(name, **fields)


def log_warning(name: str, **fields: object) -> None:
    """Log an event that needs attention, though it was handled."""
    _logger.warning(name, **fields)


def log_bug(error: BaseException) -> str:
    """Log an exception that is a bug of the gateway; returns the id of the event, for the caller."""
    error_id = uuid.uuid4().hex
    _logger.error("internal_error", id=error_id, exceptions=exceptions(error))
    return error_id


def exceptions(error: BaseException) -> list[dict[str, object]]:
    """An exception, then its causes: of each its type and its frames, and no text.

    Frames are ordered from the outermost to the one that raised.
    """
    return [
        {
            "type": f"{type(each).__module__}.{type(each).__qualname__}",
            "frames": _frames(each.__traceback__),
        }
        for each, _ in zip(_exception_chain(error), range(_MAX_EXCEPTIONS), strict=False)
    ]


def _exception_chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, those that it groups, and its causes: each once, whatever cycles they form."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        each = pending.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, BaseExceptionGroup):
            pending += each.exceptions
        pending.append(each.__cause__ or (None if each.__suppress_context__ else each.__context__))


def _frames(trace: TracebackType | None) -> list[str]:
    frames = [
        f"{frame.f_globals.get('__name__', frame.f_code.co_filename)}:{line} {frame.f_code.co_qualname}"
        for frame, line in traceback.walk_tb(trace)
    ]
    if len(frames) <= _MAX_OUTER_FRAMES + _MAX_INNER_FRAMES:
        return frames
    return [*frames[:_MAX_OUTER_FRAMES], "…", *frames[-_MAX_INNER_FRAMES:]]


def _add_context(_: object, level: str, event_dict: EventDict) -> EventDict:
    """Add what every event has: one pass does what three of structlog's processors would."""
    request_id = REQUEST_ID.get(None)
    if request_id is not None:
        event_dict.setdefault("request_id", request_id)
    event_dict["level"] = level
    now = datetime.now(UTC)  # noqa: TID251 - an event happens when it happens
    event_dict["timestamp"] = msgspec.to_builtins(now)
    event_dict["service"] = _SERVICE
    event_dict["version"] = __version__
    return event_dict


Render = Callable[[EventDict], bytes]


def _json_renderer() -> Render:
    """A renderer of JSON in ASCII: no character of a field can end the line, or control a terminal."""
    encode = msgspec.json.Encoder().encode

    def render(event_dict: EventDict) -> bytes:
        if _PLAIN_TYPES.issuperset(map(type, event_dict.values())):
            try:
                line = encode(event_dict)
            except UnicodeEncodeError:  # half a surrogate pair
                pass
            else:
                if line.isascii() and b"\x7f" not in line:
                    return msgspec.json.format(line, indent=0)  # with spaces, as json has them
        # msgspec would write the fields of objects whose repr hides them.
        finite = {name: _none_if_infinite(value) for name, value in event_dict.items()}
        return json.dumps(finite, default=repr, allow_nan=False).encode("ascii")

    return render


def _none_if_infinite(value: object) -> object:
    """The value; None for a float that JSON does not have, as `msgspec` writes it."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text_renderer(*, is_coloured: bool) -> Render:
    # With quotes: verbatim text could pass for another line, or for a control sequence of the terminal.
    console = structlog.dev.ConsoleRenderer(colors=is_coloured, repr_native_str=True)

    def render(event_dict: EventDict) -> bytes:
        return console(None, "", dict(event_dict)).encode("utf-8", "backslashreplace")

    return render


class _SafeRenderer:
    """Renders an event as a line.

    A field that cannot be rendered is null: it must fail neither the event nor a response.
    """

    def __init__(self, render: Render) -> None:
        self._render = render

    def __call__(self, _: object, __: str, event_dict: EventDict) -> bytes:
        try:
            return self._render(event_dict)
        except Exception:  # noqa: BLE001 - the repr of an object may raise anything
            serializable = {
                name: value if self._is_serializable(value) else None
                for name, value in event_dict.items()
            }
            return self._render(serializable)

    def _is_serializable(self, value: object) -> bool:
        try:
            self._render({"event": "", "value": value})
        except Exception:  # noqa: BLE001 - as above
            return False
        return True


class _LibraryLogHandler(logging.Handler):
    """Converts log records of libraries to events. Includes only messages that quote no values."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        write = _logger.error if record.levelno >= logging.ERROR else _logger.warning
        write(
            "library_log",
            logger=record.name,
            message=_static_message(record),
            where=f"{record.module}:{record.lineno} {record.funcName}",
            exceptions=[] if error is None else exceptions(error),
        )


def _static_message(record: logging.LogRecord) -> str | None:
    """The message without its arguments; None where they may have been inserted already."""
    if not isinstance(record.msg, str):
        return None
    if record.args:
        return record.msg
    first_line = record.msg.partition("\n")[0]
    return first_line if first_line in _STATIC_MESSAGES else None


def _log_python_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _logger.warning("warning", category=category.__name__, where=f"{Path(filename).stem}:{lineno}")


def _log_fatal_exception(_: object, error: BaseException, __: object) -> None:
    """Log the exception that ends the process."""
    _logger.error("unhandled_exception", fatal=True, exceptions=exceptions(error))


def _log_ignored_exception(error: BaseException | None) -> None:
    """Log an exception that ended a thread, or was raised where no code can catch it."""
    exception_list = [] if error is None else exceptions(error)
    _logger.error("unhandled_exception", fatal=False, exceptions=exception_list)

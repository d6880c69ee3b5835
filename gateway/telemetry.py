"""What operators see: events with constant names and facts as fields, one JSON line each."""

import sys

import structlog


def configure(level: str) -> None:
    """Write events of `level` ("debug", "info", "warning", "error") and above to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def event(name: str, **facts: object) -> None:
    """Something that happens in the normal run of things."""
    structlog.get_logger().info(name, **facts)


def bug(error_id: str, error: BaseException) -> None:
    """A mistake of ours, with its traceback, under the id that the caller was given."""
    structlog.get_logger().error("bug", id=error_id, exc_info=error)

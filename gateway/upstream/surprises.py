"""Surprises: what the upstream sends otherwise than its contract says, and what is read of it all the same.

Whoever reads something leniently says so by `report_surprise`; that it is told of a path is up to whoever began
the reading, by `noted`. Decoding knows neither paths nor metrics.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

ODD_DATE = "odd_date"
"""A date-time has an offset, or is written otherwise in a way that has one meaning."""

OFFSET_DIFFERS = "offset_differs"
"""A date-time has an offset that its time zone does not have then."""

ODD_ENVELOPE = "odd_envelope"
"""A list stands elsewhere than under `items`."""

ODD_VALUE = "odd_value"
"""A value has another JSON type than is declared."""

FOREIGN_OBJECT = "foreign_object"
"""An object has none of the keys that are declared of it, but others. It is null."""

CONTROL_CHARACTERS = "control_characters"
"""Texts in JSON hold control characters as they are."""

UNKNOWN_CHARSET = "unknown_charset"
"""A body declares a charset that does not exist, and is in UTF-8."""

REPEATED_LENGTH = "repeated_length"
"""An answer tells its Content-Length several times, each time the same."""

ODD_TIME_ZONE = "odd_time_zone"
"""A zone has another name than that of the IANA database, which means one zone."""

UNKNOWN_TIME_ZONE = "unknown_time_zone"
"""A zone has a name that means none, or may mean several."""

_MAX_REMEMBERED = 1_000
"""Things by which one reading tells what it has noted already; further ones may be noted several times."""


class _SurpriseObserver(NamedTuple):
    on_surprise: Callable[[str], None]
    reported: set[Hashable]


_observer: ContextVar[_SurpriseObserver | None] = ContextVar("noting", default=None)


def report_surprise(surprise: str, *deduplication_key: Hashable) -> None:
    """Note that something was read otherwise than the contract says, if anybody wants to know.

    Args:
        surprise: What is surprising.
        deduplication_key: What it is about, if that may be read several times: then it is noted once.
    """
    if (observer := _observer.get()) is None or (
        deduplication_key and (surprise, deduplication_key) in observer.reported
    ):
        return
    if deduplication_key and len(observer.reported) < _MAX_REMEMBERED:
        observer.reported.add((surprise, deduplication_key))
    observer.on_surprise(surprise)


@contextmanager
def suppress_surprises() -> Iterator[None]:
    """What is read inside, again, is told to nobody."""
    token = _observer.set(None)
    try:
        yield
    finally:
        _observer.reset(token)


@contextmanager
def observe_surprises(on_surprise: Callable[[str], None]) -> Iterator[None]:
    """What is read inside tells `on_surprise` of what was surprising; the tasks that begin inside do as well."""
    token = _observer.set(_SurpriseObserver(on_surprise, set()))
    try:
        yield
    finally:
        _observer.reset(token)

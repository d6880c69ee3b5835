"""Contract deviations: upstream data that violates the contract but can be decoded, reported to an observer.

Lenient decoders call `report_surprise`; the code that starts a decoding sets the observer, by
`observe_surprises`. Decoders know neither paths nor metrics.
"""

from collections.abc import Callable, Hashable
from contextvars import ContextVar, Token

from msgspec import Struct

ODD_DATE = "odd_date"
"""A date-time has an offset, or another form that has one meaning."""

OFFSET_DIFFERS = "offset_differs"
"""A date-time has an offset that its time zone does not have at that time."""

ODD_ENVELOPE = "odd_envelope"
"""A list is elsewhere than under `items`."""

ODD_VALUE = "odd_value"
"""A value has another JSON type than declared."""

FOREIGN_OBJECT = "foreign_object"
"""An object has none of its declared keys, but others. The object is read as null."""

CONTROL_CHARACTERS = "control_characters"
"""Texts in JSON contain unescaped control characters."""

UNKNOWN_CHARSET = "unknown_charset"
"""A body declares a charset that does not exist, and is in UTF-8."""

REPEATED_LENGTH = "repeated_length"
"""A response has several Content-Lengths, all of them equal."""

ODD_TIME_ZONE = "odd_time_zone"
"""A time zone has a name outside the IANA database that means one zone."""

UNKNOWN_TIME_ZONE = "unknown_time_zone"
"""A time zone has a name that means no zone, or may mean several."""

UNKNOWN_FIELD = "unknown_field"
"""An activity has a key that is not documented."""

UNKNOWN_WORD = "unknown_word"
"""A word is not in the documented list of its field."""

WRONG_TYPE = "wrong_type"
"""A value does not fit its declaration, and has no other meaning."""

MISSING = "missing"
"""A required field is missing, null or blank."""

OnSurprise = Callable[[str, str | None], None]
"""Called with what differs, and the documented path of the field, where that is known."""

_MAX_REMEMBERED = 1_000
"""The most deduplication keys that one observer remembers; surprises with further keys may be reported
repeatedly."""


class _SurpriseObserver(Struct, frozen=True):
    """The observer of surprises in a context, and the deduplication keys reported so far."""

    on_surprise: OnSurprise
    reported: set[Hashable]


_observer: ContextVar[_SurpriseObserver | None] = ContextVar("surprise_observer", default=None)


def report_surprise(surprise: str, *deduplication_key: Hashable, field: str | None = None) -> None:
    """Report data that was read although it deviates from the contract, if there is an observer.

    Args:
        surprise: The kind of surprise.
        deduplication_key: Identifies the data, where it may be read several times: then it is reported once.
        field: The documented path of the field; None where the decoder does not know it.
    """
    if (observer := _observer.get()) is None or (
        deduplication_key and (surprise, deduplication_key) in observer.reported
    ):
        return
    if deduplication_key and len(observer.reported) < _MAX_REMEMBERED:
        observer.reported.add((surprise, deduplication_key))
    observer.on_surprise(surprise, field)


class SurpriseObservation:
    """Context manager in which an observer, or none, takes the place of the one outside."""

    __slots__ = ("_observer", "_token")
    _token: Token[_SurpriseObserver | None]

    def __init__(self, on_surprise: OnSurprise | None) -> None:
        self._observer = None if on_surprise is None else _SurpriseObserver(on_surprise, set())

    def __enter__(self) -> None:
        self._token = _observer.set(self._observer)

    def __exit__(self, *_: object) -> None:
        _observer.reset(self._token)


def suppress_surprises() -> SurpriseObservation:
    """Context manager for data that is read again: surprises inside are not reported."""
    return SurpriseObservation(None)


def observe_surprises(on_surprise: OnSurprise) -> SurpriseObservation:
    """Report surprises inside the context to `on_surprise`, also those of tasks that start inside."""
    return SurpriseObservation(on_surprise)

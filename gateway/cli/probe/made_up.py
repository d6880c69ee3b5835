"""Made-up values: each value of the upstream has one, of the same shape, wherever the value occurs."""

from collections.abc import Mapping
from random import Random
from string import ascii_lowercase, ascii_uppercase
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from msgspec import Struct, structs

from gateway.cli.probe.made_up_dates import MadeUpDates, SentDate, is_date
from gateway.cli.probe.shapes import KNOWN_SEGMENTS, LINK, VERSION, is_link
from gateway.config.time_zones import zone_by_alias, zone_by_name
from gateway.upstream.records import activities, enums, resources

UPSTREAM_HOST = "{upstream}"
"""Stands in a recorded link for the host of the upstream."""

_OTHER_HOST = "other.example"
_MAX_ATTEMPTS = 100
_MAX_COUNT = 2**31 - 1
_ZERO = "0"
_ONE = "1"

_ZONE_KEYS = frozenset({"timeZone", "timezone"})
_OWN_ID_PARAMETERS = frozenset({"clientId", "appointmentId"})
_ENVELOPE_KEYS = frozenset({"items", "error", "code", "reason", "message", "statusCode", "fields"})


def _documented_keys() -> frozenset[str]:
    records = [
        record
        for module in (activities, resources)
        for record in vars(module).values()
        if isinstance(record, type) and issubclass(record, Struct) and record is not Struct
    ]
    return frozenset(info.encode_name for record in records for info in structs.fields(record))


_DOCUMENTED_KEYS = _documented_keys() | _ENVELOPE_KEYS
_DOCUMENTED_WORDS = frozenset(
    member.value
    for enum in vars(enums).values()
    if isinstance(enum, type) and issubclass(enum, enums.UpstreamEnum)
    for member in enum
)


class MadeUpValues:
    """The made-up values of one recording.

    Kept are documented keys, words and names of attributes, known time zones, booleans, null and zero, and the
    order of dates.
    """

    def __init__(self, upstream_host: str, random: Random, dates: MadeUpDates) -> None:
        self._upstream_host = upstream_host.lower()
        self._random = random
        self._made_up: dict[str, str] = {}
        self._used: set[str] = set()
        self._dates = dates

    def value(self, sent: Any, key: str = "") -> Any:
        """The made-up value of JSON, under a key."""
        if isinstance(sent, dict):
            return self._object(sent)
        if isinstance(sent, list):
            return [self.value(each, key) for each in sent]
        if isinstance(sent, str):
            return self._text(sent, key)
        if isinstance(sent, bool) or sent is None:
            return sent
        return self._number(sent)

    def target(self, sent: str) -> str:
        """A target of a request with made-up ids."""
        path, mark, query = sent.partition("?")
        segments = "/".join(map(self._segment, path.split("/")))
        parameters = "&".join(
            f"{name}={quote_plus(self.plain(value) if name in _OWN_ID_PARAMETERS else value)}"
            for name, value in parse_qsl(query, keep_blank_values=True)
        )
        return segments + mark + parameters

    def plain(self, text: str) -> str:
        """The made-up text of the same shape: letters and digits are replaced, other signs are not."""
        if text == _ZERO:
            return text
        if text not in self._made_up:
            made_up = self._replace_signs(text)
            for _ in range(_MAX_ATTEMPTS):
                if made_up not in self._used:
                    break
                made_up = self._replace_signs(text)
            self._used.add(made_up)
            self._made_up[text] = made_up
        return self._made_up[text]

    def _replace_signs(self, text: str) -> str:
        return "".join(map(self._sign, text))

    def _sign(self, character: str) -> str:
        if character.isdigit():
            return self._random.choice("123456789")
        if character.isalpha():
            letters = ascii_uppercase if character.isupper() else ascii_lowercase
            return self._random.choice(letters)
        return character

    def _object(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        date = SentDate.of(sent)
        made_up = {
            key if key in _DOCUMENTED_KEYS else self.plain(key): self.value(value, key)
            for key, value in sent.items()
        }
        if date is not None and (text := self._dates.find(date)) is not None:
            made_up |= {key: text for key, value in sent.items() if value == date.text}
        return made_up

    def _number(self, sent: float) -> float:
        whole, point, fraction = repr(abs(sent)).partition(".")
        if not whole.isdigit() or not (fraction or _ZERO).isdigit():  # very large or very small
            return type(sent)(self.plain(_ONE))
        made_up = self.plain(whole)
        if abs(sent) <= _MAX_COUNT < int(made_up):
            made_up = _ONE + made_up[1:]
        number: float = int(made_up)
        if point:
            number = float(f"{made_up}.{self.plain(fraction)}")
        return -number if sent < 0 else number

    def _text(self, sent: str, key: str) -> str:
        if sent in _DOCUMENTED_WORDS or (key == "updatedAttributes" and sent in _DOCUMENTED_KEYS):
            return sent
        if key in _ZONE_KEYS and (zone_by_name(sent) or zone_by_alias(sent)):
            return sent
        if is_date(sent):
            return self._dates.find(SentDate(sent, "")) or self.plain(sent)
        if is_link(sent):
            return self._link(sent)
        return self.plain(sent)

    def _link(self, sent: str) -> str:
        parts = LINK.fullmatch(sent)
        assert parts is not None  # the expression matches every text
        scheme, host, path, query, fragment = parts.groups()
        start = "" if scheme is None else f"{scheme}:"
        if host is not None:
            is_upstream = host.lower() == self._upstream_host
            start += f"//{UPSTREAM_HOST if is_upstream else _OTHER_HOST}"
        segments = "/".join(map(self._segment, path.split("/")))
        return start + segments + self.plain(query or "") + self.plain(fragment or "")

    def _segment(self, segment: str) -> str:
        if segment in KNOWN_SEGMENTS or VERSION.fullmatch(segment):
            return segment
        return quote(self.plain(unquote(segment)))

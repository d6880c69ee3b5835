"""Survey: which fields, words and types occur in activities, by path, without any value."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from msgspec import Raw, Struct

from gateway.cli.probe.shapes import is_link
from gateway.config.time_zones import zone_by_name
from gateway.upstream.records import decoding
from gateway.upstream.records.activities import KINDS, Activity, ZonedDateTime
from gateway.upstream.records.survey import (
    SentObject,
    declared_fields,
    decode_json,
    documented_words,
    sent_objects,
)
from gateway.upstream.records.unreadable_fields import unreadable_fields
from gateway.upstream.surprises import observe_surprises

_SECOND_FORMS = frozenset({"datetime", "timezone", "aconferenceRegistration"})
_MISPRINTED_FORM_NAME = "formResult.name"
"""Keys that are read in place of documented ones, so that they may never occur."""

_JSON_TYPES: Mapping[type, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "boolean",
    list: "list",
    dict: "object",
    type(None): "null",
}


@dataclass
class FieldShape:
    """What occurs under one path.

    Attributes:
        types: How often each JSON type occurs.
        lengths: The least and the greatest length of its texts, but links.
        words: How often each documented word occurs.
    """

    types: Counter[str] = field(default_factory=Counter)
    lengths: tuple[int, int] | None = None
    words: Counter[str] = field(default_factory=Counter)

    def add(self, value: object) -> None:
        self.types[_JSON_TYPES[type(value)]] += 1
        if isinstance(value, str) and not is_link(value):
            least, greatest = self.lengths or (len(value), len(value))
            self.lengths = min(least, len(value)), max(greatest, len(value))


class ActivitySurvey:
    """The survey of activities.

    Attributes:
        shapes: What occurs under each documented path.
        undeclared_fields: Paths that are not documented, with the shape of the last key.
        undeclared_words: Paths, each with the shape of a word that is not documented.
        unreadable_fields: Paths whose value does not fit the documented type.
        surprises: How often each deviation occurs that is read all the same.
        zones: How often each time zone occurs whose name the IANA database has.
        dates_without_zone: How many dates have no time zone.
    """

    def __init__(self, name_unknown: Callable[[str], str]) -> None:
        """Start a survey; `name_unknown` gives what may be reported of an unknown key or word."""
        self._name_unknown = name_unknown
        self.shapes: dict[str, FieldShape] = {}
        self.undeclared_fields: set[str] = set()
        self.undeclared_words: set[str] = set()
        self.unreadable_fields: set[str] = set()
        self.surprises: Counter[str] = Counter()
        self.zones: Counter[str] = Counter()
        self.dates_without_zone = 0

    def add(self, item: Raw) -> Activity:
        """Survey one item of a timeline; returns its record."""
        with observe_surprises(self._count_surprise):
            record = decoding.activity(item)
        sent = decode_json(item)
        if isinstance(sent, dict):
            kind = KINDS.get(str(sent.get("type")))
            for each in sent_objects(sent, kind or Activity):
                self._add_object(each, lists_undeclared=kind is not None)
        self.unreadable_fields.update(unreadable_fields(record))
        return record

    def _count_surprise(self, surprise: str, _field: str | None) -> None:
        self.surprises[surprise] += 1

    def _add_object(self, sent: SentObject, *, lists_undeclared: bool) -> None:
        declared = declared_fields(sent.record)
        for key, value in sent.values.items():
            if key in declared:
                self._add_value(sent.prefix + key, value)
            elif lists_undeclared:
                self.undeclared_fields.add(sent.prefix + self._name_unknown(key))
        if sent.record is ZonedDateTime:
            self._add_zone(sent.values.get("timeZone") or sent.values.get("timezone"))

    def _add_value(self, path: str, value: object) -> None:
        found = self.shapes.setdefault(path, FieldShape())
        found.add(value)
        words = documented_words(Activity).get(path)
        if words is not None and isinstance(value, str) and value:
            if value in words:
                found.words[value] += 1
            else:
                self.undeclared_words.add(f"{path} {self._name_unknown(value)}")

    def _add_zone(self, name: object) -> None:
        if not name:
            self.dates_without_zone += 1
        elif isinstance(name, str) and zone_by_name(name) is not None:
            self.zones[name] += 1

    def unseen_fields(self) -> list[str]:
        """The documented fields that did not occur."""
        return [path for path in _documented_paths() if path not in self.shapes]


def _documented_paths() -> list[str]:
    paths = dict.fromkeys(path for record in KINDS.values() for path in _paths(record, ""))
    return [
        path
        for path in paths
        if path.rpartition(".")[2] not in _SECOND_FORMS
        and not path.startswith(_MISPRINTED_FORM_NAME)
    ]


def _paths(record: type[Struct], prefix: str) -> Iterator[str]:
    for key, nested in declared_fields(record).items():
        yield prefix + key
        if nested is not None:
            yield from _paths(nested, f"{prefix}{key}.")

"""What the upstream sends to one operation: timelines, well-formed or not, and entities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.differential.changes import changed, written
from tests.differential.draws import Draws
from tests.differential.samples import CARRIED, ENTITIES, UNKNOWN, UNKNOWN_KINDS, activity

Answer = int | bytes
"""A status, or the body of a success."""

WELL_FORMED = "well-formed timelines"
SENT = (
    *("malformed values", "nulls", "fields left out", "huge numbers", "odd dates and zones"),
    *("unknown kinds", "unknown words", "items of one instant and id", WELL_FORMED),
)
"""All that may be said of what the upstream sends."""

_FAILURES: tuple[Answer, ...] = (
    *(401, 403, 404, 429, 500, 504, 418),
    *(500, 500, 500),  # the more often, since earlier answers may stand in
    *(b"", b"[]", b'{"items":null}', b'{"items":{}}', b"<html>", b'{"items":[]} {}', b"\xff"),
    *(b'{"error":{"code":403}}', b'{"error":"no","items":[]}', b'{"items":[{"id":NaN}]}'),
    b'{"items":[{"id":"1","type":"x","a":' + b"[" * 3_000 + b"]" * 3_000 + b"}]}",
)
_LOCALS = (
    "2025-06-02T12:00:00",
    "2024-11-24T02:59:00",
    "2025-10-26T02:30:00",
    "2026-06-15T17:51:31.5",
)
_ZONES = ("Europe/Paris", "US/Eastern")
_IDS = ("101", "102", "103", "104", "105", "9007199254740993", 101, 9_007_199_254_740_993)
_NOTHING_LIKE_AN_ITEM = (b"null", b"7", b'"an activity was here"', b"[]", b"{}", b"[{}]", b"true")


class Item(NamedTuple):
    """An activity as JSON, where it stands in its timeline, and what there is in it."""

    json: bytes
    place: str
    features: frozenset[str]


@dataclass(frozen=True)
class Sent:
    """What the upstream knows.

    Attributes:
        items: The activities of each client; client 2 has every other one only.
        times: How often they are sent, one time after the other.
        failures: What comes instead, by client.
        entities: What it answers where that is not all well, by what is asked for.
        features: What there is in it.
    """

    items: tuple[bytes, ...]
    times: int
    failures: Mapping[str, Answer]
    entities: Mapping[str, Answer]
    features: frozenset[str]


def draw_upstream(draws: Draws, *, entities: bool, failing_percent: int) -> Sent:
    """What the upstream knows; `entities` where it may be asked for them; and how likely it fails where it mostly does not."""
    broken_percent = draws.one_of((0, 0, 15, 40, 80))
    count = 0 if draws.chance(4) else draws.number(1, 12)
    items = [_item(draws, broken=draws.chance(broken_percent)) for _ in range(count)]
    times = 9 if draws.chance(5) else 1
    failures: dict[str, Answer] = {"3": draws.one_of(_FAILURES)} if draws.chance(40) else {}
    if draws.chance(failing_percent):
        failures["1"] = draws.one_of(_FAILURES)
    features = frozenset[str]().union(*(item.features for item in items))
    if "malformed values" not in features:
        features |= {WELL_FORMED}
    if len({item.place for item in items}) < len(items) * times:
        features |= {"items of one instant and id"}
    sent_items = tuple(item.json for item in items)
    return Sent(sent_items, times, failures, _entities(draws) if entities else {}, features)


def _item(draws: Draws, *, broken: bool) -> Item:
    is_unknown = draws.chance(12)
    kind: Any = draws.one_of(UNKNOWN_KINDS if is_unknown else tuple(CARRIED))
    event = draws.one_of(("updated", "created", "deleted"))
    date = {"dateTime": draws.one_of(_LOCALS), "timeZone": draws.one_of(_ZONES)}
    carried = UNKNOWN if is_unknown else draws.one_of(CARRIED[kind])
    sample = activity(draws.one_of(_IDS), kind, event, date, carried)
    tree, seen = changed(draws, sample, broken=broken)
    seen |= {"unknown kinds"} if is_unknown else frozenset()
    json, place = written(tree), f"{tree.get('id')} {tree.get('date')}"
    if broken and draws.chance(8):
        json, seen = draws.one_of(_NOTHING_LIKE_AN_ITEM), seen | {"malformed values"}
    elif broken and draws.chance(8):  # the last of equal keys counts
        json, seen = b'{"type":"note","id":null,' + json[1:], seen | {"malformed values"}
    return Item(json, place, seen)


def _entities(draws: Draws) -> Mapping[str, Answer]:
    answers: dict[str, Answer] = {}
    for _ in range(draws.number(0, 5)):
        name = draws.one_of(tuple(ENTITIES))
        if draws.chance(25):
            answers[name] = draws.one_of((404, *_FAILURES))
        else:
            tree, _ = changed(draws, ENTITIES[name], broken=draws.chance(50))
            answers[name] = written(tree)
    return answers

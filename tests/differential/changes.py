"""What an upstream sends instead: what it may, and what it should not."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from json import dumps
from typing import Any, NamedTuple

from tests.differential.draws import Draws
from tests.differential.samples import ORIGIN


class Verbatim(NamedTuple):
    """JSON that Python's own encoder does not write."""

    json: bytes


class Gone:
    """The place of what is not sent at all."""


GONE = Gone()
HUGE = (
    12_345_678_901_234_567,
    -(2**63),
    2**64,
    Verbatim(b"1" * 30),
    Verbatim(b"9" * 4_000),
    Verbatim(b"9" * 5_000),
    Verbatim(b"1.7976931348623157e308"),
    Verbatim(b"1e400"),
    Verbatim(b"0." + b"3" * 60),
)
UNKNOWN_WORDS = ("postponed", "", "ACCEPTED", "unknown", "é")
_WORDS = {
    "event": ("created", "updated", "deleted"),
    "status": ("completed", "noShow", "accepted", "pending", "cancelled", "waitingList"),
    "previousStatus": ("completed", "noShow", "declined", "inProgress"),
    "sourceType": ("api", "widget"),
    "currentStatus": ("NEUTRAL", "IN_PROGRESS", "REOPENING"),
}
_TEXTS = ("", "é\u2028\U0001f600", 7, 1.5, "<ul><li>a &lt;b&gt;", '"\\\x00\x7f', "x" * 300, -0.0)
_IDS = ("9007199254740993", 9_007_199_254_740_993, 411, "x_-1", "a b", "é")
_LINKS = (
    f"{ORIGIN}/api/2.1/scheduling/companies/4/appointments/411",
    "/companies/0/appointments/411",
    f"{ORIGIN}/appointments/411",
    "https://elsewhere.example/api/2.3/forms/82/results/431?a=b",
)
_LOCALS = (
    "2025-10-26T02:30:00",
    "2025-03-30T02:30:00",
    "2025-06-02T12:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.999999",
    "",
    "2025-06-02 12:00:00",
    "2025-06-02T24:00",
    "2025-06-02T12:00:00+02:00",
    "2025-10-26T02:30:00+0100",
    "2025-06-02t10:00:00.250z",
    "0001-01-01T00:00:00+14:00",
)
_ZONES = (
    *("UTC", "America/New_York", "Mars/Olympus", "", "/etc/passwd", 7, "Asia/Kathmandu"),
    *("GMT+02:00", "-0330", "PST", "IST", "Romance Standard Time", "US/Pacific-New", "utc"),
)
_NOTHING: Sequence[object] = (
    {},
    [],
    "",
    {"id": ""},
    {"foreign": 1},
    {"userName": None, "text": None},
)
"""What says nothing in the place of an object."""

MAY_BE: Mapping[str, Sequence[object]] = {
    "id": _IDS,
    "selfLink": _LINKS,
    "dateTime": _LOCALS,
    "timeZone": _ZONES,
    "numberOfSeats": (0, -3, 2**31 - 1, ""),
    "capacity": (12, " 12 ", "0", ""),
    "price": (12.5, 0, -1, "", {}),
    **{name: words + UNKNOWN_WORDS for name, words in _WORDS.items()},
}
"""By key; any other text may be some other text or a number."""

SHOULD_NOT_BE: Mapping[str, Sequence[object]] = {
    "id": ("", None, GONE, 1.5, *HUGE),
    "type": ("", None, GONE, *HUGE),
    "dateTime": (None, GONE, "2025-02-30T09:00:00", "2025-06-02T12:00:00+25:00", "noon", "25:00"),
    "numberOfSeats": (2**31, "two", 1.5, *HUGE),
    "capacity": ("many", "1" * 10, *HUGE),
    "updatedAttributes": ("body", [None], [["start"], "body"], [{}, 7]),
    **dict.fromkeys(_WORDS, ({"name": "accepted"}, 7, ["accepted"])),
}
ODD: tuple[object, ...] = (
    *([], {}, "text", 5, True, False, None, [[]], [None], [{}], {"id": {}}, "\ud800", "a\udc00b"),
    *HUGE,
    Verbatim(b'{"id":"1","id":null,"name":1,"name":"last"}'),
)
"""What fits hardly any place."""

_NEVER_NULL = {"id", "type", "dateTime"}
Place = tuple[Any, Any]
"""An object or list, and a key or index of it."""


def changed(draws: Draws, sample: object, *, broken: bool) -> tuple[Any, frozenset[str]]:
    """A sample with changes, of which some break the contract if `broken`; and what they are."""
    tree = deepcopy(sample)
    seen = set()
    for number in range(draws.number(0, 6)):
        if not (places := [*_places(tree)]):
            break
        inside, key = draws.one_of(places)
        breaks = broken and (number == 0 or draws.chance(40))
        new = draws.one_of(_breaches(key) if breaks else _variants(key, inside[key]))
        seen |= _features(key, new, breaks=breaks)
        if not isinstance(new, Gone):
            inside[key] = deepcopy(new)
        elif isinstance(inside, dict):
            del inside[key]
        if breaks and isinstance(inside, dict) and draws.chance(10):
            inside["unheard of"] = deepcopy(draws.one_of(ODD))
    return tree, frozenset(seen)


def written(tree: object) -> bytes:
    """JSON, with half characters escaped and verbatim parts as they are."""
    match tree:
        case Verbatim(json):
            return json
        case dict():
            pairs = [dumps(key).encode() + b":" + written(value) for key, value in tree.items()]
            return b"{" + b",".join(pairs) + b"}"
        case list():
            return b"[" + b",".join(map(written, tree)) + b"]"
    return dumps(tree).encode()


def _places(tree: object) -> Iterator[Place]:
    inside = enumerate(tree) if isinstance(tree, list) else ()
    for key, value in tree.items() if isinstance(tree, dict) else inside:
        yield tree, key
        yield from _places(value)


def _variants(key: object, value: object) -> Sequence[object]:
    if not isinstance(key, str):  # an element of a list
        return (value,)
    usual: Sequence[object] = ()
    if isinstance(value, str | dict):
        usual = _TEXTS if isinstance(value, str) else _NOTHING
    others = MAY_BE.get(key, usual)
    return (*others, *(() if key in _NEVER_NULL else (None, GONE))) or (value,)


def _breaches(key: object) -> Sequence[object]:
    return (*SHOULD_NOT_BE.get(str(key), ()), *ODD)


def _features(key: object, new: object, *, breaks: bool) -> set[str]:
    return {
        name
        for name, drawn in {
            "malformed values": breaks,
            "nulls": new is None,
            "fields left out": isinstance(new, Gone),
            "huge numbers": new in HUGE,
            "unknown words": key in _WORDS and new in UNKNOWN_WORDS,
            "odd dates and zones": key in {"dateTime", "timeZone"},
        }.items()
        if drawn
    }

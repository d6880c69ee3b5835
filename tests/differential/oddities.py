"""Other forms of what the upstream sends, which mean the same; and values that mean nothing."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.differential.changes import Verbatim
from tests.differential.draws import Draws

Form = Callable[[Any], object]

_TEXT: Sequence[Form] = (
    lambda text: {"name": text},
    lambda text: {"value": text, "id": 8},
    lambda text: {"text": text},
    lambda text: {"fr": text, "count": 1},
)
_LINK: Sequence[Form] = (
    lambda link: {"href": link},
    lambda link: {"url": link, "rel": "self"},
    lambda link: {"to": link},
)
_ID: Sequence[Form] = (
    lambda id_: {"id": id_},
    lambda id_: {"value": id_},
    lambda id_: {"ref": id_},
    int,
    lambda id_: Verbatim(f"{id_}.0".encode()),
    lambda id_: {"id": Verbatim(f"{id_}.00".encode())},
)
_NUMBER: Sequence[Form] = (str, float, lambda number: f"{float(number)}")
_LOCAL: Sequence[Form] = (
    lambda local: {"value": local},
    lambda local: local.replace("T", " "),
    lambda local: local.replace("T", "t"),
    lambda local: local.removesuffix(":00"),
    lambda local: local.replace(".", ","),
)

FORMS: Mapping[str, Sequence[Form]] = {
    "id": _ID,
    "selfLink": _LINK,
    "numberOfSeats": _NUMBER,
    "capacity": (int, float, lambda capacity: f"{capacity}.0", *_TEXT),
    "dateTime": _LOCAL,
    **dict.fromkeys(
        (
            *("timeZone", "event", "userName", "emailAddress", "firstName", "lastName", "text"),
            *("name", "notes", "previousNotes", "status", "previousStatus", "body", "previousBody"),
            *("subject", "title", "source", "sourceType", "cancelReason"),
        ),
        _TEXT,
    ),
}
"""By key, the other forms of what stands there."""

NO_MEANING: Mapping[str, Sequence[object]] = {
    "id": ({"ref": "x"}, 1.5, [], True),
    "selfLink": ({"rel": "self"}, [], False),
    "numberOfSeats": ("1,000", "two", 2.5, {"value": 2}, 2**31),
    "capacity": ("1,000", "040", {}, "3000000000"),
    "dateTime": ("noon", "2025-02-30T09:00:00", 7, []),
}
"""By key, what cannot be read; under any other one, what `ODD` has."""

ODD: Sequence[object] = ({"a": "x", "b": "y"}, [], [["x"]], True, {"name": {"name": "x"}}, {})

MISPRINTED = "aconferenceRegistration"


def with_offset(date: Mapping[str, Any]) -> dict[str, Any]:
    """A date whose zone has an offset that is written beside the local time."""
    local = datetime.fromisoformat(date["dateTime"]).replace(tzinfo=ZoneInfo(date["timeZone"]))
    return {**date, "dateTime": date["dateTime"] + local.strftime("%z")}


def under_another_key(date: Mapping[str, Any]) -> dict[str, Any]:
    return {"datetime": date["dateTime"], "timeZone": date["timeZone"]}


def under_keys_in_lower_case(date: Mapping[str, Any]) -> dict[str, Any]:
    return {"datetime": date["dateTime"], "timezone": date["timeZone"]}


def in_other_forms(draws: Draws, sample: Mapping[str, Any], percent: int) -> dict[str, Any]:
    """The same activity, in which so many of a hundred values have another form."""
    tree: dict[str, Any] = _in_other_forms(draws, deepcopy(dict(sample)), percent)
    if draws.chance(percent) and isinstance(tree.get("conferenceRegistration"), dict):
        _misprint(tree)
    return tree


def spoilt(draws: Draws, sample: Mapping[str, Any]) -> dict[str, Any]:
    """An activity with a value that means nothing."""
    tree = deepcopy(dict(sample))
    inside, key = draws.one_of([*_leaves(tree)])
    inside[key] = draws.one_of(NO_MEANING.get(key, ODD))
    return tree


def _in_other_forms(draws: Draws, tree: Any, percent: int) -> Any:
    if isinstance(tree, list):
        return [_in_other_forms(draws, each, percent) for each in tree]
    if not isinstance(tree, dict):
        return tree
    odd: dict[str, Any] = {}
    if tree.keys() == {"dateTime", "timeZone"} and draws.chance(percent):
        return draws.one_of((with_offset, under_another_key, under_keys_in_lower_case))(tree)
    for key, value in tree.items():
        if isinstance(value, dict | list):
            odd[key] = _in_other_forms(draws, value, percent)
        elif key in FORMS and value not in (None, "") and draws.chance(percent):
            odd[key] = draws.one_of(FORMS[key])(value)
        else:
            odd[key] = value
    return odd


def _misprint(tree: dict[str, Any]) -> None:
    """Moves the start of a session, or a part of it, to where the specification misprints it."""
    session = tree["conferenceRegistration"].get("session")
    if isinstance(session, dict) and isinstance(start := session.get("start"), dict):
        session["start"] = {key: each for key, each in start.items() if key != "dateTime"}
        moved = {key: each for key, each in start.items() if key == "dateTime"}
        tree[MISPRINTED] = {"session": {"start": moved}}


def _leaves(tree: Any) -> Any:
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in inside:
        if isinstance(value, dict | list):
            yield from _leaves(value)
        else:
            yield tree, key

"""The upstream sends a value in another form in every field's place: it is answered as the value that it means.

What has no meaning, or may have several, is answered as what can be none: null, with an error.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from gateway.upstream.records import field_types, resources
from tests.differential.changes import Verbatim
from tests.scenarios.test_any_type_in_any_place import (
    PLACES,
    Broken,
    Steps,
    Walk,
    declared_in,
    members,
    shown_by,
)

NOTHING: list[object] = [[]]
"""Nothing is declared that this could be."""

ADDRESS = "https://example.com/x/1"
LONG = 7770000000000000000

MEANINGS: list[tuple[Any, list[tuple[object, object]]]] = [
    (
        field_types.Text,
        [
            *(({key: "word"}, "word") for key in ("name", "value", "text", "other")),
            ({"value": "word", "id": "8"}, "word"),
            (7, "7"),
            (1.5, "1.5"),
            ({"a": "x", "b": "y"}, NOTHING),
            ({"name": {"name": "x"}}, NOTHING),
            ({}, NOTHING),
        ],
    ),
    (
        field_types.NonEmptyText,
        [({"name": "word"}, "word"), (7, "7"), ({"a": "x", "b": "y"}, NOTHING)],
    ),
    (
        field_types.Link,
        [
            *(({key: ADDRESS}, ADDRESS) for key in ("href", "url", "other")),
            ({"href": ADDRESS, "rel": "self"}, ADDRESS),
            ({"rel": "self"}, NOTHING),
            ({"a": ADDRESS, "b": ADDRESS}, NOTHING),
        ],
    ),
    (
        field_types.Id,
        [
            *(({key: "777"}, "777") for key in ("id", "value", "other")),
            ({"id": 777.0}, "777"),
            (777.0, "777"),
            (Verbatim(b"%d.0" % LONG), LONG),
            ({"other": "word"}, NOTHING),
            (777.5, NOTHING),
        ],
    ),
    (
        field_types.Count,
        [
            *(("2", 2), (2.0, 2), ("2.0", 2), (Verbatim(b"2e0"), 2)),
            *((each, NOTHING) for each in ("1,000", "2.5", "02", "two", {"value": 2}, 2**31)),
        ],
    ),
    (
        resources.Amount,
        [
            *(("45.00", 45.0), ("45", 45), ("-4.5e1", -45.0)),
            *((each, NOTHING) for each in ("45,00", "1 000", "NaN", "1e400", {"value": 45})),
        ],
    ),
    (
        field_types.Word,
        [
            *(({key: "updated"}, "updated") for key in ("name", "value", "text")),
            ({"x": "moved"}, "moved"),
            *((7, NOTHING), ({"name": 7}, NOTHING), ({}, NOTHING), ([], NOTHING)),
        ],
    ),
    (bool, [("true", True), ("false", False), ("yes", NOTHING), (1, NOTHING)]),
]
"""What is sent and what it means, by what is declared."""

KINDS = {members(kind): meanings for kind, meanings in MEANINGS}


def walked() -> Iterator[tuple[str, tuple[str, Steps, Sequence[tuple[object, object]]]]]:
    """Each field at one of its places, and what it means that is sent there.

    Not the kind of an activity: those of another show all as it is sent.
    """
    for name, place in PLACES:
        field, declared = declared_in(name, place)
        if (meanings := KINDS.get(members(declared))) and place != ("type",):
            yield field, (name, place, meanings)


WALKED = dict(walked())


@pytest.fixture(scope="module")
def walk() -> Walk:
    return Walk()


def test_every_kind_of_value_stands_somewhere():
    assert len(WALKED) > 100
    assert {id(meanings) for _, _, meanings in WALKED.values()} == {*map(id, KINDS.values())}


@pytest.mark.sample(1)
@pytest.mark.parametrize(("name", "place", "meanings"), WALKED.values(), ids=WALKED)
async def test_an_odd_value_is_answered_as_what_it_means(walk, name, place, meanings):
    odd, plain = zip(*meanings, strict=True)
    answered = await walk.ask(shown_by(name), Broken(name, place, odd))
    assert answered == await walk.ask(shown_by(name), Broken(name, place, plain))

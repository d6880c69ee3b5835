"""The soak believes what this says."""

import pytest

from tests.resilience.expected import problems

WHOLE = {"a": {"b": [1, None, {"c": "x"}]}, "d": 1}


def error(*path: str | int, code: str = "UPSTREAM_TIMEOUT") -> dict[str, object]:
    return {"path": list(path), "extensions": {"code": code}}


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        (WHOLE, []),
        ({**WHOLE, "a": None}, [error("a")]),
        ({**WHOLE, "a": None}, [error("a", "b", 2, "c")]),
        ({**WHOLE, "a": {"b": [1, None, None]}}, [error("a", "b", 2)]),
        (None, [error("a")]),
    ],
)
def test_what_is_right_or_excused_is_no_problem(data, errors):
    assert problems({"data": data, "errors": errors}, WHOLE) == []


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({**WHOLE, "d": 2}, [error("d")]),
        ({**WHOLE, "d": None}, []),
        ({**WHOLE, "d": None}, [error("a")]),
        ({**WHOLE, "a": {"b": [1, None]}}, [error("a")]),
        ({**WHOLE, "a": {"b": []}}, [error("a", "b")]),
        ({**WHOLE, "a": {"b": [1, 2, {"c": "x"}]}}, []),
        ({"a": WHOLE["a"]}, [error("d")]),
        ({**WHOLE, "d": None}, [error("d", code="INTERNAL_SERVER_ERROR")]),
        (None, []),
    ],
)
def test_what_is_invented_or_missing_without_a_word_is_one(data, errors):
    assert problems({"data": data, "errors": errors}, WHOLE)

import pytest

from gateway.engine.compiler.collect_fields import ALWAYS, Condition
from gateway.engine.compiler.expressions import Entry, statements

X: Condition = frozenset({("x", True)})
Y: Condition = frozenset({("y", True)})


def holding(condition: Condition) -> str:
    return " and ".join(name for name, _ in condition)


WRITTEN = {
    "nothing": ([], {}, "return {}"),
    "what is there at once": (
        [Entry("a", "1", ALWAYS), Entry("b", "2", ALWAYS)],
        {},
        """
        return {
            "a": 1,
            "b": 2,
        }
        """,
    ),
    "what waits, in its turn": (
        [Entry(key, "None", ALWAYS) for key in "abcd"],
        {"b": "wait_b()", "d": "wait_d()"},
        """
        result = {
            "a": None,
            "b": None,
        }
        wait_b()
        result["c"] = None
        result["d"] = None
        wait_d()
        return result
        """,
    ),
    "what is there sometimes": (
        [Entry("a", "1", ALWAYS), Entry("b", "2", X), Entry("c", "3", ALWAYS)],
        {"b": "wait_b()"},
        """
        result = {
            "a": 1,
        }
        if x:
            result["b"] = 2
            wait_b()
        result["c"] = 3
        return result
        """,
    ),
    "what is there at one place or another": (
        [Entry("a", "1", X), Entry("b", "2", ALWAYS), Entry("a", "1", Y), Entry("a", "1", ALWAYS)],
        {},
        """
        result = {}
        if x and "a" not in result:
            result["a"] = 1
        result["b"] = 2
        if y and "a" not in result:
            result["a"] = 1
        if "a" not in result:
            result["a"] = 1
        return result
        """,
    ),
}


@pytest.mark.parametrize(("entries", "waits", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_an_object_is_built_key_by_key(entries, waits, expected):
    indent = " " * 8 if "\n" in expected else ""
    lines = [line.removeprefix(indent) for line in expected.strip("\n ").splitlines()]
    assert statements(entries, waits, holding) == lines


@pytest.mark.parametrize(
    ("variables", "keys"),
    [({"x": True, "y": True}, "ab"), ({"x": False, "y": True}, "ba"), ({"x": False, "y": False}, "b")],
)  # fmt: skip
def test_a_key_stands_where_it_is_first_asked_for(variables, keys):
    lines = statements(
        [Entry("a", "1", X), Entry("b", "2", ALWAYS), Entry("a", "3", Y)], {}, holding
    )
    text = "\n".join(["def built(x, y):", *(f"    {line}" for line in lines)])
    made: dict[str, object] = {}
    exec(text, made)
    built = made["built"](**variables)  # type: ignore[operator]
    assert "".join(built) == keys

"""Whether an answer is right: each part is what it should be, or null with a planned error for it."""

from collections.abc import Mapping, Sequence

PLANNED = {
    "BAD_USER_INPUT",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "UPSTREAM_TIMEOUT",
    "UPSTREAM_BUSY",
    "UPSTREAM_UNAVAILABLE",
    "UPSTREAM_CONTRACT_BROKEN",
    "UPSTREAM_RESPONSE_TOO_LARGE",
}

Path = tuple[str | int, ...]


def problems(answer: Mapping[str, object], expected: object) -> list[str]:
    """What is wrong with an answer; nothing, where it has what is expected or says why not."""
    errors = answer.get("errors", [])
    assert isinstance(errors, list)
    codes = [error["extensions"]["code"] for error in errors]
    unplanned = [f"the code {code}" for code in codes if code not in PLANNED]
    excused = {tuple(error.get("path", ())) for error in errors}
    return unplanned + list(_differences((), answer.get("data"), expected, excused))


def _differences(path: Path, got: object, expected: object, excused: set[Path]) -> Sequence[str]:
    if got is None and expected is not None:
        # An error stands where a field failed, or deeper, where null is not allowed.
        is_told = any(each[: len(path)] == path for each in excused)
        return [] if is_told else [f"null without an error at {path}"]
    if isinstance(got, dict) and isinstance(expected, dict) and list(got) == list(expected):
        parts = [(key, got[key], expected[key]) for key in got]
    elif isinstance(got, list) and isinstance(expected, list) and len(got) == len(expected):
        parts = list(zip(range(len(got)), got, expected, strict=True))
    else:
        return [] if got == expected else [f"something else at {path}"]
    return [
        difference
        for step, one, other in parts
        for difference in _differences((*path, step), one, other, excused)
    ]

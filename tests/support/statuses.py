"""What a status of the upstream means: the table of docs/errors.md, for all tests that walk it."""

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
DOWN = "UPSTREAM_UNAVAILABLE"

CODE_BY_STATUS = {
    400: "BAD_USER_INPUT",
    401: "UNAUTHENTICATED",
    402: "FORBIDDEN",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    408: "UPSTREAM_TIMEOUT",
    409: "BAD_USER_INPUT",
    410: "NOT_FOUND",
    422: "BAD_USER_INPUT",
    425: DOWN,
    429: "UPSTREAM_BUSY",
    451: "FORBIDDEN",
    504: "UPSTREAM_TIMEOUT",
}
"""The statuses that have a meaning of their own."""


def code_of(status: int) -> str:
    """The code of a status of three digits that is no success."""
    return CODE_BY_STATUS.get(status, DOWN if status >= 500 else BROKEN)


STATUSES = tuple(sorted({*CODE_BY_STATUS, 301, 405, 407, 418, 499, 500, 501, 502, 503, 599}))
"""Those that have a meaning of their own, and some of all others that are no success."""


def statuses_of(*codes: str) -> list[int]:
    """The statuses of `STATUSES` that have one of these codes."""
    return [status for status in STATUSES if code_of(status) in codes]


OUTAGES = statuses_of(DOWN, "UPSTREAM_TIMEOUT")
"""The upstream did not do its work, so that an earlier answer may stand in for the one it owes."""

REFUSALS = statuses_of("FORBIDDEN", "NOT_FOUND")
"""What was asked for is not there for this caller, whose credentials are otherwise good."""

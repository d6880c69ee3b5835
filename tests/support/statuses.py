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

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from gateway import errors
from gateway.errors import (
    INTERNAL_SERVER_ERROR,
    RATE_LIMITED,
    ActivityNotFound,
    FieldError,
    Forbidden,
    GatewayError,
    InvalidArgument,
    InvalidUpstreamResponse,
    InvalidVariables,
    LimitExceeded,
    MethodNotAllowed,
    NotFound,
    OperationError,
    Overloaded,
    ParseFailed,
    RequestError,
    UpstreamBusy,
    UpstreamUnavailable,
)

PROBLEM: dict[str, object] = {"message": "Wrong.", "locations": [{"line": 1, "column": 2}]}


def descendants(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    for each in kind.__subclasses__():
        yield each
        yield from descendants(each)


ALL = list(descendants(GatewayError))
LEAVES = [kind for kind in ALL if not kind.__subclasses__()]
BRANCHES = [kind for kind in ALL if kind.__subclasses__()]


ARGUMENTS: dict[type[GatewayError], dict[str, Any]] = {
    ActivityNotFound: {"argument": "around"},
    LimitExceeded: {"limit": "depth", "measured": 4, "allowed": 3},
    MethodNotAllowed: {"allow": "GET"},
    UpstreamBusy: {"reason": RATE_LIMITED},
}
"""The arguments that a class requires in addition to its message."""

EXTENSIONS: dict[type[GatewayError], dict[str, object]] = {
    ActivityNotFound: {"argument": "around"},
    LimitExceeded: {"limit": "depth", "measured": 4, "allowed": 3},
    UpstreamBusy: {"reason": "rate_limited"},
}
"""The keys of `extensions` that these arguments set."""


def example(kind: type[GatewayError]) -> GatewayError:
    """An error of a class, with no more arguments than it requires."""
    if issubclass(kind, OperationError) and kind not in ARGUMENTS:
        return kind([PROBLEM])
    return kind("Wrong.", **ARGUMENTS.get(kind, {}))


@pytest.mark.parametrize("kind", LEAVES)
def test_every_leaf_has_a_code(kind):
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", kind.code)


@pytest.mark.parametrize("kind", [GatewayError, *BRANCHES])
def test_no_branch_has_a_code(kind):
    assert not hasattr(kind, "code")


def test_a_code_belongs_to_one_class_but_for_what_a_caller_put_in():
    by_code = defaultdict(set)
    for kind in LEAVES:
        by_code[kind.code].add(kind)
    shared = {code: kinds for code, kinds in by_code.items() if len(kinds) > 1}
    assert shared == {
        "BAD_USER_INPUT": {InvalidVariables, InvalidArgument},
        "NOT_FOUND": {NotFound, ActivityNotFound},
    }


def test_a_permission_may_tell_more_than_that_it_is_forbidden():
    told = {"code": "UNAUTHENTICATED", "hint": "Log in."}
    assert Forbidden("No.").extensions == {"code": "FORBIDDEN"}
    assert Forbidden("No.", details={"hint": "Ask."}).extensions == {
        "code": "FORBIDDEN",
        "hint": "Ask.",
    }
    assert Forbidden("No.", details=told).extensions == told


def test_a_bug_has_a_code_of_its_own():
    assert INTERNAL_SERVER_ERROR not in {kind.code for kind in LEAVES}


def test_there_are_two_branches_and_every_error_is_on_one():
    assert {kind for kind in ALL if kind.__base__ is GatewayError} == {RequestError, FieldError}
    assert not [
        kind for kind in ALL if issubclass(kind, RequestError) and issubclass(kind, FieldError)
    ]


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = re.findall(r"[├└]── (\w+)(?: +([A-Z_]+)$)?", errors.__doc__ or "", re.MULTILINE)
    told = [kind for kind in ALL if not kind.__name__.startswith("_")]  # else only shared by some
    assert sorted(drawn) == sorted((kind.__name__, vars(kind).get("code", "")) for kind in told)


@pytest.mark.parametrize("kind", LEAVES)
def test_an_error_shows_its_message_and_its_code(kind):
    error = example(kind)
    assert str(error) == "Wrong."
    assert error.extensions["code"] == kind.code


@pytest.mark.parametrize("kind", LEAVES)
def test_an_error_says_that_it_may_pass_only_where_it_may(kind):
    retryable = kind.code in {
        "OVERLOADED",
        "UPSTREAM_TIMEOUT",
        "UPSTREAM_BUSY",
        "UPSTREAM_UNAVAILABLE",
    }
    assert kind.retryable is retryable
    assert example(kind).extensions == {
        "code": kind.code,
        **EXTENSIONS.get(kind, {}),
        **({"retryable": True} if retryable else {}),
    }


@pytest.mark.parametrize(
    ("seconds", "extensions"),
    [
        (None, {"retryable": True}),
        (0, {"retryable": True, "retryAfter": 0}),
        (7, {"retryable": True, "retryAfter": 7}),
    ],
)
def test_a_busy_upstream_says_how_long_if_it_did(seconds, extensions):
    busy = UpstreamBusy("Wait.", reason=RATE_LIMITED, retry_after=seconds)
    assert busy.extensions == extensions | {"code": "UPSTREAM_BUSY", "reason": "rate_limited"}
    down = UpstreamUnavailable("Down.", retry_after=seconds)
    assert down.extensions == extensions | {"code": "UPSTREAM_UNAVAILABLE"}


def test_an_upstream_that_somebody_has_to_repair_is_not_retryable():
    error = UpstreamUnavailable("Unproven.", retryable=False)
    assert (error.retryable, error.extensions) == (False, {"code": "UPSTREAM_UNAVAILABLE"})
    assert UpstreamUnavailable("Down.").retryable


@pytest.mark.parametrize(
    ("count", "extensions"),
    [
        (None, {"code": "UPSTREAM_CONTRACT_BROKEN"}),
        (3, {"code": "UPSTREAM_CONTRACT_BROKEN", "count": 3}),
    ],
)
def test_a_broken_contract_says_how_many_items_it_cost(count, extensions):
    assert InvalidUpstreamResponse("Broken.", count=count).extensions == extensions


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("BAD_REQUEST", 400),
        ("NOT_ACCEPTABLE", 406),
        ("METHOD_NOT_ALLOWED", 405),
        ("PAYLOAD_TOO_LARGE", 413),
        ("UNSUPPORTED_MEDIA_TYPE", 415),
        ("PERSISTED_QUERY_NOT_SUPPORTED", 200),
        ("PERSISTED_QUERY_NOT_FOUND", 200),
        ("DOCUMENT_NOT_TRUSTED", 403),
        ("OVERLOADED", 503),
        ("GRAPHQL_PARSE_FAILED", 400),
        ("GRAPHQL_VALIDATION_FAILED", 400),
        ("OPERATION_RESOLUTION_FAILURE", 400),
        ("LIMIT_EXCEEDED", 400),
        ("BAD_USER_INPUT", 400),
    ],
)
def test_a_request_that_is_not_run_has_the_status_of_the_conventions(code, status):
    [kind] = [kind for kind in LEAVES if kind.code == code and issubclass(kind, RequestError)]
    assert kind.status == status


def test_a_method_that_is_not_allowed_says_which_are():
    error = MethodNotAllowed("No.", allow="GET, POST")
    assert error.headers == {"Allow": "GET, POST"}
    assert RequestError.headers == {}


def test_who_comes_when_there_is_no_room_is_told_when_to_come_again():
    assert Overloaded("Full.").headers == {"Retry-After": "1"}


def test_an_operation_that_cannot_run_has_all_its_problems_and_the_first_one_s_message():
    other: dict[str, object] = {"message": "Also wrong."}
    error = ParseFailed([PROBLEM, other])
    assert str(error) == "Wrong."
    assert error.problems == [PROBLEM, other]


@pytest.mark.parametrize("kind", LEAVES)
def test_the_extensions_of_one_error_are_not_those_of_another(kind):
    example(kind).extensions["added"] = True
    assert "added" not in example(kind).extensions

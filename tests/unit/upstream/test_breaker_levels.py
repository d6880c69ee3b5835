import pytest

from gateway.upstream.http.breaker_levels import TwoLevelCircuitBreaker
from gateway.upstream.http.circuit_breaker import CircuitOpen, CircuitState
from tests.support.clock import Clock

A, B, C, D, E, F = (name.encode() for name in "ABCDEF")


@pytest.fixture
def clock():
    return Clock(1_000.0)


@pytest.fixture
def breakers(clock) -> TwoLevelCircuitBreaker:
    return TwoLevelCircuitBreaker(clock, reset_seconds=0.5)


def attempt(breakers: TwoLevelCircuitBreaker, credential: bytes, outcome: str) -> None:
    """`+` answers, `-` fails, `x` gets no connection."""
    begun = breakers.acquire(credential)
    if outcome == "+":
        begun.record_success()
    else:
        begun.record_failure(is_connected=outcome == "-")


def attempts(breakers: TwoLevelCircuitBreaker, credential: bytes, outcomes: str) -> None:
    for outcome in outcomes:
        attempt(breakers, credential, outcome)


def is_refused(breakers: TwoLevelCircuitBreaker, credential: bytes) -> bool:
    try:
        breakers.raise_if_open(credential)
    except CircuitOpen:
        return True
    return False


def in_turn(breakers: TwoLevelCircuitBreaker, credentials: tuple[bytes, ...], outcomes: str) -> int:
    """Attempts of all in turn, until one is refused; how many were let through."""
    let_through = 0
    for outcome in outcomes:
        for credential in credentials:
            if is_refused(breakers, credential):
                return let_through
            attempt(breakers, credential, outcome)
            let_through += 1
    return let_through


# Each for itself


def test_one_tenant_s_failures_refuse_nobody_else(breakers, clock):
    refused = {A: 0, B: 0}
    for _ in range(1_000):
        clock.now += 0.01
        for credential, outcome in ((A, "-"), (B, "+")):
            if is_refused(breakers, credential):
                refused[credential] += 1
            else:
                attempt(breakers, credential, outcome)
    assert refused[B] == 0
    assert refused[A] > 900
    assert breakers.state is CircuitState.CLOSED


def test_two_tenants_failures_refuse_nobody_else_either(breakers):
    for _ in range(10):
        attempt(breakers, A, "-")
        attempt(breakers, B, "-")
    assert [breakers.key_state(each) for each in (A, B, C)] == [
        CircuitState.OPEN,
        CircuitState.OPEN,
        CircuitState.CLOSED,
    ]
    assert not is_refused(breakers, C)


def test_a_credential_that_asks_alone_has_a_breaker_as_ever(breakers, clock):
    attempts(breakers, A, "-" * 10)
    assert is_refused(breakers, A)
    clock.now += 0.5
    attempts(breakers, A, "+")
    assert not is_refused(breakers, A)


def test_what_a_tenant_s_trial_comes_to_is_its_own(breakers, clock):
    attempts(breakers, A, "-" * 10)
    clock.now += 0.5
    attempts(breakers, A, "-")
    assert is_refused(breakers, A)
    assert not is_refused(breakers, B)


# For all


@pytest.mark.parametrize("credentials", [(A,), (A, B), (A, B, C, D, E, F)], ids=len)
def test_no_connection_is_everybody_s_trouble(breakers, credentials):
    in_turn(breakers, credentials, "x" * 10)
    assert breakers.state is CircuitState.OPEN
    assert is_refused(breakers, b"somebody else")


def test_connections_that_can_be_made_mostly_leave_it_closed(breakers):
    in_turn(breakers, (A, B, C), "++x" * 4)
    assert breakers.state is CircuitState.CLOSED


def test_three_credentials_that_fail_of_three_are_an_outage(breakers):
    assert in_turn(breakers, (A, B, C), "-" * 10) == 10
    assert breakers.state is CircuitState.OPEN
    assert is_refused(breakers, D)


def test_many_credentials_that_ask_once_each_are_enough(breakers):
    """As where each caller has a token of its own: none asks often enough for a breaker alone."""
    for number in range(10):
        attempt(breakers, str(number).encode(), "-")
    assert breakers.state is CircuitState.OPEN


@pytest.mark.parametrize(
    ("failing", "well", "expected"),
    [
        ((A, B, C), (D, E, F), CircuitState.OPEN),
        ((A, B, C), (D, E, F, b"G"), CircuitState.CLOSED),
        ((A, B), (), CircuitState.CLOSED),
        ((A, B), (C,), CircuitState.CLOSED),
    ],
    ids=["half", "less than half", "two alone", "two of three"],
)
def test_the_credentials_that_fail_are_at_least_three_and_half_of_all(
    breakers, failing, well, expected
):
    for _ in range(5):
        for credential in (*well, *failing):
            if not is_refused(breakers, credential):
                attempt(breakers, credential, "-" if credential in failing else "+")
    assert breakers.state is expected


def test_a_credential_fails_where_half_of_its_reads_do(breakers):
    in_turn(breakers, (A, B, C, D), "++-" * 10)
    assert breakers.state is CircuitState.CLOSED


def test_credentials_that_asked_long_ago_do_not_count(breakers, clock):
    in_turn(breakers, (A, B, C, D), "+" * 10)
    clock.now += 10.1
    in_turn(breakers, (D, E, F), "-" * 10)
    assert breakers.state is CircuitState.OPEN


def test_one_tenant_that_floods_hides_no_outage_and_makes_none(breakers):
    in_turn(breakers, (A, B, C), "---")
    attempts(breakers, D, "+" * 500)
    attempt(breakers, A, "-")
    assert breakers.state is CircuitState.OPEN


def test_trials_that_fail_count_for_all_as_well(breakers, clock):
    """Of those whose own breakers are open, nothing else is heard."""
    for credential in (A, B):
        attempts(breakers, credential, "-" * 10)
    clock.now += 9.9
    for credential in (A, B):
        attempts(breakers, credential, "-")
    clock.now += 0.2
    attempts(breakers, C, "-" * 7)
    assert not is_refused(breakers, D)
    attempts(breakers, C, "-")
    assert breakers.state is CircuitState.OPEN


@pytest.mark.parametrize("outcome", ["answered", "failed"])
def test_what_ends_after_its_breaker_opened_is_no_failure_for_all(breakers, clock, outcome):
    begun = breakers.acquire(A)
    attempts(breakers, A, "-" * 10)
    clock.now += 10.1
    attempts(breakers, B, "-" * 5)
    attempts(breakers, C, "-" * 5)
    begun.record_success() if outcome == "answered" else begun.record_failure(is_connected=True)
    attempts(breakers, C, "-")
    assert breakers.state is CircuitState.CLOSED


def test_an_outage_that_is_over_is_held_against_nobody(breakers, clock):
    in_turn(breakers, (A, B), "x" * 5)
    clock.now += 0.5
    attempt(breakers, A, "+")
    attempts(breakers, B, "-" * 9)
    assert breakers.key_state(B) is CircuitState.CLOSED


def test_an_attempt_that_is_given_up_says_nothing(breakers):
    for credential in (A, B, C):
        for _ in range(20):
            breakers.acquire(credential)
    assert breakers.state is CircuitState.CLOSED


# Trials


@pytest.fixture
def outage(breakers: TwoLevelCircuitBreaker, clock: Clock) -> TwoLevelCircuitBreaker:
    in_turn(breakers, (A, B, C, D), "-" * 10)
    assert breakers.state is CircuitState.OPEN
    clock.now += 0.5
    return breakers


def test_after_a_pause_one_trial_is_let_through_and_no_second(outage):
    assert outage.state is CircuitState.HALF_OPEN
    outage.acquire(A)
    assert [is_refused(outage, each) for each in (A, B, E)] == [True, True, True]


def test_a_trial_that_is_answered_lets_all_through_and_the_past_is_forgotten(outage):
    attempt(outage, A, "+")
    assert [is_refused(outage, each) for each in (A, B, E)] == [False, False, False]
    in_turn(outage, (A, B, C), "--")
    assert not is_refused(outage, A)
    in_turn(outage, (A, B, C), "--")
    assert is_refused(outage, A)


def test_the_next_trial_is_another_s_where_another_waits(outage, clock):
    attempt(outage, A, "-")
    assert is_refused(outage, B)
    clock.now += 0.5
    assert is_refused(outage, A)
    attempt(outage, B, "+")
    assert not is_refused(outage, A)


def test_the_first_trial_is_another_s_too(breakers, clock):
    assert in_turn(breakers, (A, B, C), "-" * 10) == 10  # the last of them A's
    assert is_refused(breakers, D)
    clock.now += 0.5
    assert is_refused(breakers, A)
    assert not is_refused(breakers, D)


def test_who_waits_alone_has_the_next_trial_too(outage, clock):
    attempt(outage, A, "-")
    assert is_refused(outage, A)
    clock.now += 0.5
    assert not is_refused(outage, A)


def test_who_waited_and_never_comes_again_holds_up_nobody_for_long(outage, clock):
    attempt(outage, A, "-")
    assert is_refused(outage, B)
    clock.now += 0.5
    assert is_refused(outage, A)
    clock.now += 0.5
    assert not is_refused(outage, A)


def test_attempts_from_before_it_opened_have_nothing_to_say(breakers):
    begun = [breakers.acquire(A) for _ in range(20)]
    in_turn(breakers, (B, C, D), "-" * 10)
    for each in begun:
        each.record_success()
    assert breakers.state is CircuitState.OPEN


# Who is told


def test_every_change_is_told_on_its_level(clock):
    told: list[object] = []
    breakers = TwoLevelCircuitBreaker(
        clock,
        reset_seconds=0.5,
        on_state_change=told.append,
        on_key_state_change=lambda state, count: told.append((state, count)),
    )
    attempts(breakers, A, "-" * 10)
    attempts(breakers, B, "-" * 10)
    clock.now += 0.5
    attempts(breakers, A, "+")
    assert told == [(CircuitState.OPEN, 1), (CircuitState.OPEN, 2), (CircuitState.CLOSED, 1)]
    told.clear()
    in_turn(breakers, (C, D, E), "x" * 20)
    clock.now += 0.5
    attempt(breakers, C, "+")
    assert [each for each in told if isinstance(each, CircuitState)] == [
        CircuitState.OPEN,
        CircuitState.HALF_OPEN,
        CircuitState.CLOSED,
    ]


# What is remembered


def test_so_many_credentials_are_known_the_ones_that_asked_last(clock):
    told: list[tuple[CircuitState, int]] = []
    breakers = TwoLevelCircuitBreaker(
        clock,
        reset_seconds=0.5,
        on_key_state_change=lambda state, count: told.append((state, count)),
        max_keys=2,
    )
    attempts(breakers, A, "-" * 10)
    attempts(breakers, B, "+")
    assert is_refused(breakers, A)
    attempts(breakers, B, "+")
    attempts(breakers, C, "+")
    assert told == [(CircuitState.OPEN, 1), (CircuitState.CLOSED, 0)]
    assert not is_refused(breakers, A)


def test_who_is_forgotten_while_attempts_are_under_way_is_not_counted_any_more(clock):
    told: list[tuple[CircuitState, int]] = []
    breakers = TwoLevelCircuitBreaker(
        clock,
        reset_seconds=0.5,
        on_key_state_change=lambda state, count: told.append((state, count)),
        max_keys=1,
    )
    begun = [breakers.acquire(A) for _ in range(10)]
    attempts(breakers, B, "+")
    for each in begun:
        each.record_failure(is_connected=True)
    attempts(breakers, A, "+")
    assert told == []
    assert not is_refused(breakers, A)

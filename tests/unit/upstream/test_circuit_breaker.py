import pytest

from gateway.upstream.http.circuit_breaker import CircuitBreaker, CircuitOpen, CircuitState
from tests.support.clock import Clock


@pytest.fixture
def clock():
    return Clock(1_000.0)


@pytest.fixture
def breaker(clock) -> CircuitBreaker:
    return CircuitBreaker(clock, reset_seconds=0.5)


def tell(breaker: CircuitBreaker, outcomes: str) -> None:
    """Attempts one after the other: `+` answers, `-` fails."""
    for outcome in outcomes:
        attempt = breaker.acquire()
        attempt.record_success() if outcome == "+" else attempt.record_failure()


def state(breaker: CircuitBreaker) -> CircuitState:
    return breaker.state


def is_refused(breaker: CircuitBreaker) -> bool:
    try:
        breaker.raise_if_open()
    except CircuitOpen:
        return True
    return False


# Who is told


def test_every_change_is_told_and_nothing_else(clock):
    told: list[CircuitState] = []
    breaker = CircuitBreaker(clock, reset_seconds=0.5, on_state_change=told.append)
    tell(breaker, "+" * 9 + "-" * 9)
    assert told == [CircuitState.OPEN]
    assert is_refused(breaker)
    clock.now += 0.5
    assert not is_refused(breaker)
    assert told == [CircuitState.OPEN]  # nobody has tried yet
    tell(breaker, "-")
    clock.now += 0.5
    tell(breaker, "+" * 20)
    assert told == [
        CircuitState.OPEN,
        CircuitState.HALF_OPEN,
        CircuitState.HALF_OPEN,
        CircuitState.CLOSED,
    ]


def test_of_trials_that_end_together_one_closes_it(clock):
    told: list[CircuitState] = []
    breaker = CircuitBreaker(clock, reset_seconds=0.5, on_state_change=told.append)
    tell(breaker, "-" * 10)
    trials = []
    for _ in range(2):
        clock.now += 0.5
        trials.append(breaker.acquire())
    for trial in trials:
        trial.record_success()
    assert told[-2:] == [CircuitState.HALF_OPEN, CircuitState.CLOSED]


# Closed


def test_a_new_breaker_lets_everything_through(breaker):
    assert state(breaker) is CircuitState.CLOSED
    assert not is_refused(breaker)


@pytest.mark.parametrize("outcomes", ["-" * 9, "+" * 11 + "-" * 10, "+-" * 4 + "-"], ids=str)
def test_a_few_failures_or_less_than_half_leave_it_closed(breaker, outcomes):
    tell(breaker, outcomes)
    assert state(breaker) is CircuitState.CLOSED


@pytest.mark.parametrize("outcomes", ["-" * 10, "+" * 5 + "-" * 5, "+-" * 5], ids=str)
def test_half_of_at_least_ten_open_it(breaker, outcomes):
    tell(breaker, outcomes)
    assert state(breaker) is CircuitState.OPEN


def test_an_upstream_that_answers_now_and_then_is_failing_all_the_same(breaker):
    """Failures in a row would never be many here: hence a share."""
    tell(breaker, "--+" * 3 + "-")
    assert state(breaker) is CircuitState.OPEN


def test_only_the_latest_outcomes_count(breaker):
    tell(breaker, "+" * 500 + "-" * 20)
    assert state(breaker) is CircuitState.OPEN


def test_the_forty_latest_outcomes_count(breaker):
    tell(breaker, "-" + "+" * 20 + "-" * 18)
    assert state(breaker) is CircuitState.CLOSED
    tell(breaker, "-")
    assert state(breaker) is CircuitState.OPEN


def test_an_outcome_counts_for_ten_seconds(breaker, clock):
    tell(breaker, "-" * 9)
    clock.now += 10.0
    tell(breaker, "-")
    assert state(breaker) is CircuitState.OPEN


@pytest.mark.parametrize("outcomes", ["-" * 9, "+" * 9 + "-"], ids=str)
def test_old_outcomes_do_not_count(breaker, clock, outcomes):
    tell(breaker, "-" * 9)
    clock.now += 10.1
    tell(breaker, outcomes)
    assert state(breaker) is CircuitState.CLOSED


def test_only_a_failure_opens_it(breaker):
    tell(breaker, "-" * 9 + "+")
    assert state(breaker) is CircuitState.CLOSED
    tell(breaker, "-")
    assert state(breaker) is CircuitState.OPEN


def test_an_attempt_that_is_given_up_says_nothing(breaker):
    for _ in range(100):
        breaker.acquire()
    assert state(breaker) is CircuitState.CLOSED


# Open


def test_an_open_breaker_refuses_at_once_and_says_until_when(breaker, clock):
    tell(breaker, "-" * 10)
    with pytest.raises(CircuitOpen) as refused:
        breaker.acquire()
    assert refused.value.retry_after == 1


def test_whole_seconds_are_told_rounded_up(clock):
    breaker = CircuitBreaker(clock, reset_seconds=7)
    tell(breaker, "-" * 10)
    clock.now += 1.5
    with pytest.raises(CircuitOpen) as refused:
        breaker.raise_if_open()
    assert refused.value.retry_after == 6


@pytest.mark.parametrize("outcomes", ["+" * 50, "-" * 50], ids=["answers", "failures"])
def test_attempts_from_before_it_opened_neither_close_it_nor_prolong_the_pause(
    breaker, clock, outcomes
):
    begun = [breaker.acquire() for _ in outcomes]
    tell(breaker, "-" * 10)
    clock.now += 0.4
    for attempt, outcome in zip(begun, outcomes, strict=True):
        attempt.record_success() if outcome == "+" else attempt.record_failure()
    assert state(breaker) is CircuitState.OPEN
    clock.now += 0.1
    assert state(breaker) is CircuitState.HALF_OPEN


# Half-open


def test_after_a_pause_one_trial_is_let_through_and_no_second(breaker, clock):
    tell(breaker, "-" * 10)
    clock.now += 0.5
    assert state(breaker) is CircuitState.HALF_OPEN
    breaker.acquire()
    assert state(breaker) is CircuitState.OPEN
    assert is_refused(breaker)


def test_a_trial_that_is_answered_closes_it_and_the_past_is_forgotten(breaker, clock):
    tell(breaker, "-" * 10)
    clock.now += 0.5
    tell(breaker, "+")
    assert state(breaker) is CircuitState.CLOSED
    tell(breaker, "-" * 9)
    assert state(breaker) is CircuitState.CLOSED
    tell(breaker, "-")
    assert state(breaker) is CircuitState.OPEN


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [("+" * 6 + "-" * 4, CircuitState.CLOSED), ("+" * 5 + "-" * 5, CircuitState.OPEN)],
    ids=["less than half", "half"],
)
def test_after_a_recovery_it_opens_as_a_new_one_does(breaker, clock, outcomes, expected):
    tell(breaker, "-" * 10)
    clock.now += 0.5
    tell(breaker, "+" + outcomes)
    assert state(breaker) is expected


def test_the_trial_waits_for_whoever_asks_next(breaker, clock):
    tell(breaker, "-" * 10)
    clock.now += 3600
    assert state(breaker) is CircuitState.HALF_OPEN
    tell(breaker, "+")
    assert state(breaker) is CircuitState.CLOSED


def test_a_trickle_reaches_an_upstream_that_stays_down(breaker, clock):
    tell(breaker, "-" * 10)
    let_through = 0
    for _ in range(1000):
        clock.now += 0.01
        if not is_refused(breaker):
            tell(breaker, "-")
            let_through += 1
    assert 19 <= let_through <= 20


def test_a_trial_that_hangs_or_is_given_up_holds_up_nothing(breaker, clock):
    tell(breaker, "-" * 10)
    clock.now += 0.5
    hanging = breaker.acquire()
    clock.now += 0.5
    tell(breaker, "+")
    assert state(breaker) is CircuitState.CLOSED
    hanging.record_failure()
    assert state(breaker) is CircuitState.CLOSED


def test_a_trial_that_is_answered_late_closes_it(breaker, clock):
    tell(breaker, "-" * 10)
    clock.now += 0.5
    slow = breaker.acquire()
    clock.now += 0.5
    tell(breaker, "-")
    slow.record_success()
    assert state(breaker) is CircuitState.CLOSED
